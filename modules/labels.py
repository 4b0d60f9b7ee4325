"""The labels that every object of a tenant carries, and the security context of every pod."""

from __future__ import annotations

from typing import Any

TENANT = "einklang/tenant"
WORKLOAD = "einklang/workload"
STANDARD = "einklang/standard"
DRILL = "einklang/drill"
"""On the namespace of a restore drill, beside the tenant's own mark."""
HOSTNAMES = "einklang/hostnames"
PART_OF = "einklang"
REQUIRED = (TENANT, WORKLOAD, "app.kubernetes.io/name", "app.kubernetes.io/part-of")
"""What admission asks of each pod of a tenant."""


def common(tenant: str, component: str) -> dict[str, str]:
    """Labels of an object: the recommended ones of Kubernetes and the tenant."""
    return {
        "app.kubernetes.io/name": component,
        "app.kubernetes.io/instance": tenant,
        "app.kubernetes.io/component": component,
        "app.kubernetes.io/part-of": PART_OF,
        "app.kubernetes.io/managed-by": "pulumi",
        TENANT: tenant,
    }


def workload(tenant: str, name: str) -> dict[str, str]:
    """Labels of a pod: by `einklang/workload` the network policies find it."""
    return {**common(tenant, name), WORKLOAD: name}


def selector(name: str) -> dict[str, str]:
    """What selects the pods of a workload within its namespace."""
    return {WORKLOAD: name}


def restricted_pod(user: int) -> dict[str, Any]:
    """Pod security context for Pod Security `restricted` (BSI SYS.1.6.A17, A18, A21)."""
    return {
        "runAsNonRoot": True,
        "runAsUser": user,
        "runAsGroup": user,
        "fsGroup": user,
        "fsGroupChangePolicy": "OnRootMismatch",
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def restricted_container() -> dict[str, Any]:
    """Container security context; the root file system is read-only (BSI SYS.1.6.A23)."""
    return {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
