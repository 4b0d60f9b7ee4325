"""The broker of the document management: a Redis that keeps its tasks on a small volume.

Each task is in the append-only file before the one who sent it hears of it: a killed broker has lost nothing when it is
back, a machine that loses power at most a second. It holds numbers of documents and messages to browsers, no content.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

from einklang.model.standard import (
    DMS_BROKER_CPU_LIMIT_MILLICORES,
    DMS_BROKER_CPU_REQUEST_MILLICORES,
    DMS_BROKER_STORAGE_GIB,
)
from modules import dms_parts, labels
from modules.dms_parts import BROKER, BROKER_PORT, BROKER_SECRET, Parts
from modules.kubernetes import OLD_ONES_FIRST, Manifest

_DATA, _CONFIGURATION = "/var/lib/redis", "/etc/einklang/redis"
_PASSWORD_BYTES = 32


def secret(parts: Parts, random: Callable[[int], bytes]) -> Manifest:
    """The password, and as a line of Redis's configuration: it stands in no command line."""
    password = base64.urlsafe_b64encode(random(_PASSWORD_BYTES)).decode().rstrip("=")
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "Opaque",
        "metadata": parts.metadata(BROKER_SECRET, BROKER),
        "stringData": {"password": password, "redis.conf": f"requirepass {password}\n"},
    }


def claim(parts: Parts) -> Manifest:
    """The volume of the append-only file."""
    return dms_parts.claim(parts, BROKER, BROKER, DMS_BROKER_STORAGE_GIB, shared=False)


def service(parts: Parts) -> Manifest:
    """The address within the namespace."""
    return dms_parts.service(parts, BROKER, BROKER_PORT, "redis")


def deployment(parts: Parts) -> Manifest:
    """One pod: the volume is its own."""
    spec = {
        "replicas": 0 if parts.stopped else 1,
        "strategy": OLD_ONES_FIRST,
        "revisionHistoryLimit": 2,
        "progressDeadlineSeconds": 300,
        "selector": {"matchLabels": labels.selector(BROKER)},
        "template": {"metadata": {"labels": labels.workload(parts.tenant, BROKER)}, "spec": _pod(parts)},
    }
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": parts.metadata(BROKER, BROKER), "spec": spec}


def _pod(parts: Parts) -> dict[str, Any]:
    memory = parts.size.broker_memory_mib
    options = {
        "port": str(BROKER_PORT),
        "dir": _DATA,
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        # The rest is for rewriting the file. When it is full, new tasks are refused and none is thrown away.
        "maxmemory": f"{memory // 2}mb",
        "maxmemory-policy": "noeviction",
    }
    container = {
        "name": "redis",
        "image": parts.broker_image,
        "imagePullPolicy": "IfNotPresent",
        "args": [
            f"{_CONFIGURATION}/redis.conf",
            *(part for name, value in options.items() for part in (f"--{name}", value)),
        ],
        "ports": [{"name": "redis", "containerPort": BROKER_PORT}],
        "resources": dms_parts.resources(DMS_BROKER_CPU_REQUEST_MILLICORES, DMS_BROKER_CPU_LIMIT_MILLICORES, memory),
        "securityContext": labels.restricted_container(),
        "startupProbe": _probe(period_seconds=1, failures=120),
        "readinessProbe": _probe(period_seconds=5, failures=2),
        "livenessProbe": _probe(period_seconds=10, failures=6),
        "volumeMounts": [
            {"name": "data", "mountPath": _DATA},
            {"name": "configuration", "mountPath": _CONFIGURATION, "readOnly": True},
        ],
    }
    items = [{"key": "redis.conf", "path": "redis.conf"}]
    volumes = [
        {"name": "data", "persistentVolumeClaim": {"claimName": BROKER}},
        {"name": "configuration", "secret": {"secretName": BROKER_SECRET, "items": items}},
    ]
    return {**dms_parts.pod(BROKER, container, volumes), "terminationGracePeriodSeconds": 30}


def _probe(*, period_seconds: int, failures: int) -> dict[str, Any]:
    return {
        "tcpSocket": {"port": "redis"},
        "periodSeconds": period_seconds,
        "timeoutSeconds": 3,
        "failureThreshold": failures,
    }
