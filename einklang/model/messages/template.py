"""The shape of the message catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from einklang.model.problem import Code


@dataclass(frozen=True)
class Template:
    """Three sentences about one problem; placeholders are {found}, {expected}, {suggestion} and {related}."""

    found: str
    expected: str
    mend: str


@dataclass(frozen=True)
class Labels:
    """The words around the problems; `invalid` counts with {problems} and {files}."""

    found: str
    expected: str
    mend: str
    suggestion: str
    related: str
    valid: str
    invalid: str


@dataclass(frozen=True)
class Texts:
    """All texts of one language."""

    labels: Labels
    problems: Mapping[Code, Template]
