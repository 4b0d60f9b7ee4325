"""What is generated from the models is committed as generated, and says the same as the models."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from einklang.cli.schema import GENERATED
from einklang.inventory.reader import parse
from einklang.model.reference import reference_text
from einklang.model.schema import tenant_schema
from einklang.settings import PROJECT_ROOT

from .tenant_folder import GOOD, make_root, problems
from .test_bad_tenants import EDITS

TENANTS = sorted((PROJECT_ROOT / "tenants").glob("*.yaml"))
README = (PROJECT_ROOT / "tenants" / "README.md").read_text(encoding="utf-8")

# What an editor cannot know: other files, the calendar, the standard, colours
BEYOND_THE_SCHEMA = {
    *("id-reserved", "id-not-file-name", "ags-district", "ags-municipality", "ars-not-ags", "standard-unknown"),
    *("hostname-outside-domain", "hostname-repeated", "contrast", "logo-path", "not-found", "service-unknown"),
    *("backup-class-unknown", "option-not-offered", "control-unknown", "exception-expired"),
    "approval-too-long",
    *("whitespace", "value-missing", "time-order"),
    *("anchor", "duplicate-key", "key-not-text", "directive", "control-character", "merge-key", "date-expected"),
}


def _validator() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(tenant_schema())


def _instance(text: str) -> Any:
    return json.loads(json.dumps(parse("x", text.encode()).value, default=date.isoformat))


@pytest.mark.parametrize("name", GENERATED)
def test_committed_as_generated(name: str) -> None:
    committed = (PROJECT_ROOT / name).read_text(encoding="utf-8")
    assert committed == GENERATED[name](), "run: einklang schema"


def test_reference_names_every_key_of_the_example() -> None:
    rows = reference_text()
    for row in (
        "| `contacts.security.email` | ja | Text |",
        "| `ring` | ja | `pilot`, `early`, `broad` |",
        "| `hostnames.portal` | nein | Text |",
        "| `population` | ja | ganze Zahl, 1 bis 5000000 |",
        "| `languages` | ja | Liste: `de`, `en` |",
        "| `exceptions[].expires` | ja | Datum |",
        "| `modules.portal.search_engines` | nein | `true` oder `false`; ohne Angabe `true` |",
    ):
        assert row in rows


def test_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(tenant_schema())


@pytest.mark.parametrize("path", TENANTS, ids=lambda path: path.stem)
def test_accepts_the_sample_tenants(path: Path) -> None:
    _validator().validate(_instance(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("path", TENANTS, ids=lambda path: path.stem)
def test_first_line_tells_the_editor(path: Path) -> None:
    first = path.read_text(encoding="utf-8").splitlines()[0]
    assert first == "# yaml-language-server: $schema=./tenant.schema.json"


def test_rejects_what_the_model_rejects() -> None:
    validator, rejected = _validator(), 0
    for edit in EDITS:
        value = _instance(GOOD.replace(edit.old, edit.new, 1))
        # to an editor, which reads YAML 1.2, a date is text
        if value is None or edit.code in BEYOND_THE_SCHEMA or edit.what == "date as name":
            continue
        assert not validator.is_valid(value), edit.what
        rejected += 1
    assert rejected > 40


def test_descriptions_are_there() -> None:
    def fields(part: dict[str, Any]) -> list[dict[str, Any]]:
        return list(part.get("properties", {}).values())

    schema = tenant_schema()
    parts = [schema, *schema["$defs"].values()]
    assert all(field.get("description") for part in parts for field in fields(part))


def _example() -> str:
    match = re.search(r"```yaml\n(.*?)```", README, re.DOTALL)
    assert match
    return match[1]


def test_example_in_the_readme_is_valid(tmp_path: Path) -> None:
    root = make_root(tmp_path / "checkout")
    draft = tmp_path / "drolshagen.yaml"
    draft.write_text(_example(), encoding="utf-8")
    assert problems(root, draft) == []


def test_example_in_the_readme_is_complete() -> None:
    example = _example()
    rows = (PROJECT_ROOT / "docs/municipalities/felder.md").read_text(encoding="utf-8")
    for key in re.findall(r"^\| `(?:.*[.])?(\w+)` \|", rows, re.MULTILINE):
        assert re.search(rf"\b{key}:", example), key


def test_messages_in_the_readme_are_real() -> None:
    from einklang.model.messages import Language, render
    from einklang.model.problem import Code, Problem

    problem = Problem("tenants/olpe.yaml", 10, 7, "ring", Code.CHOICE, "pilott", "pilot, early, broad", "pilot")
    assert render(problem, Language.GERMAN) in README
