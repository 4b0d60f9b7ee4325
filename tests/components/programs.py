"""Programs that declare one component, or everything of a stack."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pulumi

from einklang import inventory
from einklang.model.resolved import ResolvedTenant
from einklang.settings import PROJECT_ROOT
from modules.certificates import Issuer
from modules.database import Database, DatabaseArgs
from modules.flows import flows_of, workloads
from modules.gateway import GatewayArgs
from modules.guardrails import Guardrails, GuardrailsArgs
from modules.platform import STORAGE_CLASS, Platform, PlatformArgs
from modules.routing import Route, Routing, RoutingArgs
from modules.tenant import Tenant, TenantArgs
from tests.components import cases

DATA = Path(__file__).parent / "data"
Program = Callable[[], None]


def guardrails(resolved: ResolvedTenant) -> Program:
    """The guardrails of a tenant."""
    tenant = resolved.tenant
    flows = flows_of(tenant.modules)
    args = GuardrailsArgs(
        tenant=tenant.id,
        standard=resolved.standard.version,
        namespace=tenant.namespace,
        hostnames=tenant.hostnames.all(),
        quota=resolved.size.quota,
        flows=flows,
        service_accounts=[name for name in workloads(flows) if name != "database"],
    )
    return lambda: _keep(Guardrails("guardrails", args, cases.OPTIONS))


def database(resolved: ResolvedTenant, *, hibernated: bool = False, protect: bool = True) -> Program:
    """The database of a tenant."""
    args = DatabaseArgs(
        tenant=resolved.tenant.id,
        namespace=resolved.tenant.namespace,
        image=cases.image("postgresql"),
        storage_class=STORAGE_CLASS,
        size=resolved.size.database,
        applications=("identity",),
        hibernated=hibernated,
        protect=protect,
        random=cases.random,
    )
    return lambda: _keep(Database("database", args, cases.OPTIONS))


def routing(resolved: ResolvedTenant, issuer: Issuer) -> Program:
    """The routes of a tenant."""
    hostname, home = resolved.tenant.hostnames.identity, f"/realms/{resolved.tenant.id}/account/"
    route = Route("identity", hostname, "identity", 8080, ("/realms/olpe/", "/resources/"), home)
    args = RoutingArgs(resolved.tenant.id, resolved.tenant.namespace, [route], issuer, cases.NOW)
    return lambda: _keep(Routing("routing", args, cases.OPTIONS))


def platform(*, host_address: str | None = "127.0.0.1", protect: bool = True) -> Program:
    """The platform, from cut down manifests."""
    args = PlatformArgs(
        database_operator=inventory.documents(DATA / "cloudnative-pg.yaml"),
        database_operator_image=cases.image("cloudnative-pg"),
        gateway_definitions=inventory.documents(DATA / "gateway-api.yaml"),
        gateway=GatewayArgs(cases.image("traefik"), host_address),
        registries=("registry.einklang.example/",),
        storage_provisioner="rancher.io/local-path",
        storage_parameters={},
        protect=protect,
    )
    return lambda: _keep(Platform("platform", args, cases.OPTIONS))


def tenant(resolved: ResolvedTenant, *, images: dict[str, str] | None = None) -> Program:
    """Everything of a tenant, with stand-ins of the two providers."""
    args = TenantArgs(
        resolved=resolved,
        images=cases.images(resolved) if images is None else images,
        templates=PROJECT_ROOT / "templates",
        issuer=cases.authority(),
        deployer=lambda *_: pulumi.ProviderResource("kubernetes", "deployer", {}),
        now=cases.NOW,
        random=cases.random,
    )

    def program() -> None:
        operator = pulumi.ProviderResource("kubernetes", "operator", {})
        _keep(Tenant(resolved.tenant.id, args, pulumi.ResourceOptions(provider=operator)))

    return program


def _keep(_: object) -> None:
    """A declaration's value is not needed; what it registered is recorded."""
