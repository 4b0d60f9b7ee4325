"""Words and value types that several models share."""

from __future__ import annotations

import re
from datetime import date
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from einklang.model.base import fault
from einklang.model.problem import Code


class Ring(StrEnum):
    """Order of a rollout: pilot first, broad last."""

    PILOT = "pilot"
    EARLY = "early"
    BROAD = "broad"


class Status(StrEnum):
    """Life of a tenant."""

    REQUESTED = "requested"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    LEAVING = "leaving"


class Language(StrEnum):
    """Languages of the tenant's pages (ISO 639-1)."""

    GERMAN = "de"
    ENGLISH = "en"


class SizeName(StrEnum):
    """Size classes, smallest first."""

    S = "S"
    M = "M"
    L = "L"


_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_SLUG = r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"
_VERSION = r"^20[0-9]{2}\.[1-9][0-9]?$"


def _line(value: str) -> str:
    if not value.strip():
        raise fault(Code.VALUE_MISSING)
    tidy = " ".join(value.split()) if "\n" in value or "\t" in value else value.strip()
    if value != tidy:
        raise fault(Code.WHITESPACE, tidy, suggestion=f'"{tidy}"')
    return value


def _date(value: Any) -> Any:
    if isinstance(value, str) and _DATE.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise fault(Code.DATE_EXPECTED, value) from None
    return value


def _version(value: str) -> str:
    if not re.fullmatch(_VERSION, value, re.ASCII):
        raise fault(Code.VERSION_FORM, value)
    return value


def _slug(value: str) -> str:
    if not re.fullmatch(_SLUG, value, re.ASCII) or len(value) > 63:
        raise fault(Code.SLUG_FORM, value)
    return value


Line = Annotated[str, AfterValidator(_line)]
"""Like Text, for fields with a minimum length of their own."""

Text = Annotated[str, Field(min_length=1), AfterValidator(_line)]
"""One line of text, not empty, without blanks at its ends."""

Slug = Annotated[str, AfterValidator(_slug), Field(json_schema_extra={"pattern": _SLUG, "maxLength": 63})]
"""Lower-case name with hyphens, at most 63 characters."""

Version = Annotated[str, AfterValidator(_version), Field(json_schema_extra={"pattern": _VERSION})]
"""Version of the standard: year and number, 2026.1."""

CalendarDate = Annotated[date, BeforeValidator(_date)]
"""A day as YYYY-MM-DD, with or without quotation marks."""


def unique(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return the values as they are; raises a fault when one stands there twice."""
    seen: set[Any] = set()
    for value in values:
        if value in seen:
            raise fault(Code.REPEATED, value)
        seen.add(value)
    return values
