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


def _trimmed(value: str) -> str:
    if value != value.strip():
        raise fault(Code.WHITESPACE, repr(value), suggestion=value.strip())
    if not value:
        raise fault(Code.LENGTH, '""', "≥ 1")
    return value


def _date(value: Any) -> Any:
    if isinstance(value, str) and _DATE.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise fault(Code.DATE_EXPECTED, value) from None
    return value


def _slug(value: str) -> str:
    if not re.fullmatch(_SLUG, value, re.ASCII) or len(value) > 63:
        raise fault(Code.SLUG_FORM, value)
    return value


Text = Annotated[str, AfterValidator(_trimmed)]
"""One line of text, not empty, without blanks at its ends."""

Slug = Annotated[str, AfterValidator(_slug), Field(json_schema_extra={"pattern": _SLUG, "maxLength": 63})]
"""Lower-case name with hyphens, at most 63 characters."""

CalendarDate = Annotated[date, BeforeValidator(_date)]
"""A day as YYYY-MM-DD, with or without quotation marks."""


def unique(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return the values as they are; raises a fault when one stands there twice."""
    for value in values:
        if values.count(value) > 1:
            raise fault(Code.REPEATED, value)
    return values
