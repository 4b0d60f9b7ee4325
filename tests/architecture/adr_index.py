"""The index of the architecture decisions, made from their files: `python -m tests.architecture.adr_index`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from tests.architecture.guards.project import ROOT

SECTIONS = ("Context", "Decision", "Consequences", "Alternatives")
STATUSES = r"(accepted|rejected|replaced by \[ADR \d{4}\]\(\d{4}-[a-z0-9-]+\.md\))"
PAGE_LINES = 80
_NAME = re.compile(r"(\d{4})-[a-z0-9-]+\.md")
_INTRODUCTION = """# Architecture decisions

One page each: context, decision, consequences, alternatives. A decision is replaced by a new page, not edited.
This index is generated: `python -m tests.architecture.adr_index`.

| number | decision | status |
|---|---|---|
"""


@dataclass(frozen=True, order=True)
class Decision:
    """What the index says of one decision."""

    number: str
    title: str
    status: str
    file: str


class MalformedDecisionError(ValueError):
    """A file in docs/adr that is no decision of the expected form."""


def read(path: Path) -> Decision:
    """Number, title and status of a decision. Raises MalformedDecisionError that says what is missing."""
    text = path.read_text(encoding="utf-8")
    name = _NAME.fullmatch(path.name)
    title = re.match(r"# (\d{4}) (.+)\n", text)
    status = re.search(rf"^Status: {STATUSES}$", text, re.MULTILINE)
    if not name or not title or name[1] != title[1]:
        raise MalformedDecisionError(
            f"{path.name}: name and heading need the same number: 0001-short-name.md, # 0001 Title"
        )
    if not status:
        raise MalformedDecisionError(f"{path.name}: no line `Status: accepted` (or rejected, or replaced by a link)")
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    if tuple(headings) != SECTIONS:
        raise MalformedDecisionError(f"{path.name}: the sections are {', '.join(SECTIONS)}, in this order")
    if len(text.splitlines()) > PAGE_LINES:
        raise MalformedDecisionError(f"{path.name}: longer than a page of {PAGE_LINES} lines")
    return Decision(name[1], title[2], status[1], path.name)


def decisions(folder: Path) -> list[Decision]:
    """All decisions, by number. Raises MalformedDecisionError also for a number that is missing or taken twice."""
    found = sorted(read(path) for path in folder.glob("*.md") if path.name != "README.md")
    for position, decision in enumerate(found, 1):
        if int(decision.number) != position:
            raise MalformedDecisionError(f"{decision.file}: the number {position:04d} is missing or taken twice")
    return found


def index(folder: Path) -> str:
    """The text of docs/adr/README.md."""
    rows = [f"| {one.number} | [{one.title}]({one.file}) | {one.status} |\n" for one in decisions(folder)]
    return _INTRODUCTION + "".join(rows)


if __name__ == "__main__":
    target = ROOT / "docs" / "adr" / "README.md"
    target.write_text(index(target.parent), encoding="utf-8")
    print(f"wrote {target.relative_to(ROOT)}")
