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
from einklang.clients.pulumi import PulumiEngine
from einklang.errors import EXIT_ROLLOUT_INCOMPLETE
from einklang.operations import environment, up
from einklang.operations.local import cluster, manifests, toolchain
from einklang.progress import Lines
from einklang.settings import Settings

LOCAL_GATEWAY = "127.0.0.1"


@click.command("up")
@click.argument("tenants", nargs=-1)
@click.option("--jobs", default=2, show_default=True, help="Tenants that are applied at the same time.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def command(tenants: tuple[str, ...], jobs: int, as_json: bool) -> None:
    """Bring up TENANTS (default: all in tenants/), with all that they need.

    Builds the toolchain and images that are missing, starts the local cluster unless KUBECONFIG names another one,
    runs `pulumi up` for the platform and for each tenant, and looks at each tenant's page. Safe to interrupt and to
    repeat: a run that finds everything in place changes nothing.
    """
    settings = Settings.from_environment(os.environ)
    chosen = up.select(inventory.load(settings.root, today=date.today()), tenants)
    progress = Lines()
    programs = toolchain.ensure(settings, progress)
    manifests.place(settings, programs)
    local = environment.uses_local_cluster(settings, os.environ)
    if local:
        cluster.up(settings, programs, progress)
    environment.prepare_state(settings, programs)
    variables = environment.environment(settings, programs, os.environ)
    reach = up.Reach(LOCAL_GATEWAY, settings.certificate_authority / "ca.crt") if local else up.Reach()
    results = up.apply(PulumiEngine(settings.root, variables, settings.logs), chosen, reach, progress, jobs=jobs)
    _present(results, as_json=as_json, settings=settings, local=local)
    if any(result.error for result in results):
        sys.exit(EXIT_ROLLOUT_INCOMPLETE)


def _present(results: Sequence[up.TenantResult], *, as_json: bool, settings: Settings, local: bool) -> None:
    if as_json:
        click.echo(json.dumps([asdict(result) for result in results], indent=2, ensure_ascii=False))
        return
    click.echo(_table(results))
    for result in results:
        if result.error:
            click.secho(f"{result.tenant}: {result.error}", fg="red")
    if local:
        click.echo(_how_to_reach(results, settings))


def _table(results: Sequence[up.TenantResult]) -> str:
    """One line a tenant, never wrapped: a URL is for copying."""
    rows = [("tenant", "state", "URL", "how to log in")]
    for result in results:
        staff = f"citizens register there; staff: einklang identity invite {result.tenant}"
        reachable = result.state == "reachable"
        rows.append((result.tenant, result.state, result.url if reachable else "–", staff if reachable else "–"))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    aligned = [[cell.ljust(width) for cell, width in zip(row, widths, strict=False)] for row in rows]
    return "\n".join("  ".join([*cells, row[3]]) for cells, row in zip(aligned, rows, strict=True))


def _how_to_reach(results: Sequence[up.TenantResult], settings: Settings) -> str:
    names = " ".join(result.url.split("/")[2] for result in results if result.state == "reachable")
    return (
        f"\nThe names resolve nowhere yet. In /etc/hosts of this machine: {LOCAL_GATEWAY} {names}\n"
        f"The certificates come from a local authority: {settings.certificate_authority / 'ca.crt'}\n"
        'pulumi and kubectl by hand: eval "$(make -s env)"'
    )
