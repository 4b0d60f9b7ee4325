"""One tenant's recovery and all of them: what is done in which order, what a repetition does not do again."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from einklang.clients.outside import Way
from einklang.clients.pulumi import Changes
from einklang.errors import ClientError, UserError
from einklang.model.tenant import Tenant
from einklang.operations.backup.kit import Entry
from einklang.operations.recover import tenant as recovering
from einklang.operations.recover.journal import BEGUN, DONE, RESTORED, Journal, Progressed
from einklang.operations.recover.rebuild import Plan, Rebuild
from einklang.operations.recover.sources import Source, generated
from einklang.operations.recover.tenant import Tools, Wanted, recover_one
from einklang.operations.restore.choosing import Chosen
from einklang.operations.restore.job import Order, Result
from einklang.planning.recovery import FAILED, PRESENT, RECOVERED, REQUESTED, Task
from einklang.progress import Silent
from tests.components import cases
from tests.unit.test_backup_planning import manifest

RESOLVED = cases.tenant()
TENANT, STANDARD = RESOLVED.tenant, RESOLVED.standard
BEGAN = datetime(2026, 11, 24, tzinfo=UTC)
PARTS = ("database/identity", "files")
SAVED = {"mark": "of a secret", "plaintext": '{"key": "c2F2ZWQ="}'}
INPUTS = (
    {"kind": "Secret", "type": "Opaque", "metadata": {"name": "dms"}, "data": SAVED},
    {"kind": "Secret", "type": "kubernetes.io/tls", "metadata": {"name": "tls"}, "data": {}},
    {"kind": "Namespace", "metadata": {"name": "dms"}},
)
STATE = {"deployment": {"resources": [{}, *({"inputs": inputs} for inputs in INPUTS)]}}


@dataclass
class World:
    """Engine, cluster, backup site and restores as a test wants them; said: what was done, in order."""

    said: list[str] = field(default_factory=list)
    namespaces: set[str] = field(default_factory=lambda: {"kube-system"})
    in_backend: list[str] = field(default_factory=list)
    variables: list[Mapping[str, str]] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    statements: list[str] = field(default_factory=list)
    damaged: set[str] = field(default_factory=set)
    failing: set[str] = field(default_factory=set)
    uid: str = "first"
    record: str = "active"

    def up(self, stack: str, *, more: Mapping[str, str] | None = None) -> Changes:
        held = bool(more and more.get("EINKLANG_HOLD") == "1")
        self.said.append(f"{'hold' if held else 'up'} {stack}")
        self.variables.append(more or {})
        if f"{'hold' if held else 'up'} {stack}" in self.failing:
            raise ClientError(f"stack {stack}: no")
        self.namespaces.add(f"tenant-{stack}")
        return Changes(created=1)

    def stacks(self) -> list[str]:
        return self.in_backend

    def forget(self, stack: str) -> None:
        self.said.append(f"forget {stack}")

    def decrypted(self, stack: str, state: str, passphrase: str) -> dict[str, Any]:
        assert (state, passphrase) == ("saved state", "phrase")
        return STATE

    def find(self, kind: str, name: str, *_: str) -> Any:
        if kind == "configmap":
            return {"data": {"status": self.record}} if self.record else None
        deleted = {"deletionTimestamp": "now"} if self.record == "leaving" else {}
        return {"metadata": deleted} if kind == "namespace" and name in self.namespaces else None

    def get(self, kind: str, *words: str) -> Any:
        if kind == "namespace":
            return {"metadata": {"uid": self.uid}}
        if kind == "pods":
            return {"items": [{"metadata": {"name": "database-1"}}]}
        if kind == "jobs":
            return {"items": [SETUP]}
        if kind == "job":
            return {"status": {"conditions": [{"type": "Complete", "status": "True"}]}}
        encoded = {key: base64.b64encode(b"x").decode() for key in ("username", "password", "repository-key")}
        place = json.dumps({"repository": "rest:https://backup.example/olpe/", "authority": ""})
        return {"data": {**encoded, "repository.json": place}}

    def execute(self, namespace: str, target: str, container: str, *argv: str, stdin: str | None = None) -> str:
        assert (namespace, target) == (TENANT.namespace, "pod/database-1")
        self.statements.append(f"{argv[argv.index('-d') + 1]}: {stdin}")
        self.said.append(f"sql {argv[argv.index('-d') + 1]}")
        return ""

    def apply(self, objects: list[dict[str, Any]]) -> None:
        self.said += [f"apply {each['metadata']['name']}" for each in objects]

    def delete(self, *_: str, wait_seconds: float | None = None) -> None:
        del wait_seconds

    def let_in(self, tenant: Tenant, _: object, before: str) -> list[str]:
        assert before == "key"
        self.said.append(f"let in {tenant.id}")
        return []

    def retire(self, tenant: Tenant, _: object) -> list[str]:
        self.said.append(f"retire {tenant.id}")
        return []

    def protect(self, tenant: Tenant) -> list[str]:
        self.said.append(f"protect {tenant.id}")
        return ["recovery kit written"]

    def read(self, snapshot: str, path: str) -> str:
        assert (snapshot, path) == ("state", "/state.json")
        return "saved state"


SETUP = {
    "metadata": {"name": "portal-setup-1", "namespace": TENANT.namespace, "labels": {"a": "b"}},
    "spec": {
        "template": {
            "metadata": {"labels": {"a": "b", "batch.kubernetes.io/controller-uid": "1", "job-name": "x"}},
            "spec": {"containers": [{"name": "setup", "args": ["module", "/etc/zope.conf", "/site.json"]}]},
        }
    },
}


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = World()

    class Restorer:
        def __init__(self, *_: object) -> None:
            pass

        def clear(self) -> None:
            made.said.append("clear")

        def restore(self, order: Order) -> list[Result]:
            made.orders.append(order)
            made.said.append(f"restore {' '.join(order.parts)}")
            return [Result(part, part not in made.damaged, "a pack", 1.0, {"tables": 3}) for part in order.parts]

    monkeypatch.setattr(recovering, "Restorer", Restorer)
    monkeypatch.setattr(recovering, "wait_until_reachable", lambda *_: made.said.append("reachable"))
    return made


def tools(world: World) -> Tools:
    every: Any = world
    return Tools(every, every, every, Way(), Silent(), lambda: BEGAN + timedelta(minutes=4))


def wanted(world: World, **changes: Any) -> Wanted:
    repository: Any = world
    whole = Chosen(manifest("run-1"))
    source = Source(
        Entry("olpe", "rest:", "key", passphrase="phrase"), repository, whole, changes.pop("state", "state")
    )
    task = Task("olpe", RESOLVED.size.name, "run-1", whole.moment, whole.bytes)
    return replace(Wanted(TENANT, task, STANDARD.recovery, source), **changes)


def journal(tmp_path: Path, *, rotate: bool = False) -> Journal:
    found = Journal.open(tmp_path / "journal.json", BEGAN, rotate=rotate)
    found.bind("first")
    return found


def test_data_comes_before_everything_that_runs_on_it(world: World, tmp_path: Path) -> None:
    outcome = recover_one(tools(world), journal(tmp_path), wanted(world))
    assert (outcome.state, outcome.error, outcome.checks) == (RECOVERED, "", 8)
    assert outcome.age_seconds == 4 * 3600
    assert outcome.ready_seconds == 240
    assert [each for each in world.said if each != "reachable"] == [
        "hold olpe",
        "let in olpe",
        "clear",
        "sql postgres",
        "restore database/identity files",
        "up olpe",
        "protect olpe",
    ]
    assert world.orders[0].adopt


def test_the_secrets_of_the_lost_stack_come_back_and_certificates_do_not(world: World, tmp_path: Path) -> None:
    recover_one(tools(world), journal(tmp_path), wanted(world))
    assert json.loads(world.variables[0]["EINKLANG_SAVED_SECRETS"]) == {"dms": {"key": "c2F2ZWQ="}}
    assert world.variables[1] == {}
    assert generated([{"inputs": {"kind": "Secret", "metadata": {"name": "a"}, "data": {"b": "c"}}}]) == {
        "a": {"b": "c"}
    }


def test_without_a_state_the_secrets_are_made_new(world: World, tmp_path: Path) -> None:
    assert recover_one(tools(world), journal(tmp_path), wanted(world, state="")).state == RECOVERED
    assert json.loads(world.variables[0]["EINKLANG_SAVED_SECRETS"]) == {}


def test_a_stack_whose_cluster_is_gone_is_forgotten(world: World, tmp_path: Path) -> None:
    world.in_backend = ["olpe"]
    recover_one(tools(world), journal(tmp_path), wanted(world))
    assert world.said[0] == "forget olpe"


def test_a_tenant_that_runs_is_left_as_it_is(world: World, tmp_path: Path) -> None:
    world.namespaces.add(TENANT.namespace)
    assert recover_one(tools(world), journal(tmp_path), wanted(world)).state == PRESENT
    assert world.said == []


@pytest.mark.parametrize("record", ["", "held"])
def test_a_namespace_that_somebody_left_half_made_is_not_touched(world: World, tmp_path: Path, record: str) -> None:
    world.namespaces.add(TENANT.namespace)
    world.record = record
    outcome = recover_one(tools(world), journal(tmp_path), wanted(world))
    assert (outcome.state, world.said) == (FAILED, [])
    assert "half made or held back" in outcome.error


def test_a_namespace_that_is_going_is_waited_for(world: World, tmp_path: Path) -> None:
    world.namespaces.add(TENANT.namespace)
    world.record = "leaving"
    outcome = recover_one(tools(world), journal(tmp_path), wanted(world))
    assert (outcome.state, world.said) == (FAILED, [])
    assert "is being deleted" in outcome.error


def test_a_part_that_is_not_as_it_was_stops_the_tenant_before_anything_starts(world: World, tmp_path: Path) -> None:
    world.damaged = {"files"}
    outcome = recover_one(tools(world), journal(tmp_path), wanted(world))
    assert outcome.state == FAILED
    assert "files: a pack" in outcome.error
    assert "up olpe" not in world.said
    # The repetition takes the part that is missing, and leaves the database that is whole.
    world.damaged, world.said = set(), []
    assert recover_one(tools(world), journal(tmp_path), wanted(world)).state == RECOVERED
    assert "restore files" in world.said
    assert "sql postgres" not in world.said


def test_an_interrupted_restore_begins_anew_in_an_empty_database(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(recovering.Restorer, "restore", killed)
        with pytest.raises(KeyboardInterrupt):
            recover_one(tools(world), journal(tmp_path), wanted(world))
    known = journal(tmp_path).of("olpe")
    assert known
    assert (known.phase, known.parts) == (BEGUN, ())
    world.said = []
    assert recover_one(tools(world), journal(tmp_path), wanted(world)).state == RECOVERED
    assert world.said.index("sql postgres") < world.said.index("restore database/identity files")
    assert 'DROP DATABASE IF EXISTS "identity"' in world.statements[0]


def test_nothing_is_restored_where_an_application_has_started(world: World, tmp_path: Path) -> None:
    world.failing = {"up olpe"}
    assert recover_one(tools(world), journal(tmp_path), wanted(world)).state == FAILED
    world.failing, world.said = set(), []
    assert recover_one(tools(world), journal(tmp_path), wanted(world)).state == RECOVERED
    assert not [each for each in world.said if each.startswith(("restore", "sql", "hold"))]


def test_what_is_done_is_not_done_again(world: World, tmp_path: Path) -> None:
    first = recover_one(tools(world), journal(tmp_path), wanted(world))
    world.said = []
    assert recover_one(tools(world), journal(tmp_path), wanted(world)) == first
    assert world.said == []


def test_with_rotation_nothing_old_is_valid(world: World, tmp_path: Path) -> None:
    outcome = recover_one(tools(world), journal(tmp_path, rotate=True), wanted(world))
    assert outcome.state == RECOVERED
    assert json.loads(world.variables[0]["EINKLANG_SAVED_SECRETS"]) == {}
    done = [each for each in world.said if each != "reachable"]
    assert done[4:] == [
        "restore database/identity files",
        "sql identity",
        "up olpe",
        "apply portal-keys",
        "protect olpe",
        "retire olpe",
    ]


def test_another_cluster_knows_nothing_of_what_was_done(tmp_path: Path) -> None:
    found = journal(tmp_path)
    found.put("olpe", Progressed(RESTORED, "run-1", PARTS))
    again = Journal.open(tmp_path / "journal.json", BEGAN + timedelta(days=1), rotate=False)
    assert (again.begun, again.under_way) == (BEGAN, True)
    assert again.of("olpe") == Progressed(RESTORED, "run-1", PARTS)
    again.bind("second")
    assert again.of("olpe") is None


def test_a_recovery_goes_on_as_it_began(tmp_path: Path) -> None:
    journal(tmp_path)
    with pytest.raises(UserError, match="begun without --rotate"):
        journal(tmp_path, rotate=True)


def test_one_tenants_failure_is_its_own(world: World, tmp_path: Path) -> None:
    """The platform first; the state of one that is gone is forgotten; the journal stays while a tenant is not back."""
    world.in_backend = ["platform"]
    lacking = wanted(world)
    lacking = replace(lacking, task=replace(lacking.task, problem="the kit has nothing of olpe"), source=None)
    plan = Plan([lacking, wanted(world)], ["drolshagen"])
    outcomes = Rebuild(tools(world), journal(tmp_path), plan, jobs=1).perform()
    assert [each.state for each in outcomes] == [FAILED, RECOVERED, REQUESTED]
    assert outcomes[0].error == "the kit has nothing of olpe"
    assert world.said[:2] == ["forget platform", "up platform"]
    assert journal(tmp_path).of("olpe").phase == DONE  # type: ignore[union-attr]


def test_when_all_are_back_a_later_loss_is_another_recovery(world: World, tmp_path: Path) -> None:
    Rebuild(tools(world), journal(tmp_path), Plan([wanted(world)], []), jobs=2).perform()
    assert not (tmp_path / "journal.json").exists()
