"""`einklang status`: from file, stack and pods to one line a tenant."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from rich.console import Console

from einklang import inventory
from einklang.cli import main
from einklang.cli import status as command
from einklang.errors import UserError
from einklang.model.drill import Drill, DrillCheck
from einklang.model.status import NO_FILE, AuditStatus, Health
from einklang.operations import status
from tests.unit.tenant_folder import TODAY, make_root, other, write

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
UPDATE = {
    "result": "succeeded",
    "endTime": "2026-11-23T09:30:00.000Z",
    "environment": {"git.head": "a" * 40, "git.dirty": "false"},
}


def deployment(name: str, *, ready: int = 1, wanted: int = 1, updated: int = 1, seen: int = 3) -> dict[str, Any]:
    return {
        "kind": "Deployment",
        "metadata": {"name": name, "generation": 3, "labels": {"einklang/tenant": "olpe"}},
        "spec": {"replicas": wanted},
        "status": {"readyReplicas": ready, "updatedReplicas": updated, "observedGeneration": seen},
    }


def cluster(
    phase: str = "Cluster in healthy state", *, ready: int = 1, hibernated: str = "off", archived: str = ""
) -> dict[str, Any]:
    metadata = {"name": "database", "labels": {"einklang/tenant": "olpe"}}
    return {
        "kind": "Cluster",
        "metadata": {**metadata, "annotations": {"cnpg.io/hibernation": hibernated}},
        "spec": {"instances": 1, **({"backup": {}} if archived else {})},
        "status": {
            "readyInstances": ready,
            "phase": phase,
            "conditions": [{"type": "ContinuousArchiving", "status": archived}] if archived else [],
        },
    }


@pytest.mark.parametrize(
    ("manifest", "health"),
    [
        (deployment("identity"), Health.WELL),
        (deployment("identity", ready=0), Health.ILL),
        (deployment("identity", ready=0, updated=0), Health.STARTING),
        (deployment("identity", seen=2), Health.STARTING),
        (deployment("identity", ready=1, wanted=2, updated=2), Health.STARTING),
        (deployment("identity", ready=0, wanted=0, updated=0), Health.STOPPED),
        (deployment("identity", ready=1, wanted=0, updated=0), Health.STARTING),
        ({"kind": "Deployment", "metadata": deployment("x")["metadata"], "spec": {}}, Health.STARTING),
        (cluster(), Health.WELL),
        (cluster(archived="True"), Health.WELL),
        (cluster(archived="False"), Health.ILL),
        (cluster("Failing over"), Health.STARTING),
        (cluster("Failing over", ready=0), Health.STARTING),
        (cluster(ready=0), Health.ILL),
        (cluster(ready=0, hibernated="on"), Health.STOPPED),
    ],
)
def test_health_of_a_module(manifest: dict[str, Any], health: Health) -> None:
    ((module,),) = status.modules([manifest]).values()
    assert module.health is health


class Engine:
    def __init__(self, outputs: dict[str, dict[str, Any]], update: Mapping[str, Any] | None = UPDATE) -> None:
        self.outputs, self.update = outputs, update

    def applied(self, stack: str) -> dict[str, Any]:
        return self.outputs[stack]

    def last_update(self, stack: str) -> Mapping[str, Any] | None:
        return self.update

    def stacks(self) -> list[str]:
        return ["platform", *self.outputs]


class Cluster:
    def __init__(self, *objects: dict[str, Any]) -> None:
        self.objects = list(objects)

    def find(self, *argv: str) -> Any:
        return {"items": self.objects} if self.objects else None


@pytest.fixture
def known(tmp_path: Path) -> inventory.Inventory:
    root = make_root(tmp_path)
    requested = other("attendorn", "05966004").replace("status: active", "status: requested")
    write(root, "attendorn", requested)
    return inventory.load(root, today=TODAY)


def applied(known: inventory.Inventory, **changes: Any) -> dict[str, Any]:
    tenant = known.tenants["olpe"].model_copy(update=changes)
    return {"standard": "2025.2", "size": "S", "tenant": tenant.model_dump_json(by_alias=True)}


def test_every_tenant_by_file_and_stack(known: inventory.Inventory) -> None:
    engine = Engine({"olpe": applied(known), "wenden": {}})
    attendorn, olpe, wenden = status.gather(known, [], engine, Cluster(cluster(), deployment("identity")), now=NOW)
    assert (olpe.state, olpe.standard, olpe.size, olpe.commit, olpe.pending) == (
        "active",
        "2025.2",
        "S",
        "a" * 40,
        False,
    )
    assert [module.name for module in olpe.modules] == ["database", "identity"]
    assert olpe.well
    assert olpe.registrations == ("bundid", "fit_connect")
    assert (attendorn.state, attendorn.applied, attendorn.modules, attendorn.well) == ("requested", "", (), True)
    assert (attendorn.standard, attendorn.pending) == ("2026.1", False)
    assert (wenden.state, wenden.well) == (NO_FILE, False)


def test_what_asks_for_attention(known: inventory.Inventory) -> None:
    def olpe(engine: Engine, *objects: dict[str, Any]) -> status.TenantStatus:
        return status.gather(known, ["olpe"], engine, Cluster(*objects), now=NOW)[0]

    fine = deployment("identity")
    assert olpe(Engine({"olpe": applied(known, name="Anders")}), fine).pending
    assert olpe(Engine({}), fine).pending
    assert not olpe(Engine({}), fine).well
    assert not olpe(Engine({"olpe": {"tenant": "{}"}}), fine).pending
    assert not olpe(Engine({"olpe": applied(known)}, {**UPDATE, "result": "failed"}), fine).well
    assert not olpe(Engine({"olpe": applied(known)}), deployment("identity", ready=0)).well
    silent = olpe(Engine({"olpe": applied(known)}))
    assert (silent.modules[0].health, silent.well) == (Health.UNKNOWN, False)
    dirty = {**UPDATE, "environment": {"git.head": "b" * 40, "git.dirty": "true"}}
    assert olpe(Engine({"olpe": applied(known)}, dirty), fine).commit == "b" * 40 + "+"
    assert olpe(Engine({"olpe": applied(known)}, None), fine).commit == ""
    with pytest.raises(UserError, match="no such tenant: nowhere"):
        status.gather(known, ["nowhere"], Engine({}), Cluster(), now=NOW)


def test_backups_and_drills(known: inventory.Inventory) -> None:
    """The next backup by the class's window; the newest drill, and one that failed asks for attention."""
    check = DrillCheck(name="files", result="pass", text="", seconds=1.0)
    passed = Drill(
        tenant="olpe",
        standard="2026.1",
        run="r1",
        moment=NOW,
        bytes=1,
        begun=NOW,
        ready=NOW,
        ended=NOW,
        checks=(check,),
    )
    failed = passed.model_copy(update={"ready": None})
    engine, running = Engine({"olpe": applied(known)}), Cluster(deployment("identity"))
    for drill, well in ((None, True), (passed, True), (failed, False)):
        given = lambda _, drill=drill: drill  # noqa: E731 - one for each round
        attendorn, olpe = status.gather(known, [], engine, running, now=NOW, drills=given)
        assert olpe.well is well
        assert (olpe.drill[:10], olpe.drill_passed) == ("2026-11-23" if drill else "", well)
        assert NOW < datetime.fromisoformat(olpe.next_backup) <= NOW + timedelta(days=1)
        assert attendorn.next_backup == ""
    out = StringIO()
    Console(file=out, width=220, highlight=False).print(command.table([olpe]))
    assert "2026-11-23 failed" in out.getvalue()


