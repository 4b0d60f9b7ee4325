"""What is judged of a tenant's backups, with a planted violation for each check; what is kept; when runs begin."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from einklang.model.backup import DatabaseFacts, FileFacts, Manifest, Part, TableFacts, schedule
from einklang.model.standard import BackupClass
from einklang.planning import backup
from einklang.planning.backup import Arrived, Folder, Rehearsed, Seen, judge, kept, metrics, to_forget
from tests.components import cases

NOW = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)
CLASS = BackupClass(
    interval_hours=24,
    window_start_hour=20,
    window_hours=8,
    recovery_point_hours=30,
    keep_daily=14,
    keep_weekly=8,
    keep_monthly=12,
    recovery_time_hours=24,
    drill_interval_days=90,
)
MEBI = 2**20


def identifier(*words: object) -> str:
    return hashlib.sha256(repr(words).encode()).hexdigest()


def snapshot(run: str, part: str, arrived: datetime, claimed: datetime | None = None) -> Arrived:
    return Arrived(identifier(run, part), run, part, claimed or arrived, arrived)


def manifest(run: str, *, files: int = 100 * MEBI, added: int = MEBI, rows: int = 100, missing: int = 0) -> Manifest:
    sizes = {"database/identity": 20 * MEBI, "files": files}
    parts = tuple(
        Part(
            name=name,
            snapshot=identifier(run, name),
            bytes=size,
            added_bytes=added if name == "files" else 0,
            files=1,
            seconds=1.0,
            sha256=None,
        )
        for name, size in sizes.items()
    )
    tables = {"public.users": TableFacts(rows=rows, digest="1")}
    facts = DatabaseFacts(moment=NOW, server_version="15", bytes=1, tables=tables, large_objects=0, roles={})
    stored = FileFacts(files=3, bytes=files, documents=3, missing=missing, missing_names=("gone",) * missing)
    return Manifest(
        format=1,
        tenant="olpe",
        standard="2026.1",
        run=run,
        begun=NOW,
        ended=NOW + timedelta(minutes=1),
        parts=parts,
        databases={"identity": facts},
        files=stored,
        configuration={},
    )


def run(name: str, arrived: datetime) -> list[Arrived]:
    return [snapshot(name, part, arrived) for part in ("database/identity", "files", "manifest")]


def seen(newest: Manifest | None = None, before: Manifest | None = None) -> Seen:
    """Two runs that are well, and a saved state; the runs' manifests can be others."""
    snapshots = [
        *run("r1", NOW - timedelta(hours=26)),
        *run("r2", NOW - timedelta(hours=2)),
        snapshot("", "state", NOW - timedelta(days=3)),
    ]
    manifests = {
        identifier("r1", "manifest"): before or manifest("r1"),
        identifier("r2", "manifest"): newest or manifest("r2"),
    }
    return Seen("olpe", snapshots, manifests, ("database/identity", "files"))


def failed(given: Seen, now: datetime = NOW) -> dict[str, str]:
    return {finding.check: finding.text for finding in judge(given, CLASS, now) if finding.result == "fail"}


def without(given: Seen, wrong: Callable[[Arrived], bool]) -> Seen:
    return replace(given, snapshots=[each for each in given.snapshots if not wrong(each)])


def test_backups_that_are_well() -> None:
    findings = judge(seen(), CLASS, NOW)
    assert [finding.check for finding in findings] == list(backup.CHECKS)
    assert {finding.result for finding in findings} == {"pass"}


def test_none_at_all() -> None:
    assert failed(Seen("olpe", [], {}, ())) == {
        "recovery point": "there is no complete backup",
        "state": "the stack's state was never saved: remove EINKLANG_HOME/saved-state/<tenant>, then einklang up",
    }


def test_too_old() -> None:
    late = NOW + timedelta(hours=29)
    assert failed(seen(), late) == {"recovery point": "the newest backup is 31 h old, and 30 h are allowed"}


def test_a_run_without_its_end() -> None:
    begun = snapshot("r3", "database/identity", NOW)
    given = replace(seen(), snapshots=[*seen().snapshots, begun])
    assert failed(given, NOW + timedelta(hours=5)) == {}  # it may be under way
    assert failed(given, NOW + timedelta(hours=7)) == {"complete": "runs without an end: r3"}


def test_a_part_that_is_gone_from_the_site() -> None:
    given = without(seen(), lambda each: (each.run, each.part) == ("r1", "files"))
    assert failed(given) == {"snapshots": "run r1: gone from the site: files"}


def test_a_part_that_nobody_saved() -> None:
    given = replace(seen(), expected=("database/dms", "files"))
    assert failed(given) == {"parts": "run r2 lacks database/dms"}


