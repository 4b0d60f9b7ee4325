"""The rebuild of everything as data: what comes back in which order, how long it takes, what came of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from einklang.model.backup import FILES_PART, Manifest
from einklang.model.recovery import RecoveryStandard
from einklang.model.vocabulary import SizeName

RECOVERED, PRESENT, REQUESTED, FAILED = "recovered", "present", "requested", "failed"
_DMS = "dms"


@dataclass(frozen=True)
class Task:
    """One tenant's recovery. moment: of the run that is restored. bytes: of all its parts. notes: what to know of it.

    problem: why it cannot be recovered; the rest is then empty.
    """

    tenant: str
    size: SizeName
    run: str = ""
    moment: datetime | None = None
    bytes: int = 0
    notes: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True)
class Pace:
    """What a tenant's recovery takes: seconds whatever it has, and bytes of its data a second."""

    seconds: float = 180.0
    bytes_per_second: float = 10 * 2**20


@dataclass(frozen=True)
class Outcome:
    """What became of one tenant.

    age_seconds: of the restored run when the recovery began: what was written after it is lost (RPO). seconds: that
    this tenant took, restore_seconds of them for its data; ready_seconds: from the recovery's beginning until it was
    ready (RTO). checks: comparisons with the run's manifest that were made, and passed: where one fails there is an
    error.
    """

    tenant: str
    state: str
    run: str = ""
    bytes: int = 0
    age_seconds: float = 0.0
    seconds: float = 0.0
    restore_seconds: float = 0.0
    ready_seconds: float = 0.0
    checks: int = 0
    notes: tuple[str, ...] = ()
    error: str = ""


def ordered(tasks: Sequence[Task], orders: Mapping[str, RecoveryStandard]) -> list[Task]:
    """In the order that each tenant's standard gives its size class; by id within. orders: tenant -> its standard's."""

    def place(task: Task) -> tuple[int, str]:
        return orders[task.tenant].size_classes.index(task.size), task.tenant

    return sorted(tasks, key=place)


def parts_in_order(manifest: Manifest, order: RecoveryStandard) -> list[str]:
    """The names of the run's parts: services in the standard's order, the documents' files after their database."""
    places = {name: 2 * number for number, name in enumerate(order.services)}
    places[FILES_PART] = places[_DMS] + 1

    def place(name: str) -> tuple[int, str]:
        return places.get(name.removeprefix("database/"), len(places) * 2), name

    return sorted((part.name for part in manifest.parts), key=place)


def learned(done: Sequence[Outcome]) -> Pace:
    """The pace of the tenants that were recovered in this run; the presumed one while there is none."""
    known = [each for each in done if each.state == RECOVERED and each.seconds > 0]
    if not known:
        return Pace()
    fixed = sum(each.seconds - each.restore_seconds for each in known) / len(known)
    restoring = sum(each.restore_seconds for each in known)
    # Of small data most of the time is not the data's: it must not pass for a slow line.
    rate = max(sum(each.bytes for each in known) / restoring, Pace().bytes_per_second) if restoring else 0.0
    return Pace(fixed + restoring / len(known), rate or Pace().bytes_per_second)


def remaining_seconds(left: Sequence[Task], pace: Pace, jobs: int) -> float:
    """How long these tenants will take, `jobs` at a time."""
    each = [pace.seconds + task.bytes / pace.bytes_per_second for task in left if not task.problem]
    return sum(each) / max(1, min(jobs, len(each)))


def duration(seconds: float) -> str:
    """For people: `45 s`, `12 min`, `3 h 20 min`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60:02d} min"
