"""The tenant's citizen portal: Plone, and the job that keeps its site as the standard says.

What is public is said by `backend`; the front stands before it. Citizens and editors log in at the tenant's identity
service and nowhere else (ORP.4.A9, ORP.4.A10).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pulumi

from einklang.model.resolved import ResolvedTenant
from modules import portal_access
from modules.database import DatabaseAccess
from modules.front_backend import Backend
from modules.kubernetes import Object
from modules.portal_server import PortalServer, deployment, service
from modules.portal_setup import PortalSetup, job
from modules.portal_site import site_document

OIDC_SECRET = "portal-oidc"  # noqa: S105 - the name of a Secret
"""Keys `client-id` and `client-secret`; the identity component makes it."""


@dataclass(frozen=True)
class PortalArgs:
    """image: by tag and digest, for server and set-up. templates: folder of the templates. suspended: no pods.

    database: where all content is. issuer: address of the tenant's realm inside the namespace.
    """

    resolved: ResolvedTenant
    namespace: str
    image: str
    templates: Path
    database: DatabaseAccess
    issuer: str
    suspended: bool


class Portal(pulumi.ComponentResource):
    """Plone with its site. Resources that depend on the component wait until its pages can be read."""

    backend: Backend

    def __init__(self, name: str, args: PortalArgs, opts: pulumi.ResourceOptions) -> None:
        super().__init__("einklang:portal:Portal", name, None, opts)
        server, before = _server(args), list[pulumi.Resource]()
        self.backend = portal_access.backend(args.resolved.tenant)
        before.append(Object(service(server), self._options()))
        if not args.suspended:
            setup = _setup(args)
            document = Object(setup.config_map(), self._options())
            before.append(Object(job(setup), self._options([document]), name="job/portal-setup"))
        Object(deployment(server), self._options(before))
        self.register_outputs({"service": self.backend.service, "port": self.backend.port})

    def _options(self, depends_on: Sequence[pulumi.Resource] = ()) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=list(depends_on))


def _server(args: PortalArgs) -> PortalServer:
    tenant = args.resolved.tenant
    return PortalServer(
        tenant=tenant.id,
        namespace=args.namespace,
        hostname=tenant.hostnames.portal,
        image=args.image,
        size=args.resolved.size.portal,
        database=args.database,
        issuer=args.issuer,
        oidc_secret=OIDC_SECRET,
        stopped=args.suspended,
    )


def _setup(args: PortalArgs) -> PortalSetup:
    return PortalSetup(
        tenant=args.resolved.tenant.id,
        namespace=args.namespace,
        image=args.image,
        database=args.database,
        document=site_document(args.templates, args.resolved),
    )
