"""72 simulated tenants: the objects of a real one, once for each, listed by a kubectl that answers from a file."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from einklang.clients.kubernetes import Kubernetes
from einklang.clients.outside import Way
from einklang.model.resolved import ResolvedTenant
from einklang.model.tenant import Hostnames
from einklang.operations import audit
from einklang.operations.audit import Source
from einklang.progress import Silent
from tests.unit.audit import recorded, samples
from tests.unit.audit.test_collect import FAKE, METRICS

TENANTS = 72
SECONDS = 180


def resolved(number: int) -> ResolvedTenant:
    base = recorded.resolved()
    name = f"kommune{number}"
    hostnames = Hostnames(portal=f"www.{name}.example", identity=f"id.{name}.example", dms=f"dms.{name}.example")
    return replace(base, tenant=base.tenant.model_copy(update={"id": name, "hostnames": hostnames, "exceptions": ()}))


def objects() -> list[object]:
    """The platform's objects once, the tenant's under as many names."""
    facts = recorded.facts()
    shared = [each for each in facts["objects"] if "tenant-" not in json.dumps(each)]
    own = json.dumps([each for each in facts["objects"] if "tenant-attendorn" in json.dumps(each)])
    for number in range(TENANTS):
        clone = own.replace("attendorn", f"kommune{number}").replace('"pvc-', f'"pvc-{number}-')
        shared += json.loads(clone)
    return shared


@pytest.fixture
def kubectl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    program = tmp_path / "kubectl"
    program.write_text(FAKE)
    program.chmod(0o755)
    Path(f"{program}.metrics").write_text(METRICS)
    Path(f"{program}.objects").write_text(json.dumps({"items": objects()}))
    monkeypatch.setattr("einklang.clients.web.unknown_status", lambda *_: 401)
    return program


def test_72_tenants_are_audited_within_3_minutes(kubectl: Path, record_property: Callable[[str, object], None]) -> None:
    access = audit.Access(Kubernetes(kubectl, kubectl), kubectl, Way())
    begin = time.monotonic()
    done = audit.run(
        [resolved(number) for number in range(TENANTS)], access, samples.CATALOGUES, [Source.OBJECTS],
        lambda: samples.NOW, Silent(), jobs=2, versions={},
    )  # fmt: skip
    seconds = time.monotonic() - begin
    record_property("seconds", round(seconds, 1))
    wrong = [(each.tenant, each.check, each.observed, each.evidence) for each in done.findings if not each.result.holds]
    assert wrong[:3] == []
    assert len(done.tenants) == TENANTS
    assert seconds < SECONDS
    print(f"{TENANTS} tenants: {seconds:.1f} s, {Path(f'{kubectl}.objects').stat().st_size / 1e6:.0f} MB of objects")
