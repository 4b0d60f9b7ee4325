"""`einklang restore`: a running tenant, or one module of it, as it was at a time."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import click

from einklang import inventory
from einklang.cli._restoring import tools
from einklang.cli._time import AT
from einklang.clients.restic import Restic
from einklang.errors import UserError
from einklang.model.backup import FILES_PART
from einklang.model.resolved import ResolvedTenant
from einklang.model.tenant import Status
from einklang.operations.backup.access import of_tenant
from einklang.operations.backup.repository import plain
from einklang.operations.drill.run import Tools
from einklang.operations.restore.choosing import Chosen, choose
from einklang.operations.restore.document import MOST, fetch, stored
from einklang.operations.restore.inplace import InPlace, Module, modules
from einklang.operations.restore.job import Restorer
from einklang.settings import Settings


@click.command("restore")
@click.argument("tenant")
@click.option("--at", type=AT, help="As it was at this time (UTC): the newest run until then.")
@click.option("--only", type=click.Choice(["identity", "portal", "dms"]), help="One module; default: all.")
@click.option("--document", metavar="WHICH", help="One document of the DMS: its number, or its label or a part of it.")
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    help="With --document: bring its files into this folder.",
)
@click.option("--yes", is_flag=True, help="Do it without asking, for scripts.")
@click.option("--dry-run", is_flag=True, help="Only show what would be replaced.")
@click.option("--kept", "show_kept", is_flag=True, help="Show what is kept of earlier restores.")
@click.option("--back", metavar="STAMP", help="Put back what was kept under this stamp.")
@click.option("--discard", metavar="STAMP", help="Remove what was kept under this stamp, for good.")
def command(
    tenant: str, at: datetime | None, only: str | None, *, document: str | None, output: Path | None, yes: bool,
    dry_run: bool, show_kept: bool, back: str | None, discard: str | None,
) -> None:  # fmt: skip
    """Bring TENANT, or one module of it, back to what its newest backup holds, or the newest until a time.

    First it is shown what would be replaced. The data is put beside what is there and compared with the backup's
    manifest; then the module stops, both change places, and it starts again. The state before is kept until you
    discard it, and --back returns to it. Safe to interrupt and to repeat.

    With --document nothing of TENANT changes: it is shown what the backup has of the document, and --output brings it.
    """
    if output and not document:
        raise click.UsageError("--output goes with --document")
    settings = Settings.from_environment(os.environ)
    resolved = _running(settings, tenant)
    wanted, way = modules(resolved, only or ""), tools(settings)
    place = InPlace(way.kubernetes, resolved.tenant.namespace, way.progress)
    if show_kept or back or discard:
        _kept(place, wanted, tenant, back, discard, yes=yes)
        return
    with tempfile.TemporaryDirectory(prefix="einklang-") as folder:
        access = of_tenant(way.kubernetes, resolved.tenant, Path(folder))
        if document:
            _document(way, resolved, Restic(way.restic, access), document, at, None if dry_run else output)
            return
        parts = [part for module in wanted for part in module.parts()]
        chosen = choose(Restic(way.restic, access), tenant, parts, at)
    _show(place, chosen, wanted)
    if dry_run:
        return
    if not yes:
        click.confirm(f"Stop {', '.join(module.name for module in wanted)} of {tenant} and replace it?", abort=True)
    stamp = place.stamp(wanted, datetime.now(UTC))
    for result in place.restore(chosen, wanted, stamp):
        click.echo(f"{result.part}: as it was saved ({result.seconds:g} s)")
    click.echo(f"The state before is kept. Return to it: einklang restore {tenant} --back {stamp}")
    click.echo(f"When all is well: einklang restore {tenant} --discard {stamp}")


def _running(settings: Settings, tenant: str) -> ResolvedTenant:
    known = inventory.load(settings.root, today=date.today())
    if tenant not in known.tenants:
        raise UserError(f"no such tenant: {tenant}", remedy=f"one of {', '.join(sorted(known.tenants))}")
    resolved = known.resolve(tenant)
    if resolved.tenant.status is Status.SUSPENDED:
        raise UserError(f"{tenant} is suspended, its database does not run", remedy="status: active, then einklang up")
    return resolved


def _document(
    way: Tools, resolved: ResolvedTenant, repository: Restic, which: str, at: datetime | None, output: Path | None
) -> None:
    """Say what there is; with an output, bring it where it is one document."""
    (dms,) = modules(resolved, "dms")
    chosen = choose(repository, resolved.tenant.id, dms.parts(), at)
    with way.progress.step(f"the backup of {chosen.moment:%Y-%m-%d %H:%M} UTC is searched", 1, 1):
        told = Restorer(way.kubernetes, resolved.tenant.namespace).find(chosen, which)
    found = stored(told, chosen.part(FILES_PART).snapshot)
    for each in found:
        digest = f"SHA-256 {each.sha256[:12]}…" if each.sha256 else "no checksum"
        # A label is what somebody typed: nothing of it may steer this terminal.
        click.echo(plain(f"{each.document} {each.label}: {each.name}, stored {each.stored[:16]}, {digest}"))
    if len({each.document for each in found}) >= MOST:
        click.echo(f"only the first {MOST} documents are shown: name more of the label")
    if not found:
        raise UserError(f"this backup has no document {which!r}", remedy="an earlier one: --at TIME")
    if output and len({each.document for each in found}) > 1:
        raise UserError(f"{which!r} fits several documents", remedy="name one by its number: --document NUMBER")
    for path in fetch(repository, found, output) if output else ():
        click.echo(f"{path}")


def _show(place: InPlace, chosen: Chosen, wanted: Sequence[Module]) -> None:
    age = datetime.now(UTC) - chosen.moment
    click.echo(
        f"run {chosen.manifest.run}: data of {chosen.moment:%Y-%m-%d %H:%M} UTC, {age.total_seconds() / 3600:.1f} h"
    )
    for each in place.look(chosen, wanted):
        saved, present = each.saved_bytes / 2**20, each.present_bytes / 2**20
        click.echo(f"  {each.module}: {saved:.1f} MiB from the backup replace a database of {present:.1f} MiB")


def _kept(
    place: InPlace, wanted: Sequence[Module], tenant: str, back: str | None, discard: str | None, *, yes: bool
) -> None:
    stamp = back or discard or ""
    if stamp and not (stamp.isdecimal() and len(stamp) == len("20261123200000")):
        raise UserError(f"{stamp!r} is no stamp", remedy=f"einklang restore {tenant} --kept")
    held = {module.name: place.kept(module) for module in wanted}
    chosen = [module for module in wanted if stamp in held[module.name]]
    if stamp and not chosen:
        raise UserError(f"nothing is kept under {stamp}", remedy=f"einklang restore {tenant} --kept")
    if not stamp:
        click.echo("\n".join(f"{name}: {', '.join(stamps) or 'nothing'}" for name, stamps in held.items()))
        return
    names = ", ".join(module.name for module in chosen)
    if not yes:
        click.confirm(f"{'Return to' if back else 'Remove for good'} what was kept of {names}?", abort=True)
    for module in chosen:
        if back:
            place.back(module, stamp, place.stamp(wanted, datetime.now(UTC)))
        else:
            place.discard(module, stamp)
        click.echo(f"{module.name}: {'the state before is back' if back else 'removed'}")
