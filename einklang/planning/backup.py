"""What the runs of a tenant's backup show, and which of them are kept. Pure: the site's clock and lists are parameters.

A run counts from when its manifest arrived at the site. What a client says about time decides nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from einklang.model.backup import FILES_PART, Manifest
from einklang.model.standard import BackupClass

# A run that is under way is not yet an incomplete one.
UNDER_WAY = timedelta(hours=6)
CLOCKS_DIFFER = timedelta(hours=1)
SHRUNK, CHANGED, SMALL_BYTES = 0.5, 0.5, 10 * 2**20
# What a run is compared with arrived so long before it: a few small runs sent at once are no measure for the next.
APART = timedelta(hours=12)
RUNS_A_DAY, FREE_SHARE, NAMED, NEAR = 100, 0.05, 5, 20


@dataclass(frozen=True)
class Arrived:
    """One snapshot at the site. run, part: its tags. claimed: time as its client said. arrived: as the site saw it."""

    id: str
    run: str
    part: str
    claimed: datetime
    arrived: datetime


@dataclass(frozen=True)
class Folder:
    """A repository's files, as the site finds them. unreadable: names of snapshots that cannot be opened.

    foreign_keys: that nobody at the site added. old_locks: not renewed. free: share of the disk.
    """

    unreadable: Sequence[str] = ()
    foreign_keys: Sequence[str] = ()
    old_locks: Sequence[str] = ()
    free: float = 1.0


@dataclass(frozen=True)
class Rehearsed:
    """The newest restore drill of which there is evidence. fault: why it is no proof; empty where it is one."""

    ended: datetime
    fault: str = ""


@dataclass(frozen=True)
class Seen:
    """A tenant's repository. manifests: snapshot id -> content, of the newest sound runs, and of one APART before.

    expected: names of the parts that a run has to have. unsound: snapshot id -> why its manifest is none.
    drill: the newest restore drill, None where there was none yet.
    """

    tenant: str
    snapshots: Sequence[Arrived]
    manifests: Mapping[str, Manifest]
    expected: Sequence[str]
    unsound: Mapping[str, str] = field(default_factory=dict)
    folder: Folder = Folder()
    drill: Rehearsed | None = None

    def concluded(self) -> list[Arrived]:
        """Manifests' snapshots, newest first."""
        return sorted((each for each in self.snapshots if each.part == "manifest"), key=_arrival, reverse=True)

    def candidates(self) -> list[Arrived]:
        """Manifests' snapshots in the order in which to look for a sound one: the newest, then the first of each day.

        Who floods a repository can be the first of the day on which it begins, not of those before.
        """
        near, far = self.concluded()[:NEAR], self.concluded()[NEAR:]
        firsts = {each.arrived.date(): each for each in far}
        return [*near, *firsts.values()]

    def newest(self) -> list[tuple[Arrived, Manifest]]:
        """Complete runs whose manifest was read and is one, newest first."""
        return [(each, self.manifests[each.id]) for each in self.concluded() if each.id in self.manifests]


@dataclass(frozen=True)
class Finding:
    """One check on one tenant's backups. result: `pass`, `fail`, or `error` where it could not be told."""

    tenant: str
    check: str
    result: str
    text: str


def judge(seen: Seen, backup_class: BackupClass, now: datetime) -> list[Finding]:
    """Every check once, in the order of CHECKS."""
    found = [(check, function(seen, backup_class, now)) for check, function in _FUNCTIONS.items()]
    return [Finding(seen.tenant, check, "fail" if text else "pass", text) for check, text in found]


def _recovery_point(seen: Seen, backup_class: BackupClass, now: datetime) -> str:
    sound = seen.newest()
    if not sound:
        return "there is no complete backup"
    hours = (now - sound[0][0].arrived).total_seconds() / 3600
    limit = backup_class.recovery_point_hours
    return f"the newest backup is {hours:.0f} h old, and {limit} h are allowed" if hours > limit else ""


def _complete(seen: Seen, _: BackupClass, now: datetime) -> str:
    """Since the newest complete run, no run ended without its manifest."""
    concluded = seen.concluded()
    since = concluded[0].arrived if concluded else None
    ended = {each.run for each in concluded}
    broken = {
        each.run
        for each in seen.snapshots
        if each.run and each.run not in ended and (since is None or each.arrived > since)
        if now - each.arrived > UNDER_WAY
    }
    return f"runs without an end: {', '.join(sorted(broken))}" if broken else ""


