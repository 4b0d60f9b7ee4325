"""`einklang status`: how every tenant is."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import UTC, date, datetime

import click
from rich.console import Console
from rich.table import Table

from einklang import inventory
from einklang.cli._running import running
from einklang.clients.kubernetes import Kubernetes
from einklang.errors import EXIT_DONE, EXIT_ERROR
from einklang.model.status import AuditStatus, Health, TenantStatus
from einklang.operations import status
from einklang.operations.audit import archive
from einklang.operations.drill.run import noted
from einklang.progress import Lines
from einklang.settings import Settings

_COLOURS = {Health.WELL: "green", Health.STARTING: "yellow", Health.ILL: "red", Health.UNKNOWN: "red"}


@click.command("status")
@click.argument("tenants", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print the status as JSON.")
@click.option("--jobs", default=4, show_default=True, help="Stacks that are looked at at the same time.")
def command(tenants: tuple[str, ...], as_json: bool, jobs: int) -> None:
    """Show TENANTS (default: all): state, standard, last applied commit, health of each module, last audit.

    A `+` behind the commit: the checkout had changes that were not committed. `pending`: the file says something else
    than what was applied; `einklang plan` says what. Exit code 0: all is well; 1: something is not.
    """
    settings = Settings.from_environment(os.environ)
    known = inventory.load(settings.root, today=date.today())
    way = running(settings, Lines())
    cluster = Kubernetes(way.programs.binary("kubectl"), way.kubeconfig)
    seen = status.gather(
        known, tenants, way.engine, cluster, jobs=jobs, now=datetime.now(UTC), drills=lambda name: noted(settings, name)
    )
    found = _audited(settings, seen)
    if as_json:
        click.echo(json.dumps([{**asdict(one), "well": one.well} for one in found], indent=2, ensure_ascii=False))
    else:
        Console(highlight=False).print(table(found))
    sys.exit(EXIT_DONE if all(one.well for one in found) else EXIT_ERROR)


def _audited(settings: Settings, found: Sequence[TenantStatus]) -> list[TenantStatus]:
    """With what the last audit of each came to."""
    now, catalogues = datetime.now(UTC), inventory.controls(settings.root)
    known = archive.last(settings.audits, [one.tenant for one in found])
    standing = {name: archive.standing(name, audit, catalogues, now) for name, (_, audit) in known.items()}
    return [replace(one, audit=standing.get(one.tenant)) for one in found]


def table(found: Sequence[TenantStatus]) -> Table:
    """One line a tenant."""
    made = Table(box=None, pad_edge=False)
    for heading in (
        "tenant",
        "state",
        "ring",
        "standard",
        "commit",
        "applied",
        "modules",
        "next backup",
        "last drill",
        "audit",
        "still to do",
    ):
        made.add_column(heading, no_wrap=heading in {"tenant", "commit"})
    for one in found:
        modules = "  ".join(_module(each.name, each.health, each.ready, each.wanted) for each in one.modules)
        todo = [*(["pending"] if one.pending else []), *(f"register {name}" for name in one.registrations)]
        result = "" if one.result in {"", "succeeded"} else f" [red]{one.result}[/red]"
        made.add_row(
            one.tenant,
            one.state,
            one.ring,
            f"{one.standard} ({one.size})",
            _short(one.commit),
            (one.applied[:16].replace("T", " ") or "–") + result,
            modules or "–",
            one.next_backup[:16].replace("T", " ") or "–",
            (one.drill[:10] or "–") + ("" if one.drill_passed else " [red]failed[/red]"),
            _audit(one.audit),
            ", ".join(todo) or "–",
        )
    return made


def _short(commit: str) -> str:
    """The first 8 digits, with the mark behind them."""
    return f"{commit[:8]}{'+' if commit.endswith('+') else ''}" or "–"


def _audit(found: AuditStatus | None) -> str:
    """Day and outcome of the last audit."""
    if found is None:
        return "–"
    parts = {"failed": found.failed, "unclear": found.errors}
    told = [f"{number} {word}" for word, number in parts.items() if number] + (["too old"] if found.stale else [])
    return f"{found.ended[:10]} {'ok' if found.holds else '[red]' + ', '.join(told) + '[/red]'}"


def _module(name: str, health: Health, ready: int, wanted: int) -> str:
    colour = _COLOURS.get(health)
    told = name if health is Health.WELL else f"{name} {health.value} {ready}/{wanted}"
    return f"[{colour}]{told}[/{colour}]" if colour else told