def test_what_a_drill_starts_is_not_the_tenants(known: inventory.Inventory) -> None:
    scratch = deployment("identity", ready=0)
    scratch["metadata"]["namespace"] = "drill-olpe"
    found = status.gather(known, ["olpe"], Engine({"olpe": applied(known)}), Cluster(scratch, cluster()), now=NOW)
    assert [module.name for module in found[0].modules] == ["database"]


def test_the_table(known: inventory.Inventory) -> None:
    engine = Engine({"olpe": applied(known, name="Anders")}, {**UPDATE, "result": "failed"})
    found = status.gather(known, [], engine, Cluster(cluster(), deployment("identity", ready=0)), now=NOW)
    out = StringIO()
    Console(file=out, width=200, highlight=False).print(command.table(found))
    attendorn, olpe = out.getvalue().splitlines()[1:]
    assert "identity ill 0/1" in olpe
    assert "aaaaaaaa " in olpe
    assert "2026-11-23 09:30 failed" in olpe
    assert "pending, register bundid" in olpe
    assert "requested" in attendorn


@pytest.mark.parametrize(
    ("audited", "shown"),
    [
        (None, "–"),
        (AuditStatus("2026-11-23T09:00:00+00:00", 85, 0, 0, stale=False), "2026-11-23 ok"),
        (AuditStatus("2026-11-23T09:00:00+00:00", 85, 2, 1, stale=False), "2026-11-23 2 failed, 1 unclear"),
        (AuditStatus("2026-01-23T09:00:00+00:00", 85, 0, 0, stale=True), "2026-01-23 too old"),
    ],
)
def test_the_last_audit_stands_beside_the_modules(known: Any, audited: AuditStatus | None, shown: str) -> None:
    (one,) = status.gather(known, ["olpe"], Engine({"olpe": applied(known)}, UPDATE), Cluster(), now=NOW)
    out = StringIO()
    Console(file=out, width=200, highlight=False).print(command.table([replace(one, audit=audited)]))
    assert shown in out.getvalue().splitlines()[1]


@pytest.mark.parametrize(("ready", "code"), [(1, 0), (0, 1)])
def test_json_and_exit_codes(
    known: inventory.Inventory, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, ready: int, code: int
) -> None:
    class Way:
        engine = Engine({"olpe": applied(known)})
        kubeconfig = tmp_path
        programs = type("Programs", (), {"binary": staticmethod(lambda name: Path(name))})

    monkeypatch.setenv("EINKLANG_ROOT", str(tmp_path))
    monkeypatch.setattr(command, "running", lambda *_: Way)
    monkeypatch.setattr(command, "Kubernetes", lambda *_: Cluster(deployment("identity", ready=ready)))
    result = CliRunner().invoke(main, ["status", "olpe", "--json"])
    assert result.exit_code == code
    (told,) = json.loads(result.stdout)
    assert (told["tenant"], told["well"]) == ("olpe", not code)
    assert CliRunner().invoke(main, ["status", "olpe"]).exit_code == code
