"""`einklang up --since` and `--plan`: which tenants, and nothing but the approved plan."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner, Result

from einklang.cli import _running, main
from einklang.cli import up as command
from einklang.model.plan import Operation, ResourceAction
from einklang.model.tenant import Tenant
from einklang.operations import up
from tests.unit.repository import commit, make_repository
from tests.unit.tenant_folder import GOOD, other, write

CREATE = ResourceAction(Operation.CREATE, "urn:one", "ConfigMap", "one", "front", content="a")


class Engine:
    """Pulumi, as the test says."""

    def __init__(self, *_: Any) -> None:
        pass

    def plan(self, stack: str) -> tuple[ResourceAction, ...]:
        return () if stack == "platform" else (CREATE,)

    def applied(self, stack: str) -> dict[str, Any]:
        return {}


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EINKLANG_ROOT", str(tmp_path / "repository"))
    monkeypatch.setenv("EINKLANG_HOME", str(tmp_path / "home"))
    return make_repository(tmp_path / "repository")


@pytest.fixture
def applied(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tenants that were applied; everything around is left out."""
    names: list[str] = []

    def apply(_: Any, tenants: Sequence[Tenant], *rest: Any, **options: Any) -> list[up.TenantResult]:
        names.extend(tenant.id for tenant in tenants)
        states = {"olpe": "reachable", "attendorn": "failed"}
        return [
            up.TenantResult(
                name,
                name,
                states[name],
                {"identity": f"https://id.{name}.example/"},
                error="no" * (name != "olpe") or None,
            )
            for name in names
        ]

    monkeypatch.setattr(_running, "PulumiEngine", Engine)
    monkeypatch.setattr(command.up, "apply", apply)
    monkeypatch.setattr(command.toolchain, "ensure", lambda *_: SimpleNamespace(binary=Path))
    monkeypatch.setattr(_running.manifests, "place", lambda *_: None)
    monkeypatch.setattr(_running.cluster, "up", lambda *_: None)
    monkeypatch.setattr(_running.environment, "prepare_state", lambda *_: None)
    monkeypatch.setattr(_running.environment, "environment", lambda *_: {"KUBECONFIG": "kubeconfig"})
    return names


def run(*words: str) -> Result:
    return CliRunner().invoke(main, ["up", *words])


def test_the_changed_tenants_of_a_merge(root: Path, applied: list[str]) -> None:
    write(root, "attendorn", other("attendorn", "05966004"))
    commit(root)
    write(root, "olpe", GOOD.replace("ring: pilot", "ring: early"))
    commit(root)
    assert run("--since", "HEAD~1").exit_code == 0
    assert applied == ["olpe"]


def test_some_that_failed_are_told_by_the_exit_code(root: Path, applied: list[str]) -> None:
    write(root, "attendorn", other("attendorn", "05966004"))
    commit(root)
    assert run("--since", "HEAD~1").exit_code == 4
    assert applied == ["attendorn"]


def test_a_merge_without_tenants_does_nothing(root: Path, applied: list[str]) -> None:
    (root / "README.md").write_text("x\n")
    commit(root)
    result = run("--since", "HEAD~1")
    assert (result.exit_code, applied) == (0, [])
    assert "no tenant was changed" in result.output


def test_nothing_but_the_approved_plan(root: Path, applied: list[str]) -> None:
    refused = run("olpe", "--plan", "0" * 32)
    assert (refused.exit_code, applied) == (1, [])
    assert "the plan has changed since it was approved" in refused.output
    fingerprint = refused.output.partition("its fingerprint is ")[2][:32]
    assert run("olpe", "--plan", fingerprint).exit_code == 0
    assert applied == ["olpe"]
