"""The job that brings a tenant's realm to what its document says.

One job for one state of the documents: its name ends with a hash over them and over its own specification. Nothing
to change, no new job; anything to change, a new one runs, and the old one is removed. A finished job stays, so that
Pulumi finds it again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from modules import labels, pods
from modules.kubernetes import Manifest

NAME = "identity-setup"
_USER = 65532
_DOCUMENTS = "/etc/einklang/realms"
_WAIT_SECONDS = 600


@dataclass(frozen=True)
class SetupJob:
    """documents: file name -> realm document, applied in this order. server_image: another Keycloak is set up anew.

    client_secrets: variable in the documents -> Secret with the key client-secret.
    """

    tenant: str
    namespace: str
    image: str
    server_image: str
    server_url: str
    admin_secret: str
    client_secrets: Mapping[str, str]
    documents: Mapping[str, str]

    def metadata(self, name: str) -> dict[str, Any]:
        """Metadata of an object of this job."""
        return {"name": name, "namespace": self.namespace, "labels": labels.common(self.tenant, NAME)}

    def config_map(self) -> Manifest:
        """The documents. They hold no secret."""
        metadata = self.metadata("identity-realms")
        return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": dict(self.documents)}


def job(setup: SetupJob) -> Manifest:
    """The job, under a name that stands for what it does."""
    spec = {
        # A failed container starts again after a growing pause; together that is more than an hour.
        "backoffLimit": 20,
        "template": {"metadata": {"labels": labels.workload(setup.tenant, NAME)}, "spec": _pod(setup)},
    }
    identity = json.dumps([spec, setup.server_image, dict(setup.documents)], sort_keys=True)
    name = f"{NAME}-{hashlib.sha256(identity.encode()).hexdigest()[:10]}"
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": setup.metadata(name), "spec": spec}


def _pod(setup: SetupJob) -> dict[str, Any]:
    return {
        "serviceAccountName": NAME,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "restartPolicy": "OnFailure",
        "securityContext": labels.restricted_pod(_USER),
        "containers": [
            {
                "name": "setup",
                "image": setup.image,
                "imagePullPolicy": "IfNotPresent",
                "args": [f"{_DOCUMENTS}/{name}" for name in setup.documents],
                "env": _environment(setup),
                "resources": {
                    "requests": {"cpu": "20m", "memory": "96Mi"},
                    "limits": {"cpu": "1000m", "memory": "96Mi"},
                },
                "securityContext": labels.restricted_container(),
                "volumeMounts": [{"name": "documents", "mountPath": _DOCUMENTS, "readOnly": True}],
            }
        ],
        "volumes": [{"name": "documents", "configMap": {"name": "identity-realms"}}],
    }


def _environment(setup: SetupJob) -> list[dict[str, Any]]:
    values = {"KEYCLOAK_URL": setup.server_url, "KEYCLOAK_WAIT_SECONDS": str(_WAIT_SECONDS)}
    references = {
        "KEYCLOAK_CLIENT_ID": (setup.admin_secret, "client-id"),
        "KEYCLOAK_CLIENT_SECRET": (setup.admin_secret, "client-secret"),
        **{variable: (secret, "client-secret") for variable, secret in setup.client_secrets.items()},
    }
    return pods.environment(values, references)
