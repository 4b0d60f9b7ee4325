"""`einklang plan`: what a change means, before anything is done."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import click

from einklang import inventory
from einklang.cli._root import find_root
from einklang.clients.git import Git
from einklang.errors import EXIT_CHANGES_PENDING, EXIT_ERROR, UserError
from einklang.inventory import InvalidInventory
from einklang.model.messages import Language, render_all
from einklang.operations import plan as planning
from einklang.planning import markdown, presentation
from einklang.progress import Lines
from einklang.settings import Settings

_FORMATS = {"terminal": presentation.as_text, "markdown": markdown.comment, "json": presentation.as_json}


@click.command("plan")
@click.argument("tenants", nargs=-1)
@click.option("--since", metavar="REF", help="Compare with this commit or branch instead of with what was applied.")
@click.option("--head", metavar="REF", help="Look at the data of this commit, not at the checkout's; with --since.")
@click.option(
    "--offline", is_flag=True, help="By the files alone; needs neither cluster nor state. Implies --since HEAD."
)
@click.option(
    "--format", "form", type=click.Choice(list(_FORMATS)), default="terminal", show_default=True, help="Form."
)
@click.option("--markdown", "also", type=click.Path(path_type=Path), help="Write the comment to this file as well.")
@click.option("--lang", type=click.Choice(["de", "en"]), default="de", show_default=True, help="Language.")
@click.option("--jobs", default=2, show_default=True, help="Stacks that are looked at at the same time.")
@click.option("--root", type=click.Path(path_type=Path, file_okay=False), help="The checkout. Default: found upwards.")
def command(
    tenants: tuple[str, ...],
    since: str | None,
    head: str | None,
    offline: bool,
    form: str,
    also: Path | None,
    lang: str,
    jobs: int,
    root: Path | None,
) -> None:
    """Say what would change for TENANTS, and change nothing.

    Without --since: what differs from what was last applied, for TENANTS or all. With --since: what the commits since
    then change, for the tenants that they concern. First what it means for the municipality, then, unless --offline,
    every resource that Pulumi would delete, replace, change or create, and the fingerprint that `einklang up --plan`
    takes.

    With --head nothing of that commit is checked out or run: its tenants, standards and services are read as data.

    Exit code 0: nothing changes; 2: something does; 1: an error, or a plan that is refused because it deletes data
    without an approval.

    \b
    Examples:
      einklang plan olpe
      einklang plan --offline
      einklang plan --since main --format markdown
    """
    language, checkout = Language(lang), (root or find_root()).resolve()
    if head and not since:
        raise UserError("--head needs --since", remedy="the branch that the proposal is for, as in --since main")
    try:
        answer = _answer(
            checkout, tenants, since or ("HEAD" if offline else ""), head or "", offline=offline, jobs=jobs
        )
    except InvalidInventory as error:
        click.echo(render_all(error.problems, language), err=True)
        sys.exit(EXIT_ERROR)
    click.echo(_FORMATS[form](answer.plan, language, answer.unchanged), nl=False)
    if also:
        also.write_text(markdown.comment(answer.plan, language, answer.unchanged), encoding="utf-8")
    if answer.plan.refused:
        sys.exit(EXIT_ERROR)
    if answer.plan.changes:
        sys.exit(EXIT_CHANGES_PENDING)


def _answer(
    checkout: Path, names: tuple[str, ...], since: str, head: str, *, offline: bool, jobs: int
) -> planning.Answer:
    today, progress = date.today(), Lines()
    settings = replace(Settings.from_environment(os.environ), root=checkout)
    if not since:
        from einklang.cli._running import running

        engine = running(settings, progress).engine
        request = planning.since_applied(inventory.load(checkout, today=today), names)
        return planning.look(request, engine, today, progress, jobs=jobs)
    with planning.folders(checkout) as folders:
        request = planning.since(Git(checkout, os.environ), folders, since, head, names, today)
        if offline:
            return planning.look(request, None, today, progress)
        from einklang.cli._running import running

        project = planning.project(folders) if head else checkout
        return planning.look(request, running(settings, progress, root=project).engine, today, progress, jobs=jobs)
