"""`einklang up`: the main job, and what the operator sees of it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date

import click

from einklang import inventory
from einklang.cli._running import ready
from einklang.clients.git import Git
from einklang.clients.outside import Way
from einklang.errors import EXIT_ROLLOUT_INCOMPLETE
from einklang.operations import plan as planning
from einklang.operations import up
from einklang.operations.local import toolchain
from einklang.progress import Lines
from einklang.settings import Settings


@click.command("up")
@click.argument("tenants", nargs=-1)
@click.option("--since", metavar="REF", help="Only the tenants that the commits since then change.")
@click.option("--plan", "fingerprint", metavar="FINGERPRINT", help="Only if this is still the plan.")
@click.option("--jobs", default=2, show_default=True, help="Tenants that are applied at the same time.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def command(tenants: tuple[str, ...], since: str | None, fingerprint: str | None, jobs: int, as_json: bool) -> None:
    """Bring up TENANTS (default: all in tenants/), with all that they need.

    Builds the toolchain and images that are missing, starts the local cluster unless KUBECONFIG names another one,
    runs `pulumi up` for the platform and for each tenant, and looks at each tenant's page. Safe to interrupt and to
    repeat: a run that finds everything in place changes nothing.

    Data is deleted only where the tenant's file approves it (approvals). With --plan nothing is done unless `einklang
    plan` gives this fingerprint still. Exit code 4: some tenants failed, the others are done.
    """
    settings, today, progress = Settings.from_environment(os.environ), date.today(), Lines()
    known = inventory.load(settings.root, today=today)
    request = _since(settings, since, tenants, today) if since else None
    if request and not request.present:
        click.echo("no tenant was changed")
        return
    chosen = up.select(known, request.present if request else tenants)
    programs = toolchain.ensure(settings, progress)
    found = ready(settings, programs, progress)
    if fingerprint:
        asked = request or planning.since_applied(known, [tenant.id for tenant in chosen])
        planning.expect(fingerprint, planning.look(asked, found.engine, today, progress, jobs=jobs))
    results = up.apply(
        found.engine, chosen, found.way, progress, today=today, jobs=jobs, protect=found.protection.protect
    )
    _present(results, found.way, as_json=as_json)
    if any(result.error for result in results):
        sys.exit(EXIT_ROLLOUT_INCOMPLETE)


def _since(settings: Settings, reference: str, names: Sequence[str], today: date) -> planning.Request:
    with planning.folders(settings.root) as folders:
        return planning.since(Git(settings.root, os.environ), folders, reference, "", names, today)


def _present(results: Sequence[up.TenantResult], way: Way, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps([asdict(result) for result in results], indent=2, ensure_ascii=False))
        return
    click.echo(_table(results))
    for result in results:
        if result.error:
            click.secho(f"{result.tenant}: {result.error}", fg="red")
    if way.address:
        click.echo(_how_to_reach(results, way))


def _table(results: Sequence[up.TenantResult]) -> str:
    """One line a page, never wrapped: a URL is for copying."""
    rows = [("tenant", "state", "URL", "who logs in there")]
    for result in results:
        staff = f"staff: einklang identity invite {result.tenant}"
        who = {"portal": "citizens, editors", "dms": staff, "identity": f"citizens register there; {staff}"}
        pages = result.urls if result.state == "reachable" else {}
        first = [(result.tenant, result.state), *[("", "")] * (len(pages) - 1)]
        shown = [(url, who[what]) for what, url in pages.items()] or [("–", "–")]
        rows += [(*tenant, *page) for tenant, page in zip(first, shown, strict=True)]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    aligned = [[cell.ljust(width) for cell, width in zip(row, widths, strict=False)] for row in rows]
    return "\n".join("  ".join([*cells, row[3]]) for cells, row in zip(aligned, rows, strict=True))


def _how_to_reach(results: Sequence[up.TenantResult], way: Way) -> str:
    reachable = [result for result in results if result.state == "reachable"]
    names = " ".join(url.split("/")[2] for result in reachable for url in result.urls.values())
    return (
        f"\nThe names resolve nowhere yet. In /etc/hosts of this machine: {way.address} {names}\n"
        f"The certificates come from a local authority: {way.authority}\n"
        'pulumi and kubectl by hand: eval "$(make -s env)"'
    )
