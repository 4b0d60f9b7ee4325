"""What the front declares, and which flows come with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from einklang.model.resolved import ResolvedTenant
from einklang.settings import PROJECT_ROOT
from modules.flows import FLOWS, Flow, Outside, flows_of, workloads
from modules.front import Backend, Front, FrontArgs
from modules.routing import Route, Routing, RoutingArgs
from tests.components import cases
from tests.components.recording import Declared, one, record

Expect = Callable[[str, Sequence[Declared]], None]
PORTAL = Backend(
    application="portal",
    hostname="www.olpe.example",
    service="portal",
    port=8080,
    body_limit_mib=20,
    content_security_policy="default-src 'self'",
    denied_paths=["(^|/)manage"],
    upstream_prefix="/VirtualHostBase/https/www.olpe.example:443/Plone/VirtualHostRoot",
    cache_seconds=60,
    indexed=True,
)
DMS = Backend(
    application="dms",
    hostname="dms.olpe.example",
    service="dms",
    port=8080,
    body_limit_mib=100,
    content_security_policy="default-src 'self'; img-src 'self' data:",
    allowed_paths=["/", "/documents"],
    script_cookies=["csrftoken"],
)


def declare(
    resolved: ResolvedTenant, backends: Sequence[Backend] = (PORTAL, DMS), *, suspended: bool = False
) -> list[Declared]:
    args = FrontArgs(
        resolved=resolved,
        namespace=resolved.tenant.namespace,
        image=cases.image("front"),
        templates=PROJECT_ROOT / "templates",
        backends=backends,
        suspended=suspended,
    )

    def program() -> None:
        Front("front", args, cases.OPTIONS)

    return record(program)


def template(found: Sequence[Declared]) -> dict[str, Any]:
    return dict(one(found, "Deployment", "front").manifest["spec"]["template"])


@pytest.mark.parametrize("size", cases.POPULATIONS)
def test_golden(size: str, expect_golden: Expect) -> None:
    expect_golden(f"front-{size}", declare(cases.tenant(size)))


def test_a_suspended_tenant_has_no_pods() -> None:
    deployment = one(declare(cases.tenant(), suspended=True), "Deployment", "front")
    assert deployment.manifest["spec"]["replicas"] == 0


def test_another_configuration_is_another_pod() -> None:
    def digest(found: Sequence[Declared]) -> str:
        return str(template(found)["metadata"]["annotations"]["einklang/configuration"])

    resolved = cases.tenant()
    notice = replace(resolved, tenant=resolved.tenant.model_copy(update={"notice": "Heute geschlossen."}))
    found = [declare(resolved), declare(resolved, [PORTAL]), declare(notice)]
    assert len({digest(each) for each in found}) == len(found)
    assert digest(declare(resolved)) == digest(found[0])


def test_every_file_is_mounted_and_the_map_fits_into_an_object() -> None:
    large = replace(cases.tenant(), logo=b"\x89PNG" + bytes(128 * 1024 - 4))
    found = declare(large)
    data = one(found, "ConfigMap", "front-configuration").manifest["data"]
    volumes = {volume["name"]: volume for volume in template(found)["spec"]["volumes"]}
    assert {item["key"] for item in volumes["configuration"]["configMap"]["items"]} == data.keys()
    assert sum(len(text.encode()) for text in data.values()) < 2**20, "the largest object that Kubernetes takes"


def test_probes_ask_a_port_that_nobody_else_reaches() -> None:
    found = declare(cases.tenant())
    (container,) = template(found)["spec"]["containers"]
    assert {value["httpGet"]["port"] for key, value in container.items() if "Probe" in key} == {"health"}
    assert [port["targetPort"] for port in one(found, "Service", "front").manifest["spec"]["ports"]] == ["http"]
    assert 8081 not in {flow.port for flow in FLOWS}


def test_its_disk_holds_the_bodies_that_it_takes() -> None:
    def limit(*backends: Backend) -> str:
        (volume,) = [v for v in template(declare(cases.tenant(), backends))["spec"]["volumes"] if "emptyDir" in v]
        return str(volume["emptyDir"]["sizeLimit"])

    assert limit(DMS) == f"{16 * 100}Mi"
    assert limit(PORTAL, DMS) == f"{16 * 120 + 128}Mi"


@pytest.mark.parametrize(
    ("portal", "dms", "left_out"),
    [
        (True, True, set()),
        (True, False, {"dms", "scanner"}),
        (False, True, {"portal"}),
        (False, False, {"portal", "dms", "scanner", "front"}),
    ],
)
def test_a_module_that_is_off_leaves_no_flow(portal: bool, dms: bool, left_out: set[str]) -> None:
    modules = cases.tenant().tenant.modules
    chosen = modules.model_copy(
        update={
            "portal": modules.portal.model_copy(update={"enabled": portal}),
            "dms": modules.dms.model_copy(update={"enabled": dms}),
        }
    )
    gone = set(workloads(FLOWS)) - set(workloads(flows_of(chosen, cases.tenant().size)))
    assert left_out <= gone
    assert all(name.partition("-")[0] in left_out for name in gone)


def test_applications_are_reached_through_the_front_alone() -> None:
    """What the gateway may reach besides: the identity service."""
    assert {flow.target for flow in FLOWS if flow.source is Outside.GATEWAY} == {"front", "identity"}
    outward: list[Flow] = [flow for flow in FLOWS if flow.source == "front"]
    assert {flow.target for flow in outward} == {"portal", "dms"}


def test_a_route_to_everything_does_not_lead_home() -> None:
    """An exact match wins over the prefix `/`: the redirect would lead to itself."""
    route = Route("portal", "www.olpe.example", "front", 8080, ["/"], "/")
    args = RoutingArgs("olpe", "tenant-olpe", [route], cases.authority(), cases.NOW)

    def program() -> None:
        Routing("routing", args, cases.OPTIONS)

    rules = one(record(program), "HTTPRoute", "portal").manifest["spec"]["rules"]
    assert [set(rule) for rule in rules] == [{"matches", "filters", "backendRefs"}]
