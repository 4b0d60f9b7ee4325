"""The rebuild as data: order by the standard, estimates that learn, and a standard that says what is allowed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from einklang import inventory
from einklang.model.recovery import RecoveryStandard
from einklang.model.vocabulary import SizeName
from einklang.planning.recovery import (
    FAILED,
    PRESENT,
    RECOVERED,
    Outcome,
    Pace,
    Task,
    duration,
    learned,
    ordered,
    parts_in_order,
    remaining_seconds,
)
from einklang.settings import PROJECT_ROOT
from tests.unit.test_backup_planning import manifest

GOOD: dict[str, Any] = {
    "services": ("identity", "portal", "dms"),
    "size_classes": ("L", "M", "S"),
    "rotation": {"second_factors": "renew", "staff_passwords": "invite", "citizen_passwords": "change"},
}
ORDER = RecoveryStandard.model_validate(GOOD)
MOMENT = datetime(2026, 11, 23, tzinfo=UTC)


def task(tenant: str, size: str = "M", size_bytes: int = 0, problem: str = "") -> Task:
    return Task(tenant, SizeName(size), "run", MOMENT, size_bytes, problem=problem)


def outcome(tenant: str, state: str = RECOVERED, **figures: Any) -> Outcome:
    return Outcome(tenant, state, run="run", **figures)


def test_the_largest_come_first_and_equals_by_their_ids() -> None:
    tasks = [task("b", "S"), task("d", "L"), task("a", "S"), task("c", "M")]
    assert [each.tenant for each in ordered(tasks, {each.tenant: ORDER for each in tasks})] == ["d", "c", "a", "b"]


def test_identity_comes_first_and_files_follow_their_database() -> None:
    whole = manifest("run")
    names = ["files", "database/dms", "database/portal", "database/identity"]
    parts = tuple(whole.parts[0].model_copy(update={"name": name}) for name in names)
    found = parts_in_order(whole.model_copy(update={"parts": parts}), ORDER)
    assert found == ["database/identity", "database/portal", "database/dms", "files"]


def test_the_published_standard_says_the_order() -> None:
    standards = inventory.load(PROJECT_ROOT, today=MOMENT.date()).standards
    assert all(standard.recovery.services[0] == "identity" for standard in standards.values())


@pytest.mark.parametrize(
    "change",
    [
        {"services": ("portal", "identity", "dms")},
        {"services": ("identity", "portal")},
        {"size_classes": ("L", "M")},
        {"size_classes": ("L", "M", "S", "S")},
        {"rotation": {**GOOD["rotation"], "second_factors": "perhaps"}},
        {"rotation": {**GOOD["rotation"], "staff_passwords": "renew"}},
        {"rotation": {**GOOD["rotation"], "citizen_passwords": "invite"}},
    ],
)
def test_what_a_standard_may_not_say_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        RecoveryStandard.model_validate({**GOOD, **change})


def test_without_a_tenant_that_is_done_the_presumed_pace_counts() -> None:
    assert learned([outcome("a", FAILED, seconds=9.0), outcome("b", PRESENT)]) == Pace()
    seconds = remaining_seconds([task("a", size_bytes=10 * 2**20)], Pace(100, 2**20), jobs=2)
    assert seconds == pytest.approx(110)


def test_the_estimate_learns_from_what_is_done() -> None:
    done = [outcome("a", bytes=100 * 2**20, seconds=90.0, restore_seconds=30.0)]
    pace = learned(done)
    assert pace.seconds == pytest.approx(90)
    left = [task("b"), task("c"), task("d", problem="not in the kit")]
    assert remaining_seconds(left, pace, jobs=2) == pytest.approx(90)
    assert remaining_seconds(left, pace, jobs=1) == pytest.approx(180)
    assert remaining_seconds(left[1:], pace, jobs=2) == pytest.approx(90)
    assert remaining_seconds([], pace, jobs=2) == 0


def test_times_are_told_as_people_do() -> None:
    assert [duration(value) for value in (12.4, 600, 12_000)] == ["12 s", "10 min", "3 h 20 min"]
