"""Whether everything of a namespace runs, asked of the cluster itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from einklang.clients.kubernetes import Kubernetes, wait


def wait_until_ready(kubernetes: Kubernetes, namespace: str, timeout_seconds: float) -> None:
    """Return when every Deployment has all the pods that it wants. Raises CheckError after the timeout.

    After a stack was held (`EINKLANG_HOLD`), Pulumi's own waiting cannot be relied on: the annotation by which it did
    not wait for Deployments without pods goes in the very update that gives them pods.
    """

    def ready() -> bool:
        found = kubernetes.get("deployments", "-n", namespace)["items"]
        return bool(found) and all(settled(each) for each in found)

    wait(f"the applications in {namespace} start", ready, timeout_seconds, meanwhile=lambda: None)


def settled(deployment: Mapping[str, Any]) -> bool:
    """Whether its controller has seen what it is to be, and as many pods are ready."""
    wanted, status = int(deployment["spec"].get("replicas", 1)), deployment.get("status") or {}
    seen = status.get("observedGeneration") == deployment["metadata"].get("generation")
    return bool(seen) and int(status.get("readyReplicas", 0)) == wanted == int(status.get("updatedReplicas", 0))
