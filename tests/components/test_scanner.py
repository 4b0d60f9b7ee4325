"""What the virus scanner declares: alone with its test signature, and with signatures from a mirror."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from einklang.model.tenant import Status
from einklang.settings import PROJECT_ROOT
from modules import labels
from modules.flows import FLOWS
from modules.network_policies import GATEWAY_NAMESPACE
from modules.quantities import mebibytes
from modules.scanner import Scanner, ScannerArgs
from modules.scanner_configuration import AUTHORITY, CLAMD, FRESHCLAM, SignatureMirror
from tests.components import cases, programs
from tests.components.recording import Declared, objects, one, record

Expect = Callable[[str, Sequence[Declared]], None]
CERTIFICATE = "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"
MIRROR = SignatureMirror(
    "https://signatures.intern.example/clamav",
    443,
    ("192.0.2.10/32", "2001:db8::/64"),
    ("association.ndb",),
    CERTIFICATE,
)


def args(size: str = "M", mirror: SignatureMirror | None = None) -> ScannerArgs:
    resolved = cases.tenant(size)
    return ScannerArgs(
        resolved=resolved,
        namespace=resolved.tenant.namespace,
        image=cases.image("clamav"),
        templates=PROJECT_ROOT / "templates",
        mirror=mirror,
        suspended=False,
    )


def declare(given: ScannerArgs) -> list[Declared]:
    return record(lambda: Scanner("scanner", given, cases.OPTIONS) and None)


@cache
def alone() -> tuple[Declared, ...]:
    return tuple(declare(args()))


@cache
def mirrored() -> tuple[Declared, ...]:
    return tuple(declare(args(mirror=MIRROR)))


def pod(found: Sequence[Declared]) -> dict[str, Any]:
    return dict(one(found, "Deployment", "scanner").manifest["spec"]["template"]["spec"])


def files(found: Sequence[Declared]) -> dict[str, str]:
    return dict(one(found, "ConfigMap", "scanner").manifest["data"])


def options(text: str) -> dict[str, list[str]]:
    """A configuration of ClamAV: name -> values, in their order."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            name, _, value = line.partition(" ")
            found.setdefault(name, []).append(value)
    return found


@pytest.mark.parametrize("size", cases.POPULATIONS)
def test_golden(size: str, expect_golden: Expect) -> None:
    expect_golden(f"scanner-{size}", declare(args(size)))


def test_golden_with_a_mirror(expect_golden: Expect) -> None:
    expect_golden("scanner-mirror", mirrored())


def test_suspended_runs_nothing() -> None:
    found = declare(replace(args(), suspended=True))
    assert one(found, "Deployment", "scanner").manifest["spec"]["replicas"] == 0


def test_whatever_the_dms_takes_is_looked_at_as_a_whole() -> None:
    limit = cases.tenant().standard.modules.dms.upload.max_mib
    chosen = options(files(alone())[CLAMD])
    for name in ("StreamMaxLength", "MaxFileSize", "MaxScanSize"):
        assert int(chosen[name][0].removesuffix("M")) > limit, name
    assert chosen["AlertExceedsMax"] == ["yes"]
    # The one who waits (images/dms/einklang_dms/clamd.py) has more patience than the one who looks.
    assert int(chosen["MaxScanTime"][0]) < 120_000


def test_without_a_mirror_it_knows_the_signature_of_its_image() -> None:
    assert set(files(alone())) == {CLAMD}
    assert options(files(alone())[CLAMD])["DatabaseDirectory"] == ["/usr/share/einklang/signatures"]
    signature = (PROJECT_ROOT / "images/clamav/einklang.ndb").read_text()
    assert signature.startswith("Einklang.Test.EICAR:0:*:")
    assert "initContainers" not in pod(alone())
    assert [each["name"] for each in pod(alone())["containers"]] == ["clamd"]


