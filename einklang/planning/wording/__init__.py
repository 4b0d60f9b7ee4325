"""The sentences of a plan in German and English: data, and the way a point becomes one of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from einklang.model.messages import Language
from einklang.model.plan import Point
from einklang.planning.wording.english import ENGLISH
from einklang.planning.wording.german import GERMAN
from einklang.planning.wording.texts import Texts

__all__ = ["TEXTS", "Texts", "sentence", "shortened"]

TEXTS: Mapping[Language, Texts] = {Language.GERMAN: GERMAN, Language.ENGLISH: ENGLISH}
_LONGEST_VALUE = 160
_OURS = frozenset({"modules", "hours", "size", "count"})
"""Values that are ours and not somebody's text."""


def sentence(point: Point, language: Language, quoted: Callable[[str], str]) -> str:
    """The point as a sentence. quoted: how to show a value that somebody wrote, so that it can do no harm."""
    texts = TEXTS[language]
    values = {key: _value(key, value, texts, quoted) for key, value in point.values.items()}
    return texts.points[point.code].format_map(values)


def shortened(text: str, length: int = _LONGEST_VALUE) -> str:
    """The text on one line, without what no terminal should get, not longer than `length` characters."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= length else f"{line[: length - 1]}…"


def _value(key: str, value: str, texts: Texts, quoted: Callable[[str], str]) -> str:
    if key == "modules":
        return texts.joined([texts.modules[name] for name in value.split(", ")])
    amount = key.removesuffix("_before")
    if amount == "cpu_millicores":
        return texts.number(int(value) / 1000)
    if amount == "memory_mib":
        return texts.number(int(value) / 1024)
    if amount == "storage_gib" or key in _OURS:
        return value
    return quoted(shortened(value))
