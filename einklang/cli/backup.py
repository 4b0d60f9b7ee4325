"""`einklang backup`: what was saved, and the site's own work."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path

import click
import yaml

from einklang import inventory
from einklang.cli._cluster import operators
from einklang.cli._time import AT
from einklang.errors import EXIT_CHANGES_PENDING, EXIT_DONE, UserError
from einklang.model.standard import BackupClass
from einklang.model.tenant import Status, Tenant
from einklang.operations import seal, up
from einklang.operations.backup import archive
from einklang.operations.backup import register as registering
from einklang.operations.backup.access import of_tenant
from einklang.operations.backup.repository import Report, Site, plain, prune, report, rewind
from einklang.operations.local import site as local_site
from einklang.operations.local import toolchain
from einklang.operations.local.site import SiteFolders
from einklang.progress import Lines
from einklang.settings import Settings

site_option = click.option(
    "--site",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the backup site on this machine (default: that of the local cluster).",
)
restic_option = click.option(
    "--restic", "program", type=click.Path(path_type=Path, exists=True), help="restic (default: that of the toolchain)."
)


@click.group("backup")
def command() -> None:
    """What was saved of each tenant, and the work of the backup site itself."""


@command.command()
@click.argument("tenants", nargs=-1)
@site_option
@restic_option
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
@click.option("--metrics", is_flag=True, help="Print in Prometheus' text format.")
@click.option("--verify", metavar="SHARE", default="", help="Also read so much of the data: 100%, 5%, or 1/7, 2/7 …")
def status(
    tenants: tuple[str, ...], folder: Path | None, program: Path | None, *, as_json: bool, metrics: bool, verify: str
) -> None:
    """Judge the backups of TENANTS (default: all that run). Exit code 2 where a check failed.

    Runs where the site's folder is, and asks neither the cluster nor anything that runs in it.
    """
    settings = Settings.from_environment(os.environ)
    site, now = _site(settings, folder, program), datetime.now(UTC)
    found = [report(site, tenant, chosen, now, verify) for tenant, chosen in _chosen(settings, tenants)]
    if metrics:
        click.echo("\n".join(line for one in found for line in one.measured))
    elif as_json:
        click.echo(json.dumps([_as_data(one) for one in found], indent=2))
    else:
        for one in found:
            _show(one)
    sys.exit(EXIT_DONE if all(one.well for one in found) else EXIT_CHANGES_PENDING)


@command.command("prune")
@click.argument("tenants", nargs=-1)
@site_option
@restic_option
@click.option("--yes", is_flag=True, help="Remove; without it, only show what would go.")
def prune_(tenants: tuple[str, ...], folder: Path | None, program: Path | None, *, yes: bool) -> None:
    """Remove from the site what the backup classes of TENANTS (default: all) do not keep.

    Runs where the site's folder is, with the site's own keys: nothing that a cluster holds can do this.
    """
    settings = Settings.from_environment(os.environ)
    site, now = _site(settings, folder, program), datetime.now(UTC)
    count = 0
    for tenant, chosen in _chosen(settings, tenants):
        for each in prune(site, tenant.id, chosen, now, dry_run=not yes):
            count += 1
            verb = "removed" if yes else "would remove"
            click.echo(f"{verb} {tenant.id} {each.id[:8]} {each.run or '-'} {each.part} of {each.arrived:%Y-%m-%d}")
    click.echo(f"{count} snapshots{'' if yes or not count else '; nothing was removed, --yes removes them'}")


@command.command("rewind")
@click.argument("tenant")
@click.option("--to", "moment", required=True, help="Before it began, in UTC: 2026-11-23T06:00.")
@site_option
@restic_option
@click.option("--yes", is_flag=True, help="Move the files away; without it, only count them.")
def rewind_(tenant: str, moment: str, folder: Path | None, program: Path | None, *, yes: bool) -> None:
    """Make TENANT's repository what it was at a moment, after somebody else wrote into it.

    Every file that the site got later is moved into the site's folder `foreign`; nothing is removed.
    """
    try:
        then = datetime.fromisoformat(moment)
    except ValueError as error:
        raise UserError(f"--to {moment}: {error}", remedy="--to 2026-11-23T06:00") from error
    site = _site(Settings.from_environment(os.environ), folder, program)
    moved = rewind(site, tenant, then if then.tzinfo else then.replace(tzinfo=UTC), dry_run=not yes)
    kinds = Counter(path.relative_to(site.folders.base).parts[2] for path in moved)
    counts = ", ".join(f"{count} of {kind}" for kind, count in sorted(kinds.items())) or "nothing"
    click.echo(f"{tenant}: {counts} {'moved away' if yes else 'would be moved away, --yes does it'}")


@command.command("archive")
@click.argument("tenant")
@click.option("--at", "moment", type=AT, required=True, help="As of when, in UTC: 2026-11-23T06:00.")
@click.option("--name", default="", help="The archive's name, where it is an earlier one than the setting's.")
def archive_(tenant: str, moment: datetime, name: str) -> None:
    """Print the cluster that shows TENANT's databases as they were at a moment, from their archive.

    Changes nothing by itself: einklang backup archive TENANT --at … | kubectl apply -f -
    """
    settings = Settings.from_environment(os.environ)
    chosen = inventory.load(settings.root, today=date.today()).resolve(tenant).tenant
    running = operators(settings).get("cluster.postgresql.cnpg.io", "database", "-n", chosen.namespace)
    found = archive.beside(running, moment, name)
    click.echo(yaml.safe_dump(found, sort_keys=False), nl=False)


@command.command()
@click.argument("tenant")
@click.option("--show", is_flag=True, help="Print what another site has to know, with the repository's key: pipe it.")
@site_option
@restic_option
def register(tenant: str, folder: Path | None, program: Path | None, *, show: bool) -> None:
    """Let TENANT save at the local site, with the credentials in its namespace; `einklang up` does the same.

    For a site elsewhere: einklang backup register TENANT --show | ssh SITE einklang backup accept --site FOLDER
    """
    settings = Settings.from_environment(os.environ)
    chosen = inventory.load(settings.root, today=date.today()).resolve(tenant).tenant
    kubernetes = operators(settings)
    with tempfile.TemporaryDirectory(prefix="einklang-") as scratch:
        known = registering.registration(chosen.id, of_tenant(kubernetes, chosen, Path(scratch)))
    if show:
        click.echo(json.dumps(asdict(known)))
    else:
        _accept(_site(settings, folder, program), known)


@command.command()
@site_option
@restic_option
def accept(folder: Path | None, program: Path | None) -> None:
    """At the site: take what `register --show` prints, from standard input."""
    try:
        known = registering.Registration(**json.load(sys.stdin))
    except (ValueError, TypeError) as error:
        raise UserError("standard input is no registration", remedy="einklang backup register TENANT --show") from error
    _accept(_site(Settings.from_environment(os.environ), folder, program), known)


def _accept(site: Site, known: registering.Registration) -> None:
    done = registering.accept(site.folders, known, site.restic)
    local_site.reload(site.folders.base)
    click.echo(f"{known.tenant}: {', '.join(done) or 'nothing to do'}")


def _site(settings: Settings, folder: Path | None, program: Path | None) -> Site:
    folders = SiteFolders(folder or settings.backup_site)
    if not folders.base.is_dir():
        raise UserError(f"no backup site in {folders.base}", remedy="einklang local up, or --site FOLDER")
    trusted = seal.trusted(settings.audit_key)
    return Site(folders, program or toolchain.ensure(settings, Lines()).binary("restic"), trusted)


def _chosen(settings: Settings, names: Sequence[str]) -> list[tuple[Tenant, BackupClass]]:
    """The named tenants, or all that run, each with its backup class."""
    known = inventory.load(settings.root, today=date.today())
    wanted = [tenant for tenant in up.select(known, names) if names or tenant.status is not Status.REQUESTED]
    return [(tenant, known.standards[tenant.standard].backup_classes[tenant.backup.class_name]) for tenant in wanted]


def _as_data(one: Report) -> dict[str, object]:
    times = {"newest": one.newest, "drill": one.drill, "next_run": one.next_run}
    told = {name: moment.isoformat() if moment else None for name, moment in times.items()}
    return {"tenant": one.tenant, **told, "findings": [asdict(finding) for finding in one.findings]}


def _show(one: Report) -> None:
    newest, drill, following = (
        f"{moment:%Y-%m-%d %H:%M} UTC" if moment else "none" for moment in (one.newest, one.drill, one.next_run)
    )
    failed = [finding for finding in one.findings if finding.result != "pass"]
    click.echo(f"{one.tenant}: newest backup {newest}, {len(failed)} of {len(one.findings)} checks failed")
    click.echo(f"  next backup {following}, last restore drill {drill}")
    for finding in failed:
        click.secho(f"  {finding.result}: {finding.check}: {plain(finding.text)}", fg="red")
