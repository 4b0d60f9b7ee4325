"""What all parts of a tenant's document management have in common: names, environment, volumes, the shape of a pod.

One image for pages, worker and set-up (images/dms); the variables are those of its settings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from einklang.model.resolved import ResolvedTenant
from einklang.model.standard import DmsSize
from modules import labels, pods
from modules.database import DatabaseAccess
from modules.flows import HTTP, REDIS
from modules.kubernetes import Manifest
from modules.quantities import cpu, gibibytes, mebibytes

WEB, WORKER, BROKER, SETUP = "dms", "dms-worker", "dms-broker", "dms-setup"
PORT, BROKER_PORT = HTTP, REDIS
USER = 65532
KEY_SECRET, BROKER_SECRET = "dms", "dms-broker"
"""Secrets: `secret-key` of Django's signatures; `password` and `redis.conf`."""
FILES = "/var/lib/dms"
FILES_CLAIM = "dms-files"
_AUTHORITY = "/etc/einklang/database"


@dataclass(frozen=True)
class Parts:
    """image, broker_image: by tag and digest. shared_files: several nodes may mount the volume of the documents.

    scanner: `host:port` of a clamd, empty where none looks at uploads. stopped: no pods.
    """

    resolved: ResolvedTenant
    namespace: str
    image: str
    broker_image: str
    database: DatabaseAccess
    storage_class: str
    shared_files: bool
    scanner: str
    stopped: bool

    @property
    def tenant(self) -> str:
        """The tenant's id."""
        return self.resolved.tenant.id

    @property
    def size(self) -> DmsSize:
        """What the tenant's size class says."""
        return self.resolved.size.dms

    def metadata(self, name: str, workload: str, **annotations: str) -> dict[str, Any]:
        """Metadata of an object of a workload."""
        metadata: dict[str, Any] = {"name": name, "namespace": self.namespace}
        metadata["labels"] = labels.common(self.tenant, workload)
        return {**metadata, "annotations": annotations} if annotations else metadata


def claim(parts: Parts, name: str, workload: str, size_gib: int, *, shared: bool) -> Manifest:
    """A volume. Local ones are bound when the first pod wants them, so nobody waits for that."""
    metadata = parts.metadata(name, workload, **{"pulumi.com/skipAwait": "true"})
    spec = {
        "accessModes": ["ReadWriteMany" if shared else "ReadWriteOnce"],
        "storageClassName": parts.storage_class,
        "resources": {"requests": {"storage": gibibytes(size_gib)}},
    }
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": spec}


def service(parts: Parts, workload: str, port: int, name: str) -> Manifest:
    """An address within the namespace."""
    # The Deployment is waited for, and its pods are the endpoints.
    metadata = parts.metadata(workload, workload, **{"pulumi.com/skipAwait": "true"})
    ports: list[dict[str, Any]] = [{"name": name, "port": port, "targetPort": name}]
    spec = {"selector": labels.selector(workload), "ports": ports}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}


def pod(workload: str, container: Mapping[str, Any], volumes: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A pod of one container."""
    return {
        "serviceAccountName": workload,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": labels.restricted_pod(USER),
        "containers": [dict(container)],
        "volumes": list(volumes),
    }


def with_files(parts: Parts, spec: dict[str, Any]) -> dict[str, Any]:
    """The pod beside the volume of the documents: on one node with the others that use it, where only one can."""
    if parts.shared_files:
        return spec
    term = {
        "labelSelector": {"matchExpressions": [{"key": labels.WORKLOAD, "operator": "In", "values": [WEB, WORKER]}]},
        "topologyKey": "kubernetes.io/hostname",
    }
    return {**spec, "affinity": {"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}}


def resources(request_millicores: int, limit_millicores: int, memory_mib: int) -> dict[str, Any]:
    """Requests and limits; of memory what is asked for is what may be used."""
    return {
        "requests": {"cpu": cpu(request_millicores), "memory": mebibytes(memory_mib)},
        "limits": {"cpu": cpu(limit_millicores), "memory": mebibytes(memory_mib)},
    }


def volumes(parts: Parts, *, files: bool) -> list[dict[str, Any]]:
    """Temporary files, the database's authority, and the documents (or a place that stays empty)."""
    stored = {"persistentVolumeClaim": {"claimName": FILES_CLAIM}} if files else {"emptyDir": {"sizeLimit": "64Mi"}}
    upload_mib = parts.resolved.standard.modules.dms.upload.max_mib
    return [
        # An upload is here once whole and once for each check, and more than one may come at a time.
        {"name": "temporary", "emptyDir": {"sizeLimit": f"{512 + 8 * upload_mib}Mi"}},
        {"name": "files", **stored},
        parts.database.authority_volume("authority"),
    ]


def mounts() -> list[dict[str, Any]]:
    """Where the volumes are."""
    return [
        {"name": "temporary", "mountPath": "/tmp"},  # noqa: S108 - an emptyDir of the pod
        {"name": "files", "mountPath": FILES},
        {"name": "authority", "mountPath": _AUTHORITY, "readOnly": True},
    ]


def environment(parts: Parts, **more: str) -> list[dict[str, Any]]:
    """The variables of images/dms/einklang_dms/settings.py that all parts need, and more."""
    database = parts.database
    values = {
        "DMS_TITLE": f"E-Akte {parts.resolved.tenant.name}",
        "DMS_HOSTNAME": parts.resolved.tenant.hostnames.dms,
        "DMS_MEDIA": FILES,
        "DMS_DATABASE_HOST": database.host,
        "DMS_DATABASE_PORT": str(database.port),
        "DMS_DATABASE_NAME": database.name,
        "DMS_DATABASE_CA": f"{_AUTHORITY}/ca.crt",
        "DMS_BROKER_HOST": f"{BROKER}:{BROKER_PORT}",
        **more,
    }
    references = {
        "DMS_DATABASE_USER": (database.secret_name, "username"),
        "DMS_DATABASE_PASSWORD": (database.secret_name, "password"),
        "DMS_BROKER_PASSWORD": (BROKER_SECRET, "password"),
        "MAYAN_SECRET_KEY": (KEY_SECRET, "secret-key"),
    }
    return pods.environment(values, references)


def uploads(parts: Parts) -> dict[str, str]:
    """The variables of a part that makes documents' files."""
    upload = parts.resolved.standard.modules.dms.upload
    return {
        "DMS_UPLOAD_MAX_MIB": str(upload.max_mib),
        "DMS_UPLOAD_TYPES": " ".join(upload.types),
        "DMS_CLAMD": parts.scanner,
    }
