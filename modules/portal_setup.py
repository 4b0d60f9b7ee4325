"""The job that brings a tenant's portal to what its document says, through the database.

One job for one state of the document and the image, as modules/identity_setup.py explains.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from einklang.model.standard import PORTAL_SETUP_CPU_LIMIT_MILLICORES as CPU_LIMIT
from einklang.model.standard import PORTAL_SETUP_CPU_REQUEST_MILLICORES as CPU_REQUEST
from einklang.model.standard import PORTAL_SETUP_MEMORY_MIB as MEMORY
from modules import labels, portal_server
from modules.database import DatabaseAccess
from modules.kubernetes import Manifest

NAME = "portal-setup"
_DOCUMENT = "site.json"
_DOCUMENTS = "/etc/einklang/portal"
_CONFIG_MAP = "portal-site"
_WAIT_SECONDS = 300


@dataclass(frozen=True)
class PortalSetup:
    """document: what the site has to be, as JSON."""

    tenant: str
    namespace: str
    image: str
    database: DatabaseAccess
    document: str

    def metadata(self, name: str) -> dict[str, Any]:
        """Metadata of an object of this job."""
        return {"name": name, "namespace": self.namespace, "labels": labels.common(self.tenant, NAME)}

    def config_map(self) -> Manifest:
        """The document. It holds no secret."""
        data = {_DOCUMENT: self.document}
        return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": self.metadata(_CONFIG_MAP), "data": data}


def job(setup: PortalSetup) -> Manifest:
    """The job, under a name that stands for what it does."""
    spec = {
        # A failed container starts again after a growing pause; together that is more than an hour.
        "backoffLimit": 20,
        "template": {"metadata": {"labels": labels.workload(setup.tenant, NAME)}, "spec": _pod(setup)},
    }
    identity = json.dumps([spec, setup.document], sort_keys=True)
    name = f"{NAME}-{hashlib.sha256(identity.encode()).hexdigest()[:10]}"
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": setup.metadata(name), "spec": spec}


def _pod(setup: PortalSetup) -> dict[str, Any]:
    return {
        "serviceAccountName": NAME,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "restartPolicy": "OnFailure",
        "securityContext": labels.restricted_pod(portal_server.USER),
        "containers": [
            {
                "name": "setup",
                "image": setup.image,
                "imagePullPolicy": "IfNotPresent",
                "args": ["einklang_portal.site_setup", portal_server.CONFIGURATION, f"{_DOCUMENTS}/{_DOCUMENT}"],
                "env": [
                    {"name": "PORTAL_WAIT_SECONDS", "value": str(_WAIT_SECONDS)},
                    {"name": "PORTAL_CONNECTIONS", "value": "2"},
                    *portal_server.database_environment(setup.database),
                ],
                "resources": {
                    "requests": {"cpu": f"{CPU_REQUEST}m", "memory": f"{MEMORY}Mi"},
                    "limits": {"cpu": f"{CPU_LIMIT}m", "memory": f"{MEMORY}Mi"},
                },
                "securityContext": labels.restricted_container(),
                "volumeMounts": [
                    *portal_server.mounts(),
                    {"name": "document", "mountPath": _DOCUMENTS, "readOnly": True},
                ],
            }
        ],
        "volumes": [
            *portal_server.volumes(setup.database),
            {"name": "document", "configMap": {"name": _CONFIG_MAP}},
        ],
    }
