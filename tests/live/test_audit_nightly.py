"""The audit that the cluster makes of itself: by its CronJob, with the audit identity, and what comes of it here."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from einklang.operations.audit.checks import ALL
from einklang.operations.audit.collect import AUDITOR
from einklang.operations.audit.nightly import NAME, NAMESPACE, SOURCES
from tests.live.stage import EINKLANG, Stage

SECONDS = 180
CHECK = "no-wildcards"
ROLE = {
    "apiVersion": "rbac.authorization.k8s.io/v1",
    "kind": "Role",
    "metadata": {"name": "planted-by-night", "namespace": "tenant-olpe", "labels": {"einklang/tenant": "olpe"}},
    "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["*"], "resourceNames": ["nothing"]}],
}


@contextmanager
def night(stage: Stage, name: str) -> Iterator[str]:
    """One run of the CronJob; how its Job ended: Complete or Failed."""
    stage.kubectl("create", "job", name, f"--from=cronjob/{NAME}", "-n", NAMESPACE)
    try:
        yield ended(stage, name)
    finally:
        stage.kubectl("delete", "job", name, "-n", NAMESPACE)


def ended(stage: Stage, name: str) -> str:
    deadline = time.monotonic() + SECONDS
    while True:
        status = stage.get("job", name, "-n", NAMESPACE).get("status") or {}
        for each in status.get("conditions") or []:
            if each["type"] in {"Complete", "Failed"} and each["status"] == "True":
                return str(each["type"])
        assert time.monotonic() < deadline, status
        time.sleep(0.5)


def collected(stage: Stage, folder: Path) -> tuple[Any, dict[tuple[str, str], Any]]:
    """How the command ended, and (tenant, check) -> finding of what it wrote."""
    done = stage.run(str(EINKLANG), "audit", "olpe", "attendorn", "--collect", "--output", str(folder), check=False)
    assert done.returncode in {0, 2}, done.stderr
    audit = json.loads((folder / "audit.json").read_text())
    assert audit["identity"] == AUDITOR
    return done, {(each["tenant"], each["check"]): each for each in audit["findings"]}


@pytest.fixture(scope="module")
def quiet(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The reports of a night in which everything is well."""
    folder = tmp_path_factory.mktemp("quiet")
    with night(stage, "audit-quiet") as how:
        done, findings = collected(stage, folder)
        wrong = [each for each in findings.values() if each["result"] in {"fail", "error"}]
        assert (how, wrong, done.stderr) == ("Complete", [], "")
        assert done.returncode == 0
    return folder


def test_every_check_that_needs_no_more_rights_is_made(quiet: Path) -> None:
    findings = json.loads((quiet / "audit.json").read_text())["findings"]
    wanted = {check.name for check in ALL.values() if check.source in SOURCES}
    assert {(each["tenant"], each["check"]) for each in findings} == {
        (tenant, check) for tenant in ("olpe", "attendorn") for check in wanted
    }


def test_its_evidence_is_sealed_where_it_was_fetched(stage: Stage, quiet: Path) -> None:
    assert stage.run(str(EINKLANG), "audit", "--verify", str(quiet)).returncode == 0


def test_what_breaks_fails_the_job_and_stands_in_the_reports(stage: Stage, quiet: Path, tmp_path: Path) -> None:
    """And a tenant whose file was softened in the cluster is noticed where the file is known."""
    applied = stage.get("configmap", "backup", "-n", "tenant-olpe")["data"]["tenant.json"]
    softened = json.dumps({**json.loads(applied), "population": 4000})
    stage.kubectl("apply", "-f", "-", stdin=json.dumps(ROLE))
    try:
        documents(stage, softened)
        with night(stage, "audit-broken") as how:
            done, findings = collected(stage, tmp_path)
    finally:
        documents(stage, applied)
        stage.kubectl("delete", "-f", "-", "--ignore-not-found", stdin=json.dumps(ROLE))
    assert how == "Failed"
    assert done.returncode == 2
    assert findings["olpe", CHECK]["result"] == "fail"
    assert "planted-by-night" in " ".join(findings["olpe", CHECK]["evidence"])
    assert findings["attendorn", CHECK]["result"] == "pass"
    assert "olpe was judged by another file or standard than this checkout has" in done.stderr
    assert "attendorn was judged" not in done.stderr


def documents(stage: Stage, tenant: str) -> None:
    patch = json.dumps({"data": {"tenant.json": tenant}})
    stage.kubectl("patch", "configmap", "backup", "-n", "tenant-olpe", "--type=merge", "-p", patch)
