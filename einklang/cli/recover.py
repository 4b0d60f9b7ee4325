"""`einklang recover`: everything back, from the recovery kit and the backup site."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import click

from einklang import inventory
from einklang.cli._running import ready
from einklang.cli.kit import identity_option, kit_in, kit_option, read_identity
from einklang.errors import EXIT_CHANGES_PENDING, EXIT_ROLLOUT_INCOMPLETE
from einklang.operations import up
from einklang.operations.local import toolchain
from einklang.operations.local.toolchain import Toolchain
from einklang.operations.recover import prepare
from einklang.operations.recover.journal import Journal
from einklang.operations.recover.rebuild import Plan, Rebuild, look
from einklang.operations.recover.sources import Sources
from einklang.operations.recover.tenant import Tools
from einklang.planning.recovery import FAILED, RECOVERED, Outcome, Pace, duration, remaining_seconds
from einklang.progress import Lines, Progress
from einklang.settings import Settings


@click.command("recover")
@click.argument("tenants", nargs=-1)
@kit_option
@identity_option
@click.option("--backup", "place", default="", help="Folder or address of the backup site (default: as the kit says).")
@click.option("--at", type=click.DateTime(), help="Restore nothing younger than this moment (UTC).")
@click.option("--rotate", is_flag=True, help="After an attack: every secret is made new, users renew theirs.")
@click.option("--jobs", default=2, show_default=True, help="Tenants that are recovered at the same time.")
@click.option("--yes", is_flag=True, help="Recover; without it, only show what would be done.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def command(
    tenants: tuple[str, ...],
    folder: Path | None,
    identity_files: tuple[Path, ...],
    place: str,
    at: datetime | None,
    rotate: bool,
    jobs: int,
    yes: bool,
    as_json: bool,
) -> None:
    """Bring TENANTS (default: all in tenants/) back from their backups, onto a bare machine or an empty cluster.

    Opens the kit, starts the local cluster unless KUBECONFIG names another one, makes the platform, then each tenant in
    the order of its standard: its database, the data of its newest complete run compared with that run's manifest, then
    everything that runs on it. A tenant that is there already is left as it is. Safe to interrupt and to repeat: what
    is done is not done again.

    Without --yes nothing is changed, and the exit code is 2. Exit code 4: some tenants failed, the others are back.
    """
    settings, progress, now = Settings.from_environment(os.environ), Lines(), datetime.now(UTC)
    known = inventory.load(settings.root, today=date.today())
    chosen = up.select(known, tenants)
    kit = kit_in(folder)
    identity = read_identity(identity_files)
    names = [tenant.id for tenant in chosen]
    journal = prepare.journal(settings, now, rotate=rotate)
    programs = toolchain.ensure(settings, progress)
    with tempfile.TemporaryDirectory(prefix="einklang-") as scratch:
        moment = at.replace(tzinfo=UTC) if at else None
        sources = Sources(
            kit, identity, programs.binary("restic"), Path(scratch), settings.backup_site, place=place, at=moment
        )
        plan = look(known, chosen, sources)
        if not yes:
            _preview(plan, journal, jobs, now, as_json=as_json)
            sys.exit(EXIT_CHANGES_PENDING)
        journal.begin()
        if not rotate:
            prepare.passphrase(settings, kit, names, identity, os.environ)
            prepare.evidence_keys(settings, kit, names, identity)
        outcomes = Rebuild(_tools(settings, programs, progress), journal, plan, jobs).perform()
    file = prepare.keep_report(settings, _report(journal, outcomes), journal.begun)
    _present(outcomes, journal, file, as_json=as_json)
    if any(outcome.state == FAILED for outcome in outcomes):
        sys.exit(EXIT_ROLLOUT_INCOMPLETE)


def _tools(settings: Settings, programs: Toolchain, progress: Progress) -> Tools:
    found = ready(settings, programs, progress)
    return Tools(found.engine, found.kubernetes, found.protection, found.way, progress, lambda: datetime.now(UTC))


def _preview(plan: Plan, journal: Journal, jobs: int, now: datetime, *, as_json: bool) -> None:
    tasks = [each.task for each in plan.wanted]
    seconds = remaining_seconds(tasks, Pace(), jobs)
    if as_json:
        rows = [{**asdict(task), "moment": task.moment and task.moment.isoformat()} for task in tasks]
        click.echo(json.dumps({"tenants": rows, "requested": list(plan.requested), "seconds": seconds}, indent=2))
        return
    if journal.under_way:
        click.echo(f"goes on with the recovery that began {journal.begun:%Y-%m-%d %H:%M} UTC")
    for number, task in enumerate(tasks, start=1):
        if task.problem or task.moment is None:
            click.secho(f"{number}. {task.tenant}: cannot be recovered: {task.problem}", fg="red")
            continue
        age = duration((now - task.moment).total_seconds())
        click.echo(f"{number}. {task.tenant} ({task.size}): run {task.run}, {age} old, {task.bytes / 1e6:.1f} MB")
        for note in task.notes:
            click.echo(f"   {note}")
    click.echo(f"about {duration(seconds)}, {jobs} at a time; nothing was changed, --yes recovers")


def _report(journal: Journal, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    return {
        "begun": journal.begun.isoformat(),
        "rotate": journal.rotate,
        "seconds": max((outcome.ready_seconds for outcome in outcomes), default=0.0),
        "tenants": [asdict(outcome) for outcome in outcomes],
    }


def _present(outcomes: Sequence[Outcome], journal: Journal, file: Path, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(_report(journal, outcomes), indent=2, ensure_ascii=False))
        return
    click.echo("\n".join(_rows(outcomes)))
    for outcome in outcomes:
        for note in outcome.notes:
            click.echo(f"{outcome.tenant}: {note}")
        if outcome.error:
            click.secho(f"{outcome.tenant}: {outcome.error}", fg="red")
    back = sum(outcome.state == RECOVERED for outcome in outcomes)
    click.echo(f"{back} of {len(outcomes)} tenants are back; report: {file}")
    if any(outcome.state == FAILED for outcome in outcomes):
        click.echo("the same command goes on with those that failed")


def _rows(outcomes: Sequence[Outcome]) -> list[str]:
    head = ("tenant", "state", "run", "data lost (RPO)", "ready after (RTO)", "of it itself", "checks passed")
    rows: list[tuple[str, ...]] = [head]
    for each in outcomes:
        if each.state == RECOVERED:
            times = [duration(value) for value in (each.age_seconds, each.ready_seconds, each.seconds)]
            rows.append((each.tenant, each.state, each.run, *times, str(each.checks)))
        else:
            rows.append((each.tenant, each.state, each.run or "–", "–", "–", "–", "–"))
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
