"""The tenant's identity service: a Keycloak of its own, and the job that keeps its realm as the standard says.

Public are the pages and endpoints of the tenant's realm only (`public_paths`). Keycloak's own realm, the admin
console and API, metrics and health are reached from inside the namespace or by the operators (ORP.4.A10).
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pulumi

from einklang.model.resolved import ResolvedTenant
from modules import labels
from modules.database import DatabaseAccess
from modules.identity_realm import CLIENT_SECRETS, master_document, realm_document
from modules.identity_server import NAME, PORT, Server, config_map, deployment, service
from modules.identity_setup import SetupJob, job
from modules.identity_theme import theme_files
from modules.kubernetes import Manifest, Object

ADMIN_CLIENT = "einklang-setup"
ADMIN_SECRET = "identity-admin"  # noqa: S105 - the name of a Secret
"""Keys `client-id` and `client-secret`: the only way into Keycloak's own realm."""

_SECRET_BYTES = 32


@dataclass(frozen=True)
class IdentityArgs:
    """image, setup_image: by tag and digest. templates: folder of the templates. suspended: no pods, data is kept.

    database: where users and sessions are. random: n -> n random bytes, for the secrets.
    """

    resolved: ResolvedTenant
    namespace: str
    image: str
    setup_image: str
    templates: Path
    database: DatabaseAccess
    suspended: bool
    random: Callable[[int], bytes]


class Identity(pulumi.ComponentResource):
    """Keycloak with its realm. Resources that depend on the component wait until the realm is ready.

    public_paths: path prefixes that may be reached from outside, all others may not. home: the user's own page.
    """

    service: str
    port: int
    public_paths: Sequence[str]
    home: str

    def __init__(self, name: str, args: IdentityArgs, opts: pulumi.ResourceOptions) -> None:
        super().__init__("einklang:identity:Identity", name, None, opts)
        tenant = args.resolved.tenant
        self.service, self.port = NAME, PORT
        self.public_paths, self.home = public_paths(tenant.id), f"/realms/{tenant.id}/account/"
        # The secrets stand before Keycloak starts and learns them: a run that is killed in between can be repeated.
        secrets = [Object(manifest, self._options()) for manifest in _secrets(args)]
        server = _server(args)
        theme = Object(config_map(server), self._options())
        reachable = Object(service(server), self._options())
        keycloak = Object(deployment(server), self._options([*secrets, theme, reachable]))
        if not args.suspended:
            setup = _setup(args)
            documents = Object(setup.config_map(), self._options())
            Object(job(setup), self._options([keycloak, documents]), name="job/identity-setup")
        self.register_outputs({"service": self.service, "port": self.port, "home": self.home})

    def _options(self, depends_on: Sequence[pulumi.Resource] = ()) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=list(depends_on))


def public_paths(tenant: str) -> tuple[str, ...]:
    """What the login pages, the account console and OpenID Connect need, and nothing else of Keycloak."""
    realm = f"/realms/{tenant}"
    parts = ("account", "login-actions", "protocol/openid-connect", ".well-known")
    return (*(f"{realm}/{part}" for part in parts), "/resources")


def _secrets(args: IdentityArgs) -> list[Manifest]:
    """The technical client of Keycloak's own realm, and one client for each application that users log in to."""
    clients = {ADMIN_SECRET: ADMIN_CLIENT, **{f"{client}-oidc": client for client in _applications(args)}}
    return [_secret(args, name, client) for name, client in clients.items()]


def _applications(args: IdentityArgs) -> Mapping[str, str]:
    """Client -> the variable that its secret has in the realm's document."""
    modules = args.resolved.tenant.modules
    enabled = {"portal": modules.portal.enabled, "dms": modules.dms.enabled}
    return {client: variable for client, variable in CLIENT_SECRETS.items() if enabled[client]}


def _secret(args: IdentityArgs, name: str, client: str) -> Manifest:
    value = base64.urlsafe_b64encode(args.random(_SECRET_BYTES)).decode().rstrip("=")
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "Opaque",
        "metadata": {
            "name": name,
            "namespace": args.namespace,
            "labels": labels.common(args.resolved.tenant.id, NAME),
        },
        "stringData": {"client-id": client, "client-secret": value},
    }


def _server(args: IdentityArgs) -> Server:
    return Server(
        tenant=args.resolved.tenant.id,
        namespace=args.namespace,
        hostname=args.resolved.tenant.hostnames.identity,
        image=args.image,
        size=args.resolved.size.identity,
        database=args.database,
        admin_secret=ADMIN_SECRET,
        theme=theme_files(args.templates, args.resolved),
        stopped=args.suspended,
    )


def _setup(args: IdentityArgs) -> SetupJob:
    return SetupJob(
        tenant=args.resolved.tenant.id,
        namespace=args.namespace,
        image=args.setup_image,
        server_image=args.image,
        server_url=f"http://{NAME}:{PORT}",
        admin_secret=ADMIN_SECRET,
        client_secrets={variable: f"{client}-oidc" for client, variable in _applications(args).items()},
        documents={
            "master.json": master_document(args.templates, args.resolved),
            "realm.json": realm_document(args.templates, args.resolved),
        },
    )
