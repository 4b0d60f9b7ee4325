"""The audit in English. Checks speak German, which is what is recorded; this words it for other readers.

A check says one of a few sentences about facts: the same sentences stand here with their English, and the facts between
are worded in turn. What is not known stays as it is; a test finds that (tests/unit/audit/test_wording.py).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from einklang.model.control import Catalogue
from einklang.model.evidence import Audit
from einklang.model.finding import Finding
from einklang.model.messages import Language
from einklang.operations.audit.wording.checks import DOCUMENTS, NOTES, REMEDIES, TITLES
from einklang.operations.audit.wording.facts import SENTENCES

__all__ = ["audit", "catalogues", "finding", "worded"]

_WHOLE: Mapping[str, str] = {**TITLES, **REMEDIES, **NOTES, **DOCUMENTS}
_JOINTS = re.compile(r"(: |, | \(|\)| \| )")


@cache
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    """Sentences with facts in them, those with the most words of their own first."""
    known = sorted((each for each in SENTENCES if "{}" in each), key=lambda each: -len(each.replace("{}", "")))
    return [
        (re.compile("(.+?)".join(re.escape(part) for part in each.split("{}")), re.DOTALL), SENTENCES[each])
        for each in known
    ]


def worded(text: str) -> str:
    """The text in English, as far as it is known."""
    if text in _WHOLE:
        return _WHOLE[text]
    if text in SENTENCES:
        return SENTENCES[text]
    for pattern, english in _patterns():
        match = pattern.fullmatch(text)
        if match:
            return english.format(*(worded(fact) for fact in match.groups()))
    parts = _JOINTS.split(text)
    if len(parts) == 1:
        return text
    return "".join(part if number % 2 else worded(part) for number, part in enumerate(parts))


def finding(found: Finding) -> Finding:
    """The finding for readers of English."""
    return found.model_copy(
        update={
            "title": worded(found.title),
            "observed": worded(found.observed),
            "evidence": tuple(worded(each) for each in found.evidence),
            "remedy": worded(found.remedy),
        }
    )


def audit(done: Audit, language: Language) -> Audit:
    """The audit in a language; reasons of exceptions stay as the municipality wrote them."""
    if language is Language.GERMAN:
        return done
    return done.model_copy(update={"findings": tuple(finding(each) for each in done.findings)})


def catalogues(known: Mapping[str, Catalogue], language: Language) -> Mapping[str, Catalogue]:
    """The catalogues with notes in a language; titles are their publishers', apart from our own catalogue."""
    return known if language is Language.GERMAN else {name: _catalogue(each) for name, each in known.items()}


def _catalogue(known: Catalogue) -> Catalogue:
    controls = {
        identifier: each.model_copy(
            update={"title": worded(each.title) if known.publisher == "Einklang" else each.title,
                    "not_automatic": each.not_automatic and worded(each.not_automatic)}
        )
        for identifier, each in known.controls.items()
    }  # fmt: skip
    return known.model_copy(
        update={"name": worded(known.name), "note": known.note and worded(known.note), "controls": controls}
    )
