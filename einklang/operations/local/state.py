"""What of the local cluster runs, and whether it works."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from einklang.clients import network
from einklang.clients.kubernetes import Kubernetes
from einklang.operations.local import components, plan
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
    """The cluster: its components, and whether the node is ready and the name service answers."""

    components: tuple[ComponentStatus, ...]
    node: bool
    name_service: bool

    @property
    def well(self) -> bool:
        """True where nothing is missing."""
        return self.node and self.name_service and all(component.pid for component in self.components)


def status(settings: Settings) -> Status:
    """What runs. Builds and starts nothing."""
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


def node_ready(client: Kubernetes, running: Processes) -> bool:
    """True where the kubelet that runs now has said so: the API remembers what an earlier one said."""
    kubelet, node = running.find("kubelet"), client.find("node", plan.NODE_NAME)
    if not kubelet or not node:
        return False
    ready = next((one for one in node["status"].get("conditions", []) if one["type"] == "Ready"), None)
    if not ready or ready["status"] != "True":
        return False
    return datetime.fromisoformat(ready["lastHeartbeatTime"]) >= kubelet.since.replace(microsecond=0)
