"""What of the local cluster runs, and whether it works."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from einklang.clients import network
from einklang.clients.kubernetes import Kubernetes
from einklang.operations.local import addons, components, plan
from einklang.operations.local.plan import Folders
from einklang.operations.local.processes import Processes, arguments
from einklang.settings import Settings

_API_NAME = f"kubernetes.default.svc.{plan.CLUSTER_DOMAIN}"


@dataclass(frozen=True)
class ComponentStatus:
    """One component: running with its process id since when (UTC), or not."""

    name: str
    pid: int | None
    since: datetime | None


@dataclass(frozen=True)
class Status:
    """The cluster: its components, whether the node is ready and the name service answers.

    backup_site: the process beside the cluster, where somebody asked for it too.
    """

    components: tuple[ComponentStatus, ...]
    node: bool
    name_service: bool
    backup_site: ComponentStatus | None = None

    @property
    def well(self) -> bool:
        """True where nothing is missing."""
        if self.backup_site and not self.backup_site.pid:
            return False
        return self.node and self.name_service and all(component.pid for component in self.components)


def status(settings: Settings) -> Status:
    """What of the cluster runs. Builds and starts nothing."""
    folders = Folders.of(settings)
    running = Processes(folders.records, folders.base)
    found = {name: running.find(name) for name in components.NAMES}
    listed = [
        ComponentStatus(name, one.pid if one else None, one.since if one else None) for name, one in found.items()
    ]
    api_server = found["kube-apiserver"]
    if not all(found.values()) or not api_server or not settings.kubeconfig.exists():
        return Status(tuple(listed), node=False, name_service=False)
    # Of the same build as the API server, beside which it stands.
    kubectl = Path(arguments(api_server.pid)[0]).with_name("kubectl")
    node = node_ready(Kubernetes(kubectl, settings.kubeconfig), running)
    return Status(tuple(listed), node, name_service_answers())


def name_service_answers() -> bool:
    """True where the cluster's name service tells the API's address."""
    return network.resolves(_API_NAME, plan.DNS_ADDRESS)


def name_service_ready(client: Kubernetes, running: Processes) -> bool:
    """True where the kubelet that runs now has made the pods of the name service ready.

    A kubelet takes every pod that it finds for not ready until it has asked it (as of Kubernetes 1.34): what an earlier
    one said goes for a moment, and with it the Service's way to the pod.
    """
    selector = ",".join(f"{key}={value}" for key, value in addons.NAME_SERVICE_LABELS.items())
    search = ("pods", "-n", "kube-system", "-l", selector, "--field-selector", "status.phase=Running")
    kubelet, found = running.find("kubelet"), client.find(*search)
    if not kubelet or not found or not found["items"]:
        return False
    return all(_ready_since(pod, "lastTransitionTime", kubelet.since) for pod in found["items"])


def node_ready(client: Kubernetes, running: Processes) -> bool:
    """True where the kubelet that runs now has said so: the API remembers what an earlier one said."""
    kubelet, node = running.find("kubelet"), client.find("node", plan.NODE_NAME)
    return bool(kubelet and node and _ready_since(node, "lastHeartbeatTime", kubelet.since))


def _ready_since(what: Mapping[str, Any], key: str, since: datetime) -> bool:
    """True where its condition `Ready` is true, by what was said at `since` (UTC) or later."""
    ready = next((one for one in what["status"].get("conditions", []) if one["type"] == "Ready"), None)
    if not ready or ready["status"] != "True":
        return False
    return datetime.fromisoformat(ready[key]) >= since.replace(microsecond=0)  # the API counts whole seconds
