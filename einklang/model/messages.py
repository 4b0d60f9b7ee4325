"""The texts of all problems, in German and English."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from einklang.model.problem import Problem


class Language(StrEnum):
    """Languages of the messages."""

    GERMAN = "de"
    ENGLISH = "en"


def render(problem: Problem, language: Language) -> str:
    """One problem as text."""
    del language
    place = f"{problem.file}:{problem.line}:{problem.column}"
    return f"{place}: {problem.key}: {problem.code}: {problem.found} {problem.expected} {problem.suggestion}"


def render_all(problems: Iterable[Problem], language: Language) -> str:
    """All problems, one after the other."""
    return "\n".join(render(problem, language) for problem in problems)
