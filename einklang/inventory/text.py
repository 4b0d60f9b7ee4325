"""From bytes to text: UTF-8 without byte order mark, without characters that no editor shows."""

from __future__ import annotations

import bisect
import re

from einklang.inventory.document import START, Document, Place
from einklang.model.problem import Code

_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"  # control characters, with NUL
    "\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"  # invisible, or changing the direction of writing
    "\ud800-\udfff\ufffe\uffff]"
)
_TAB = re.compile(r"^ *\t", re.MULTILINE)
_LINE_END = re.compile(r"\r\n|\r|\n")


def decode(data: bytes, document: Document) -> str | None:
    """The text of a file; None where it has problems, which are added to the document."""
    if data.startswith(_MARKS):
        document.add(Code.BOM, (), START, data[:3].hex(" "))
        return None
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        place = _place(data[: error.start].decode("utf-8"))
        document.add(Code.ENCODING, (), place, f"0x{data[error.start]:02x}")
        return None
    found = [(match.start(), Code.CONTROL_CHARACTER, _name(match[0])) for match in _INVISIBLE.finditer(text)]
    # in front of a line the parser would name another reason, or, inside a quoted text, none
    found += [(match.end() - 1, Code.TAB, "\\t") for match in _TAB.finditer(text)]
    starts = [0, *(match.end() for match in _LINE_END.finditer(text))]
    reported: set[tuple[Code, int]] = set()
    for at, code, what in found:
        line = bisect.bisect_right(starts, at)
        if (code, line) not in reported:
            reported.add((code, line))
            document.add(code, (), Place(line, at - starts[line - 1] + 1), what)
    return None if found else text


def invisible(text: str) -> str:
    """The first character that no editor shows, as `U+0000`; nothing where there is none."""
    match = _INVISIBLE.search(text)
    return _name(match[0]) if match else ""


def _name(character: str) -> str:
    return f"U+{ord(character):04X}"


def _place(before: str) -> Place:
    """Place of what follows the text."""
    lines = _LINE_END.split(before)
    return Place(len(lines), len(lines[-1]) + 1)
