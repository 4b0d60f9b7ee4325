"""Where a document's files lie in a run: read from the dump of its database, without a database.

`pg_restore` turns the two tables of the dump into the text of COPY (PostgreSQL's manual, "COPY", text format); nothing
is made, and nothing of the running tenant is asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from einklang_backup.restic import Restic

MOST = 20
"""As many documents are named where a label fits several."""
_DOCUMENTS, _FILES = "documents_document", "documents_documentfile"
_START, _END = "COPY ", "\\."
_ESCAPED = re.compile(r"\\(.)")
_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


@dataclass(frozen=True)
class Wanted:
    """dump: snapshot of the database's. document: number of a document, or its label or a part of that."""

    dump: str
    document: str

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Wanted:
        """Read it. Raises KeyError with the name of what is missing."""
        return cls(environ["RESTORE_DUMP"], environ["RESTORE_DOCUMENT"])


def find(restic: Restic, wanted: Wanted) -> Iterator[dict[str, Any]]:
    """Each file of the documents that fit, by document and age."""
    command = ["pg_restore", "--data-only", f"--table={_DOCUMENTS}", f"--table={_FILES}", "--file=-"]
    tables: dict[str, list[dict[str, str | None]]] = {_DOCUMENTS: [], _FILES: []}
    for table, row in rows(restic.lines(wanted.dump, "/database/dms.dump", command)):
        if table in tables:
            tables[table].append(row)
    chosen = {str(each["id"]): each for each in fitting(tables[_DOCUMENTS], wanted.document)}
    held = [file for file in tables[_FILES] if str(file["document_id"]) in chosen]
    for file in sorted(held, key=lambda each: (int(str(each["document_id"])), str(each["timestamp"]))):
        yield _told(chosen[str(file["document_id"])], file)


def rows(lines: Iterable[str]) -> Iterator[tuple[str, dict[str, str | None]]]:
    """Table (without its schema) and row, by column, of everything that COPY would read."""
    table, columns = "", list[str]()
    for line in lines:
        text = line.rstrip("\n")
        if not table and text.startswith(_START):
            name, _, rest = text.removeprefix(_START).partition(" (")
            table, columns = name.rpartition(".")[2], rest.partition(")")[0].replace('"', "").split(", ")
        elif text == _END:
            table = ""
        elif table:
            yield table, dict(zip(columns, map(_value, text.split("\t")), strict=True))


def fitting(documents: Iterable[Mapping[str, str | None]], wanted: str) -> list[Mapping[str, str | None]]:
    """The document of that number; else those of that label; else those whose label has it in it."""
    known = list(documents)
    word = wanted.casefold()
    for fits in (
        lambda each: each["id"] == wanted,
        lambda each: str(each["label"]) == wanted,
        lambda each: word in str(each["label"]).casefold(),
    ):
        if found := [each for each in known if fits(each)]:
            return found[:MOST]
    return []


def _told(document: Mapping[str, Any], file: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "document": int(document["id"]),
        "label": document["label"],
        "file": int(file["id"]),
        "name": file["filename"] or document["label"],
        "stored": file["timestamp"],
        "sha256": file["checksum"],
        "path": file["file"],
    }


def _value(text: str) -> str | None:
    return None if text == "\\N" else _ESCAPED.sub(lambda found: _ESCAPES.get(found[1], found[1]), text)
