"""The nightly audit: whom it looks at, what it prints, what is believed of that, and that its image is complete."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from einklang import inventory
from einklang.clients.kubernetes import Kubernetes
from einklang.errors import ClientError, UserError
from einklang.model.resolved import ResolvedTenant
from einklang.model.tenant import Status
from einklang.operations.audit import nightly
from einklang.operations.audit.nightly import Nightly
from einklang.settings import PROJECT_ROOT
from tests.unit.audit import samples

INVENTORY = inventory.load(PROJECT_ROOT, today=date(2026, 1, 1))
SAMPLE = samples.hostile()
OLPE, ATTENDORN = INVENTORY.resolve("olpe"), INVENTORY.resolve("attendorn")


class Cluster(Kubernetes):
    """Answers from objects; `kind namespace/name` -> object, kind -> list."""

    def __init__(self, answers: dict[str, Any]) -> None:
        super().__init__(Path("kubectl"), Path("config"))
        self.answers = answers

    def get(self, *argv: str) -> Any:
        key = f"{argv[0]} {argv[3]}/{argv[1]}" if argv[0] == "configmap" else argv[0]
        if key not in self.answers:
            raise ClientError(f"{key} not found")
        return self.answers[key]

    def logs(self, *argv: str) -> str:
        return str(self.answers[f"log {argv[0]}"])


def documents(resolved: ResolvedTenant) -> dict[str, Any]:
    return {
        "data": {
            "tenant.json": resolved.tenant.model_dump_json(by_alias=True),
            "standard.json": resolved.standard.model_dump_json(by_alias=True),
        }
    }


def cluster(*tenants: ResolvedTenant) -> Cluster:
    names = [each.tenant.namespace for each in tenants]
    spaces = {"namespaces": {"items": [{"metadata": {"name": name}} for name in names]}}
    maps = {f"configmap {each.tenant.namespace}/backup": documents(each) for each in tenants}
    return Cluster({**spaces, **maps})


def audit_of(*tenants: ResolvedTenant) -> Nightly:
    names = {each.tenant.id: each.tenant.name for each in tenants}
    audit = SAMPLE.model_copy(update={"tenants": names})
    return Nightly(audit, {each.tenant.id: nightly.digest(each) for each in tenants})


def job(name: str, made: str, condition: str = "Complete") -> dict[str, Any]:
    status = {"conditions": [{"type": condition, "status": "True"}]}
    return {"metadata": {"name": name, "creationTimestamp": made}, "status": status}


def test_active_tenants_are_found_as_they_were_applied() -> None:
    found = nightly.tenants(cluster(OLPE, ATTENDORN))
    assert [each.tenant for each in found] == [ATTENDORN.tenant, OLPE.tenant]
    assert [each.standard for each in found] == [ATTENDORN.standard, OLPE.standard]
    assert [each.size for each in found] == [ATTENDORN.size, OLPE.size]


def test_a_suspended_tenant_is_not_looked_at() -> None:
    tenant = OLPE.tenant.model_copy(update={"status": Status.SUSPENDED})
    resting = ResolvedTenant(tenant, OLPE.standard, OLPE.size)
    assert [each.tenant.id for each in nightly.tenants(cluster(resting, ATTENDORN))] == ["attendorn"]


@pytest.mark.parametrize("broken", [{}, {"data": {}}, {"data": {"tenant.json": "{}", "standard.json": "{}"}}])
def test_a_tenant_that_does_not_say_what_it_is_fails_the_audit(broken: dict[str, Any]) -> None:
    found = cluster(OLPE, ATTENDORN)
    found.answers["configmap tenant-olpe/backup"] = broken
    with pytest.raises(ClientError, match="tenant-olpe does not say what it was made from"):
        nightly.tenants(found)


def test_a_cluster_without_tenants_is_no_success() -> None:
    with pytest.raises(ClientError, match="no tenant"):
        nightly.tenants(cluster())


def test_what_is_printed_comes_back_as_it_was() -> None:
    done = audit_of(OLPE)
    log = "\n".join(["a warning of some library", *nightly.lines(done)])
    assert nightly.parsed(log) == done
    assert len(done.audit.findings) > 1


@pytest.mark.parametrize("kept", [0, 1, -1])
def test_a_log_that_is_not_whole_is_no_audit(kept: int) -> None:
    lines = list(nightly.lines(audit_of(OLPE)))[:kept]
    with pytest.raises(ClientError, match="did not come to its end"):
        nightly.parsed("\n".join(lines))


def test_an_audit_of_another_version_is_refused() -> None:
    head, *findings = nightly.lines(audit_of(OLPE))
    head = head.replace('"cluster":', '"klaster":')
    with pytest.raises(ClientError, match="another version"):
        nightly.parsed("\n".join([head, *findings]))


def test_the_newest_job_that_has_ended_counts() -> None:
    found = cluster()
    running = {"metadata": {"name": "c", "creationTimestamp": "2026-01-03T00:00:00Z"}}
    found.answers["jobs"] = {
        "items": [job("b", "2026-01-02T00:00:00Z", "Failed"), job("a", "2026-01-01T00:00:00Z"), running]
    }
    found.answers["log job/b"] = "\n".join(nightly.lines(audit_of(OLPE)))
    assert nightly.collect(found) == audit_of(OLPE)


def test_before_the_first_night_one_is_told_how_to_begin() -> None:
    found = cluster()
    found.answers["jobs"] = {"items": []}
    with pytest.raises(UserError) as refused:
        nightly.collect(found)
    assert "kubectl create job" in str(refused.value)


def test_where_cluster_and_checkout_differ_there_is_doubt() -> None:
    done = audit_of(OLPE, ATTENDORN)
    assert nightly.doubts(done, [OLPE, ATTENDORN]) == []
    assert nightly.doubts(audit_of(OLPE), [OLPE, ATTENDORN]) == [
        "attendorn was not audited: it does not run in this cluster"
    ]
    assert nightly.doubts(done, [ATTENDORN]) == ["olpe runs in this cluster, and no active tenant here has that id"]
    softer = ResolvedTenant(OLPE.tenant.model_copy(update={"population": 1}), OLPE.standard, OLPE.size)
    assert nightly.doubts(audit_of(softer, ATTENDORN), [OLPE, ATTENDORN]) == [
        "olpe was judged by another file or standard than this checkout has"
    ]


def test_some_tenants_of_an_audit() -> None:
    some = audit_of(OLPE, ATTENDORN).of(["attendorn"])
    assert set(some.audit.tenants) == {"attendorn"}
    assert {each.tenant for each in some.audit.findings} == {"attendorn"}
    assert nightly.doubts(some, [ATTENDORN]) == []


FOLDER = PROJECT_ROOT / "images" / "audit"


# Modules of packages that are in this environment and not in the image are refused, as they would be there.
ALONE = """
import sys
from importlib import metadata
lock = "\\n" + open(sys.argv[2]).read().lower()
there = {name for name, owners in metadata.packages_distributions().items()
         if any("\\n" + owner.lower().replace("_", "-") + "==" in lock or owner == "einklang" for owner in owners)}