@pytest.mark.parametrize("now", [manifest("r2", files=40 * MEBI), manifest("r2", rows=40)])
def test_suspiciously_small(now: Manifest) -> None:
    assert set(failed(seen(now))) == {"size"}


def test_documents_that_somebody_encrypted() -> None:
    assert failed(seen(manifest("r2", added=90 * MEBI))) == {
        "change": "90 % of the documents' bytes changed since the run before"
    }
    # As many new ones are only new.
    assert failed(seen(manifest("r2", files=190 * MEBI, added=90 * MEBI))) == {}


def test_documents_without_files() -> None:
    assert failed(seen(manifest("r2", missing=1))) == {"documents": "1 of 3 documents have no file: gone"}


def test_a_snapshot_with_another_date() -> None:
    dated = snapshot("r9", "manifest", NOW - timedelta(hours=3), claimed=NOW + timedelta(days=400))
    given = replace(seen(), snapshots=[*seen().snapshots, dated])
    assert list(failed(given)) == ["time"]
    # And its date changes nothing: the newest is the one that came last.
    assert given.concluded()[0].run == "r2"


def test_no_state() -> None:
    assert list(failed(without(seen(), lambda each: each.part == "state"))) == ["state"]


@pytest.mark.parametrize(
    ("wrong", "check", "text"),
    [
        (Folder(unreadable=("ab",)), "unreadable", "1 snapshots that cannot be opened, damaged or never any: ab"),
        (Folder(foreign_keys=tuple("abcdefg")), "keys", "7 keys that the site did not add (prune moves them away): a,"),
        (Folder(old_locks=("ab",)), "locks", "1 locks that nobody renews (prune takes them away): ab"),
        (Folder(free=0.04), "space", "4.0 % of the site's disk are free: no tenant can be saved soon"),
    ],
)
def test_files_that_stand_out(wrong: Folder, check: str, text: str) -> None:
    found = failed(replace(seen(), folder=wrong))
    assert list(found) == [check]
    assert found[check].startswith(text)


def test_a_manifest_that_is_none_hides_no_run_before_it() -> None:
    poison = [snapshot(f"p{number}", "manifest", NOW - timedelta(minutes=number)) for number in range(500)]
    given = replace(seen(), snapshots=[*seen().snapshots, *poison], unsound={poison[0].id: "the manifest of run p0"})
    found = failed(given)
    assert found["manifests"] == "1 manifests that are none: the manifest of run p0"
    assert found["number"] == "501 runs within a day: somebody floods the repository"
    assert set(found) == {"manifests", "number"}
    # The newest are not enough to look at: the first of each day comes in sight soon.
    assert [each.run for each in given.candidates()].index("r1") < 25
    late = NOW + timedelta(hours=29)
    assert "recovery point" in failed(replace(given, manifests={}), late)


def test_two_small_runs_at_once_are_no_measure_for_each_other() -> None:
    small = {name: manifest(name, files=MEBI, rows=1) for name in ("s1", "s2")}
    extra = [*run("s1", NOW - timedelta(minutes=2)), *run("s2", NOW - timedelta(minutes=1))]
    manifests = {**seen().manifests, **{identifier(name, "manifest"): made for name, made in small.items()}}
    found = failed(replace(seen(), snapshots=[*seen().snapshots, *extra], manifests=manifests))
    assert set(found) == {"size"}


def test_a_restore_drill_is_due() -> None:
    assert failed(replace(seen(), drill=Rehearsed(NOW - timedelta(days=89)))) == {}
    late = failed(replace(seen(), drill=Rehearsed(NOW - timedelta(days=91))))
    assert late == {"drill": "the last restore drill was on 2026-08-24; every 90 days one is due: einklang drill olpe"}
    # Who is saved for less than an interval has time; then there has to be one.
    assert "drill" not in failed(seen(), NOW + timedelta(days=80))
    assert "there was no restore drill yet" in failed(seen(), NOW + timedelta(days=91))["drill"]


def test_a_restore_drill_that_failed_or_cannot_be_believed() -> None:
    told = failed(replace(seen(), drill=Rehearsed(NOW, "files: 3 documents have another content")))["drill"]
    assert told.endswith("is no proof: files: 3 documents have another content")


def test_the_evidence_of_drills_is_kept_like_states() -> None:
    drills = [snapshot("", "drill", NOW - timedelta(days=days)) for days in (1, 100, 800)]
    drills = [replace(each, id=f"drill{number}") for number, each in enumerate(drills)]
    assert [each.id for each in to_forget([*run("r1", NOW), *drills], CLASS, NOW)] == []
    many = [replace(drills[0], id=f"d{day}", arrived=NOW - timedelta(days=day)) for day in range(400)]
    gone = {each.id for each in to_forget([*run("r1", NOW), *many], CLASS, NOW)}
    assert "d0" not in gone
    assert "d399" in gone


