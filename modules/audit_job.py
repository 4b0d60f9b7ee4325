"""The nightly audit: a CronJob of the audit identity, which looks at all tenants and prints what it found.

It has the rights of `auditor` (modules/auditor.py), a token that the kubelet renews and takes back with the pod, and
three ways out: the API server, the gateway, the name service. It keeps nothing; `einklang audit --collect` fetches.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from modules import labels
from modules.auditor import ACCOUNT, NAMESPACE
from modules.gateway import NAME as GATEWAY
from modules.kubernetes import Manifest
from modules.network_policies import GATEWAY_NAMESPACE, ApiServer, name_service, policy
from modules.routing import HTTP_PORT, HTTPS_PORT

NAME = "audit"
USER = 65532
_AUTHORITY, _TEMPORARY = "/etc/audit", "/tmp"  # noqa: S108 - an emptyDir
_LABELS = {"app.kubernetes.io/name": NAME, "app.kubernetes.io/part-of": labels.PART_OF}
_LONGEST_SECONDS = 3600


@dataclass(frozen=True)
class AuditArgs:
    """image: by digest. schedule: a line of cron, UTC. authority: of the sites (PEM), empty for public ones."""

    image: str
    schedule: str
    authority: str


def manifests(args: AuditArgs, api: ApiServer) -> list[Manifest]:
    """Everything but what modules/auditor.py makes; the CronJob comes last."""
    public = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": _metadata(), "data": {"ca.crt": args.authority}}
    return [public, _network(api), _cron_job(args)]


def _cron_job(args: AuditArgs) -> Manifest:
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": _metadata(),
        "spec": {
            "schedule": args.schedule,
            "timeZone": "Etc/UTC",
            "concurrencyPolicy": "Forbid",
            "startingDeadlineSeconds": _LONGEST_SECONDS,
            "successfulJobsHistoryLimit": 3,
            "failedJobsHistoryLimit": 3,
            "jobTemplate": {
                "metadata": {"labels": _LABELS},
                "spec": {
                    # Findings are no reason to look again: a failed Job is what monitoring sees of them.
                    "backoffLimit": 0,
                    "activeDeadlineSeconds": _LONGEST_SECONDS,
                    "template": {"metadata": {"labels": _LABELS}, "spec": _pod(args)},
                },
            },
        },
    }


def _pod(args: AuditArgs) -> dict[str, Any]:
    environment = {
        "AUDIT_GATEWAY": f"{GATEWAY}.{GATEWAY_NAMESPACE}.svc",
        "AUDIT_AUTHORITY": f"{_AUTHORITY}/ca.crt" if args.authority else "",
    }
    container = {
        "name": NAME,
        "image": args.image,
        "imagePullPolicy": "IfNotPresent",
        "env": [{"name": name, "value": value} for name, value in environment.items()],
        "resources": {"requests": {"cpu": "50m", "memory": "128Mi"}, "limits": {"cpu": "1", "memory": "512Mi"}},
        "securityContext": labels.restricted_container(),
        "volumeMounts": [
            {"name": "authority", "mountPath": _AUTHORITY, "readOnly": True},
            {"name": "temporary", "mountPath": _TEMPORARY},
        ],
    }
    return {
        "serviceAccountName": ACCOUNT,
        # The account itself has none mounted: this pod is the one exception.
        "automountServiceAccountToken": True,
        "enableServiceLinks": False,
        "restartPolicy": "Never",
        "securityContext": labels.restricted_pod(USER),
        "containers": [container],
        "volumes": [
            {"name": "authority", "configMap": {"name": NAME}},
            {"name": "temporary", "emptyDir": {"sizeLimit": "64Mi"}},
        ],
    }


def _network(api: ApiServer) -> Manifest:
    gateway = {
        "to": [
            {
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": GATEWAY_NAMESPACE}},
                "podSelector": {"matchLabels": {"app.kubernetes.io/name": GATEWAY}},
            }
        ],
        "ports": [{"protocol": "TCP", "port": port} for port in (HTTP_PORT, HTTPS_PORT)],
    }
    return policy(
        NAMESPACE, NAME, {"app.kubernetes.io/name": NAME}, [], [name_service(), api.egress(), gateway], _LABELS
    )


def _metadata() -> dict[str, Any]:
    return {"name": NAME, "namespace": NAMESPACE, "labels": _LABELS}
