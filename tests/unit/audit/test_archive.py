"""Audits that were kept: the newest of each tenant, whatever else lies beside it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from einklang.model.evidence import Audit
from einklang.operations.audit import archive, reports
from tests.unit.audit import samples

FOUND = samples.audit("default-deny")


def keep(folder: Path, name: str, audit: Audit) -> None:
    (folder / name).mkdir(parents=True)
    (folder / name / reports.AUDIT).write_text(audit.model_dump_json())


def of(tenant: str) -> Audit:
    return FOUND.model_copy(update={"tenants": {tenant: FOUND.tenants[tenant]}, "findings": FOUND.of(tenant)})


def test_each_tenant_has_its_own_newest(tmp_path: Path) -> None:
    keep(tmp_path, "20261101T000000Z", FOUND)
    keep(tmp_path, "20261102T000000Z", of("olpe"))
    (tmp_path / "20261103T000000Z").mkdir()
    (tmp_path / "20261103T000000Z" / reports.AUDIT).write_text("{")
    found = archive.last(tmp_path, ["olpe", "attendorn", "nobody"])
    assert {name: place.name for name, (place, _) in found.items()} == {
        "attendorn": "20261101T000000Z",
        "olpe": "20261102T000000Z",
    }
    before = archive.before(tmp_path, ["olpe", "attendorn"])
    assert before is not None
    assert set(before.tenants) == {"olpe", "attendorn"}
    assert len(before.findings) == len(FOUND.findings)
    assert archive.before(tmp_path / "none", ["olpe"]) is None


def test_what_a_tenant_came_to() -> None:
    at = FOUND.ended + timedelta(days=1)
    bad = archive.standing("attendorn", FOUND, samples.CATALOGUES, at)
    assert (bad.failed, bad.errors, bad.stale, bad.holds) == (1, 0, False, False)
    good = archive.standing("olpe", FOUND, samples.CATALOGUES, at)
    assert good.holds
    assert not archive.standing("olpe", FOUND, samples.CATALOGUES, at + timedelta(days=400)).holds
    assert not archive.standing("nobody", FOUND, samples.CATALOGUES, at).holds
