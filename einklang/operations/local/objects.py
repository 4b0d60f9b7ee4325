"""Shapes of the Kubernetes objects that the add-ons are made of."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

Object = dict[str, Any]
RBAC = "rbac.authorization.k8s.io/v1"
RBAC_GROUP = "rbac.authorization.k8s.io"
_RESTRICTED = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}


def cluster_role(name: str, rules: Sequence[Object]) -> Object:
    """A ClusterRole."""
    return {"apiVersion": RBAC, "kind": "ClusterRole", "metadata": {"name": name}, "rules": list(rules)}


def cluster_role_binding(
    name: str, role: str, *, group: str | None = None, user: str | None = None, account: tuple[str, str] | None = None
) -> Object:
    """A ClusterRoleBinding of one group, user or service account (namespace, name)."""
    if account:
        subject = {"kind": "ServiceAccount", "namespace": account[0], "name": account[1]}
    else:
        kind, subject_name = ("Group", group) if group else ("User", user)
        subject = {"kind": kind, "name": str(subject_name), "apiGroup": RBAC_GROUP}
    return {
        "apiVersion": RBAC,
        "kind": "ClusterRoleBinding",
        "metadata": {"name": name},
        "roleRef": {"apiGroup": RBAC_GROUP, "kind": "ClusterRole", "name": role},
        "subjects": [subject],
    }


def config_map(metadata: Mapping[str, str], data: Mapping[str, str]) -> Object:
    """A ConfigMap."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": dict(metadata), "data": dict(data)}


def deployment(
    metadata: Mapping[str, str], labels: Mapping[str, str], container: Object, configuration: tuple[str, Object]
) -> Object:
    """One pod with one container, unprivileged, under the service account of its own name.

    configuration: where the container finds its ConfigMap, and that; the pods are replaced when it changes.
    """
    path, source = configuration
    digest = hashlib.sha256(json.dumps(source["data"], sort_keys=True).encode()).hexdigest()
    mount = {"name": "configuration", "mountPath": path, "readOnly": True}
    pod = {
        "serviceAccountName": metadata["name"],
        "priorityClassName": "system-cluster-critical" if metadata["namespace"] == "kube-system" else None,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 65532,
            "runAsGroup": 65532,
            "seccompProfile": {"type": "RuntimeDefault"},
            # Port 53 without root and without a capability.
            "sysctls": [{"name": "net.ipv4.ip_unprivileged_port_start", "value": "0"}],
        },
        "containers": [
            {
                "name": metadata["name"],
                "imagePullPolicy": "IfNotPresent",
                "securityContext": _RESTRICTED,
                "volumeMounts": [mount],
                **container,
            }
        ],
        "volumes": [{"name": "configuration", "configMap": {"name": source["metadata"]["name"]}}],
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": dict(metadata),
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": dict(labels)},
            "template": {
                "metadata": {"labels": dict(labels), "annotations": {"einklang/configuration": digest}},
                "spec": {key: value for key, value in pod.items() if value is not None},
            },
        },
    }
