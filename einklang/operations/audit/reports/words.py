"""The words of the reports, by language: German for municipalities, English for others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from einklang.model.finding import Result, Severity
from einklang.model.messages import Language


@dataclass(frozen=True)
class Words:
    """results, severities: a word each. documents: end of a file's name -> what it is called. moment: for strftime.

    columns: of the table of findings. until: before the end of an exception. remedy, controls: before
    those in JUnit. worse: before a check that became so.
    """

    language: Language
    results: Mapping[Result | None, str]
    severities: Mapping[Severity, str]
    documents: Mapping[str, str]
    moment: str
    columns: tuple[str, ...]
    until: str
    remedy: str
    controls: str
    worse: str


GERMAN = Words(
    Language.GERMAN,
    {
        Result.PASS: "erfüllt",
        Result.FAIL: "nicht erfüllt",
        Result.ERROR: "nicht prüfbar",
        Result.EXCEPTED: "Ausnahme",
        Result.NOT_APPLICABLE: "entfällt",
        None: "nicht geprüft",
    },
    {Severity.HIGH: "hoch", Severity.MEDIUM: "mittel", Severity.LOW: "gering"},
    {
        "trennungskonzept.html": "Mandantentrennungskonzept",
        "schluessel.html": "Kataster der Schlüssel und Zertifikate",
        "pakete.csv": "Pakete",
        "lizenzen.csv": "Lizenzen",
    },
    "%d.%m.%Y, %H:%M Uhr (UTC)",
    (
        "Mandant", "Prüfung", "Titel", "Ergebnis", "Schwere", "Anforderungen", "Beobachtet", "Einzelheiten", "Abhilfe",
        "Ausnahmen", "Zeit",
    ),
    "bis",
    "Abhilfe",
    "Anforderungen",
    "schlechter",
)  # fmt: skip
ENGLISH = Words(
    Language.ENGLISH,
    {
        Result.PASS: "pass",
        Result.FAIL: "fail",
        Result.ERROR: "unclear",
        Result.EXCEPTED: "excepted",
        Result.NOT_APPLICABLE: "not applicable",
        None: "not checked",
    },
    {Severity.HIGH: "high", Severity.MEDIUM: "medium", Severity.LOW: "low"},
    {
        "trennungskonzept.html": "Tenant separation concept",
        "schluessel.html": "Inventory of keys and certificates",
        "pakete.csv": "Packages",
        "lizenzen.csv": "Licences",
    },
    "%Y-%m-%d %H:%M UTC",
    (
        "Tenant", "Check", "Title", "Result", "Severity", "Requirements", "Observed", "Details", "Remedy",
        "Exceptions", "Time",
    ),
    "until",
    "Remedy",
    "Requirements",
    "worse",
)  # fmt: skip
WORDS: Mapping[Language, Words] = {Language.GERMAN: GERMAN, Language.ENGLISH: ENGLISH}
SEVERITIES = GERMAN.severities
