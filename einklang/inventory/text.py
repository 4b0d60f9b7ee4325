"""From bytes to text: UTF-8 without byte order mark, without characters that no editor shows."""

from __future__ import annotations

import re
from typing import Any, Protocol

from einklang.model.problem import Code

_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"  # control characters, with NUL
    "\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff"  # invisible, or changing the direction of writing
    "\ud800-\udfff\ufffe\uffff]"
)
_TAB = re.compile(r"^ *\t", re.MULTILINE)


class _Add(Protocol):
    def __call__(self, code: Code, path: tuple[()], place: Any, found: str = ...) -> None: ...


def decode(data: bytes, add: _Add, place: Any) -> str | None:
    """The text of a file; None where it has a problem, which goes to `add`.

    place: makes a place from line and column.
    """
    if data.startswith(_MARKS):
        add(Code.BOM, (), place(1, 1), data[:2].hex(" "))
        return None
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        add(Code.ENCODING, (), place(*_line_column(data[: error.start].decode())), f"0x{data[error.start]:02x}")
        return None
    found = [(match.start(), Code.CONTROL_CHARACTER, f"U+{ord(match[0]):04X}") for match in _INVISIBLE.finditer(text)]
    found += [(match.end() - 1, Code.TAB, "\\t") for match in _TAB.finditer(text)]
    for at, code, what in found:
        add(code, (), place(*_line_column(text[:at])), what)
    return None if found else text


def _line_column(before: str) -> tuple[int, int]:
    """Line and column, from 1, of what follows the text."""
    lines = re.split(r"\r\n|\r|\n", before)
    return len(lines), len(lines[-1]) + 1
