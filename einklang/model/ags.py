"""The official municipality key: AGS (8 digits) and ARS (12 digits)."""

from __future__ import annotations

import re

_FORM = re.compile(r"\d{8}", re.ASCII)
_ARS_FORM = re.compile(r"\d{12}", re.ASCII)

STATES = {
    "01": "Schleswig-Holstein",
    "02": "Hamburg",
    "03": "Niedersachsen",
    "04": "Bremen",
    "05": "Nordrhein-Westfalen",
    "06": "Hessen",
    "07": "Rheinland-Pfalz",
    "08": "Baden-Württemberg",
    "09": "Bayern",
    "10": "Saarland",
    "11": "Berlin",
    "12": "Brandenburg",
    "13": "Mecklenburg-Vorpommern",
    "14": "Sachsen",
    "15": "Sachsen-Anhalt",
    "16": "Thüringen",
}
"""The first two digits."""


def is_ags(text: str) -> bool:
    """Whether the text has the form of an AGS: 8 digits."""
    return _FORM.fullmatch(text) is not None


def is_ars(text: str) -> bool:
    """Whether the text has the form of an ARS: 12 digits."""
    return _ARS_FORM.fullmatch(text) is not None


def ags_of(ars: str) -> str:
    """The AGS inside an ARS: state, district (first 5) and municipality (last 3), without the association's 4."""
    return ars[:5] + ars[9:]
