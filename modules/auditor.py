"""The identity for audits: it lists what the checks look at, in all namespaces, and can do nothing else.

It cannot read Secrets: Kubernetes has no right to see that one is there without its content. It cannot enter a pod:
what a pod mounts could be read there. An operator impersonates it (docs/adr/0017), or makes a short-lived token for an
auditor with `kubectl create token`; the nightly audit (modules/audit_job.py) has one as long as its pod lives.
"""

from __future__ import annotations

from typing import Any

from modules import labels
from modules.kubernetes import Manifest
from modules.network_policies import policy

NAMESPACE, ACCOUNT, ROLE = "einklang-audit", "auditor", "einklang:auditor"
_RBAC = "rbac.authorization.k8s.io"
_LABELS = {"app.kubernetes.io/name": ACCOUNT, "app.kubernetes.io/part-of": labels.PART_OF}
_LOOKED_AT = {
    "": (
        "configmaps", "limitranges", "namespaces", "persistentvolumeclaims", "persistentvolumes", "pods",
        "resourcequotas", "serviceaccounts", "services",
    ),
    "admissionregistration.k8s.io": ("validatingadmissionpolicies", "validatingadmissionpolicybindings"),
    "apps": ("daemonsets", "deployments", "statefulsets"),
    "batch": ("cronjobs", "jobs"),
    "gateway.networking.k8s.io": ("gateways", "httproutes", "referencegrants"),
    "networking.k8s.io": ("networkpolicies",),
    _RBAC: ("clusterrolebindings", "clusterroles", "rolebindings", "roles"),
    "storage.k8s.io": ("storageclasses",),
}  # fmt: skip


def manifests() -> list[Manifest]:
    """Namespace, account, role and binding; nothing may connect but what modules/audit_job.py lets out."""
    return [
        {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {
                "name": NAMESPACE,
                "labels": {**_LABELS, "pod-security.kubernetes.io/enforce": "restricted"},
            },
        },
        policy(NAMESPACE, "default-deny", {}, [], [], _LABELS),
        {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": _metadata(ACCOUNT, namespace=NAMESPACE),
            "automountServiceAccountToken": False,
        },
        {"apiVersion": f"{_RBAC}/v1", "kind": "ClusterRole", "metadata": _metadata(ROLE), "rules": _rules()},
        {
            "apiVersion": f"{_RBAC}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": _metadata(ROLE),
            "roleRef": {"apiGroup": _RBAC, "kind": "ClusterRole", "name": ROLE},
            "subjects": [{"kind": "ServiceAccount", "name": ACCOUNT, "namespace": NAMESPACE}],
        },
    ]


def _rules() -> list[dict[str, Any]]:
    looking = [
        {"apiGroups": [group], "resources": list(kinds), "verbs": ["get", "list"]}
        for group, kinds in _LOOKED_AT.items()
    ]
    # /metrics: with which transformer the API server wrote Secrets; numbers, no content.
    return [*looking, {"nonResourceURLs": ["/metrics", "/version"], "verbs": ["get"]}]


def _metadata(name: str, namespace: str = "") -> dict[str, Any]:
    return {"name": name, **({"namespace": namespace} if namespace else {}), "labels": _LABELS}
