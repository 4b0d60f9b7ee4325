"""The local cluster's plan: names, addresses and folders, in one place.

Addresses are the node's own: nothing is routed to or from other machines.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from einklang.settings import Settings

NODE_NAME = "einklang-local"
NODE_BRIDGE = "ekl-node"
NODE_ADDRESS = "10.243.0.1"
POD_CIDR = "10.244.0.0/16"
NODE_POD_CIDR = "10.244.0.0/24"
SERVICE_CIDR = "10.96.0.0/16"
API_SERVICE_ADDRESS = "10.96.0.1"
DNS_ADDRESS = "10.96.0.10"
CLUSTER_DOMAIN = "cluster.local"
API_PORT = 6443
CONTAINERD_STREAM_PORT = 10010
ETCD_PORT = 23790
ETCD_PEER_PORT = 23800
CGROUP = "einklang"
NETWORK = "einklang"
OPERATORS_GROUP = "einklang:operators"
REGISTRY = "registry.einklang.example"


@dataclass(frozen=True)
class Folders:
    """Where the cluster of these settings keeps its files."""

    base: Path

    @classmethod
    def of(cls, settings: Settings) -> Folders:
        """The folders below `settings.cluster`."""
        return cls(settings.cluster)

    @property
    def pki(self) -> Path:
        """Keys and certificates."""
        return self.base / "pki"

    @property
    def configuration(self) -> Path:
        """Written anew at each start."""
        return self.base / "configuration"

    @property
    def records(self) -> Path:
        """What was started and what was changed on the machine, for `down`."""
        return self.base / "records"

    @property
    def logs(self) -> Path:
        """One log a component, and the audit log."""
        return self.base / "logs"

    @property
    def containerd_socket(self) -> Path:
        """Socket of the cluster's own containerd."""
        return self.base / "containerd" / "containerd.sock"

    @property
    def volumes(self) -> Path:
        """Data of the persistent volumes."""
        return self.base / "volumes"

    def data(self, component: str) -> Path:
        """Data folder of a component."""
        return self.base / component

    def kubeconfig(self, user: str) -> Path:
        """Kubeconfig of a component."""
        return self.configuration / f"{user}.kubeconfig"

    def log(self, component: str) -> Path:
        """Log of a component."""
        return self.logs / f"{component}.log"


def api_url() -> str:
    """Where the API server listens: on the node's own bridge, on no other address."""
    return f"https://{NODE_ADDRESS}:{API_PORT}"
