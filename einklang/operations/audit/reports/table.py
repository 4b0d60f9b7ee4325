"""CSV as spreadsheets of German offices read it: semicolons, and UTF-8 with its mark."""

from __future__ import annotations

import csv
import io

from einklang.model.evidence import Audit
from einklang.operations.audit.reports.words import GERMAN, Words

_BYTE_ORDER_MARK = "\ufeff"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def render(audit: Audit, words: Words = GERMAN) -> str:
    """One line a finding."""
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=";", lineterminator="\n")
    writer.writerow(words.columns)
    for each in audit.findings:
        exceptions = " | ".join(f"{one.control} {words.until} {one.expires}: {one.reason}" for one in each.exceptions)
        row = (
            each.tenant, each.check, each.title, words.results[each.result], words.severities[each.severity],
            ", ".join(each.controls), each.observed, " | ".join(each.evidence), each.remedy, exceptions,
            audit.ended.isoformat(timespec="seconds"),
        )  # fmt: skip
        writer.writerow([_safe(cell) for cell in row])
    return _BYTE_ORDER_MARK + stream.getvalue()


def _safe(cell: str) -> str:
    """What a spreadsheet would take for a formula becomes text: names of objects are chosen by others."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
