"""A tenant: everything that a municipality gets, from its file and its standard."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pulumi

from einklang.errors import UserError
from einklang.model.backup import schedule
from einklang.model.resolved import ResolvedTenant
from einklang.model.tenant import Status
from einklang.model.tenant import Tenant as TenantFile
from modules import labels
from modules.backup import Backup, BackupArgs
from modules.backup_site import BackupSite
from modules.certificates import Issuer
from modules.database import Database, DatabaseArgs
from modules.database_archive import Archive
from modules.dms import Dms, DmsArgs
from modules.flows import HTTP, flows_of, to_archive, to_mirror, to_site, workloads
from modules.front import Backend, Front, FrontArgs
from modules.guardrails import DEPLOYER, Guardrails, GuardrailsArgs
from modules.identity import Identity, IdentityArgs
from modules.kubernetes import Manifest, Object, unawaited
from modules.platform import STORAGE_CLASS
from modules.portal import Portal, PortalArgs
from modules.routing import Route, Routing, RoutingArgs
from modules.scanner import ADDRESS, Scanner, ScannerArgs
from modules.scanner_configuration import SignatureMirror

HELD = "held"
"""What the record says instead of the status while nothing of the tenant may start."""


def applications(tenant: TenantFile) -> tuple[str, ...]:
    """What of the tenant has a database of its own."""
    return ("identity", *(name for name in ("portal", "dms") if getattr(tenant.modules, name).enabled))


@dataclass(frozen=True)
class TenantArgs:
    """resolved: the tenant with its standard. images: `name:version` -> reference by digest. templates: folder.

    deployer: namespace -> a provider that acts as the tenant's deploying identity. now, random: clock and randomness.
    shared_files: the storage class gives volumes that several nodes mount. signature_mirror: where scanners get their
    signatures; None: they know a test signature only.
    backup_site: where everything is saved; None: nowhere. database_archive: name of the databases' archive there; none
    where it is empty, and for a drill.
    hold: no application starts, nothing is set up and nothing saved: what is restored has to be there first.
    scratch: for a restore drill, in a namespace of its own beside the tenant's (modules/scratch.py).
    """

    resolved: ResolvedTenant
    images: Mapping[str, str]
    templates: Path
    issuer: Issuer
    deployer: Callable[[str, str], pulumi.ProviderResource]
    now: datetime
    random: Callable[[int], bytes]
    shared_files: bool = False
    signature_mirror: SignatureMirror | None = None
    backup_site: BackupSite | None = None
    database_archive: str = ""
    hold: bool = False
    scratch: bool = False

    @property
    def namespace(self) -> str:
        """Where everything stands."""
        tenant = self.resolved.tenant
        return tenant.drill_namespace if self.scratch else tenant.namespace

    @property
    def suspended(self) -> bool:
        """The tenant rests; a drill tells whether it could run."""
        return self.resolved.tenant.status is Status.SUSPENDED and not self.scratch

    @property
    def stopped(self) -> bool:
        """No application runs."""
        return self.suspended or self.hold

    @property
    def protect(self) -> bool:
        """The data is not to be removed with the stack."""
        return self.resolved.tenant.status is not Status.LEAVING and not self.scratch

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
        super().__init__("einklang:tenant:Tenant", name, None, unawaited(opts) if args.hold else opts)
        tenant = args.resolved.tenant
        if tenant.status is Status.REQUESTED:
            raise UserError(
                f"tenant {tenant.id} is requested, not active: nothing is deployed",
                remedy=f"set status: active in tenants/{tenant.id}.yaml",
            )
        guardrails = Guardrails("guardrails", guardrails_args(args), pulumi.ResourceOptions(parent=self))
        # Everything below is made, changed and removed by the deploying identity, while its rights stand.
        provider = args.deployer(args.namespace, DEPLOYER)
        inside = pulumi.ResourceOptions(parent=self, provider=provider, depends_on=list(guardrails.ready))
        database = Database("database", database_args(args), inside)
        after = pulumi.ResourceOptions.merge(inside, pulumi.ResourceOptions(depends_on=[database]))
        identity = Identity("identity", identity_args(args, database), after)
        everything: list[pulumi.Resource] = [database, identity]
        backends: list[Backend] = []
        if tenant.modules.portal.enabled:
            portal = Portal("portal", _portal(args, database, identity), after)
            everything, backends = [*everything, portal], [*backends, portal.backend]
        if tenant.modules.dms.enabled:
            dms = Dms("dms", dms_args(args, database), after)
            everything, backends = [*everything, dms], [*backends, dms.backend]
        if backends:
            # It looks its backends' addresses up once, when it starts.
            behind = pulumi.ResourceOptions.merge(inside, pulumi.ResourceOptions(depends_on=everything))
            everything = [*everything, Front("front", _front(args, backends), behind)]
        if tenant.modules.dms.enabled:
            # Nothing waits for it: without a scanner the DMS serves, and takes no file.
            everything = [*everything, Scanner("scanner", _scanner(args), inside)]
        if args.backup_site:
            # Where everything stands there is something to save.
            saved = pulumi.ResourceOptions.merge(inside, pulumi.ResourceOptions(depends_on=everything))
            everything = [*everything, Backup("backup", backup_args(args, args.backup_site, database), saved)]
        self.urls = {}
        if not args.suspended:
            routing = Routing("routing", _routing(args, identity, backends), inside)
            self.urls, everything = routing.urls, [*everything, routing]
        # Destroying begins with what nothing else needs. That is this record alone, and it is protected: so it stops
        # before anything of a tenant that is not leaving is gone.
        last = pulumi.ResourceOptions(depends_on=everything, protect=args.protect)
        Object(_record(args), pulumi.ResourceOptions.merge(inside, last))
        self.register_outputs({"urls": self.urls})


def _record(args: TenantArgs) -> Manifest:
    """What the namespace holds, for whoever looks at the cluster."""
    tenant, resolved = args.resolved.tenant, args.resolved
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "tenant", "namespace": args.namespace, "labels": labels.common(tenant.id, "tenant")},
        "data": {
            "name": tenant.name,
            "ags": tenant.ags,
            "standard": resolved.standard.version,
            "size": resolved.size.name.value,
            "status": HELD if args.hold else tenant.status.value,
        },
    }


def guardrails_args(args: TenantArgs) -> GuardrailsArgs:
    """What the namespace and its rights are made from."""
    tenant = args.resolved.tenant
    mirror, site = args.signature_mirror, args.backup_site
    flows = flows_of(tenant.modules, args.resolved.size, backups=site is not None)
    if mirror and tenant.modules.dms.enabled:
        flows = (*flows, to_mirror(mirror.port, mirror.networks))
    if site:
        flows = (*flows, to_site(site.port, site.networks))
        if _archive(args):
            flows = (*flows, to_archive(site.port, site.networks))
    return GuardrailsArgs(
        tenant=tenant.id,
        standard=args.resolved.standard.version,
        namespace=args.namespace,
        hostnames=tenant.hostnames.all(),
        quota=args.resolved.size.quota,
        flows=flows,
        # The database's account is the one that has rights: CloudNativePG makes it, and gives it just those it needs.
        service_accounts=[name for name in workloads(flows) if name != "database"],
    )


def database_args(args: TenantArgs) -> DatabaseArgs:
    """What the database is made from."""
    tenant = args.resolved.tenant
    return DatabaseArgs(
        tenant=tenant.id,
        namespace=args.namespace,
        image=args.image("postgresql"),
        storage_class=STORAGE_CLASS,
        size=args.resolved.size.database,
        applications=applications(tenant),
        # A tenant that rests gets its data all the same.
        hibernated=args.suspended and not args.hold,
        protect=args.protect,
        random=args.random,
        archive=_archive(args),
    )


def _archive(args: TenantArgs) -> Archive | None:
    tenant = args.resolved.tenant
    if not args.database_archive or not args.backup_site or args.scratch:
        return None
    chosen = args.resolved.standard.backup_classes[tenant.backup.class_name]
    return Archive(args.backup_site, tenant.id, args.database_archive, schedule(tenant.id, chosen))


def identity_args(args: TenantArgs, database: Database) -> IdentityArgs:
    """What the identity service is made from."""
    return IdentityArgs(
        resolved=args.resolved,
        namespace=args.namespace,
        image=args.image("keycloak"),
        setup_image=args.image("identity-setup"),
        templates=args.templates,
        database=database.access["identity"],
        suspended=args.stopped,
        random=args.random,
    )


def _portal(args: TenantArgs, database: Database, identity: Identity) -> PortalArgs:
    tenant = args.resolved.tenant
    return PortalArgs(
        resolved=args.resolved,
        namespace=args.namespace,
        image=args.image("portal"),
        templates=args.templates,
        database=database.access["portal"],
        issuer=f"http://{identity.service}:{identity.port}/realms/{tenant.id}",
        suspended=args.stopped,
    )


def dms_args(args: TenantArgs, database: Database) -> DmsArgs:
    """What the document management is made from."""
    return DmsArgs(
        resolved=args.resolved,
        namespace=args.namespace,
        image=args.image("dms"),
        broker_image=args.image("redis"),
        templates=args.templates,
        database=database.access["dms"],
        storage_class=STORAGE_CLASS,
        shared_files=args.shared_files,
        scanner=ADDRESS,
        suspended=args.stopped,
        protect=args.protect,
        random=args.random,
    )


def _scanner(args: TenantArgs) -> ScannerArgs:
    return ScannerArgs(
        resolved=args.resolved,
        namespace=args.namespace,
        image=args.image("clamav"),
        templates=args.templates,
        mirror=args.signature_mirror,
        suspended=args.stopped,
    )


def backup_args(args: TenantArgs, site: BackupSite, database: Database) -> BackupArgs:
    """What the backup is made from."""
    tenant = args.resolved.tenant
    return BackupArgs(
        resolved=args.resolved,
        namespace=args.namespace,
        image=args.image("backup"),
        site=site,
        databases=database.access,
        files=tenant.modules.dms.enabled,
        shared_files=args.shared_files,
        suspended=args.stopped,
        random=args.random,
    )


def _front(args: TenantArgs, backends: Sequence[Backend]) -> FrontArgs:
    return FrontArgs(
        resolved=args.resolved,
        namespace=args.namespace,
        image=args.image("front"),
        templates=args.templates,
        backends=backends,
        suspended=args.stopped,
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
