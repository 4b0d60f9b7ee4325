"""`einklang new`: a file that is complete, valid, commented, and never written where it would harm."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from einklang.cli import main
from einklang.errors import UserError
from einklang.inventory import register
from einklang.model.schema import tenant_schema
from einklang.operations.request_file import Answers, id_of, text
from einklang.settings import PROJECT_ROOT
from tests.unit.tenant_folder import make_root, problems, write

GIVEN = {
    "--ags": "05966008",
    "--name": "Drolshagen",
    "--population": "11732",
    "--domain": "drolshagen.example",
    "--contact-name": "IT & Organisation",
    "--contact-email": "it@drolshagen.example",
    "--contact-phone": "+49 2761 970-0",
}
REGISTER = "ags;name;population;ars\n05966008;Drolshagen, Stadt;11.732;059660008008\n05966024;Olpe, Stadt;x;\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "templates").symlink_to(PROJECT_ROOT / "templates")
    return make_root(tmp_path)


def run(root: Path, *words: str, **changed: str | None) -> Result:
    given = {**GIVEN, **{f"--{key.replace('_', '-')}": value for key, value in changed.items()}}
    options = [word for option, value in given.items() if value is not None for word in (option, value)]
    return CliRunner().invoke(main, ["new", "--root", str(root), *options, *words])


def test_a_complete_valid_file(root: Path) -> None:
    result = run(root, "--service", "hund-anmelden", "--no-dms")
    assert result.exit_code == 0, result.output
    file = root / "tenants" / "drolshagen.yaml"
    content = file.read_text()
    assert problems(root) == []
    data = yaml.safe_load(content)
    assert (data["status"], data["standard"], data["modules"]["dms"]["enabled"]) == ("requested", "2026.1", False)
    assert data["contacts"]["operations"]["name"] == "IT & Organisation"
    for key in tenant_schema()["properties"]:
        assert re.search(rf"\b{key}\b", content), f"{key} is neither given nor explained"


def test_no_file_is_overwritten(root: Path) -> None:
    assert run(root).exit_code == 0
    again = run(root, name="Anders", id="drolshagen")
    assert again.exit_code == 1
    assert "exists already" in again.output
    assert run(root, "--stdout", name="Anders", ags="05966012", id="anders", domain="anders.example").exit_code == 0


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("ags", "0596", "8 Ziffern"),
        ("ags", "05966024", "hat schon ein anderer Mandant"),
        ("name", "x\ny: z", "mehrere Zeilen"),
        ("name", "{{ 7 * 7 }}", None),
        ("name", 'a" #', None),
        ("name", "no", None),
        ("domain", "https://x", "vollständiger Name"),
        ("domain", "olpe.example", "hat schon ein anderer Mandant"),
        ("id", "../../evil", "kleine Buchstaben"),
        ("id", "platform", "für die Plattform belegt"),
        ("standard", "1999.1", "2026.1"),
        ("primary", "red", "sechs Ziffern"),
        ("contact_phone", "110", "Ländervorwahl"),
    ],
)
def test_nothing_is_written_unless_it_is_valid(root: Path, option: str, value: str, words: str | None) -> None:
    before = {path: path.read_bytes() for path in root.rglob("*.yaml")}
    result = run(root, **{"id": "drolshagen", option: value})
    if words is None:
        assert result.exit_code == 0, result.output
        written = set(root.rglob("*.yaml")) - set(before)
        assert [yaml.safe_load(path.read_text())["name"] for path in written] == [value]
        return
    assert (result.exit_code, words in result.output) == (1, True), result.output
    assert {path: path.read_bytes() for path in root.rglob("*.yaml")} == before
    assert not (root.parent / "evil.yaml").exists()


def test_without_a_terminal_what_is_missing_is_said(root: Path) -> None:
    result = run(root, ags=None)
    assert (result.exit_code, "--ags is missing" in result.output) == (1, True)


def test_questions_on_a_terminal(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def answer(question: str, **_: Any) -> Any:
        asked.append(question)
        return 11_732 if "Einwohner" in question else "Drolshagen"

    monkeypatch.setattr("einklang.cli.new._on_a_terminal", lambda: True)
    monkeypatch.setattr("click.prompt", answer)
    result = run(root, name=None, population=None)
    assert result.exit_code == 0, result.output
    assert asked == ["Name der Kommune", "Einwohnerzahl"]


def test_the_register_knows_name_and_population(root: Path, tmp_path: Path) -> None:
    file = tmp_path / "gemeinden.csv"
    file.write_text(REGISTER)
    result = run(root, "--register", str(file), name=None, population=None)
    assert result.exit_code == 0, result.output
    data = yaml.safe_load((root / "tenants" / "drolshagen.yaml").read_text())
    assert (data["name"], data["population"], data["ars"]) == ("Drolshagen", 11_732, "059660008008")
    unknown = run(root, "--register", str(file), ags="05966012")
    assert "no municipality 05966012" in unknown.output


def test_a_register_that_is_none(tmp_path: Path) -> None:
    file = tmp_path / "gemeinden.csv"
    file.write_text("a,b\n")
    with pytest.raises(UserError, match=":1: no heading line"):
        register.find(file, "05966008")
    file.write_text(REGISTER)
    with pytest.raises(UserError, match=":3: the population is 'x'"):
        register.find(file, "05966024")
    with pytest.raises(UserError, match="cannot be read"):
        register.find(tmp_path / "missing.csv", "05966008")


@pytest.mark.parametrize(
    ("name", "tenant"),
    [("Bad Berleburg, Stadt", "bad-berleburg"), ("Groß-Gerau", "gross-gerau"), ("Neukirchen (Pleiße)", "neukirchen")],
)
def test_ids_from_names(name: str, tenant: str) -> None:
    assert id_of(name) == tenant


def test_the_template_in_the_docs_is_what_the_command_writes() -> None:
    page = (PROJECT_ROOT / "docs" / "municipalities" / "vorlage.md").read_text(encoding="utf-8")
    answers = Answers(
        "05970008",
        "Bad Berleburg",
        18_800,
        "bad-berleburg.example",
        "Fachbereich Organisation und IT",
        "it@bad-berleburg.example",
        "+49 30 23125 020",
        services=("hund-anmelden",),
    )
    assert page.partition("```yaml\n")[2].removesuffix("```\n") == text(answers, PROJECT_ROOT)


def test_the_template_in_the_docs_is_valid(root: Path) -> None:
    page = (PROJECT_ROOT / "docs" / "municipalities" / "vorlage.md").read_text(encoding="utf-8")
    write(root, "bad-berleburg", page.partition("```yaml\n")[2].removesuffix("```\n"))
    assert problems(root) == []
