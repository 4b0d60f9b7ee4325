"""When and where a municipality can be reached: what its public pages say, the emergency page above all."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from einklang.model.base import Model, fault
from einklang.model.problem import Code
from einklang.model.vocabulary import Text, unique

TIME_PATTERN = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"
POSTAL_CODE_PATTERN = r"^[0-9]{5}$"


class Weekday(StrEnum):
    """Days of the week, as Germans abbreviate them (DIN 1355-1)."""

    MONDAY = "mo"
    TUESDAY = "di"
    WEDNESDAY = "mi"
    THURSDAY = "do"
    FRIDAY = "fr"
    SATURDAY = "sa"
    SUNDAY = "so"


def _time(value: str) -> str:
    if not re.fullmatch(TIME_PATTERN, value, re.ASCII):
        raise fault(Code.TIME_FORM, value)
    return value


def _postal_code(value: str) -> str:
    if not re.fullmatch(POSTAL_CODE_PATTERN, value, re.ASCII):
        raise fault(Code.POSTAL_CODE_FORM, value)
    return value


Time = Annotated[str, AfterValidator(_time), Field(json_schema_extra={"pattern": TIME_PATTERN})]
PostalCode = Annotated[str, AfterValidator(_postal_code), Field(json_schema_extra={"pattern": POSTAL_CODE_PATTERN})]
Days = Annotated[tuple[Annotated[Weekday, Field(strict=False)], ...], AfterValidator(unique)]


class OpeningHours(Model):
    """Days on which the town hall is open from one time to another; two of them where it closes at noon."""

    days: Days = Field(
        min_length=1,
        strict=False,
        json_schema_extra={"uniqueItems": True},
        description="Wochentage, zum Beispiel [mo, di, mi].",
    )
    opens: Time = Field(alias="from", description='Uhrzeit in Anführungszeichen, zum Beispiel "08:00".')
    closes: Time = Field(alias="to", description='Uhrzeit in Anführungszeichen, zum Beispiel "12:30". Nach from.')

    @field_validator("closes")
    @classmethod
    def _after_opening(cls, value: str, info: ValidationInfo) -> str:
        opens = info.data.get("opens")
        if opens is not None and value <= opens:
            raise fault(Code.TIME_ORDER, value, opens)
        return value


class Address(Model):
    """Where the town hall stands."""

    street: Text = Field(max_length=100, description="Straße und Hausnummer.")
    postal_code: PostalCode = Field(description='Postleitzahl: 5 Ziffern in Anführungszeichen, zum Beispiel "57462".')
    city: Text = Field(max_length=100, description="Ort.")


_GERMAN = ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag")
_ENGLISH = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def german(hours: OpeningHours) -> str:
    """`Montag bis Freitag 08:00–12:30 Uhr`."""
    return f"{_days(hours, _GERMAN, ' bis ', ' und ')} {hours.opens}–{hours.closes} Uhr"


def english(hours: OpeningHours) -> str:
    """`Monday to Friday 08:00–12:30`."""
    return f"{_days(hours, _ENGLISH, ' to ', ' and ')} {hours.opens}–{hours.closes}"


def _days(hours: OpeningHours, names: tuple[str, ...], until: str, and_: str) -> str:
    """The days in their order, three or more in a row as a range."""
    week = list(Weekday)
    chosen = sorted(week.index(day) for day in hours.days)
    if len(chosen) > 2 and chosen == list(range(chosen[0], chosen[-1] + 1)):
        return f"{names[chosen[0]]}{until}{names[chosen[-1]]}"
    *first, last = (names[day] for day in chosen)
    return f"{', '.join(first)}{and_}{last}" if first else last
