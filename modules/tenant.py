"""A tenant: everything that a municipality gets, from its file and its standard."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pulumi

from einklang.errors import UserError
from einklang.model.resolved import ResolvedTenant
from einklang.model.tenant import Status
from einklang.model.tenant import Tenant as TenantFile
from modules import labels
from modules.certificates import Issuer
from modules.database import Database, DatabaseArgs
from modules.dms import Dms, DmsArgs
from modules.flows import HTTP, flows_of, workloads
from modules.front import Backend, Front, FrontArgs
from modules.guardrails import DEPLOYER, Guardrails, GuardrailsArgs
from modules.identity import Identity, IdentityArgs
from modules.kubernetes import Manifest, Object
from modules.platform import STORAGE_CLASS
from modules.portal import Portal, PortalArgs
from modules.routing import Route, Routing, RoutingArgs


def applications(tenant: TenantFile) -> tuple[str, ...]:
    """What of the tenant has a database of its own."""
    return ("identity", *(name for name in ("portal", "dms") if getattr(tenant.modules, name).enabled))


@dataclass(frozen=True)
class TenantArgs:
    """resolved: the tenant with its standard. images: `name:version` -> reference by digest. templates: folder.

    deployer: namespace -> a provider that acts as the tenant's deploying identity. now, random: clock and randomness.
    shared_files: the storage class gives volumes that several nodes mount. scanner: `host:port` of a clamd, or empty.
    """

    resolved: ResolvedTenant
    images: Mapping[str, str]
    templates: Path
    issuer: Issuer
    deployer: Callable[[str, str], pulumi.ProviderResource]
    now: datetime
    random: Callable[[int], bytes]
    shared_files: bool = False
    scanner: str = ""

    def image(self, role: str) -> str:
        """The image that the standard names for a role. Raises UserError where the catalogue lacks it."""
        wanted = self.resolved.standard.images[role]
        try:
            return self.images[wanted]
        except KeyError:
            raise UserError(
                f"standard {self.resolved.standard.version} needs the image {wanted}, and the catalogue lacks it",
                remedy="einklang images build, or name your catalogue in the setting einklang:imageCatalogue",
            ) from None


class Tenant(pulumi.ComponentResource):
    """Guardrails with the operator's rights; in them, with rights for this namespace only: database, identity,
    applications, front, routes.

    urls: workload -> address of its home page; empty while the tenant is suspended.
    """

    urls: dict[str, str]

    def __init__(self, name: str, args: TenantArgs, opts: pulumi.ResourceOptions) -> None:
        super().__init__("einklang:tenant:Tenant", name, None, opts)
        tenant = args.resolved.tenant
        if tenant.status is Status.REQUESTED:
            raise UserError(
                f"tenant {tenant.id} is requested, not active: nothing is deployed",
                remedy=f"set status: active in tenants/{tenant.id}.yaml",
            )
        guardrails = Guardrails("guardrails", _guardrails(args), pulumi.ResourceOptions(parent=self))
        # Everything below is made, changed and removed by the deploying identity, while its rights stand.
        provider = args.deployer(tenant.namespace, DEPLOYER)
        inside = pulumi.ResourceOptions(parent=self, provider=provider, depends_on=list(guardrails.ready))
        database = Database("database", _database(args), inside)
        after = pulumi.ResourceOptions.merge(inside, pulumi.ResourceOptions(depends_on=[database]))
        identity = Identity("identity", _identity(args, database), after)
        everything: list[pulumi.Resource] = [database, identity]
        backends: list[Backend] = []
        if tenant.modules.portal.enabled:
            portal = Portal("portal", _portal(args, database, identity), after)
            everything, backends = [*everything, portal], [*backends, portal.backend]
        if tenant.modules.dms.enabled:
            dms = Dms("dms", _dms(args, database), after)
            everything, backends = [*everything, dms], [*backends, dms.backend]
        if backends:
            # It looks its backends' addresses up once, when it starts.
            behind = pulumi.ResourceOptions.merge(inside, pulumi.ResourceOptions(depends_on=everything))
            everything = [*everything, Front("front", _front(args, backends), behind)]
        self.urls = {}
        if tenant.status is not Status.SUSPENDED:
            routing = Routing("routing", _routing(args, identity, backends), inside)
            self.urls, everything = routing.urls, [*everything, routing]
        # Destroying begins with what nothing else needs. That is this record alone, and it is protected: so it stops
        # before anything of a tenant that is not leaving is gone.
        last = pulumi.ResourceOptions(depends_on=everything, protect=tenant.status is not Status.LEAVING)
        Object(_record(args), pulumi.ResourceOptions.merge(inside, last))
        self.register_outputs({"urls": self.urls})


def _record(args: TenantArgs) -> Manifest:
    """What the namespace holds, for whoever looks at the cluster."""
    tenant, resolved = args.resolved.tenant, args.resolved
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "tenant", "namespace": tenant.namespace, "labels": labels.common(tenant.id, "tenant")},
        "data": {
            "name": tenant.name,
            "ags": tenant.ags,
            "standard": resolved.standard.version,
            "size": resolved.size.name.value,
            "status": tenant.status.value,
        },
    }


def _guardrails(args: TenantArgs) -> GuardrailsArgs:
    tenant = args.resolved.tenant
    flows = flows_of(tenant.modules)
    return GuardrailsArgs(
        tenant=tenant.id,
        standard=args.resolved.standard.version,
        namespace=tenant.namespace,
        hostnames=tenant.hostnames.all(),
        quota=args.resolved.size.quota,
        flows=flows,
        # The database's account is the one that has rights: CloudNativePG makes it, and gives it just those it needs.
        service_accounts=[name for name in workloads(flows) if name != "database"],
    )


def _database(args: TenantArgs) -> DatabaseArgs:
    tenant = args.resolved.tenant
    return DatabaseArgs(
        tenant=tenant.id,
        namespace=tenant.namespace,
        image=args.image("postgresql"),
        storage_class=STORAGE_CLASS,
        size=args.resolved.size.database,
        applications=applications(tenant),
        hibernated=tenant.status is Status.SUSPENDED,
        protect=tenant.status is not Status.LEAVING,
        random=args.random,
    )


def _identity(args: TenantArgs, database: Database) -> IdentityArgs:
    tenant = args.resolved.tenant
    return IdentityArgs(
        resolved=args.resolved,
        namespace=tenant.namespace,
        image=args.image("keycloak"),
        setup_image=args.image("identity-setup"),
        templates=args.templates,
        database=database.access["identity"],
        suspended=tenant.status is Status.SUSPENDED,
        random=args.random,
    )


def _portal(args: TenantArgs, database: Database, identity: Identity) -> PortalArgs:
    tenant = args.resolved.tenant
    return PortalArgs(
        resolved=args.resolved,
        namespace=tenant.namespace,
        image=args.image("portal"),
        templates=args.templates,
        database=database.access["portal"],
        issuer=f"http://{identity.service}:{identity.port}/realms/{tenant.id}",
        suspended=tenant.status is Status.SUSPENDED,
    )


def _dms(args: TenantArgs, database: Database) -> DmsArgs:
    tenant = args.resolved.tenant
    return DmsArgs(
        resolved=args.resolved,
        namespace=tenant.namespace,
        image=args.image("dms"),
        broker_image=args.image("redis"),
        templates=args.templates,
        database=database.access["dms"],
        storage_class=STORAGE_CLASS,
        shared_files=args.shared_files,
        scanner=args.scanner,
        suspended=tenant.status is Status.SUSPENDED,
        protect=tenant.status is not Status.LEAVING,
        random=args.random,
    )


def _front(args: TenantArgs, backends: Sequence[Backend]) -> FrontArgs:
    tenant = args.resolved.tenant
    return FrontArgs(
        resolved=args.resolved,
        namespace=tenant.namespace,
        image=args.image("front"),
        templates=args.templates,
        backends=backends,
        suspended=tenant.status is Status.SUSPENDED,
    )


def _routing(args: TenantArgs, identity: Identity, backends: Sequence[Backend]) -> RoutingArgs:
    tenant = args.resolved.tenant
    own = Route(
        workload="identity",
        hostname=tenant.hostnames.identity,
        service=identity.service,
        port=identity.port,
        paths=identity.public_paths,
        home=identity.home,
    )
    behind = [Route(each.application, each.hostname, "front", HTTP, ["/"], "/") for each in backends]
    return RoutingArgs(tenant.id, tenant.namespace, [own, *behind], args.issuer, args.now)
