"""`einklang new`: a complete tenant file from a few answers."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import click

from einklang.cli._root import find_root
from einklang.errors import EXIT_ERROR, UserError
from einklang.inventory import register
from einklang.model import messages
from einklang.model.messages import Language
from einklang.operations import request_file
from einklang.operations.request_file import Answers

_QUESTIONS = {
    "ags": ("Amtlicher Gemeindeschlüssel (8 Ziffern)", "Official municipality key (8 digits)"),
    "name": ("Name der Kommune", "Name of the municipality"),
    "population": ("Einwohnerzahl", "Population"),
    "domain": ("Domain, zum Beispiel olpe.de", "Domain, for example olpe.de"),
    "contact_name": ("Ansprechstelle (Name)", "Contact (name)"),
    "contact_email": ("Ansprechstelle (E-Mail)", "Contact (e-mail)"),
    "contact_phone": ('Ansprechstelle (Telefon, wie "+49 2761 83-0")', 'Contact (phone, like "+49 2761 83-0")'),
}
_NEXT = {
    Language.GERMAN: "Geschrieben: {file}\nSehen Sie die Datei durch, ergänzen Sie Anschrift und Öffnungszeiten, und "
    "schlagen Sie sie vor (tenants/README.md).",
    Language.ENGLISH: "Written: {file}\nLook through it, add address and opening hours, and propose it "
    "(tenants/README.md, German).",
}


@click.command("new")
@click.option("--ags", help="Official municipality key, 8 digits.")
@click.option("--register", "register_file", type=click.Path(path_type=Path), help="CSV: ags, name, population[, ars].")
@click.option("--name", help="Name of the municipality.")
@click.option("--population", type=int, help="Inhabitants, by the official statistics.")
@click.option("--domain", help="Its domain; all addresses lie in it.")
@click.option("--contact-name", help="Whom the association speaks to; for all three contacts at first.")
@click.option("--contact-email", help="Its e-mail address.")
@click.option("--contact-phone", help='Its number, as "+49 2761 83-0".')
@click.option("--id", "tenant", default="", help="The tenant's id. Default: from the name.")
@click.option("--ars", default="", help="Official regional key, 12 digits.")
@click.option("--ring", default="broad", show_default=True, help="pilot, early or broad.")
@click.option("--standard", default="", help="Version of the standard. Default: the newest.")
@click.option("--primary", default=request_file.PRIMARY, show_default=True, help="Main colour, as #rrggbb.")
@click.option("--portal/--no-portal", default=True, show_default=True, help="Citizen portal.")
@click.option("--dms/--no-dms", default=True, show_default=True, help="Document management.")
@click.option("--service", "services", multiple=True, help="A service of the catalogue; may be repeated.")
@click.option("--stdout", is_flag=True, help="Print the file instead of writing it.")
@click.option("--lang", type=click.Choice(["de", "en"]), default="de", show_default=True, help="Language.")
@click.option("--root", type=click.Path(path_type=Path, file_okay=False), help="The checkout. Default: found upwards.")
def command(
    *, tenant: str, register_file: Path | None, services: tuple[str, ...], stdout: bool, lang: str, root: Path | None,
    **given: object,
) -> None:  # fmt: skip
    """Write a tenant file with the status `requested`.

    Asks for what no option gives; without a terminal that is an error. With a register, name and population come from
    there by the AGS. Nothing is written unless the file is valid, and no file is overwritten.

    \b
    Example:
      einklang new --ags 05966008 --register gemeinden.csv --domain drolshagen.example
    """
    language, checkout = Language(lang), root or find_root()
    answers = _answers(given, register_file, language)
    answers = replace(answers, id=tenant, services=services)
    target = checkout / "tenants" / f"{answers.tenant}.yaml"
    if target.exists() and not stdout:
        raise UserError(f"{target} exists already", remedy="change that file, or give another --id")
    content = request_file.text(answers, checkout)
    found = request_file.problems(content, answers.tenant, checkout, date.today())
    if found:
        click.echo(messages.render_all(found, language), err=True)
        sys.exit(EXIT_ERROR)
    if stdout:
        click.echo(content, nl=False)
        return
    target.write_text(content, encoding="utf-8")
    click.echo(_NEXT[language].format(file=target))


def _answers(given: dict[str, object], register_file: Path | None, language: Language) -> Answers:
    """The options, what the register knows, and for the rest the person's answers."""
    values = {key: value for key, value in given.items() if value not in (None, "")}
    values["ags"] = values.get("ags") or _ask("ags", language)
    known = register.find(register_file, str(values["ags"])) if register_file else None
    if register_file and known is None:
        raise UserError(f"{register_file} has no municipality {values['ags']}", remedy="check the key, or the register")
    if known:
        found = {"name": known.name.partition(",")[0], "population": known.population, "ars": known.ars}
        values = {**{key: value for key, value in found.items() if value}, **values}
    for key in _QUESTIONS:
        if key not in values:
            values[key] = _ask(key, language)
    return Answers(**values)  # type: ignore[arg-type] # the options' names are the fields'


def _ask(key: str, language: Language) -> str | int:
    """Ask on the terminal. Raises UserError where there is none."""
    option = "--" + key.replace("_", "-")
    if not _on_a_terminal():
        raise UserError(f"{option} is missing", remedy="give it, or run the command on a terminal")
    question = _QUESTIONS[key][list(Language).index(language)]
    answer: str | int = click.prompt(question, type=int if key == "population" else str, err=True)
    return answer


def _on_a_terminal() -> bool:
    return sys.stdin.isatty()
