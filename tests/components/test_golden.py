"""What each component declares, for each size: the golden files."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from einklang.model.tenant import Status
from modules.certificates import CertManager
from tests.components import cases, golden, programs
from tests.components.recording import Declared, record

Expect = Callable[[str, Sequence[Declared]], None]


@pytest.mark.parametrize("size", cases.POPULATIONS)
def test_guardrails(size: str, expect_golden: Expect) -> None:
    expect_golden(f"guardrails-{size}", record(programs.guardrails(cases.tenant(size))))


@pytest.mark.parametrize("size", cases.POPULATIONS)
def test_database(size: str, expect_golden: Expect) -> None:
    expect_golden(f"database-{size}", record(programs.database(cases.tenant(size))))


def test_database_of_a_suspended_tenant(expect_golden: Expect) -> None:
    expect_golden("database-suspended", record(programs.database(cases.tenant(), hibernated=True)))


def test_routing(expect_golden: Expect) -> None:
    expect_golden("routing-local", record(programs.routing(cases.tenant(), cases.authority())))


def test_routing_with_certificates_of_an_issuer(expect_golden: Expect) -> None:
    expect_golden("routing-issuer", record(programs.routing(cases.tenant(), CertManager("association"))))


def test_platform(expect_golden: Expect) -> None:
    expect_golden("platform-local", record(programs.platform()))


def test_platform_behind_a_load_balancer(expect_golden: Expect) -> None:
    expect_golden("platform-load-balancer", record(programs.platform(host_address=None)))


@pytest.mark.parametrize("status", [Status.ACTIVE, Status.SUSPENDED, Status.LEAVING])
def test_tenant(status: Status, expect_golden: Expect) -> None:
    """The whole tenant in outline: which resource, by whom, protected or not. Its parts have files of their own."""
    declared = record(programs.tenant(cases.tenant(status=status)))
    expect_golden(f"tenant-{status.value}", [golden.outline(each) for each in declared])


def test_a_difference_is_shown() -> None:
    declared = record(programs.database(cases.tenant()))
    shown = golden.compare(golden.text(declared), golden.text(declared[:-1]), "case.yaml")
    assert "--- golden/case.yaml" in shown
    assert f"-  kind: {declared[-1].kind}" in shown or f"-    name: {declared[-1].key[2]}" in shown


def test_no_difference_is_none() -> None:
    text = golden.text(record(programs.database(cases.tenant())))
    assert golden.compare(text, text, "case.yaml") == ""


def test_every_golden_file_belongs_to_a_test(request: pytest.FixtureRequest) -> None:
    named = {item.name for item in request.session.items}
    if "test_platform" not in named:
        pytest.skip("only some of the tests run")
    sizes = [f"{part}-{size}" for part in ("guardrails", "database") for size in cases.POPULATIONS]
    others = ["database-suspended", "routing-local", "routing-issuer", "platform-local", "platform-load-balancer"]
    tenants = [f"tenant-{status}" for status in ("active", "suspended", "leaving")]
    own = ("identity-", "front-", "portal-", "dms-", "scanner-", "backup-")
    files = {path.stem for path in golden.FOLDER.glob("*.yaml") if not path.stem.startswith(own)}
    assert files == {*sizes, *others, *tenants}
