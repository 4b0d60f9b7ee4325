"""One YAML file as plain data with the place of everything in it.

The reader takes the subset of YAML in which every value means the same to YAML 1.1, to YAML 1.2 and to a person:
mappings, lists, text, whole numbers, decimal numbers, true/false, dates. What is outside is a problem at its place,
not a surprise: anchors, aliases, merge keys, tags, `no`, `0123`, `12:30`. Aliases are refused where they stand, so
nothing is ever expanded.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import yaml

from einklang.inventory.scalars import read_plain
from einklang.inventory.syntax import code_of
from einklang.inventory.text import decode
from einklang.model.problem import Code, Problem

MAXIMUM_DEPTH = 16
"""Nesting that no tenant or standard comes near; keeps the reader's recursion small."""

Path = tuple[str | int, ...]
"""Keys and list indexes from the root to a value."""


@dataclass(frozen=True)
class Place:
    """Line and column, from 1."""

    line: int
    column: int


START = Place(1, 1)


@dataclass
class Document:
    """What a file says: `value` is None where nothing could be read.

    keys, values: place of each key and value. texts: each scalar as it is written.
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
        """Note a problem."""
        key = dotted(path)
        self.problems.append(
            Problem(self.file, place.line, place.column, key, code, shortened(found), expected, suggestion, related)
        )


def dotted(path: Path) -> str:
    """The path as people read it: `contacts.operations.email`, `services[2]`."""
    text = ""
    for part in path:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else part
    return shortened(text, 120)


def shortened(text: str, length: int = 80) -> str:
    """The text on one line and not longer than `length` characters."""
    line = " ".join(text.split())
    return line if len(line) <= length else f"{line[: length - 1]}…"


def parse(file: str, data: bytes) -> Document:
    """Read one file; problems are in the document, none is raised."""
    document = Document(file)
    text = decode(data, document.add, Place)
    if text is not None:
        _Reader(document, text).read()
    return document


class _EndedError(Exception):
    """Reading cannot go on."""


class _Reader:
    """Walks the events of the YAML parser, once, from front to back."""

    def __init__(self, document: Document, text: str) -> None:
        self._document = document
        self._text = text
        self._discarding = 0

    def read(self) -> None:
        loader = yaml.SafeLoader(self._text)
        self._next: Callable[[], Any] = loader.get_event
        self._peek: Callable[[], Any] = loader.peek_event
        try:
            self._document.value = self._stream()
        except yaml.MarkedYAMLError as error:
            self._syntax(error)
        except _EndedError:
            pass
        finally:
            loader.dispose()

    def _stream(self) -> Any:
        self._next()
        if isinstance(self._peek(), yaml.StreamEndEvent):
            self._document.add(Code.EMPTY, (), START)
            raise _EndedError
        start = self._next()
        if start.version or start.tags:
            self._document.add(Code.DIRECTIVE, (), _place(start), found="%YAML" if start.version else "%TAG")
        value = self._node((), 0)
        self._next()
        following = self._peek()
        if not isinstance(following, yaml.StreamEndEvent):
            self._document.add(Code.SEVERAL_DOCUMENTS, (), _place(following), found="---")
            raise _EndedError
        return value

    def _node(self, path: Path, depth: int) -> Any:
        event = self._next()
        if not self._discarding:
            self._document.values[path] = _place(event)
        if depth > MAXIMUM_DEPTH:
            self._document.add(Code.TOO_DEEP, path[:3], _place(event), expected=str(MAXIMUM_DEPTH))
            raise _EndedError
        if isinstance(event, yaml.AliasEvent):
            return self._refuse(Code.ALIAS, path, event, f"*{event.anchor}")
        if event.anchor is not None:
            self._document.add(Code.ANCHOR, path, _place(event), f"&{event.anchor}")
        if event.tag is not None:
            self._document.add(Code.CUSTOM_TAG, path, _place(event), event.tag)
            self._document.refused.add(path)
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(path, depth)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(path, depth)
        return self._scalar(path, event)

    def _mapping(self, path: Path, depth: int) -> dict[str, Any]:
        result: dict[str, Any] = {}
        places: dict[str, Place] = {}
        while not isinstance(self._peek(), yaml.MappingEndEvent):
            key, place = self._key(path, depth)
            usable = key is not None and key not in places
            if key is not None and not usable:
                first = places[key]
                self._document.add(
                    Code.DUPLICATE_KEY, (*path, key), place, key, related=f"{self._document.file}:{first.line}"
                )
            self._discarding += not usable
            if usable and not self._discarding:
                self._document.keys[(*path, str(key))] = place
            value = self._node((*path, str(key)), depth + 1)
            self._discarding -= not usable
            if usable:
                places[str(key)] = place
                result[str(key)] = value
        self._next()
        return result

    def _key(self, path: Path, depth: int) -> tuple[str | None, Place]:
        """The next key, None where it cannot be one (reported already)."""
        event = self._peek()
        place = _place(event)
        if isinstance(event, yaml.ScalarEvent) and event.anchor is None and event.tag is None:
            self._next()
            if event.style is None and event.value == "<<":
                self._document.add(Code.MERGE_KEY, path, place, "<<")
                return None, place
            if event.value.strip():
                return event.value, place
        else:
            self._discarding += 1
            self._node(path, depth + 1)
            self._discarding -= 1
        if not (isinstance(event, yaml.AliasEvent) or event.anchor or getattr(event, "tag", None)):
            self._document.add(Code.KEY_NOT_TEXT, path, place)
        return None, place

    def _sequence(self, path: Path, depth: int) -> tuple[Any, ...]:
        items: list[Any] = []
        while not isinstance(self._peek(), yaml.SequenceEndEvent):
            items.append(self._node((*path, len(items)), depth + 1))
        self._next()
        return tuple(items)

    def _scalar(self, path: Path, event: Any) -> Any:
        if not self._discarding:
            self._document.texts[path] = event.value
        if event.style is not None:
            return event.value
        value, code = read_plain(event.value)
        return self._refuse(code, path, event, event.value) if code else value

    def _refuse(self, code: Code, path: Path, event: Any, found: str) -> None:
        self._document.add(code, path, _place(event), found)
        if not self._discarding:
            self._document.refused.add(path)

    def _syntax(self, error: yaml.MarkedYAMLError) -> None:
        mark = error.problem_mark or error.context_mark
        place = Place(mark.line + 1, mark.column + 1) if mark else START
        lines = self._text.splitlines()
        found = lines[place.line - 1].strip() if place.line <= len(lines) else ""
        self._document.add(code_of(error, self._text), (), place, found)


def _place(event: Any) -> Place:
    return Place(event.start_mark.line + 1, event.start_mark.column + 1)