def _snapshots(seen: Seen, _: BackupClass, __: datetime) -> str:
    known = {each.id for each in seen.snapshots}
    for _arrived, manifest in seen.newest():
        missing = [part.name for part in manifest.parts if part.snapshot not in known]
        if missing:
            return f"run {manifest.run}: gone from the site: {', '.join(missing)}"
    return ""


def _parts(seen: Seen, _: BackupClass, __: datetime) -> str:
    for _arrived, manifest in seen.newest()[:1]:
        missing = sorted(set(seen.expected) - {part.name for part in manifest.parts})
        if missing:
            return f"run {manifest.run} lacks {', '.join(missing)}"
    return ""


def _pair(seen: Seen) -> Iterator[tuple[Manifest, Manifest]]:
    newest = seen.newest()
    if len(newest) > 1:
        apart = [manifest for arrived, manifest in newest if newest[0][0].arrived - arrived.arrived >= APART]
        yield newest[0][1], (apart or [newest[1][1]])[0]


def _size(seen: Seen, _: BackupClass, __: datetime) -> str:
    """A part that lost half of its bytes, or a database that lost half of its rows."""
    shrunk = []
    for now, before in _pair(seen):
        for part in now.parts:
            former = before.part(part.name)
            if former and former.bytes > SMALL_BYTES and part.bytes < former.bytes * SHRUNK:
                shrunk.append(f"{part.name} has {part.bytes} bytes, {former.bytes} before")
        for name, facts in now.databases.items():
            old = before.databases.get(name)
            if old and _rows(facts) < _rows(old) * SHRUNK:
                shrunk.append(f"database {name} has {_rows(facts)} rows, {_rows(old)} before")
    return "; ".join(shrunk)


def _rows(facts: Any) -> int:
    return sum(table.rows for table in facts.tables.values())


def _change(seen: Seen, _: BackupClass, __: datetime) -> str:
    """Documents do not change: where most of them are new at once, somebody encrypted them."""
    for now, before in _pair(seen):
        files, former = now.part(FILES_PART), before.part(FILES_PART)
        if not files or not former or former.bytes < SMALL_BYTES:
            continue
        # What came on top may be new; of what was there before, next to nothing.
        unexpected = files.added_bytes - max(0, files.bytes - former.bytes)
        if unexpected > former.bytes * CHANGED:
            share = 100 * unexpected / former.bytes
            return f"{share:.0f} % of the documents' bytes changed since the run before"
    return ""


def _documents(seen: Seen, _: BackupClass, __: datetime) -> str:
    for _arrived, manifest in seen.newest()[:1]:
        if manifest.files and manifest.files.missing:
            names = ", ".join(manifest.files.missing_names[:3])
            return f"{manifest.files.missing} of {manifest.files.documents} documents have no file: {names}"
    return ""


def _time(seen: Seen, _: BackupClass, __: datetime) -> str:
    """A client's clock that is far from the site's: wrong, or somebody dates snapshots."""
    wrong = [each.id[:8] for each in seen.snapshots if abs(each.arrived - each.claimed) > CLOCKS_DIFFER + UNDER_WAY]
    return f"snapshots whose time is not when they arrived: {', '.join(sorted(wrong)[:5])}" if wrong else ""


def _state(seen: Seen, _: BackupClass, __: datetime) -> str:
    there = any(each.part == "state" for each in seen.snapshots)
    return (
        ""
        if there
        else "the stack's state was never saved: remove EINKLANG_HOME/saved-state/<tenant>, then einklang up"
    )


def _manifests(seen: Seen, _: BackupClass, __: datetime) -> str:
    """What says that it concludes a run, and does not: damaged, or made up to hide the runs before it."""
    return _counted("manifests that are none", seen.unsound.values())


def _number(seen: Seen, _: BackupClass, now: datetime) -> str:
    count = sum(now - each.arrived < timedelta(days=1) for each in seen.concluded())
    return f"{count} runs within a day: somebody floods the repository" if count > RUNS_A_DAY else ""


def _unreadable(seen: Seen, _: BackupClass, __: datetime) -> str:
    return _counted("snapshots that cannot be opened, damaged or never any", seen.folder.unreadable)


def _keys(seen: Seen, _: BackupClass, __: datetime) -> str:
    return _counted("keys that the site did not add (prune moves them away)", seen.folder.foreign_keys)


def _locks(seen: Seen, _: BackupClass, __: datetime) -> str:
    return _counted("locks that nobody renews (prune takes them away)", seen.folder.old_locks)


def _space(seen: Seen, _: BackupClass, __: datetime) -> str:
    free = seen.folder.free
    return f"{100 * free:.1f} % of the site's disk are free: no tenant can be saved soon" if free < FREE_SHARE else ""


