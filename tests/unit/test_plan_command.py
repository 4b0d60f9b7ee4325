"""`einklang plan` and `einklang up --plan`: what is compared with what, exit codes, and the fingerprint."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from einklang import inventory
from einklang.cli import main
from einklang.clients.git import Git
from einklang.errors import ClientError, UserError
from einklang.model.plan import Operation, ResourceAction
from einklang.operations import plan as planning
from einklang.operations.approval import lift_protection
from einklang.progress import Silent
from tests.unit.repository import commit, commit_tree, make_repository
from tests.unit.tenant_folder import GOOD, TODAY, other, write

CREATE = ResourceAction(Operation.CREATE, "urn:one", "ConfigMap", "one", "front", content="a")
FILES = ResourceAction(Operation.DELETE, "urn:files", "PersistentVolumeClaim", "dms-files", "dms", holds_data=True)
CLUSTER = ResourceAction(Operation.REPLACE, "urn:cluster", "Cluster", "database", "database", holds_data=True)
APPROVED = GOOD + "approvals: [{module: dms, reason: Akten sind übergeben., approved_by: L, until: 2026-12-01}]\n"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("EINKLANG_ROOT", raising=False)
    return make_repository(tmp_path / "repository")


def run(root: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["plan", "--root", str(root), *words])


def test_exit_codes_by_the_files_alone(root: Path) -> None:
    nothing = run(root, "--offline")
    assert (nothing.exit_code, "bewirkt nichts" in nothing.output) == (0, True)
    write(root, "olpe", GOOD.replace("ring: pilot", "ring: early"))
    changed = run(root, "--offline", "--lang", "en")
    assert (changed.exit_code, "The ring: early instead of pilot" in changed.output) == (2, True)
    write(root, "olpe", GOOD.replace("status: active", "status: requested"))
    refused = run(root, "--offline")
    assert (refused.exit_code, "kann nicht wieder zum Antrag werden" in refused.output) == (1, True)
    write(root, "olpe", GOOD.replace("ring: pilot", "ring: pilott"))
    invalid = run(root, "--offline")
    assert (invalid.exit_code, "Meinten Sie: pilot" in invalid.output) == (1, True)


def test_a_branch_is_compared_with_what_it_began_from(root: Path) -> None:
    start = Git(root, os.environ).commit("main")
    write(root, "olpe", GOOD.replace("ring: pilot", "ring: early"))
    proposed = commit(root)
    subprocess.run(["git", "-C", str(root), "reset", "-q", "--hard", start], check=True)
    write(root, "attendorn", other("attendorn", "05966004"))
    commit(root)
    told = json.loads(run(root, "--since", "main", "--head", proposed, "--offline", "--format", "json").output)
    assert [tenant["tenant"] for tenant in told["tenants"]] == ["olpe"]
    assert told["fingerprint"] == ""
    assert told["tenants"][0]["actions"] is None


def test_chosen_tenants_only(root: Path) -> None:
    write(root, "attendorn", other("attendorn", "05966004"))
    write(root, "olpe", GOOD.replace("ring: pilot", "ring: early"))
    told = json.loads(run(root, "attendorn", "--offline", "--format", "json").output)
    assert [tenant["tenant"] for tenant in told["tenants"]] == ["attendorn"]
    unknown = run(root, "nowhere", "--offline")
    assert unknown.exit_code == 1
    assert "no such tenant: nowhere" in unknown.output


def test_head_needs_since(root: Path) -> None:
    result = run(root, "--head", "main")
    assert result.exit_code == 1


def test_a_shared_service_concerns_those_that_offer_it(root: Path) -> None:
    service = root / "services" / "hund-anmelden.yaml"
    service.write_text(service.read_text().replace("Sie halten einen Hund", "Sie haben einen Hund"))
    result = run(root, "--offline")
    assert "Andere Texte bei diesen Dienstleistungen: hund-anmelden" in result.output


def test_files_of_the_program_are_pointed_out(root: Path) -> None:
    proposed = commit_tree(root, {".github/workflows/x.yml": ("100644", b"on: push")})
    result = run(root, "--since", "main", "--head", proposed, "--offline", "--format", "markdown")
    assert result.exit_code == 2
    assert "`.github/workflows/x.yml`" in result.output


def test_by_the_files_alone_pulumi_is_not_even_imported(root: Path) -> None:
    script = (
        "import sys; from einklang.cli import main\n"
        "try: main(['plan', '--offline', '--root', sys.argv[1]])\n"
        "except SystemExit as end: print(end.code, *sorted(set(sys.modules) & set(sys.argv[2:])))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(root), "pulumi", "httpx", "cryptography", "jinja2", "asyncio"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "0"


class Engine:
    """Answers from what the test says; records what was unprotected."""

    def __init__(self, actions: Sequence[ResourceAction] = (), outputs: dict[str, Any] | None = None) -> None:
        self.actions, self.outputs = tuple(actions), outputs or {}
        self.asked: list[str] = []
        self.unprotected: list[str] = []

    def plan(self, stack: str) -> tuple[ResourceAction, ...]:
        self.asked.append(stack)
        return () if stack == "platform" else self.actions

    def applied(self, stack: str) -> dict[str, Any]:
        return self.outputs

    def unprotect(self, stack: str, urns: Sequence[str]) -> None:
        self.unprotected += urns


def known(root: Path, today: date = TODAY) -> inventory.Inventory:
    return inventory.load(root, today=today)


def test_without_since_it_is_what_was_applied_that_counts(root: Path) -> None:
    applied = known(root).tenants["olpe"].model_dump_json(by_alias=True)
    write(root, "olpe", GOOD.replace("ring: pilot", "ring: early"))
    engine = Engine([CREATE], {"tenant": applied})
    answer = planning.look(planning.since_applied(known(root), []), engine, TODAY, Silent())
    (tenant,) = answer.plan.tenants
    assert "ring" in [point.code for point in tenant.points]
    assert tenant.actions == (CREATE,)
    assert engine.asked == ["platform", "olpe"]
    assert len(answer.plan.fingerprint) == 32


@pytest.mark.parametrize("outputs", [{"state": "active"}, {"tenant": "{}"}, {"tenant": 7}])
def test_a_stack_that_remembers_nothing_is_told_by_its_resources(root: Path, outputs: dict[str, Any]) -> None:
    engine = Engine([], outputs)
    answer = planning.look(planning.since_applied(known(root), ["olpe"]), engine, TODAY, Silent())
    assert (answer.plan.tenants, answer.unchanged) == ((), ("olpe",))


def test_a_stack_that_does_not_exist_is_a_new_tenant(root: Path) -> None:
    engine = Engine([CREATE])
    answer = planning.look(planning.since_applied(known(root), []), engine, TODAY, Silent())
    assert "starts" in [point.code for point in answer.plan.tenants[0].points]
    with pytest.raises(UserError, match="no such tenant"):
        planning.since_applied(known(root), ["nowhere"])


def test_a_request_that_waits_is_no_change(root: Path) -> None:
    write(root, "olpe", GOOD.replace("status: active", "status: requested"))
    engine = Engine([CREATE])
    answer = planning.look(planning.since_applied(known(root), []), engine, TODAY, Silent())
    assert (answer.plan.changes, answer.unchanged, engine.asked) == (False, ("olpe",), ["platform"])


def test_with_a_look_it_is_what_was_applied_that_counts_whatever_was_merged_since(root: Path) -> None:
    applied = known(root).tenants["olpe"].model_dump_json(by_alias=True)
    write(root, "olpe", GOOD.replace("ring: pilot", "ring: early"))
    now = known(root)
    request = planning.Request({"olpe": now.resolve("olpe")}, {"olpe": now.resolve("olpe")}, now)
    told = planning.look(request, Engine([], {"tenant": applied}), TODAY, Silent())
    assert "ring" in [point.code for point in told.plan.tenants[0].points]
    assert not planning.look(request, None, TODAY, Silent()).plan.changes


def test_what_cannot_be_looked_at_is_said_and_has_no_fingerprint(root: Path) -> None:
    class Broken(Engine):
        def plan(self, stack: str) -> tuple[ResourceAction, ...]:
            if stack == "olpe":
                raise ClientError("the cluster does not answer")
            return ()

    engine = Broken()
    answer = planning.look(planning.since_applied(known(root), []), engine, TODAY, Silent())
    assert answer.plan.refused
    assert (answer.plan.fingerprint, answer.plan.tenants[0].error) == ("", "the cluster does not answer")


def test_only_the_approved_plan_is_applied(root: Path) -> None:
    engine = Engine([CREATE])
    answer = planning.look(planning.since_applied(known(root), []), engine, TODAY, Silent())
    planning.expect(answer.plan.fingerprint, answer)
    changed = Engine([CREATE, FILES])
    other_answer = planning.look(planning.since_applied(known(root), []), changed, TODAY, Silent())
    with pytest.raises(UserError, match="the plan is refused"):
        planning.expect(answer.plan.fingerprint, other_answer)
    more = Engine([CREATE, ResourceAction(Operation.UPDATE, "urn:two", "Service", "two", content="b")])
    with pytest.raises(UserError, match="has changed since it was approved"):
        planning.expect(
            answer.plan.fingerprint,
            planning.look(planning.since_applied(known(root), []), more, TODAY, Silent()),
        )


def test_protection_is_lifted_for_what_is_approved_and_for_nothing_else(root: Path) -> None:
    write(root, "olpe", APPROVED)
    tenant = known(root).tenants["olpe"]
    engine = Engine([CREATE, FILES])
    lift_protection(engine, tenant, TODAY, Silent())
    assert engine.unprotected == ["urn:files"]
    both = Engine([FILES, CLUSTER])
    with pytest.raises(UserError, match="Cluster database"):
        lift_protection(both, tenant, TODAY, Silent())
    assert both.unprotected == []


def test_without_an_approval_nobody_is_asked(root: Path) -> None:
    engine = Engine([FILES])
    lift_protection(engine, known(root).tenants["olpe"], TODAY, Silent())
    write(root, "olpe", APPROVED)
    lift_protection(engine, known(root).tenants["olpe"], date(2026, 12, 2), Silent())
    assert (engine.asked, engine.unprotected) == ([], [])


def test_a_module_with_data_that_was_given_up_by_mistake_stops_the_update_before_it_begins(root: Path) -> None:
    write(root, "olpe", GOOD.replace("dms: {enabled: false}", "dms: {enabled: true}"))
    applied = known(root).tenants["olpe"].model_dump_json(by_alias=True)
    write(root, "olpe", GOOD)
    engine = Engine([FILES], {"tenant": applied})
    with pytest.raises(UserError, match="PersistentVolumeClaim dms-files"):
        lift_protection(engine, known(root).tenants["olpe"], TODAY, Silent())
    assert engine.unprotected == []
