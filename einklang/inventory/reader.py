"""From the bytes of a YAML file to a document.

The reader takes the subset of YAML in which every value means the same to YAML 1.1, to YAML 1.2 and to a person:
mappings, lists, text, whole and decimal numbers, true/false, dates. What is outside is a problem at its place, not a
surprise: anchors, aliases, merge keys, tags, `no`, `0123`, `12:30`. It walks the parser's events, once, from front to
back, and builds the data itself: an alias is refused where it stands, so nothing is ever expanded.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import yaml

from einklang.inventory.document import START, Document, Path, Place
from einklang.inventory.scalars import read_plain, unambiguous
from einklang.inventory.syntax import code_of, mark_of
from einklang.inventory.text import decode, invisible
from einklang.model.problem import Code

MAXIMUM_DEPTH = 16
"""Nesting that no tenant or standard comes near; keeps the recursion small."""


def parse(file: str, data: bytes) -> Document:
    """Read one file; problems are in the document, none is raised."""
    document = Document(file)
    text = decode(data, document)
    if text is None:
        return document
    # libyaml reads a good file in a fifth of the time. What it finds fault with is read again: the messages, and the
    # places that they name, are those of one parser. About tabs the two differ.
    if _FAST is not None and "\t" not in text:
        quick = Document(file)
        _Reader(quick, text, _FAST).read()
        if not quick.problems:
            return quick
    _Reader(document, text, yaml.SafeLoader).read()
    return document


_FAST = getattr(yaml, "CSafeLoader", None)


class _EndedError(Exception):
    """Reading cannot go on."""


class _Reader:
    """Walks the events of the YAML parser."""

    def __init__(self, document: Document, text: str, parser: Callable[[str], Any]) -> None:
        self._document = document
        self._text = text
        self._discarding = 0  # inside something whose value is not used, but whose problems count
        loader = parser(text)
        self._next: Callable[[], Any] = loader.get_event
        self._peek: Callable[[], Any] = loader.peek_event

    def read(self) -> None:
        try:
            self._document.value = self._stream()
        except yaml.MarkedYAMLError as error:
            self._syntax(error)
        except _EndedError:
            pass

    def _stream(self) -> Any:
        self._next()
        if isinstance(self._peek(), yaml.StreamEndEvent):
            self._end(Code.EMPTY, START)
        start = self._next()
        if start.version or start.tags:
            self._document.add(Code.DIRECTIVE, (), _place(start), found="%YAML" if start.version else "%TAG")
        value = self._node((), 0)
        self._next()
        if not isinstance(self._peek(), yaml.StreamEndEvent):
            self._end(Code.SEVERAL_DOCUMENTS, _place(self._peek()), found="---")
        if value is None and not self._document.problems:
            self._end(Code.EMPTY, START)
        return value

    def _node(self, path: Path, depth: int) -> Any:
        event = self._next()
        if depth > MAXIMUM_DEPTH:
            self._end(Code.TOO_DEEP, _place(event), expected=str(MAXIMUM_DEPTH))
        if not self._discarding:
            self._document.values[path] = _place(event)
        if isinstance(event, yaml.AliasEvent):
            return self._refuse(Code.ALIAS, path, event, f"*{event.anchor}")
        if event.anchor is not None:
            self._document.add(Code.ANCHOR, path, _place(event), f"&{event.anchor}")
        if event.tag is not None:
            self._refuse(Code.CUSTOM_TAG, path, event, event.tag)
        return self._content(path, event, depth)

    def _content(self, path: Path, event: Any, depth: int) -> Any:
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(path, depth)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(path, depth)
        return self._scalar(path, event) if event.tag is None else None

    def _mapping(self, path: Path, depth: int) -> dict[str, Any]:
        result: dict[str, Any] = {}
        lines: dict[str, int] = {}
        while not isinstance(self._peek(), yaml.MappingEndEvent):
            key, place = self._key(path, depth)
            if key is None or key in lines:
                if key is not None:
                    first = f"{self._document.file}:{lines[key]}"
                    self._document.add(Code.DUPLICATE_KEY, (*path, key), place, key, related=first)
                self._discard(path, depth)
                continue
            lines[key] = place.line
            if not self._discarding:
                self._document.keys[(*path, key)] = place
            result[key] = self._node((*path, key), depth + 1)
        self._next()
        return result

    def _key(self, path: Path, depth: int) -> tuple[str | None, Place]:
        """The next key and its place; None where it cannot be one, which is then reported."""
        event = self._peek()
        place = _place(event)
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None or event.tag is not None:
            self._discard(path, depth)
            return None, place
        if not isinstance(event, yaml.ScalarEvent) or not event.value.strip() or invisible(event.value):
            self._document.add(Code.KEY_NOT_TEXT, path, place)
            self._discard(path, depth)
            return None, place
        self._next()
        if not event.style and event.value == "<<":
            self._document.add(Code.MERGE_KEY, path, place, "<<")
            return None, place
        return event.value, place

    def _discard(self, path: Path, depth: int) -> None:
        """Read the next node for its problems only."""
        self._discarding += 1
        self._node(path, depth + 1)
        self._discarding -= 1

    def _sequence(self, path: Path, depth: int) -> tuple[Any, ...]:
        items: list[Any] = []
        while not isinstance(self._peek(), yaml.SequenceEndEvent):
            items.append(self._node((*path, len(items)), depth + 1))
        self._next()
        return tuple(items)

    def _scalar(self, path: Path, event: Any) -> Any:
        if not self._discarding:
            self._document.texts[path] = event.value if not event.style else f'"{event.value}"'
        if not event.style:
            value, code = read_plain(event.value)
            return self._refuse(code, path, event, event.value, unambiguous(event.value)) if code else value
        # "\u0000" is how a character comes in that the file itself may not hold
        hidden = invisible(event.value)
        return self._refuse(Code.CONTROL_CHARACTER, path, event, hidden) if hidden else event.value

    def _refuse(self, code: Code, path: Path, event: Any, found: str, suggestion: str = "") -> None:
        self._document.add(code, path, _place(event), found, suggestion=suggestion)
        if not self._discarding:
            self._document.refused.add(path)

    def _end(self, code: Code, place: Place, *, found: str = "", expected: str = "") -> None:
        self._document.add(code, (), place, found, expected)
        raise _EndedError

    def _syntax(self, error: yaml.MarkedYAMLError) -> None:
        mark = mark_of(error)
        place = Place(mark.line + 1, mark.column + 1) if mark else START
        lines = self._text.split("\n")
        found = lines[place.line - 1] if place.line <= len(lines) else ""
        self._document.add(code_of(error, self._text), (), place, found)


def _place(event: Any) -> Place:
    return Place(event.start_mark.line + 1, event.start_mark.column + 1)
