"""The job that makes the tables of the document management and brings it to what its document says.

As that of the identity service: one job for one state of document and image, its name ends with a hash over both. It
works in the database itself, as Mayan does; no account with an administrator's rights exists for it.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from einklang.model.standard import (
    DMS_SETUP_CPU_LIMIT_MILLICORES,
    DMS_SETUP_CPU_REQUEST_MILLICORES,
    DMS_SETUP_MEMORY_MIB,
)
from modules import dms_parts, labels
from modules.dms_parts import SETUP, Parts
from modules.kubernetes import Manifest

_DOCUMENTS, _FILE = "/etc/einklang/dms", "setup.json"


def config_map(parts: Parts, document: str) -> Manifest:
    """The document. It holds no secret."""
    metadata = parts.metadata(SETUP, SETUP)
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {_FILE: document}}


def job(parts: Parts, document: str) -> Manifest:
    """The job, under a name that stands for what it does."""
    spec = {
        # A failed container starts again after a growing pause; together that is more than an hour.
        "backoffLimit": 20,
        "template": {"metadata": {"labels": labels.workload(parts.tenant, SETUP)}, "spec": _pod(parts)},
    }
    identity = json.dumps([spec, document], sort_keys=True)
    name = f"{SETUP}-{hashlib.sha256(identity.encode()).hexdigest()[:10]}"
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": parts.metadata(name, SETUP), "spec": spec}


def _pod(parts: Parts) -> dict[str, Any]:
    container = {
        "name": "setup",
        "image": parts.image,
        "imagePullPolicy": "IfNotPresent",
        "args": ["setup", f"{_DOCUMENTS}/{_FILE}"],
        "env": dms_parts.environment(parts),
        "resources": dms_parts.resources(
            DMS_SETUP_CPU_REQUEST_MILLICORES, DMS_SETUP_CPU_LIMIT_MILLICORES, DMS_SETUP_MEMORY_MIB
        ),
        "securityContext": labels.restricted_container(),
        "volumeMounts": [
            *dms_parts.mounts(),
            {"name": "documents", "mountPath": _DOCUMENTS, "readOnly": True},
        ],
    }
    documents = {"name": "documents", "configMap": {"name": SETUP}}
    spec = dms_parts.pod(SETUP, container, [*dms_parts.volumes(parts, files=False), documents])
    return {**spec, "restartPolicy": "OnFailure"}
