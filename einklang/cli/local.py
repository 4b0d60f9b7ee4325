"""`einklang local`: the embedded cluster of this machine."""

from __future__ import annotations

import json
import os
import sys

import click
from rich.console import Console
from rich.table import Table

from einklang.errors import EXIT_DONE, EXIT_ERROR
from einklang.operations.local import cluster, toolchain
from einklang.operations.local.cluster import Status
from einklang.progress import Lines
from einklang.settings import Settings


@click.group("local")
def command() -> None:
    """The embedded Kubernetes cluster of this machine."""


@command.command("up")
def up() -> None:
    """Start what does not run; safe to interrupt and to repeat."""
    settings, progress = Settings.from_environment(os.environ), Lines()
    cluster.up(settings, toolchain.ensure(settings, progress), progress)
    click.echo(f"the local cluster is up: export KUBECONFIG={settings.kubeconfig}", err=True)


@command.command("down")
def down() -> None:
    """Stop it and remove what it made on this machine; its data and the caches stay."""
    cluster.down(Settings.from_environment(os.environ), Lines())


@command.command("status")
@click.option("--json", "as_json", is_flag=True, help="Print the status as JSON.")
def status(as_json: bool) -> None:
    """Show the components; exit code 0 when all is well, 1 otherwise."""
    found = cluster.status(Settings.from_environment(os.environ))
    if as_json:
        click.echo(json.dumps(_as_data(found), indent=2))
    else:
        Console(highlight=False).print(_table(found))
    sys.exit(EXIT_DONE if found.well else EXIT_ERROR)


@command.command("clean")
@click.option("--caches", is_flag=True, help="Remove the toolchain and the images as well: they are built again.")
@click.option("--backups", is_flag=True, help="Remove the local backup site as well: all backups of all tenants.")
@click.option("--yes", is_flag=True, help="Remove; without it, only show what would go.")
def clean(caches: bool, backups: bool, yes: bool) -> None:
    """Remove the data of the stopped cluster: tenants, keys, Pulumi's state. Backups stay unless they are named."""
    settings = Settings.from_environment(os.environ)
    found = cluster.data(settings, caches=caches, backups=backups)
    for path in found:
        click.echo(f"{'remove' if yes else 'would remove'} {path}")
    if yes:
        cluster.clean(settings, caches=caches, backups=backups)
    else:
        click.echo("nothing was removed; --yes removes it" if found else "there is nothing to remove")


def _as_data(found: Status) -> dict[str, object]:
    listed = [*found.components, *([found.backup_site] if found.backup_site else [])]
    components = [{"name": one.name, "pid": one.pid, "since": one.since and one.since.isoformat()} for one in listed]
    return {"well": found.well, "node": found.node, "name_service": found.name_service, "components": components}


def _table(found: Status) -> Table:
    table = Table("component", "pid", "state", "since", box=None, pad_edge=False)
    for one in (*found.components, *([found.backup_site] if found.backup_site else [])):
        since = one.since.astimezone().strftime("%Y-%m-%d %H:%M:%S") if one.since else "–"
        table.add_row(one.name, str(one.pid or "–"), "running" if one.pid else "stopped", since)
    for name, well in (("node", found.node), ("name service", found.name_service)):
        table.add_row(name, "–", "ready" if well else "not ready", "–")
    return table
