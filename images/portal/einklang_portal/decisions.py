"""What to do with a page: pure logic, so that it is tested without Plone.

The set-up owns the pages that it made. It writes a page again only while the page is still what it last wrote: from
the first change by an editor on, the page is the municipality's own.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

FIELDS = ("title", "description", "text")
"""What makes a page the same."""


class Action(StrEnum):
    """What happens to a page."""

    MAKE = "make"
    UPDATE = "update"
    KEEP = "keep"
    LEAVE = "leave alone"
    REMOVE = "remove"


@dataclass(frozen=True)
class Found:
    """A page as it is in the site. written: fingerprint of what the set-up last wrote, None for a stranger's page."""

    fingerprint: str
    written: str | None


def fingerprint(fields: Mapping[str, str]) -> str:
    """The same for the same title, description and text, whatever the ends of lines."""
    content = [fields.get(name, "").replace("\r\n", "\n").strip() for name in FIELDS]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def decide(wanted: str | None, found: Found | None) -> Action:
    """What to do. wanted: fingerprint of what the standard wants there, None where it wants no such page any more."""
    if found is None:
        return Action.KEEP if wanted is None else Action.MAKE
    if found.written is None or found.fingerprint != found.written:
        # Where both say the same there is nothing to report.
        return Action.KEEP if found.fingerprint == wanted else Action.LEAVE
    if wanted is None:
        return Action.REMOVE
    return Action.KEEP if wanted == found.written else Action.UPDATE
