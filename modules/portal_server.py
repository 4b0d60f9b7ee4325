"""Plone in a tenant: what its Deployment and Service look like.

Pods hold nothing: content, files and sessions' keys are in the database (RelStorage). So there can be several.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from einklang.model.standard import PortalSize
from modules import labels, pods
from modules.database import DatabaseAccess
from modules.flows import HTTP
from modules.kubernetes import Manifest

NAME = "portal"
USER = 65532
CONFIGURATION = "/etc/portal/zope.conf"
AUTHORITY = "/etc/einklang/database"
SITE_PREFIX = "/Plone/VirtualHostRoot"
_STOP_SECONDS = 30


@dataclass(frozen=True)
class PortalServer:
    """issuer: the realm's address in the namespace. oidc_secret: keys client-id and client-secret. stopped: no pods."""

    tenant: str
    namespace: str
    hostname: str
    image: str
    size: PortalSize
    database: DatabaseAccess
    issuer: str
    oidc_secret: str
    stopped: bool

    def metadata(self, name: str) -> dict[str, Any]:
        """Metadata of an object of this server."""
        return {"name": name, "namespace": self.namespace, "labels": labels.common(self.tenant, NAME)}


def virtual_host(hostname: str) -> str:
    """What stands before a path so that Zope makes addresses of that name (VirtualHostMonster)."""
    return f"/VirtualHostBase/https/{hostname}:443{SITE_PREFIX}"


def service(server: PortalServer) -> Manifest:
    """The address within the namespace, for the front and for the identity service's word that a user has left."""
    metadata = server.metadata(NAME)
    # The Deployment is waited for, and its pods are the endpoints.
    metadata["annotations"] = {"pulumi.com/skipAwait": "true"}
    ports = [{"name": "http", "port": HTTP, "targetPort": "http", "appProtocol": "http"}]
    spec = {"selector": labels.selector(NAME), "ports": ports}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}


def deployment(server: PortalServer) -> Manifest:
    """Plone's pods. The next one answers before the last one goes."""
    spec = {
        "replicas": 0 if server.stopped else server.size.replicas,
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
        "revisionHistoryLimit": 2,
        "progressDeadlineSeconds": 600,
        "selector": {"matchLabels": labels.selector(NAME)},
        "template": {"metadata": {"labels": labels.workload(server.tenant, NAME)}, "spec": _pod(server)},
    }
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": server.metadata(NAME), "spec": spec}


def database_environment(database: DatabaseAccess) -> list[dict[str, Any]]:
    """Where the database is and as whom to go there, as libpq reads it (PostgreSQL, "Environment Variables")."""
    values = {
        "PGHOST": database.host,
        "PGPORT": str(database.port),
        "PGDATABASE": database.name,
        "PGSSLMODE": "verify-full",
        "PGSSLROOTCERT": f"{AUTHORITY}/ca.crt",
    }
    references = {"PGUSER": (database.secret_name, "username"), "PGPASSWORD": (database.secret_name, "password")}
    return pods.environment(values, references)


def volumes(database: DatabaseAccess) -> list[dict[str, Any]]:
    """What every pod of the portal mounts: room for uploads and copies of files, and the database's authority."""
    return [
        {"name": "temporary", "emptyDir": {"sizeLimit": "512Mi"}},
        database.authority_volume("authority"),
    ]


def mounts() -> list[dict[str, Any]]:
    """Where a container of the portal has them."""
    return [
        {"name": "temporary", "mountPath": "/tmp"},  # noqa: S108 - an emptyDir of the pod
        {"name": "authority", "mountPath": AUTHORITY, "readOnly": True},
    ]


def _pod(server: PortalServer) -> dict[str, Any]:
    return {
        "serviceAccountName": NAME,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": labels.restricted_pod(USER),
        "terminationGracePeriodSeconds": _STOP_SECONDS,
        "topologySpreadConstraints": pods.spread(NAME),
        "containers": [_container(server)],
        "volumes": volumes(server.database),
    }


def _container(server: PortalServer) -> dict[str, Any]:
    size = server.size
    return {
        "name": "plone",
        "image": server.image,
        "imagePullPolicy": "IfNotPresent",
        "args": ["einklang_portal.serve", CONFIGURATION],
        "env": _environment(server),
        "ports": [{"name": "http", "containerPort": HTTP}],
        "resources": {
            "requests": {"cpu": f"{size.cpu_request_millicores}m", "memory": f"{size.memory_mib}Mi"},
            "limits": {"cpu": f"{size.cpu_limit_millicores}m", "memory": f"{size.memory_mib}Mi"},
        },
        "securityContext": labels.restricted_container(),
        "startupProbe": _probe("ready", period_seconds=1, failures=300),
        # Without a database there is no page: the front then shows the municipality's emergency page.
        "readinessProbe": _probe("ready", period_seconds=5, failures=2),
        "livenessProbe": _probe("live", period_seconds=10, failures=6),
        # The front hears of the end of a pod a moment later than the pod itself.
        "lifecycle": {"preStop": {"sleep": {"seconds": 3}}},
        "volumeMounts": mounts(),
    }


def _environment(server: PortalServer) -> list[dict[str, Any]]:
    values = {
        "PORTAL_PORT": str(HTTP),
        "PORTAL_THREADS": str(server.size.threads),
        # One for each thread, and one for the probes.
        "PORTAL_CONNECTIONS": str(server.size.threads + 1),
        "PORTAL_URL": f"https://{server.hostname}",
        "PORTAL_OIDC_ISSUER": server.issuer,
    }
    references = {
        "PORTAL_OIDC_CLIENT_ID": (server.oidc_secret, "client-id"),
        "PORTAL_OIDC_CLIENT_SECRET": (server.oidc_secret, "client-secret"),
    }
    return [*pods.environment(values, references), *database_environment(server.database)]


def _probe(check: str, *, period_seconds: int, failures: int) -> dict[str, Any]:
    return {
        "httpGet": {"path": f"/.einklang/{check}", "port": "http"},
        "periodSeconds": period_seconds,
        "timeoutSeconds": 5,
        "failureThreshold": failures,
    }