refused = set(metadata.packages_distributions()) - there
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in refused:
            raise ModuleNotFoundError(name, name=name)
sys.meta_path.insert(0, Refuse())
sys.path.insert(0, sys.argv[1])
import nightly_audit
"""


def imported(lock: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", ALONE, str(FOLDER), str(lock)], capture_output=True, text=True, check=False
    )


def test_the_program_finds_what_it_imports_in_its_image(tmp_path: Path) -> None:
    lock = PROJECT_ROOT / "images" / "toolkit" / "python.lock"
    done = imported(lock)
    assert done.returncode == 0, done.stderr
    less = tmp_path / "python.lock"
    less.write_text(lock.read_text().replace("\npydantic==", "\nother=="))
    assert "No module named" in imported(less).stderr or "pydantic" in imported(less).stderr


def test_the_image_has_the_versions_of_the_toolkit() -> None:
    wanted = tomllib.loads((PROJECT_ROOT / "images" / "toolkit" / "image.toml").read_text())["python"]["requirements"]
    ours = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    assert set(wanted) <= set(ours)


def test_head_and_findings_are_single_lines_of_json() -> None:
    for line in nightly.lines(audit_of(OLPE)):
        assert "\n" not in line
        assert set(json.loads(line)) in ({"audit", "files", "findings"}, {"finding"})
