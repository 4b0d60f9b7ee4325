"""The programs of the node with their arguments, in the order in which they start."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from einklang.operations.local import pki, plan
from einklang.operations.local.plan import Folders
from einklang.operations.local.toolchain import Toolchain

AUDIT_DAYS = 30
AUDIT_MEGABYTES = 50
_LOOPBACK = "127.0.0.1"

# Name, which is also the program's, the record's and the log's -> where it listens.
PLACES = {
    "containerd": ((_LOOPBACK, plan.CONTAINERD_STREAM_PORT),),
    "etcd": ((_LOOPBACK, plan.ETCD_PORT), (_LOOPBACK, plan.ETCD_PEER_PORT)),
    "kube-apiserver": ((plan.NODE_ADDRESS, plan.API_PORT),),
    "kube-controller-manager": ((_LOOPBACK, 10257),),
    "kube-scheduler": ((_LOOPBACK, 10259),),
    "kubelet": ((plan.NODE_ADDRESS, 10250), (_LOOPBACK, 10248)),
    "kube-proxy": ((_LOOPBACK, 10249), (_LOOPBACK, 10256)),
    "kube-router": (),
}
NAMES = tuple(PLACES)
# Who stops together, and how long they have (seconds). The API server waits for the watches of pods and people without
# end, and keeps nothing that a kill could lose; etcd waits for the API server.
STOPS = (
    (("kube-router", "kube-proxy", "kubelet", "kube-scheduler", "kube-controller-manager"), 5.0),
    (("kube-apiserver",), 2.0),
    (("etcd", "containerd"), 20.0),
)


@dataclass(frozen=True)
class Component:
    """One program: its name and its arguments, the program's path first."""

    name: str
    argv: tuple[str, ...]

    def fingerprint(self, folders: Folders) -> str:
        """Of all it is started with: arguments, the configuration and keys they name, and all certificates."""
        digest = hashlib.sha256(pki.fingerprint(folders.pki).encode())
        for word in self.argv:
            path = Path(word.partition("=")[2])
            read = path.parent in {folders.configuration, folders.pki}
            content = path.read_bytes() if read else b""
            digest.update(f"{word}\0{hashlib.sha256(content).hexdigest()}\n".encode())
        return digest.hexdigest()


def declare(toolchain: Toolchain, folders: Folders) -> list[Component]:
    """All components, in the order of NAMES."""
    arguments = {
        "containerd": (f"--config={folders.configuration}/containerd.toml",),
        "etcd": _etcd(folders),
        "kube-apiserver": _api_server(folders),
        "kube-controller-manager": _controller_manager(folders),
        "kube-scheduler": _scheduler(folders),
        "kubelet": _kubelet(folders),
        "kube-proxy": (f"--config={folders.configuration}/kube-proxy.json",),
        "kube-router": _kube_router(folders),
    }
    # containerd comes with the system's packages, all others with the toolchain.
    programs = {name: "containerd" if name == "containerd" else str(toolchain.binary(name)) for name in NAMES}
    return [Component(name, (programs[name], *arguments[name])) for name in NAMES]


def _etcd(folders: Folders) -> tuple[str, ...]:
    client, peer = f"https://127.0.0.1:{plan.ETCD_PORT}", f"https://127.0.0.1:{plan.ETCD_PEER_PORT}"
    secured = []
    for kind in ("", "peer-"):
        secured += [
            f"--{kind}cert-file={folders.pki}/etcd.crt",
            f"--{kind}key-file={folders.pki}/etcd.key",
            f"--{kind}trusted-ca-file={folders.pki}/ca.crt",
            f"--{kind}client-cert-auth=true",
        ]
    return (
        f"--name={plan.NODE_NAME}",
        f"--data-dir={folders.data('etcd')}",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster={plan.NODE_NAME}={peer}",
        "--auto-compaction-retention=1h",
        "--log-level=warn",
        *secured,
    )


