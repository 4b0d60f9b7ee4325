"""Reports: each says what was found, follows its format, and does not let facts become markup or formulas."""

from __future__ import annotations

import csv
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest

from einklang.model.evidence import Audit
from einklang.model.finding import Result
from einklang.operations.audit import reports, status
from einklang.operations.audit.reports import junit, oscal, pages, table
from einklang.operations.audit.reports.words import GERMAN
from tests.unit.audit.samples import CATALOGUES, TEMPLATES, audit, hostile

SCHEMA = Path(__file__).parent / "data" / "oscal-1.1.3.schema.json"
"""The complete schema of OSCAL 1.1.3 as NIST publishes it (public domain)."""
FOUND = audit("default-deny", "storage-encrypted", probes=Result.ERROR, hsts=Result.NOT_APPLICABLE)


def oscal_problems(document: Any) -> list[str]:
    """What the official schema finds wrong; Python's `re` writes \\p{L} and \\p{N} of its patterns otherwise."""
    text = SCHEMA.read_text(encoding="utf-8").replace(r"\\p{L}", r"[^\\W\\d_]").replace(r"\\p{N}", r"\\d")
    validator = jsonschema.Draft7Validator(json.loads(text))
    return [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(document)]


def test_oscal_follows_the_official_schema() -> None:
    document = json.loads(oscal.render(FOUND, CATALOGUES))
    assert document["assessment-results"]["metadata"]["oscal-version"] == "1.1.3"
    assert oscal_problems(document) == []
    assert oscal_problems(json.loads(oscal.render(hostile(), CATALOGUES))) == []


@pytest.mark.parametrize("key", ["uuid", "metadata", "import-ap", "results"])
def test_the_schema_bites(key: str) -> None:
    document = json.loads(oscal.render(FOUND, CATALOGUES))
    del document["assessment-results"][key]
    assert oscal_problems(document)
    document["assessment-results"][key] = "planted"
    assert oscal_problems(document)


def test_oscal_says_of_each_control_what_was_found() -> None:
    (own, _) = json.loads(oscal.render(FOUND, CATALOGUES))["assessment-results"]["results"]
    found = {each["target"]["target-id"]: each["target"]["status"] for each in own["findings"]}
    assert found["APP.4.4.A1"]["state"] == "satisfied"
    assert (found["APP.4.4.A7"]["state"], found["APP.4.4.A7"]["reason"]) == ("not-satisfied", "fail")
    assert found["APP.4.4.A11"]["state"] == "not-satisfied"  # an error is no pass
    assert found["APP.4.4.A20"]["state"] == "not-satisfied"  # neither is an exception
    assert "Rechenzentrum" in found["APP.4.4.A20"]["remarks"]
    assert "OPS.3.2.A6" not in found  # nothing was assessed
    observed = {each["uuid"] for each in own["observations"]}
    for each in own["findings"]:
        assert {one["observation-uuid"] for one in each["related-observations"]} <= observed
    assert oscal.render(FOUND, CATALOGUES) == oscal.render(FOUND, CATALOGUES)


def test_junit_counts_failures_errors_and_what_was_left_out() -> None:
    root = ElementTree.fromstring(junit.render(FOUND))  # noqa: S314 - our own document
    own, other = root.findall("testsuite")
    assert [own.get(key) for key in ("name", "failures", "errors", "skipped")] == ["attendorn", "1", "1", "2"]
    assert [other.get(key) for key in ("failures", "errors", "skipped")] == ["0", "0", "0"]
    (failure,) = own.findall("testcase/failure")
    assert "keine Regel, die alles verbietet" in (failure.text or "")
    assert "APP.4.4.A7" in (failure.text or "")


def test_the_table_has_a_line_a_finding() -> None:
    lines = list(csv.reader(io.StringIO(table.render(FOUND).removeprefix("\ufeff")), delimiter=";"))
    assert tuple(lines[0]) == GERMAN.columns
    assert len(lines) == 1 + len(FOUND.findings)
    (failed,) = [line for line in lines if line[3] == "nicht erfüllt"]
    assert failed[:2] == ["attendorn", "default-deny"]
    (excepted,) = [line for line in lines if line[3] == "Ausnahme"]
    assert "2027-01-31" in excepted[9]


