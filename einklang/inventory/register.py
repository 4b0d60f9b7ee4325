"""A register of municipalities as a CSV file: AGS, name, population, and the ARS where it has one."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from einklang.errors import UserError
from einklang.inventory.files import FileError, read_file

MAXIMUM_BYTES = 4 * 1024 * 1024
"""The German register has about 11,000 municipalities."""
_COLUMNS = ("ags", "name", "population")


@dataclass(frozen=True)
class Municipality:
    """One line of the register."""

    ags: str
    name: str
    population: int
    ars: str = ""


def find(path: Path, ags: str) -> Municipality | None:
    """The municipality with this key; None where the register has none.

    The file is UTF-8 with a heading line `ags,name,population` (and `ars`), separated by commas or semicolons. Raises
    UserError with file and line where it is something else.
    """
    try:
        text = read_file(path, MAXIMUM_BYTES).decode("utf-8-sig")
    except (FileError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read: {error}", remedy="a regular UTF-8 text file") from error
    lines = text.splitlines()
    separator = ";" if lines and ";" in lines[0] else ","
    rows = csv.DictReader(lines, delimiter=separator)
    if not set(_COLUMNS) <= set(rows.fieldnames or ()):
        raise UserError(f"{path}:1: no heading line with {', '.join(_COLUMNS)}", remedy="name the columns so")
    for row in rows:
        if (row["ags"] or "").strip() == ags:
            return _municipality(path, rows.line_num, row)
    return None


def _municipality(path: Path, line: int, row: dict[str, str]) -> Municipality:
    digits = (row["population"] or "").replace(".", "").replace(" ", "")
    if not digits.isdecimal():
        raise UserError(f"{path}:{line}: the population is {row['population']!r}", remedy="digits only")
    return Municipality(row["ags"].strip(), (row["name"] or "").strip(), int(digits), (row.get("ars") or "").strip())
