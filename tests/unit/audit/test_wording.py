"""Everything a check can say is said in English too."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from einklang.model.finding import Finding
from einklang.model.messages import Language
from einklang.operations.audit import wording
from einklang.operations.audit.checks import ALL
from einklang.operations.audit.judge import judge
from einklang.operations.audit.registry import Source
from tests.unit.audit import recorded, samples, shown
from tests.unit.audit.test_checks import CASES, EMPTY, planted

GERMAN = re.compile(
    r"[äöüßÄÖÜ„]|\b(ohne|statt|fehlt|wird|werden|nicht|durch|nur|die|der|das|den|und|ist|mit|kein|keine|keiner|von|aus"
    r"|alle|jeder|jede|gilt|eigene|eigenen|im|zu|auf|oder|bei|wie|noch|dort|weist|Lesen|Regel|Konten|Recht|Rechte"
    r"|Einstellungen|Bindungen|Antworten|Antwort|Seiten|Dienste|Datenbanken|Objekte|Zertifikate|Pakete)\b"
)


def left(found: Finding) -> list[str]:
    english = wording.finding(found)
    said = [english.title, english.remedy, english.observed, *english.evidence]
    return [f"{found.check}: {text}" for text in said if GERMAN.search(text)]


def judged(observed: object, *names: str) -> tuple[Finding, ...]:
    checks = [ALL[name] for name in names] or list(ALL.values())
    return judge(observed, checks, samples.CATALOGUES, list(Source))  # type: ignore[arg-type]


def test_a_good_tenant_in_english() -> None:
    assert [text for found in judged(recorded.observed(recorded.facts())) for text in left(found)] == []


@pytest.mark.parametrize("name", ALL)
def test_every_violation_in_english(name: str) -> None:
    numbers = [number for check, number in CASES if check == name]
    found = [each for number in numbers for each in judged(planted(name, number), name)]
    assert [text for each in found for text in left(each)] == []


def test_nothing_to_look_at_in_english() -> None:
    found = judged(recorded.observed({**recorded.facts(), **EMPTY}))
    assert [text for each in found for text in left(each)] == []


def test_facts_stay_as_they_are() -> None:
    assert wording.worded("Pods: 12 geprüft, ohne Token.") == "Pods: 12 checked, without a token."
    assert wording.worded("portal-1/plone: limits.cpu: 3 statt 4") == "portal-1/plone: limits.cpu: 3 instead of 4"
    assert wording.worded("https://www.olpe.example/") == "https://www.olpe.example/"


def test_german_stays_german() -> None:
    done = samples.audit("default-deny")
    assert wording.audit(done, Language.GERMAN) is done
    assert wording.catalogues(samples.CATALOGUES, Language.GERMAN) is samples.CATALOGUES


def test_notes_of_catalogues_in_english() -> None:
    english = wording.catalogues(samples.CATALOGUES, Language.ENGLISH)
    said = [each.not_automatic for catalogue in english.values() for each in catalogue.controls.values()]
    said += [catalogue.note for catalogue in english.values()]
    said += [each.title for each in english["einklang-1"].controls.values()]
    assert [text for text in said if text and GERMAN.search(text)] == []
    # The publisher's own words stay.
    assert english["bsi-grundschutz-2023"].controls["APP.4.4.A4"].title == "Separierung von Pods"


@pytest.mark.parametrize("language", Language)
def test_pages_are_as_they_were_accepted(language: Language, tmp_path: Path) -> None:
    accepted = shown.file(language).read_text(encoding="utf-8")
    assert shown.pages(language, tmp_path) == accepted, "read the difference, then python -m tests.unit.audit.shown"


def test_english_pages_hold_no_german(tmp_path: Path) -> None:
    """Apart from what the municipality wrote itself: the reason of an exception, and its owner."""
    text = shown.pages(Language.ENGLISH, tmp_path).replace("Die Platten folgen.", "").replace("Rechenzentrum", "")
    assert [line for line in text.splitlines() if GERMAN.search(line)] == []
    document = (tmp_path / "assessment-results.oscal.json").read_text() + (tmp_path / "findings.csv").read_text()
    assert "Abhilfe" not in document
    assert "Mandant" not in document