class Page(HTMLParser):
    """Tags, links, ids and visible text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in {"href", "src"}]
        self.ids += [value or "" for name, value in attrs if name == "id"]

    def handle_data(self, data: str) -> None:
        self.text += data


def shown(found: Audit = FOUND) -> dict[str, str]:
    return pages.render(found, CATALOGUES, TEMPLATES, status.worse(audit(), found))


def test_pages_are_german_and_need_no_script_and_nothing_from_elsewhere() -> None:
    for name, text in shown().items():
        page = Page(text)
        assert '<html lang="de">' in text
        assert not {"script", "img", "iframe", "link", "form", "object"} & set(page.tags), name
        assert "url(" not in text
        assert "@import" not in text
        assert "@media print" in text
        assert all(re.fullmatch(r"#[\w-]+|[\w-]+\.html", link) for link in page.links), page.links
        assert len(page.ids) == len(set(page.ids))
        assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)


def test_the_fleets_page_leads_to_each_tenant_and_says_what_became_worse() -> None:
    found = shown()
    index = Page(found["index.html"])
    assert {"attendorn.html", "olpe.html"} <= set(index.links)
    assert set(found) == {"index.html", "attendorn.html", "olpe.html"}
    assert "Schlechter als bei der letzten Prüfung" in index.text
    assert "zu beheben" in index.text
    assert "in Ordnung" in index.text


def test_a_tenants_page_has_every_control_finding_and_exception() -> None:
    page = Page(shown()["attendorn.html"])
    for catalogue in CATALOGUES.values():
        assert all(identifier in page.text for identifier in catalogue.controls)
    for finding in FOUND.of("attendorn"):
        assert finding.title in page.text
    assert "Zu beheben: 2 von 86 Prüfungen" in page.text
    assert "Rechenzentrum: Die Platten folgen." in page.text
    assert "nicht geprüft" in page.text
    assert "Erst bei einer Auflösung zu prüfen" in page.text
    assert "In Ordnung" in Page(shown()["olpe.html"]).text


def test_facts_do_not_become_markup_formulas_or_control_characters() -> None:
    for text in shown(hostile()).values():
        assert "<script>" not in text
        assert "script" not in Page(text).tags
    ElementTree.fromstring(junit.render(hostile()))  # noqa: S314 - our own document
    for line in csv.reader(io.StringIO(table.render(hostile()).removeprefix("\ufeff")), delimiter=";"):
        assert not any(cell.startswith(("=", "+", "-", "@")) for cell in line)


def test_an_audit_is_written_and_read_again(tmp_path: Path) -> None:
    files = reports.write(FOUND, CATALOGUES, tmp_path / "new", TEMPLATES)
    assert files[0].name == "index.html"
    assert {path.name for path in files} >= {"findings.csv", "junit.xml", "assessment-results.oscal.json", "olpe.html"}
    assert reports.read(tmp_path / "new") == FOUND


def test_an_audit_holds_only_where_nothing_failed_and_something_was_looked_at() -> None:
    assert status.holds(audit())
    assert status.holds(audit("storage-encrypted"))  # excepted
    assert not status.holds(audit("default-deny"))
    assert not status.holds(audit(probes=Result.ERROR))
    assert not status.holds(audit().model_copy(update={"findings": ()}))


def test_what_became_worse_is_named_and_what_became_better_is_not() -> None:
    before, after = audit("probes"), audit("default-deny", hsts=Result.ERROR)
    changes = status.worse(before, after)
    assert [(change.check, change.before, change.after) for change in changes] == [
        ("hsts", Result.PASS, Result.ERROR),
        ("default-deny", Result.PASS, Result.FAIL),
    ]
    assert status.worse(after, after) == []
