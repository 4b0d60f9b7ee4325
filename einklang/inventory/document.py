"""One file as plain data, with the place of everything in it and the problems found so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from einklang.model.problem import Code, Problem

Path = tuple[str | int, ...]
"""Keys and list indexes from the root to a value."""

_LONGEST_TEXT, _LONGEST_KEY = 80, 120


@dataclass(frozen=True)
class Place:
    """Line and column, from 1."""

    line: int
    column: int


START = Place(1, 1)


@dataclass
class Document:
    """What a file says: `value` is None where nothing could be read.

    keys, values: place of each key and value. texts: each scalar as it is written, in quotation marks
    where it is.
    refused: values that are reported already, so that a model's complaint about them is not a second problem.
    """

    file: str
    value: Any = None
    keys: dict[Path, Place] = field(default_factory=dict)
    values: dict[Path, Place] = field(default_factory=dict)
    texts: dict[Path, str] = field(default_factory=dict)
    refused: set[Path] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)

    def key_place(self, path: Path) -> Place:
        """Place of the key, or of the nearest thing around it."""
        return self._nearest(path, self.keys, self.values)

    def value_place(self, path: Path) -> Place:
        """Place of the value, or of the nearest thing around it."""
        return self._nearest(path, self.values, self.keys)

    def _nearest(self, path: Path, *tables: dict[Path, Place]) -> Place:
        for length in range(len(path), -1, -1):
            for table in tables:
                if path[:length] in table:
                    return table[path[:length]]
        return START

    def add(
        self,
        code: Code,
        path: Path,
        place: Place,
        found: str = "",
        expected: str = "",
        suggestion: str = "",
        related: str = "",
    ) -> None:
        """Note a problem; long texts are cut."""
        texts = (shortened(found), shortened(expected, 400), shortened(suggestion), related)
        self.problems.append(Problem(self.file, place.line, place.column, dotted(path), code, *texts))


def dotted(path: Path) -> str:
    """The path as people read it: `contacts.operations.email`, `services[2]` for the second entry."""
    text = ""
    for part in path:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else part
    return shortened(text, _LONGEST_KEY)


def shortened(text: str, length: int = _LONGEST_TEXT) -> str:
    """The text on one line and not longer than `length` characters."""
    line = " ".join(text.split())
    return line if len(line) <= length else f"{line[: length - 1]}…"
