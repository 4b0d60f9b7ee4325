"""The order of a drill, what it does when a step fails, and that its evidence is kept either way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from einklang.clients.restic import Access
from einklang.errors import CheckError, ClientError
from einklang.model.drill import Drill
from einklang.operations.drill import run
from einklang.operations.drill.run import Tools, noted
from einklang.operations.restore.choosing import Chosen
from einklang.operations.restore.job import Result
from einklang.progress import Silent
from einklang.settings import Settings
from tests.components import cases
from tests.unit.test_backup_planning import manifest

START = datetime(2026, 11, 23, 21, 0, tzinfo=UTC)
PARTS = ("database/identity", "files")


@dataclass
class World:
    """What a drill meets. failing: step -> what it raises. log: what happened, in order."""

    tools: Tools
    failing: dict[str, Exception] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)
    kept: list[Drill] = field(default_factory=list)
    results: list[Result] = field(default_factory=lambda: [Result(part, True, "", 1.0, {"bytes": 5}) for part in PARTS])
    repository: str = "rest:https://site/olpe/"
    ticks: int = 0

    def step(self, name: str, answer: Any = None) -> Any:
        self.log.append(name)
        if name in self.failing:
            raise self.failing[name]
        return answer

    def now(self) -> datetime:
        self.ticks += 1
        return START + timedelta(seconds=self.ticks)

    @contextmanager
    def ways(self, *_: object) -> Iterator[tuple[None, dict[str, str]]]:
        self.step("ways")
        yield None, {}

    def keep(self, drill: Drill, *_: object) -> str:
        self.kept.append(drill)
        return "0123456789"

    def drill(self) -> Drill:
        return run.drill(self.tools, cases.tenant(), self.now)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    kubernetes: Any = None
    settings = Settings(tmp_path, tmp_path, tmp_path)
    made = World(Tools(settings, kubernetes, Path("kubectl"), Path("config"), Path("restic"), {}, Silent()))

    class Scratch:
        namespace = "drill-olpe"

        def __init__(self, *_: object) -> None:
            pass

        @contextmanager
        def clean(self) -> Iterator[None]:
            try:
                yield
            finally:
                made.log.append("removed")

        def make(self) -> None:
            made.step("make")

        def start(self) -> None:
            made.step("start")

    class Restorer:
        def __init__(self, _: object, namespace: str) -> None:
            assert namespace == "drill-olpe"

        def restore(self, order: Any, **_: float) -> list[Result]:
            assert order.adopt
            made.step("restore")
            return made.results

    monkeypatch.setattr(run, "Scratch", Scratch)
    monkeypatch.setattr(run, "Restorer", Restorer)
    monkeypatch.setattr(run, "_ways", made.ways)
    monkeypatch.setattr(run, "of_tenant", lambda *_: Access(made.repository, "key"))
    monkeypatch.setattr(run, "choose", lambda *_: made.step("choose", Chosen(manifest("r1"))))
    monkeypatch.setattr(run.evidence, "keep", made.keep)
    monkeypatch.setattr(run.trying, "invite", lambda *_: made.step("invite"))
    monkeypatch.setattr(run.trying, "log_in", lambda *_: made.step("log in"))
    monkeypatch.setattr(run, "_expected_documents", lambda _: 3)
    monkeypatch.setattr(run.trying, "read_documents", lambda *_: made.step("read", {"read": 2}))
    return made


def test_a_drill_that_passes(world: World) -> None:
    found = world.drill()
    assert world.log == ["choose", "make", "restore", "start", "ways", "invite", "log in", "read", "removed"]
    assert (found.passed, found.run, found.failures()) == (True, "r1", [])
    assert found.recovery_time
    assert found.recovery_point == found.begun - manifest("r1").databases["identity"].moment
    assert world.kept == [found]
    assert noted(world.tools.settings, "olpe") == found
    assert noted(world.tools.settings, "attendorn") is None


@pytest.mark.parametrize("step", ["choose", "make", "restore", "start", "ways", "invite", "log in", "read"])
def test_a_step_that_fails_ends_it_and_the_evidence_says_so(world: World, step: str) -> None:
    world.failing[step] = CheckError("planted")
    found = world.drill()
    assert world.log[-1] == "removed" if step != "choose" else world.log == ["choose"]
    assert (found.passed, found.ready) == (False, None)
    assert "planted" in "".join(found.failures())
    assert world.kept == [found]


def test_a_part_that_is_not_as_it_was_starts_nothing(world: World) -> None:
    world.results[0] = Result("database/identity", False, "3 tables are not as they were", 1.0, {})
    found = world.drill()
    assert found.failures() == ["database/identity: 3 tables are not as they were"]
    assert "start" not in world.log


def test_a_part_of_which_nothing_is_said_is_a_failure(world: World) -> None:
    world.results.pop()
    assert world.drill().failures() == ["restore: nothing was said of files"]


def test_an_interruption_cleans_up(world: World) -> None:
    world.failing["restore"] = KeyboardInterrupt()  # type: ignore[assignment]
    with pytest.raises(KeyboardInterrupt):
        world.drill()
    assert world.log[-1] == "removed"


def test_evidence_that_cannot_be_kept_is_an_error(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> str:
        raise ClientError("the site is gone")

    monkeypatch.setattr(run.evidence, "keep", refused)
    with pytest.raises(ClientError, match="the site is gone"):
        world.drill()
    assert noted(world.tools.settings, "olpe") is None