def test_with_a_mirror_it_starts_when_all_signatures_are_there() -> None:
    chosen = options(files(mirrored())[FRESHCLAM])
    assert chosen["PrivateMirror"] == [MIRROR.url]
    assert chosen["DatabaseCustomURL"] == [
        f"{MIRROR.url}/association.ndb",
        "file:///usr/share/einklang/signatures/einklang.ndb",
    ]
    assert options(files(mirrored())[CLAMD])["DatabaseDirectory"] == chosen["DatabaseDirectory"]
    (first,) = pod(mirrored())["initContainers"]
    assert "--daemon" not in first["command"]
    _, later = pod(mirrored())["containers"]
    assert {"--daemon", "--foreground"} <= set(later["command"])
    for each in (first, later):
        assert each["env"] == [{"name": "CURL_CA_BUNDLE", "value": f"/etc/clamav/{AUTHORITY}"}]
    assert files(mirrored())[AUTHORITY] == CERTIFICATE
    plain = declare(args(mirror=replace(MIRROR, authority="")))
    assert AUTHORITY not in files(plain)
    assert pod(plain)["initContainers"][0]["env"] == []


@pytest.mark.parametrize("size", cases.POPULATIONS)
def test_signatures_decide_how_much_memory_it_asks_for(size: str) -> None:
    small, large = (pod(declare(args(size, mirror)))["containers"][0]["resources"] for mirror in (None, MIRROR))
    own = cases.tenant(size).size.scanner
    assert small["requests"]["memory"] == mebibytes(own.memory_mib)
    assert large["requests"]["memory"] == mebibytes(own.signatures_memory_mib)
    # A compressed document of 90 MiB took 270 MiB; ClamAV's engine takes 1.2 GiB by itself (docs.clamav.net,
    # "Memory (RAM) Requirements").
    assert own.memory_mib > 300
    assert own.signatures_memory_mib > own.memory_mib + 1229


def test_another_configuration_is_another_pod() -> None:
    def mark(found: Sequence[Declared]) -> str:
        template = one(found, "Deployment", "scanner").manifest["spec"]["template"]
        return str(template["metadata"]["annotations"]["einklang/configuration"])

    assert mark(alone()) == mark(declare(args()))
    assert len({mark(alone()), mark(mirrored()), mark(declare(args("L")))}) == 3


def test_only_the_document_management_reaches_it() -> None:
    assert {(flow.source, flow.port) for flow in FLOWS if flow.target == "scanner"} == {
        ("dms", 3310),
        ("dms-worker", 3310),
    }
    assert [flow for flow in FLOWS if flow.source == "scanner"] == []


def policy(found: Sequence[Declared]) -> dict[str, Any]:
    return dict(one(found, "NetworkPolicy", "scanner").manifest["spec"])


def test_the_mirror_and_nothing_else_is_reached_and_only_where_it_is_set() -> None:
    without, with_mirror = (policy(record(programs.tenant(cases.tenant(), mirror=mirror))) for mirror in (None, MIRROR))
    assert [rule["ports"][0]["port"] for rule in without["egress"]] == [53]
    assert with_mirror["egress"][:1] == without["egress"]
    (added,) = with_mirror["egress"][1:]
    assert added == {
        "to": [{"ipBlock": {"cidr": "192.0.2.10/32"}}, {"ipBlock": {"cidr": "2001:db8::/64"}}],
        "ports": [{"protocol": "TCP", "port": 443}],
    }
    assert with_mirror["ingress"] == without["ingress"]
    assert GATEWAY_NAMESPACE not in str(with_mirror)


def test_a_tenant_without_document_management_has_none() -> None:
    resolved = cases.tenant()
    modules = resolved.tenant.modules
    off = modules.model_copy(update={"dms": modules.dms.model_copy(update={"enabled": False})})
    without = replace(resolved, tenant=resolved.tenant.model_copy(update={"modules": off}))
    found = record(programs.tenant(without, mirror=MIRROR))
    assert [each.key for each in objects(found) if "scanner" in each.key[2]] == []


def test_nothing_waits_for_the_mirror() -> None:
    annotations = [
        one(each, "Deployment", "scanner").manifest["metadata"]["annotations"] for each in (alone(), mirrored())
    ]
    assert ["pulumi.com/skipAwait" in each for each in annotations] == [False, True]


def test_the_pages_start_without_it() -> None:
    found = record(programs.tenant(cases.tenant(status=Status.ACTIVE)))
    scanner = one(found, "Deployment", "scanner")
    for name in ("dms", "dms-worker", "front"):
        assert scanner.urn not in one(found, "Deployment", name).after
    told = {
        each["name"]: each.get("value")
        for each in one(found, "Deployment", "dms").manifest["spec"]["template"]["spec"]["containers"][0]["env"]
    }
    assert told["DMS_CLAMD"] == "scanner:3310"
    assert one(found, "Service", "scanner").manifest["spec"]["selector"] == labels.selector("scanner")
