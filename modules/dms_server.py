"""The pages and the API of the document management: gunicorn with threads."""

from __future__ import annotations

from typing import Any

from modules import dms_parts, labels, pods
from modules.dms_parts import PORT, WEB, Parts
from modules.identity_server import NAME as IDENTITY
from modules.identity_server import PORT as IDENTITY_PORT
from modules.kubernetes import OLD_ONES_FIRST, Manifest

CLIENT_SECRET = "dms-oidc"  # noqa: S105 - the name of a Secret
"""Keys `client-id` and `client-secret`; the identity component makes it."""
_PATIENCE_SECONDS = 300


def service(parts: Parts) -> Manifest:
    """The address within the namespace, for the front and for the logout that the identity service sends."""
    return dms_parts.service(parts, WEB, PORT, "http")


def deployment(parts: Parts) -> Manifest:
    """A change stops all old pods first: two versions must not share a database."""
    spec = {
        "replicas": 0 if parts.stopped else parts.size.replicas,
        "strategy": OLD_ONES_FIRST,
        "revisionHistoryLimit": 2,
        "progressDeadlineSeconds": 600,
        "selector": {"matchLabels": labels.selector(WEB)},
        "template": {"metadata": {"labels": labels.workload(parts.tenant, WEB)}, "spec": _pod(parts)},
    }
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": parts.metadata(WEB, WEB), "spec": spec}


def _pod(parts: Parts) -> dict[str, Any]:
    size = parts.size
    container = {
        "name": "web",
        "image": parts.image,
        "imagePullPolicy": "IfNotPresent",
        "args": ["web"],
        "env": _environment(parts),
        "ports": [{"name": "http", "containerPort": PORT}],
        "resources": dms_parts.resources(size.cpu_request_millicores, size.cpu_limit_millicores, size.memory_mib),
        "securityContext": labels.restricted_container(),
        "startupProbe": _probe("/health/", period_seconds=1, failures=_PATIENCE_SECONDS),
        "readinessProbe": _probe("/health/?database", period_seconds=5, failures=3),
        "livenessProbe": _probe("/health/", period_seconds=10, failures=6),
        # The front hears of the end of a pod a moment later than the pod itself.
        "lifecycle": {"preStop": {"sleep": {"seconds": 3}}},
        "volumeMounts": dms_parts.mounts(),
    }
    spec = dms_parts.pod(WEB, container, dms_parts.volumes(parts, files=True))
    return dms_parts.with_files(parts, {**spec, "terminationGracePeriodSeconds": 40})


def _environment(parts: Parts) -> list[dict[str, Any]]:
    """What all parts have, and what only the pages need: logins are theirs alone."""
    tenant, size, realm = parts.resolved.tenant, parts.size, f"realms/{parts.tenant}"
    sessions = parts.resolved.standard.modules.identity.sessions
    login = {
        # The browser is sent to the public name; the DMS itself asks inside the namespace.
        "DMS_ISSUER": f"https://{tenant.hostnames.identity}/{realm}",
        "DMS_ISSUER_INTERNAL": f"http://{IDENTITY}:{IDENTITY_PORT}/{realm}",
        "DMS_SESSION_SECONDS": str(sessions.max_hours * 3600),
    }
    serving = {
        "DMS_WEB_PROCESSES": str(size.processes),
        "DMS_WEB_THREADS": str(size.threads),
        # Most threads wait in a stream of messages and need no connection.
        "DMS_DATABASE_POOL": str(max(4, size.threads // 4)),
    }
    references = {"DMS_CLIENT_ID": (CLIENT_SECRET, "client-id"), "DMS_CLIENT_SECRET": (CLIENT_SECRET, "client-secret")}
    return [
        *dms_parts.environment(parts, **dms_parts.uploads(parts), **login, **serving),
        *pods.environment({}, references),
    ]


def _probe(path: str, *, period_seconds: int, failures: int) -> dict[str, Any]:
    host = [{"name": "Host", "value": "localhost"}]  # Django answers to the names that it knows
    return {
        "httpGet": {"path": path, "port": "http", "httpHeaders": host},
        "periodSeconds": period_seconds,
        "timeoutSeconds": 5,
        "failureThreshold": failures,
    }
