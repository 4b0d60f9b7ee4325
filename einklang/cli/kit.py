"""`einklang kit`: the recovery kit, which opens the backups when everything else is gone."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from datetime import date
from pathlib import Path

import click

from einklang import inventory
from einklang.cli._cluster import operators
from einklang.errors import EXIT_CHANGES_PENDING, EXIT_DONE, EinklangError, UserError
from einklang.operations import up
from einklang.operations.backup import kit as kits
from einklang.operations.backup import shares as shares_of
from einklang.operations.backup.access import of_tenant
from einklang.operations.backup.checking import check as check_entry
from einklang.operations.backup.kit import Kit
from einklang.operations.backup.protect import write_kit
from einklang.operations.local import toolchain
from einklang.progress import Lines
from einklang.settings import Settings

kit_option = click.option(
    "--kit",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the kit (default: the local one).",
)
identity_option = click.option(
    "--identity",
    "identity_files",
    required=True,
    multiple=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="File with a recovery key (age identity), or, several times, with shares of one.",
)


@click.group("kit")
def command() -> None:
    """The recovery kit: with it, the Git repository and the backup site everything comes back."""


@command.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--name", required=True, help="Who keeps it, for people: person, office, safe.")
@click.option("--shares", help="m/n, as 2/3: FILE-1 to FILE-n, any m of which open the kit together, fewer nothing.")
@kit_option
def key(file: Path, name: str, shares: str | None, folder: Path | None) -> None:
    """Make a recovery key: the secret part goes to FILE, the public one to the kit's recipients.

    Keep FILE away from this machine (paper, safe, hardware), and at least two keys in two places: any one opens the
    kit. `einklang up` then writes the kit for all keys.
    """
    secret, public = kits.new_identity()
    files = _key_files(file, name, public, secret, shares)
    for path in files:
        if path.exists():
            raise UserError(f"{path} is there already", remedy="name a new file")
    for path, text in files.items():
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
            stream.write(text)
    kit_in(folder).add_key(public, name)
    click.echo(f"{public}\nThe secret part is in {', '.join(map(str, files))}: take it away from this machine.")


def _key_files(file: Path, name: str, public: str, secret: str, wanted: str | None) -> dict[Path, str]:
    about = f"# recovery key of {name}\n# public key: {public}\n"
    if wanted is None:
        return {file: f"{about}{secret}\n"}
    needed, count = shares_of.parts(wanted)
    return {
        file.with_name(f"{file.name}-{number}"): f"{about}# share {number} of {count}, {needed} are needed\n{words}\n"
        for number, words in enumerate(shares_of.split(secret, needed, count), start=1)
    }


def read_identity(files: tuple[Path, ...]) -> str:
    """The recovery key in these files."""
    return kits.identity(*(file.read_text(encoding="utf-8") for file in files))


@command.command()
@click.argument("tenants", nargs=-1, required=True)
@kit_option
def write(tenants: tuple[str, ...], folder: Path | None) -> None:
    """Bring the entries of TENANTS up to date, from what stands in their namespaces; `einklang up` does the same."""
    settings, kit = Settings.from_environment(os.environ), kit_in(folder)
    if not kit.keys():
        raise UserError(f"{kit.recipients} names no recovery key", remedy="einklang kit key FILE --name NAME")
    chosen = up.select(inventory.load(settings.root, today=date.today()), tenants)
    kubernetes = operators(settings)
    for tenant in chosen:
        with tempfile.TemporaryDirectory(prefix="einklang-") as scratch:
            written = write_kit(settings, tenant.id, of_tenant(kubernetes, tenant, Path(scratch)), kit)
        click.echo(f"{tenant.id}: {'written' if written else 'up to date'}")


@command.command()
@kit_option
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def show(folder: Path | None, *, as_json: bool) -> None:
    """Show whose entries the kit holds and how many recovery keys open it; needs no secret."""
    kit = kit_in(folder)
    if as_json:
        click.echo(json.dumps({"folder": str(kit.folder), "tenants": kit.tenants(), "keys": kit.keys()}, indent=2))
        return
    click.echo(f"{kit.folder}: {len(kit.keys())} recovery keys; tenants: {', '.join(kit.tenants()) or 'none'}")


@command.command()
@click.argument("tenants", nargs=-1)
@kit_option
@identity_option
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def check(tenants: tuple[str, ...], folder: Path | None, identity_files: tuple[Path, ...], *, as_json: bool) -> None:
    """Prove that the kit's entries of TENANTS (default: all) open their repositories at the site.

    For each: the entry is opened, the repository with it, its newest complete run is found and its manifest read, and
    a state of the stack is there. Exit code 2 where something of it fails.
    """
    kit, settings = kit_in(folder), Settings.from_environment(os.environ)
    identity = read_identity(identity_files)
    restic = toolchain.ensure(settings, Lines()).binary("restic")
    rows = []
    for tenant in tenants or kit.tenants():
        with tempfile.TemporaryDirectory(prefix="einklang-") as scratch:
            try:
                rows.append(
                    {
                        "tenant": tenant,
                        "result": "pass",
                        "text": check_entry(kit.read(tenant, identity), restic, scratch),
                    }
                )
            except EinklangError as error:
                rows.append({"tenant": tenant, "result": "fail", "text": str(error)})
    if not rows:
        raise UserError(f"the kit {kit.folder} is empty", remedy="einklang kit key, then einklang up")
    click.echo(
        json.dumps(rows, indent=2)
        if as_json
        else "\n".join(f"{row['result']}  {row['tenant']}: {row['text']}" for row in rows)
    )
    sys.exit(EXIT_DONE if all(row["result"] == "pass" for row in rows) else EXIT_CHANGES_PENDING)


def kit_in(folder: Path | None) -> Kit:
    """The kit in that folder, or the local one."""
    local = Kit.of(Settings.from_environment(os.environ))
    return Kit(folder, folder / local.recipients.name) if folder else local
