"""What a plain (unquoted) YAML scalar means, where YAML 1.1, YAML 1.2 and a person agree."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from einklang.model.problem import Code

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEAN = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_OTHER_BOOLEAN = frozenset({"y", "n", "yes", "no", "on", "off"})
_WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,17})", re.ASCII)
_LEADING_ZERO = re.compile(r"0[0-9]+", re.ASCII)
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]{0,17})\.[0-9]{1,18}", re.ASCII)
_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_OTHER_DATE = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt \t].*)?", re.ASCII)
_OTHER_NUMBER = re.compile(
    r"[-+]?("
    r"0[xX][0-9a-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+"  # hexadecimal, octal, binary
    r"|[0-9][0-9_]*"  # leading zero, underscores, too long
    r"|[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?"  # base 60
    r"|[0-9_]*\.[0-9_]+([eE][-+]?[0-9]+)?|[0-9][0-9_]*\.([eE][-+]?[0-9]+)?|[0-9]+[eE][-+]?[0-9]+"
    r"|\.(inf|Inf|INF|nan|NaN|NAN)"
    r")",
    re.ASCII,
)


def read_plain(text: str) -> tuple[Any, Code | None]:
    """The value of a plain scalar, or the code of what is wrong with it.

    None for nothing, bool, int, float (only to be refused as such), date, else the text itself.
    """
    if text in _NULL:
        return None, None
    if text in _BOOLEAN:
        return _BOOLEAN[text], None
    if text.lower() in _OTHER_BOOLEAN:
        return None, Code.AMBIGUOUS_BOOLEAN
    if text[0] in "-+.0123456789":
        return _read_number_or_date(text)
    return text, None


def _read_number_or_date(text: str) -> tuple[Any, Code | None]:
    if _WHOLE.fullmatch(text):
        return int(text), None
    if _DECIMAL.fullmatch(text):
        return float(text), None
    if _ISO_DATE.fullmatch(text):
        try:
            return date.fromisoformat(text), None
        except ValueError:
            return None, Code.DATE_EXPECTED
    if _OTHER_DATE.fullmatch(text):
        return None, Code.AMBIGUOUS_DATE
    if _OTHER_NUMBER.fullmatch(text):
        return None, Code.AMBIGUOUS_NUMBER
    return text, None


def unambiguous(text: str) -> str:
    """How to write what was probably meant by a refused scalar; nothing where it can only be guessed."""
    if _LEADING_ZERO.fullmatch(text) or ":" in text:
        return f'"{text}"'
    digits = text.lstrip("+").replace("_", "")
    return digits if _WHOLE.fullmatch(digits) else ""
