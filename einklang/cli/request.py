"""`einklang request`: answer proposals on the platform where they are made."""

from __future__ import annotations

import os
import sys
from datetime import date
from pathlib import Path

import click

from einklang.cli._root import find_root
from einklang.clients.forge import Forge, Platform
from einklang.clients.git import Git
from einklang.errors import EXIT_ERROR
from einklang.model.messages import Language
from einklang.operations import answer as answering
from einklang.operations import owners as owning

_PLATFORMS = click.Choice([platform.value for platform in Platform])


@click.group("request")
def command() -> None:
    """Answer proposals (pull requests, merge requests); for pipelines."""


@command.command()
@click.argument("number", type=int)
@click.option("--base", required=True, metavar="REF", help="The branch that the proposal is for.")
@click.option("--head", required=True, metavar="REF", help="The commit at its end; fetched, never checked out.")
@click.option("--forge", "platform", type=_PLATFORMS, help="Where to comment. Default: only print the answer.")
@click.option("--lang", type=click.Choice(["de", "en"]), default="de", show_default=True, help="Language.")
@click.option("--root", type=click.Path(path_type=Path, file_okay=False), help="The checkout. Default: found upwards.")
def answer(number: int, base: str, head: str, platform: str | None, lang: str, root: Path | None) -> None:
    """Check proposal NUMBER, say what it means, and write that as one comment, which later runs update.

    Reads the proposal's files as data and needs no secret but the token for the comment (EINKLANG_FORGE_TOKEN).
    Exit code 0: it can be merged as far as its files are concerned; 1: it cannot.
    """
    checkout = (root or find_root()).resolve()
    forge = Forge.from_environment(Platform(platform), os.environ) if platform else None
    told = answering.answer(Git(checkout, os.environ), checkout, base, head, date.today(), Language(lang))
    click.echo(told.text, nl=False)
    if forge:
        forge.say(number, told.text)
    sys.exit(0 if told.well else EXIT_ERROR)


@command.command("list")
@click.option("--forge", "platform", type=_PLATFORMS, required=True, help="Where to look.")
def list_(platform: str) -> None:
    """List the open proposals: number and commit, one a line."""
    for each in Forge.from_environment(Platform(platform), os.environ).proposals():
        click.echo(f"{each.number} {each.head}")


@command.command("owners")
@click.option("--forge", "platform", type=_PLATFORMS, required=True, help="Whose form of CODEOWNERS.")
@click.option("--operators", default=owning.OPERATORS, show_default=True, help="Who answers for everything.")
@click.option("--team", default=owning.TEAM, show_default=True, help="Who answers for a municipality's file.")
@click.option("--root", type=click.Path(path_type=Path, file_okay=False), help="The checkout. Default: found upwards.")
def owners(platform: str, operators: str, team: str, root: Path | None) -> None:
    """Print CODEOWNERS: each municipality's people for their own file and logo, the operators for everything.

    \b
    Example:
      einklang request owners --forge github > .github/CODEOWNERS
    """
    tenants = sorted(path.stem for path in ((root or find_root()) / "tenants").glob("*.yaml"))
    click.echo(owning.text(Platform(platform), tenants, operators, team), nl=False)
