"""The shape of a language's texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from einklang.model.plan import Operation, Section


@dataclass(frozen=True)
class Labels:
    """The words around the points; placeholders in braces."""

    title: str
    nothing: str
    offline: str
    refused: str
    tenants: str
    tenant: str
    unchanged: str
    elsewhere: str
    elsewhere_shown: str
    operators: str
    platform: str
    no_resources: str
    not_looked: str
    holds_data: str
    approved: str
    approved_new: str
    error: str
    others: str
    more: str
    fingerprint: str
    approve: str
    cut: str
    counts: str


@dataclass(frozen=True)
class Texts:
    """All texts of one language. decimal: the sign of decimal fractions. and_: between the last two of a list."""

    labels: Labels
    sections: Mapping[Section, str]
    operations: Mapping[Operation, str]
    modules: Mapping[str, str]
    points: Mapping[str, str]
    decimal: str
    and_: str

    def number(self, value: float) -> str:
        """With one or two decimals where they are needed."""
        return f"{value:.2f}".rstrip("0").rstrip(".").replace(".", self.decimal)

    def joined(self, words: Sequence[str]) -> str:
        """`a, b and c`."""
        *first, last = words
        return f"{', '.join(first)}{self.and_}{last}" if first else last
