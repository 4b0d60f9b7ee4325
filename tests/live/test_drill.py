"""Restore drills of a running tenant: one that passes, and the backups that must not."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from einklang.model.backup import Manifest
from einklang.model.drill import Drill
from einklang.model.tenant import Tenant
from einklang.operations import seal
from einklang.operations.backup import evidence
from einklang.operations.backup.repository import Site
from einklang.operations.local.site import SiteFolders
from einklang.operations.restore.job import Restorer
from tests.live import documents, people
from tests.live.killing import has_pod, killed
from tests.live.stage import EINKLANG, Stage
from tests.live.test_backups import newest, run

pytestmark = pytest.mark.rehearsal

DRILL_SECONDS = 600
LETTERS = 5
"""As many as a drill looks at."""


@pytest.fixture(scope="module")
def tenant(stage: Stage) -> Tenant:
    return stage.tenants[-1]


@pytest.fixture(scope="module")
def site(stage: Stage) -> Site:
    key = seal.key(stage.settings.audit_key)
    return Site(SiteFolders(stage.settings.backup_site), stage.program("restic"), seal.public(key))


@pytest.fixture(scope="module")
def began() -> float:
    return time.time()


@pytest.fixture(scope="module")
def saved(stage: Stage, tenant: Tenant, site: Site, began: float) -> Manifest:
    """A fresh run, with letters that a clerk has brought."""
    clerk = people.enter(stage, people.employ(stage, tenant, "clerk"), f"https://{tenant.hostnames.dms}/")
    brought = documents.bring(stage, tenant, clerk, LETTERS)
    run(stage, tenant)
    manifest = newest(site, tenant)
    assert manifest.files and manifest.files.documents >= len(brought)
    return manifest


def drill(stage: Stage, tenant: Tenant) -> tuple[int, Drill]:
    done = stage.run(str(EINKLANG), "drill", tenant.id, "--json", check=False, timeout=DRILL_SECONDS)
    assert done.stdout, done.stderr
    return done.returncode, Drill.model_validate_json(done.stdout)


@pytest.fixture(scope="module")
def passed(stage: Stage, tenant: Tenant, saved: Manifest) -> Drill:
    """One good drill after one that was killed, while a look at the tenant shows that nothing of it changed."""
    before = pods(stage, tenant)
    killed(stage, lambda: has_pod(stage, tenant.drill_namespace, Restorer.NAME), "drill", tenant.id)
    assert stage.kubectl("get", "namespace", tenant.drill_namespace).returncode == 0
    code, found = drill(stage, tenant)
    assert (code, found.failures()) == (0, [])
    assert pods(stage, tenant) == before
    return found


def pods(stage: Stage, tenant: Tenant) -> dict[str, str]:
    """Running pods and since when."""
    items = stage.get("pods", "-n", tenant.namespace, "--field-selector=status.phase=Running")["items"]
    return {each["metadata"]["name"]: each["status"]["startTime"] for each in items}


def test_everything_is_compared_and_somebody_reads(passed: Drill, saved: Manifest) -> None:
    assert passed.run == saved.run
    facts: dict[str, Any] = {check.name: check.facts for check in passed.checks}
    assert {"complete", "place", "database/identity", "database/portal", "database/dms", "files", "start", "login",
            "documents"} == set(facts)  # fmt: skip
    for name, database in saved.databases.items():
        assert facts[f"database/{name}"]["rows"] == sum(table.rows for table in database.tables.values())
    assert saved.files
    assert facts["files"]["files"] == saved.files.files
    assert LETTERS <= facts["documents"]["documents"] <= saved.files.documents
    assert passed.recovery_time
    assert passed.recovery_point
    print(f"RTO {passed.recovery_time.total_seconds():.0f} s, {passed.bytes / 1e6:.1f} MB; "
          + ", ".join(f"{check.name} {check.seconds:g} s" for check in passed.checks))  # fmt: skip


def test_nothing_of_it_stays_in_the_cluster(stage: Stage, tenant: Tenant, passed: Drill) -> None:
    assert stage.kubectl("get", "namespace", tenant.drill_namespace, check=False).returncode != 0
    assert list((stage.settings.home / "drills").glob("*.state")) == []


def test_the_evidence_is_at_the_site_and_signed(stage: Stage, tenant: Tenant, site: Site, passed: Drill) -> None:
    repository = site.repository(tenant.id)
    assert evidence.newest(repository, tenant.id, site.trusted) == passed
    done = stage.run(str(EINKLANG), "backup", "status", tenant.id, "--json", check=False)
    (told,) = json.loads(done.stdout)
    assert told["drill"][:16] >= passed.begun.isoformat()[:16]
    assert told["next_run"]
    assert [each["result"] for each in told["findings"] if each["check"] == "drill"] == ["pass"]


def test_the_audit_believes_it_and_the_next_is_not_due(stage: Stage, tenant: Tenant, passed: Drill) -> None:
    done = stage.run(str(EINKLANG), "audit", tenant.id, "--only", "backups", "--json", check=False)
    (found,) = [each for each in json.loads(done.stdout)["findings"] if each["check"] == "restore-rehearsed"]
    assert (found["result"], found["controls"]) == ("pass", ["APP.4.4.A5", "CON.3.A15"]), found
    told = stage.run(str(EINKLANG), "drill", "--due", "--dry-run", check=False).stdout
    (line,) = [line for line in told.splitlines() if line.startswith(f"{tenant.id}: ")]
    assert f"the last one was on {passed.ended:%Y-%m-%d}" in line
    assert "due now" not in line


@pytest.fixture
def lost(site: Site, tenant: Tenant, saved: Manifest) -> Iterator[str]:
    """The snapshot of the documents is gone from the site."""
    part = saved.part("files")
    assert part
    file = site.folders.repositories / tenant.id / "snapshots" / part.snapshot
    aside = site.folders.base / f"aside-{part.snapshot}"
    file.rename(aside)
    try:
        yield part.name
    finally:
        aside.rename(file)


def test_a_missing_part_fails_loudly(stage: Stage, tenant: Tenant, site: Site, passed: Drill, lost: str) -> None:
    code, found = drill(stage, tenant)
    assert (code, found.passed) == (2, False)
    (told,) = found.failures()
    assert f"is not complete, it lacks {lost}" in told
    # It is in the evidence as well: a drill that failed is never passed over.
    assert evidence.newest(site.repository(tenant.id), tenant.id, site.trusted) == found
    status = stage.run(str(EINKLANG), "backup", "status", tenant.id, check=False)
    assert status.returncode == 2
    assert "drill: the restore drill of" in status.stdout


@pytest.fixture
def damaged(site: Site, tenant: Tenant, saved: Manifest, began: float) -> Iterator[Path]:
    """One bit of the largest pack that the run made is another."""
    folder = site.folders.repositories / tenant.id / "data"
    packs = [path for path in folder.rglob("*") if path.is_file() and path.stat().st_mtime > began]
    pack = max(packs, key=lambda path: path.stat().st_size)
    content, mode = pack.read_bytes(), pack.stat().st_mode
    changed = bytearray(content)
    changed[len(changed) // 2] ^= 1
    pack.chmod(0o600)
    pack.write_bytes(changed)
    try:
        yield pack
    finally:
        pack.write_bytes(content)
        pack.chmod(mode)


def test_a_damaged_pack_fails_loudly(stage: Stage, tenant: Tenant, passed: Drill, damaged: Path) -> None:
    code, found = drill(stage, tenant)
    assert (code, found.passed, found.ready) == (2, False, None)
    assert any("restic" in told for told in found.failures()), found.failures()
    assert stage.kubectl("get", "namespace", tenant.drill_namespace, check=False).returncode != 0
