"""`einklang validate`: every problem of every tenant file and standard, and how to mend it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import click

from einklang import inventory
from einklang.cli._root import find_root
from einklang.errors import EXIT_ERROR, UserError
from einklang.model import messages
from einklang.model.messages import Language
from einklang.model.problem import Problem


@click.command("validate")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option("--lang", type=click.Choice(["de", "en"]), default="de", show_default=True, help="Language of messages.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.option("--root", type=click.Path(path_type=Path, file_okay=False), help="The checkout. Default: found upwards.")
@click.option("--head", metavar="REF", help="Check the files of this commit, which is not checked out.")
def command(files: tuple[Path, ...], lang: str, as_json: bool, root: Path | None, head: str | None) -> None:
    """Check FILES (default: everything in tenants/ and standards/) and say how to mend what is wrong.

    Given files are checked against all others. A file from elsewhere is checked as a draft of the tenant file of the
    same name. Exit code 0: no problem; 1: at least one.

    \b
    Examples:
      einklang validate
      einklang validate tenants/olpe.yaml --lang en
      einklang validate --json
    """
    checkout, today = root or find_root(), date.today()
    if head:
        problems = _of_commit(checkout, head, files, today)
    else:
        problems = inventory.check_files(files or None, root=checkout, today=today)
    language = Language(lang)
    if as_json:
        click.echo(json.dumps(_as_data(problems, language), indent=2, ensure_ascii=False))
    else:
        _show(problems, language)
    if problems:
        sys.exit(EXIT_ERROR)


def _of_commit(checkout: Path, head: str, files: tuple[Path, ...], today: date) -> list[Problem]:
    if files:
        raise UserError("--head checks all files of the commit", remedy="leave FILES out")
    from einklang.clients.git import Git
    from einklang.operations.answer import check

    return check(Git(checkout, os.environ), head, today)


def _show(problems: Sequence[Problem], language: Language) -> None:
    # click leaves colours out where the output is no terminal; NO_COLOR (no-color.org) wishes for none anywhere
    colour = False if os.environ.get("NO_COLOR") else None
    for problem in problems:
        headline, *lines = messages.render(problem, language).splitlines()
        click.echo("\n".join([click.style(headline, fg="red", bold=True), *lines, ""]), color=colour)
    click.echo(click.style(messages.summary(problems, language), bold=True), color=colour)


def _as_data(problems: Sequence[Problem], language: Language) -> dict[str, Any]:
    items = [{**problem.as_dict(), "message": asdict(messages.explain(problem, language))} for problem in problems]
    return {"valid": not problems, "problems": items}