def test_metrics() -> None:
    lines = metrics(seen(), judge(seen(), CLASS, NOW), NOW)
    assert 'einklang_backup_findings{tenant="olpe"} 0' in lines
    assert 'einklang_backup_age_seconds{tenant="olpe"} 7200' in lines
    assert len(lines) == 5
    drilled = metrics(replace(seen(), drill=Rehearsed(NOW - timedelta(days=1))), [], NOW)
    assert 'einklang_backup_drill_age_seconds{tenant="olpe"} 86400' in drilled


def daily(days: int, *, until: datetime = NOW) -> list[Arrived]:
    return [each for day in range(days) for each in run(f"d{day}", until - timedelta(days=day))]


def test_what_is_kept_of_two_years() -> None:
    ends = [each for each in daily(730) if each.part == "manifest"]
    stay = kept(ends, CLASS, NOW)
    ages = [(NOW - each.arrived).days for each in stay]
    assert ages[-15:] == list(range(14, -1, -1))
    assert len({each.arrived.isocalendar()[:2] for each in stay}) >= CLASS.keep_weekly
    assert len({(each.arrived.year, each.arrived.month) for each in stay}) == CLASS.keep_monthly
    assert len(stay) <= CLASS.keep_daily + 1 + CLASS.keep_weekly + CLASS.keep_monthly


def test_a_kept_run_keeps_all_its_parts() -> None:
    everything = daily(400)
    left = {each.id for each in everything} - {each.id for each in to_forget(everything, CLASS, NOW)}
    counts = Counter(each.run for each in everything if each.id in left)
    assert set(counts.values()) == {3}


def test_many_poisoned_runs_push_no_earlier_one_out() -> None:
    """Whatever an attacker sends during the last two days, everything that was kept before is still kept."""
    good = daily(200, until=NOW - timedelta(days=2))
    poison = [each for n in range(500) for each in run(f"p{n}", NOW - timedelta(minutes=5 * n))]
    before = {each.id for each in good} - {each.id for each in to_forget(good, CLASS, NOW)}
    gone = {each.id for each in to_forget([*good, *poison], CLASS, NOW)}
    # Of the weeks and months that are kept only the calendar moves on.
    assert len(before & gone) <= 3 * 2
    assert not {each.id for each in good if NOW - each.arrived < timedelta(days=CLASS.keep_daily)} & gone


def test_what_belongs_to_no_run_goes_in_the_end() -> None:
    old, new = NOW - timedelta(days=20), NOW - timedelta(days=3)
    half = [snapshot("h1", "files", old), snapshot("h2", "files", new), snapshot("", "unknown", old)]
    whole = run("r1", NOW - timedelta(days=1))
    assert [each.arrived for each in to_forget([*half, *whole], CLASS, NOW)] == [old, old]


def test_the_last_run_stays_whatever_its_age() -> None:
    ancient = run("r1", NOW - timedelta(days=3000))
    state = snapshot("", "state", NOW - timedelta(days=3000))
    assert to_forget([*ancient, state], CLASS, NOW) == []


def test_runs_begin_spread_over_the_window_and_always_at_the_same_time() -> None:
    lines = [schedule(f"tenant-{number}", CLASS) for number in range(72)]
    assert lines == [schedule(f"tenant-{number}", CLASS) for number in range(72)]
    minutes, hours = zip(*(line.split()[:2] for line in lines), strict=True)
    assert set(map(int, hours)) <= {20, 21, 22, 23, 0, 1, 2, 3}
    assert len(set(hours)) >= 7
    assert max(Counter(zip(minutes, hours, strict=True)).values()) <= 3


def test_several_runs_a_day() -> None:
    frequent = CLASS.model_copy(update={"interval_hours": 4, "window_start_hour": 0, "window_hours": 4})
    minute, hours, *_ = schedule("olpe", frequent).split()
    assert 0 <= int(minute) < 60
    first, *others = map(int, hours.split(","))
    assert others == [first + 4 * number for number in range(1, 6)]


@pytest.mark.parametrize(("key", "value"), [("interval_hours", 5), ("window_hours", 25), ("recovery_point_hours", 3)])
def test_a_class_that_cannot_be_met_is_refused(key: str, value: int) -> None:
    with pytest.raises(ValidationError):
        BackupClass.model_validate({**CLASS.model_dump(), key: value})


def test_the_standards_classes_have_room() -> None:
    for each in cases.tenant().standard.backup_classes.values():
        assert each.interval_hours + 1 <= each.recovery_point_hours
