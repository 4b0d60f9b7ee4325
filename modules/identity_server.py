"""Keycloak in a tenant: what its Deployment, Service and theme look like.

Source of the options: Keycloak 26.4, "All configuration" and "Running Keycloak in a container".
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from einklang.model.standard import IdentitySize
from modules import labels, pods
from modules.database import DatabaseAccess
from modules.identity_theme import THEME
from modules.kubernetes import OLD_ONES_FIRST, Manifest

NAME = "identity"
PORT = 8080
MANAGEMENT_PORT = 9000
_USER = 1000
_HOME = "/opt/keycloak"
_THEMES = "identity-theme"
_AUTHORITY = "/etc/einklang/database"

# A tenant with one pod: the C1 compiler alone, and one collector thread. The first start with the database's migration
# then needs 17 seconds of CPU instead of 37, a later one 7 instead of 16; a login needs 115 ms instead of 70, and 60 %
# of the memory. Tenants with several pods have the logins for which the other compiler pays off.
_JVM_ONE_POD = "-XX:TieredStopAtLevel=1 -XX:-UseG1GC -XX:+UseSerialGC -XX:MetaspaceSize=160m"
_JVM = "-XX:MetaspaceSize=160m"
# The other half of the memory: classes (about 130 MiB), code, threads, buffers.
_HEAP = "-XX:MaxRAMPercentage=50 -XX:InitialRAMPercentage=25"


@dataclass(frozen=True)
class Server:
    """theme: files by path. admin_secret: keys client-id and client-secret. stopped: no pods."""

    tenant: str
    namespace: str
    hostname: str
    image: str
    size: IdentitySize
    database: DatabaseAccess
    admin_secret: str
    theme: Mapping[str, bytes]
    stopped: bool

    def metadata(self, name: str) -> dict[str, Any]:
        """Metadata of an object of this server."""
        return {"name": name, "namespace": self.namespace, "labels": labels.common(self.tenant, NAME)}


def config_map(server: Server) -> Manifest:
    """The theme's files; a key names the path, with `__` for `/`."""
    data = {_key(path): base64.b64encode(content).decode() for path, content in sorted(server.theme.items())}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": server.metadata(_THEMES), "binaryData": data}


def service(server: Server) -> Manifest:
    """The address within the namespace, for the gateway, the portal, the DMS and the set-up job."""
    metadata = server.metadata(NAME)
    # The Deployment is waited for, and its pods are the endpoints.
    metadata["annotations"] = {"pulumi.com/skipAwait": "true"}
    spec = {
        "selector": labels.selector(NAME),
        "ports": [{"name": "http", "port": PORT, "targetPort": "http", "appProtocol": "http"}],
    }
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}


def deployment(server: Server) -> Manifest:
    """Keycloak's pods. A change stops all old ones first: two versions must not share a database."""
    spec = {
        "replicas": 0 if server.stopped else server.size.replicas,
        "strategy": OLD_ONES_FIRST,
        "revisionHistoryLimit": 2,
        "progressDeadlineSeconds": 900,
        "selector": {"matchLabels": labels.selector(NAME)},
        "template": {
            "metadata": {
                "labels": labels.workload(server.tenant, NAME),
                # Keycloak reads its theme once: another theme is another pod.
                "annotations": {"einklang/theme": _digest(server.theme)},
            },
            "spec": _pod(server),
        },
    }
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": server.metadata(NAME), "spec": spec}


def _pod(server: Server) -> dict[str, Any]:
    return {
        "serviceAccountName": NAME,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": labels.restricted_pod(_USER),
        "terminationGracePeriodSeconds": 60,
        "topologySpreadConstraints": pods.spread(NAME),
        "containers": [_container(server)],
        "volumes": [
            {"name": "temporary", "emptyDir": {"sizeLimit": "128Mi"}},
            {"name": "data", "emptyDir": {"sizeLimit": "128Mi"}},
            {"name": "theme", "configMap": {"name": _THEMES, "items": _items(server)}},
            server.database.authority_volume("authority"),
        ],
    }


