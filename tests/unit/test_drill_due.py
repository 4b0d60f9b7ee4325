"""Which drills are due, and what a scheduler that asks for them gets."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

from einklang.cli import drill as command
from einklang.cli import main
from einklang.clients.restic import Snapshot
from einklang.errors import CheckError, ClientError
from einklang.model.drill import Drill
from einklang.operations.drill import due as scheduling
from einklang.operations.drill.due import Due
from tests.components import cases
from tests.unit.test_drill import NOW, check, drill


def dated(moment: datetime, part: str = "manifest") -> Snapshot:
    return Snapshot(moment.isoformat(), moment.strftime("%Y-%m-%dT%H:%M:%S.5Z"), (f"part:{part}",), "olpe")


@pytest.mark.parametrize(
    ("last", "begins", "why"),
    [
        (None, NOW - timedelta(days=400), "there was none yet"),
        (drill(), NOW + timedelta(days=90), "the last one was on 2026-11-23"),
        (drill(check("files", "fail", "gone"), ready=False), NOW, "failed on 2026-11-23: files: gone"),
        (CheckError("signed by another"), NOW, "no proof: signed by another"),
    ],
)
def test_when_a_drill_is_due_by_its_evidence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, last: Any, begins: datetime, why: str
) -> None:
    snapshots = [dated(NOW - timedelta(days=500)), dated(NOW), dated(NOW - timedelta(days=900), "drill")]

    def newest(*_: object) -> Drill | None:
        if isinstance(last, CheckError):
            raise last
        return last  # type: ignore[no-any-return]

    monkeypatch.setattr(scheduling, "of_tenant", lambda *_: None)
    monkeypatch.setattr(scheduling, "Restic", lambda *_: SimpleNamespace(snapshots=lambda: snapshots))
    monkeypatch.setattr(scheduling.evidence, "newest", newest)
    tools: Any = SimpleNamespace(
        restic=None, kubernetes=None, settings=SimpleNamespace(audit_key=tmp_path / "audit-key.pem")
    )
    found = scheduling.due(tools, cases.tenant(), NOW)
    assert why in found.why
    assert found.when
    assert abs(found.when - begins) < timedelta(days=100)
    assert found.now(NOW) is (begins <= NOW)
    assert found.now(found.when - timedelta(hours=23))
    assert not found.now(found.when - timedelta(hours=25))
    snapshots[:] = [dated(NOW, "files")]
    assert scheduling.due(tools, cases.tenant(), NOW) == scheduling.Due("olpe", None, "nothing was saved yet")


def test_what_is_due_is_rehearsed_and_one_that_fails_stops_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[str] = []

    def one(_: object, resolved: Any, *__: object, **___: object) -> Drill:
        begun.append(resolved.tenant.id)
        if resolved.tenant.id == "attendorn":
            raise ClientError("the site does not answer")
        return drill()

    now = datetime.now(UTC)
    days = {"attendorn": timedelta(0), "olpe": timedelta(0)}
    monkeypatch.setattr(command, "tools", lambda _: None)
    monkeypatch.setattr(command, "drill", one)
    monkeypatch.setattr(
        command, "due", lambda _, resolved, __: Due(resolved.tenant.id, now + days[resolved.tenant.id], "so")
    )
    shown = CliRunner().invoke(main, ["drill", "--due", "--dry-run"])
    assert (shown.exit_code, begun) == (0, [])
    assert "attendorn: due now; so\nolpe: due now; so" in shown.output
    done = CliRunner().invoke(main, ["drill", "--due", "--json"])
    assert (done.exit_code, begun) == (2, ["attendorn", "olpe"])
    assert "attendorn: the site does not answer" in done.stderr
    assert [each["tenant"] for each in json.loads(done.stdout)] == ["olpe"]
    days |= {"attendorn": timedelta(days=3), "olpe": timedelta(days=30)}
    begun.clear()
    rest = CliRunner().invoke(main, ["drill", "--due"])
    assert (rest.exit_code, begun) == (0, [])
    assert f"olpe: due {now + timedelta(days=30):%Y-%m-%d}; so" in rest.output