def _api_server(folders: Folders) -> tuple[str, ...]:
    keys = folders.pki
    return (
        f"--bind-address={plan.NODE_ADDRESS}",
        f"--advertise-address={plan.NODE_ADDRESS}",
        f"--secure-port={plan.API_PORT}",
        f"--tls-cert-file={keys}/apiserver.crt",
        f"--tls-private-key-file={keys}/apiserver.key",
        "--tls-min-version=VersionTLS12",
        f"--client-ca-file={keys}/ca.crt",
        "--anonymous-auth=false",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        "--allow-privileged=true",
        "--profiling=false",
        f"--etcd-servers=https://127.0.0.1:{plan.ETCD_PORT}",
        f"--etcd-cafile={keys}/ca.crt",
        f"--etcd-certfile={keys}/apiserver-etcd-client.crt",
        f"--etcd-keyfile={keys}/apiserver-etcd-client.key",
        f"--encryption-provider-config={keys}/{pki.ENCRYPTION}",
        f"--kubelet-certificate-authority={keys}/ca.crt",
        f"--kubelet-client-certificate={keys}/apiserver-kubelet-client.crt",
        f"--kubelet-client-key={keys}/apiserver-kubelet-client.key",
        "--kubelet-preferred-address-types=InternalIP",
        f"--service-cluster-ip-range={plan.SERVICE_CIDR}",
        f"--service-account-issuer=https://kubernetes.default.svc.{plan.CLUSTER_DOMAIN}",
        f"--service-account-key-file={keys}/sa.pub",
        f"--service-account-signing-key-file={keys}/sa.key",
        f"--audit-policy-file={folders.configuration}/audit-policy.json",
        f"--audit-log-path={folders.logs}/audit.log",
        f"--audit-log-maxage={AUDIT_DAYS}",
        "--audit-log-maxbackup=5",
        f"--audit-log-maxsize={AUDIT_MEGABYTES}",
    )


def _controller_manager(folders: Folders) -> tuple[str, ...]:
    return (
        *_client(folders, "kube-controller-manager"),
        "--bind-address=127.0.0.1",
        "--leader-elect=false",
        "--profiling=false",
        "--use-service-account-credentials=true",
        f"--service-account-private-key-file={folders.pki}/sa.key",
        f"--root-ca-file={folders.pki}/ca.crt",
        f"--flex-volume-plugin-dir={folders.data('kubelet')}/volume-plugins",
        "--allocate-node-cidrs=true",
        f"--cluster-cidr={plan.POD_CIDR}",
        f"--service-cluster-ip-range={plan.SERVICE_CIDR}",
    )


def _scheduler(folders: Folders) -> tuple[str, ...]:
    local = ("--bind-address=127.0.0.1", "--leader-elect=false", "--profiling=false")
    return (*_client(folders, "kube-scheduler"), *local)


def _kubelet(folders: Folders) -> tuple[str, ...]:
    return (
        f"--config={folders.configuration}/kubelet.json",
        f"--kubeconfig={folders.kubeconfig('kubelet')}",
        f"--root-dir={folders.data('kubelet')}",
        f"--cert-dir={folders.data('kubelet')}/pki",
        f"--hostname-override={plan.NODE_NAME}",
        f"--node-ip={plan.NODE_ADDRESS}",
    )


def _kube_router(folders: Folders) -> tuple[str, ...]:
    return (
        f"--kubeconfig={folders.kubeconfig('kube-router')}",
        f"--hostname-override={plan.NODE_NAME}",
        "--run-router=false",
        "--run-service-proxy=false",
        "--run-firewall=true",
        f"--service-cluster-ip-range={plan.SERVICE_CIDR}",
        "--health-port=0",
        "--metrics-port=0",
    )


def _client(folders: Folders, user: str) -> tuple[str, ...]:
    """The three arguments by which a control plane component speaks to, and asks, the API server."""
    kubeconfig: Path = folders.kubeconfig(user)
    names = ("kubeconfig", "authentication-kubeconfig", "authorization-kubeconfig")
    return tuple(f"--{name}={kubeconfig}" for name in names)