def _counted(what: str, names: Iterable[str]) -> str:
    found = sorted(names)
    more = f", and {len(found) - NAMED} more" if len(found) > NAMED else ""
    return f"{len(found)} {what}: {', '.join(found[:NAMED])}{more}" if found else ""


def _drill(seen: Seen, backup_class: BackupClass, now: datetime) -> str:
    """CON.3.A15: rehearsed within the class's interval; a tenant that is saved for less than that has time."""
    days = backup_class.drill_interval_days
    if seen.drill and seen.drill.fault:
        return f"the restore drill of {seen.drill.ended:%Y-%m-%d %H:%M} UTC is no proof: {seen.drill.fault}"
    concluded = seen.concluded()
    since = seen.drill.ended if seen.drill else (concluded[-1].arrived if concluded else now)
    if now - since <= timedelta(days=days):
        return ""
    last = f"the last restore drill was on {since:%Y-%m-%d}" if seen.drill else "there was no restore drill yet"
    return f"{last}; every {days} days one is due: einklang drill {seen.tenant}"


_FUNCTIONS: Mapping[str, Callable[[Seen, BackupClass, datetime], str]] = {
    "recovery point": _recovery_point,
    "complete": _complete,
    "manifests": _manifests,
    "snapshots": _snapshots,
    "parts": _parts,
    "size": _size,
    "change": _change,
    "documents": _documents,
    "time": _time,
    "number": _number,
    "state": _state,
    "drill": _drill,
    "unreadable": _unreadable,
    "keys": _keys,
    "locks": _locks,
    "space": _space,
}
CHECKS = tuple(_FUNCTIONS)


def metrics(seen: Seen, findings: Sequence[Finding], now: datetime) -> list[str]:
    """Lines of Prometheus' text format."""
    mark = f'{{tenant="{seen.tenant}"}}'
    values: dict[str, float] = {"findings": sum(finding.result != "pass" for finding in findings)}
    for arrived, manifest in seen.newest()[:1]:
        values |= {
            "age_seconds": (now - arrived.arrived).total_seconds(),
            "duration_seconds": (manifest.ended - manifest.begun).total_seconds(),
            "bytes": sum(part.bytes for part in manifest.parts),
            "added_bytes": sum(part.added_bytes for part in manifest.parts),
        }
    if seen.drill:
        values["drill_age_seconds"] = (now - seen.drill.ended).total_seconds()
    return [f"einklang_backup_{name}{mark} {value:g}" for name, value in values.items()]


def to_forget(snapshots: Sequence[Arrived], backup_class: BackupClass, now: datetime) -> list[Arrived]:
    """What the class does not keep, oldest first.

    Runs, saved states and drills' evidence are each kept by the day, week and month in which they arrived; all of the
    daily days stay, and of each kind the newest, whatever its age. What belongs to no complete run goes after the
    daily days.
    """
    ends = [each for each in snapshots if each.part == "manifest"]
    runs = {each.run for each in kept(ends, backup_class, now)}
    stay = set[str]()
    for part in ("state", "drill"):
        stay |= {each.id for each in kept([each for each in snapshots if each.part == part], backup_class, now)}
    recent = now - timedelta(days=backup_class.keep_daily)
    gone = [each for each in snapshots if each.run not in runs and each.id not in stay and each.arrived < recent]
    return sorted(gone, key=_arrival)


def kept(snapshots: Sequence[Arrived], backup_class: BackupClass, now: datetime) -> list[Arrived]:
    """The newest of all, all of the daily days, and the first to arrive in each week and month that is kept.

    The first, not the last: who takes over a tenant during a month cannot put own runs in the place of earlier ones.
    """
    ordered = sorted(snapshots, key=_arrival)
    recent = now - timedelta(days=backup_class.keep_daily)
    found = {each.id: each for each in ordered if each.arrived >= recent}
    found |= {each.id: each for each in ordered[-1:]}
    found |= _firsts(ordered, lambda moment: moment.isocalendar()[:2], backup_class.keep_weekly)
    found |= _firsts(ordered, lambda moment: (moment.year, moment.month), backup_class.keep_monthly)
    return sorted(found.values(), key=_arrival)


def _firsts(ordered: Sequence[Arrived], period: Callable[[datetime], Any], count: int) -> dict[str, Arrived]:
    """Of the newest `count` periods that have any, the first snapshot of each."""
    firsts: dict[Any, Arrived] = {}
    for each in ordered:
        firsts.setdefault(period(each.arrived), each)
    return {each.id: each for each in list(firsts.values())[-count:]}


def _arrival(each: Arrived) -> datetime:
    return each.arrived
