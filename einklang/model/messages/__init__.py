"""The texts of all problems, in German and English: what was found, what is expected, how to mend it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

from einklang.model.messages.english import ENGLISH
from einklang.model.messages.german import GERMAN
from einklang.model.messages.template import Template, Texts
from einklang.model.problem import Code, Problem

__all__ = ["CATALOGUE", "Language", "Template", "explain", "render", "render_all", "summary"]


class Language(StrEnum):
    """Languages of the messages."""

    GERMAN = "de"
    ENGLISH = "en"


CATALOGUE: Mapping[Language, Texts] = {Language.GERMAN: GERMAN, Language.ENGLISH: ENGLISH}


def explain(problem: Problem, language: Language) -> Template:
    """The problem's texts with its values filled in."""
    template = CATALOGUE[language].problems[Code(problem.code)]
    values = {
        "found": problem.found,
        "expected": problem.expected,
        "suggestion": problem.suggestion,
        "related": problem.related,
    }
    return Template(
        template.found.format_map(values), template.expected.format_map(values), template.mend.format_map(values)
    )


def render(problem: Problem, language: Language) -> str:
    """One problem as text: its place and key, then a line each for found, expected and what to do."""
    texts, labels = explain(problem, language), CATALOGUE[language].labels
    lines = [
        (labels.found, texts.found),
        (labels.expected, texts.expected),
        (labels.mend, texts.mend),
        (labels.suggestion, problem.suggestion),
        (labels.related, problem.related),
    ]
    return "\n".join([headline(problem), *(f"  {label}: {text}" for label, text in lines if text)])


def headline(problem: Problem) -> str:
    """Place and key, in the form that editors and terminals make a link of."""
    place = f"{problem.file}:{problem.line}:{problem.column}"
    return f"{place}: {problem.key}" if problem.key else place


def render_all(problems: Iterable[Problem], language: Language) -> str:
    """All problems, one after the other."""
    return "\n".join(render(problem, language) for problem in problems)


def summary(problems: Sequence[Problem], language: Language) -> str:
    """The last line: how many problems in how many files."""
    labels = CATALOGUE[language].labels
    if not problems:
        return labels.valid
    return labels.invalid.format(problems=len(problems), files=len({problem.file for problem in problems}))
