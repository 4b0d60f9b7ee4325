"""Programs that declare one component, or everything of a stack."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pulumi

from einklang import inventory
from einklang.model.resolved import ResolvedTenant
from einklang.settings import PROJECT_ROOT
from modules.audit_job import AuditArgs
from modules.backup_site import BackupSite
from modules.certificates import Issuer
from modules.database import Database, DatabaseArgs
from modules.flows import flows_of, to_site, workloads
from modules.gateway import GatewayArgs
from modules.guardrails import Guardrails, GuardrailsArgs
from modules.platform import STORAGE_CLASS, Platform, PlatformArgs
from modules.routing import Route, Routing, RoutingArgs
from modules.scanner_configuration import SignatureMirror
from modules.scratch import Scratch
from modules.tenant import Tenant, TenantArgs
from tests.components import cases

DATA = Path(__file__).parent / "data"
Program = Callable[[], None]


def guardrails(resolved: ResolvedTenant) -> Program:
    """The guardrails of a tenant."""
    tenant = resolved.tenant
    flows = (*flows_of(tenant.modules, resolved.size), to_site(cases.SITE.port, cases.SITE.networks))
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
        audit=AuditArgs(cases.image("audit"), "30 3 * * *", "AUTHORITY"),
        registries=("registry.einklang.example/",),
        storage_provisioner="rancher.io/local-path",
        storage_parameters={},
        protect=protect,
    )
    return lambda: _keep(Platform("platform", args, cases.OPTIONS))


def tenant(
    resolved: ResolvedTenant,
    *,
    images: dict[str, str] | None = None,
    mirror: SignatureMirror | None = None,
    site: BackupSite | None = cases.SITE,
) -> Program:
    """Everything of a tenant, with stand-ins of the two providers."""
    return tenant_of(tenant_args(resolved, images=images, mirror=mirror, site=site))


def tenant_args(
    resolved: ResolvedTenant,
    *,
    images: dict[str, str] | None = None,
    mirror: SignatureMirror | None = None,
    site: BackupSite | None = cases.SITE,
) -> TenantArgs:
    """What a tenant is made from."""
    return TenantArgs(
        resolved=resolved,
        images=cases.images(resolved) if images is None else images,
        templates=PROJECT_ROOT / "templates",
        issuer=cases.authority(),
        deployer=lambda *_: pulumi.ProviderResource("kubernetes", "deployer", {}),
        now=cases.NOW,
        random=cases.random,
        signature_mirror=mirror,
        backup_site=site,
    )


def tenant_of(args: TenantArgs) -> Program:
    """The same from what it is made from."""
    return lambda: _keep(Tenant(args.resolved.tenant.id, args, _operator()))


def scratch(args: TenantArgs) -> Program:
    """What a restore drill of a tenant starts."""
    return lambda: _keep(Scratch(args.resolved.tenant.id, args, _operator()))


def _operator() -> pulumi.ResourceOptions:
    return pulumi.ResourceOptions(provider=pulumi.ProviderResource("kubernetes", "operator", {}))


def _keep(_: object) -> None:
    """A declaration's value is not needed; what it registered is recorded."""
