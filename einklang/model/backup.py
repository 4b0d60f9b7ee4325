"""What a run of the backup says of itself: the manifest, and how snapshots are marked (docs/adr/0016).

The image `backup` writes it; the toolkit reads it. Numbers are bytes, times are UTC.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import Field, PlainSerializer

from einklang.model.base import Model
from einklang.model.standard import BackupClass

MANIFEST_PATH = "/manifest.json"
STATE_PATH = "/state.json"
MANIFEST_PART, STATE_PART, FILES_PART = "manifest", "state", "files"
RUN_TAG, PART_TAG = "run:", "part:"
DATABASE_THEN = "database-then"
"""The database as of a moment, from its archive, beside the one that runs."""

Moment = Annotated[datetime, Field(strict=False), PlainSerializer(lambda moment: moment.isoformat())]


class Part(Model):
    """One snapshot of a run. added_bytes: new in the repository, compressed. sha256: of a stream, None of a folder."""

    name: str
    snapshot: str = Field(pattern=r"^[0-9a-f]{64}$")
    bytes: int = Field(ge=0)
    added_bytes: int = Field(ge=0)
    files: int = Field(ge=0)
    seconds: float = Field(ge=0)
    sha256: str | None = Field(pattern=r"^[0-9a-f]{64}$")


class TableFacts(Model):
    """Rows of a table, and the sum over a digest of each."""

    rows: int = Field(ge=0)
    digest: str


class DatabaseFacts(Model):
    """What a restored copy of a database has to show. moment: of the transaction that was dumped and counted."""

    moment: Moment
    server_version: str
    bytes: int
    tables: Mapping[str, TableFacts]
    large_objects: int
    roles: Mapping[str, Annotated[tuple[str, ...], Field(strict=False)]]


class FileFacts(Model):
    """The documents' volume. missing: rows of documents that have no file; the first of them by name."""

    files: int
    bytes: int
    documents: int
    missing: int
    missing_names: Annotated[tuple[str, ...], Field(strict=False)]


class Manifest(Model):
    """One complete run. configuration: `tenant` and `standard`, from which the tenant was made."""

    format: Literal[1]
    tenant: str
    standard: str
    run: str
    begun: Moment
    ended: Moment
    parts: Annotated[tuple[Part, ...], Field(strict=False)]
    databases: Mapping[str, DatabaseFacts]
    files: FileFacts | None
    configuration: Mapping[str, Any]

    def part(self, name: str) -> Part | None:
        """The part of that name."""
        return next((part for part in self.parts if part.name == name), None)


def schedule(tenant: str, backup_class: BackupClass) -> str:
    """The tenant's line of cron (UTC): a place in the class's window that only its id decides.

    So 72 tenants begin spread over the window, and each always at the same time.
    """
    minute, hours = _starts(tenant, backup_class)
    return f"{minute} {','.join(map(str, hours))} * * *"


def next_run(tenant: str, backup_class: BackupClass, now: datetime) -> datetime:
    """When the tenant's next run begins (UTC)."""
    minute, hours = _starts(tenant, backup_class)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    starts = [midnight + timedelta(days=day, hours=hour, minutes=minute) for day in (0, 1) for hour in hours]
    return min(start for start in starts if start > now)


def next_drill(tenant: str, backup_class: BackupClass, last: datetime | None, since: datetime) -> datetime:
    """When the tenant's next restore drill is due: an interval after the last.

    The first is due within an interval of `since` (the first backup), at a place in it that only the tenant's id
    decides: so the drills of a fleet that began at once are spread.
    """
    if last is not None:
        return last + timedelta(days=backup_class.drill_interval_days)
    minutes = backup_class.drill_interval_days * 24 * 60
    return since + timedelta(minutes=_number(tenant) % minutes)


def _starts(tenant: str, backup_class: BackupClass) -> tuple[int, list[int]]:
    """Minute and hours of the day."""
    first = backup_class.window_start_hour * 60 + _number(tenant) % (backup_class.window_hours * 60)
    runs = range(24 // backup_class.interval_hours)
    return first % 60, sorted((first // 60 + run * backup_class.interval_hours) % 24 for run in runs)


def _number(tenant: str) -> int:
    """The same for a tenant at all times, and spread over all numbers for a fleet."""
    return int.from_bytes(hashlib.sha256(tenant.encode()).digest()[:8])
