"""The message catalogue: the same in both languages, complete, and without a placeholder left over."""

from __future__ import annotations

import string

import pytest

from einklang.model.messages import CATALOGUE, Language, render, summary
from einklang.model.messages.template import Template
from einklang.model.problem import Code, Problem


def _placeholders(template: Template) -> set[str]:
    texts = (template.found, template.expected, template.mend)
    return {name for text in texts for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("language", Language)
def test_every_code_has_a_text(language: Language) -> None:
    assert set(CATALOGUE[language].problems) == set(Code)


@pytest.mark.parametrize("code", Code)
def test_both_languages_say_the_same_values(code: Code) -> None:
    german, english = (CATALOGUE[language].problems[code] for language in Language)
    assert _placeholders(german) == _placeholders(english)
    assert _placeholders(german) <= {"found", "expected"}


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("code", Code)
def test_every_text_has_found_expected_and_remedy(code: Code, language: Language) -> None:
    problem = Problem("tenants/a.yaml", 3, 7, "name", code, "FOUND", "EXPECTED", "SUGGESTION", "tenants/b.yaml:2")
    lines = render(problem, language).splitlines()
    assert lines[0] == "tenants/a.yaml:3:7: name"
    assert len(lines) == 6
    assert all(line.startswith("  ") and len(line.partition(": ")[2]) > 1 for line in lines[1:])


def test_braces_in_a_value_stay() -> None:
    problem = Problem("a.yaml", 1, 1, "name", Code.CHOICE, "{0.__class__}", "{found}")
    assert "{0.__class__}" in render(problem, Language.GERMAN)


def test_summary() -> None:
    problem = Problem("a.yaml", 1, 1, "", Code.EMPTY)
    assert summary([], Language.GERMAN) == "Keine Fehler gefunden."
    assert summary([problem, problem], Language.ENGLISH) == "Errors: 2. Files with errors: 1."