def _container(server: Server) -> dict[str, Any]:
    size = server.size
    return {
        "name": "keycloak",
        "image": server.image,
        "imagePullPolicy": "IfNotPresent",
        "args": ["start", "--optimized"],
        "env": _environment(server),
        "ports": [
            {"name": "http", "containerPort": PORT},
            {"name": "management", "containerPort": MANAGEMENT_PORT},
        ],
        "resources": {
            "requests": {"cpu": f"{size.cpu_request_millicores}m", "memory": f"{size.memory_mib}Mi"},
            "limits": {"cpu": f"{size.cpu_limit_millicores}m", "memory": f"{size.memory_mib}Mi"},
        },
        "securityContext": labels.restricted_container(),
        # The first start migrates the database: ten minutes for a slow machine (APP.4.4.A11).
        "startupProbe": _probe("started", period_seconds=1, failures=600),
        "readinessProbe": _probe("ready", period_seconds=5, failures=3),
        "livenessProbe": _probe("live", period_seconds=10, failures=6),
        # The gateway hears of the end of a pod a moment later than the pod itself.
        "lifecycle": {"preStop": {"sleep": {"seconds": 3}}},
        "volumeMounts": [
            {"name": "temporary", "mountPath": "/tmp"},  # noqa: S108 - an emptyDir of the pod
            {"name": "data", "mountPath": f"{_HOME}/data"},
            {"name": "theme", "mountPath": f"{_HOME}/themes/{THEME}", "readOnly": True},
            {"name": "authority", "mountPath": _AUTHORITY, "readOnly": True},
        ],
    }


def _environment(server: Server) -> list[dict[str, Any]]:
    database = server.database
    values = {
        "KC_HOSTNAME": f"https://{server.hostname}",
        # Portal and DMS ask inside the namespace; browsers are sent to the public name.
        "KC_HOSTNAME_BACKCHANNEL_DYNAMIC": "true",
        "KC_HTTP_ENABLED": "true",
        # Only the gateway and the tenant's own workloads reach the port (modules/flows.py), so no address list here.
        "KC_PROXY_HEADERS": "xforwarded",
        "KC_DB_URL": (
            f"jdbc:postgresql://{database.host}:{database.port}/{database.name}"
            f"?sslmode=verify-full&sslrootcert={_AUTHORITY}/ca.crt&connectTimeout=2"
        ),
        "KC_DB_POOL_INITIAL_SIZE": "2",
        "KC_DB_POOL_MIN_SIZE": "2",
        "KC_DB_POOL_MAX_SIZE": "20",
        # A database whose pod went leaves connections on which nobody answers any more, and each would be an error for
        # somebody. Keycloak has no options for it; these are Quarkus', as its maintainers advise. An attempt to connect
        # is short (in the address), because all others wait for it, and give up after five seconds.
        "QUARKUS_DATASOURCE_JDBC_FOREGROUND_VALIDATION_INTERVAL": "1S",
        "QUARKUS_DATASOURCE_JDBC_BACKGROUND_VALIDATION_INTERVAL": "10S",
        "QUARKUS_DATASOURCE_JDBC_VALIDATION_QUERY_TIMEOUT": "1S",
        # One pod needs no cluster; several find each other through the database and encrypt what they exchange.
        "KC_CACHE": "local" if server.size.replicas == 1 else "ispn",
        "KC_SPI_EVENTS_LISTENER__JBOSS_LOGGING__SUCCESS_LEVEL": "info",
        "JAVA_OPTS_KC_HEAP": _HEAP,
        "JAVA_OPTS_APPEND": _JVM_ONE_POD if server.size.replicas == 1 else _JVM,
    }
    references = {
        "KC_DB_USERNAME": (database.secret_name, "username"),
        "KC_DB_PASSWORD": (database.secret_name, "password"),
        "KC_BOOTSTRAP_ADMIN_CLIENT_ID": (server.admin_secret, "client-id"),
        "KC_BOOTSTRAP_ADMIN_CLIENT_SECRET": (server.admin_secret, "client-secret"),
    }
    return pods.environment(values, references)


def _probe(check: str, *, period_seconds: int, failures: int) -> dict[str, Any]:
    return {
        "httpGet": {"path": f"/health/{check}", "port": "management"},
        "periodSeconds": period_seconds,
        "timeoutSeconds": 5,
        "failureThreshold": failures,
    }


def _items(server: Server) -> list[dict[str, str]]:
    return [{"key": _key(path), "path": path} for path in sorted(server.theme)]


def _key(path: str) -> str:
    return path.replace("/", "__")


def _digest(files: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256()
    for path, content in sorted(files.items()):
        digest.update(f"{path}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()[:16]
