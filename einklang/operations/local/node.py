"""How the node's programs are set up: containerd, the pods' network, kubelet, kube-proxy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from einklang.operations.local import host, plan
from einklang.operations.local.host import Cgroups
from einklang.operations.local.plan import Folders

# Where distributions put the network plug-ins: Debian and Ubuntu, Fedora, upstream.
CNI_FOLDERS = (Path("/usr/lib/cni"), Path("/usr/libexec/cni"), Path("/opt/cni/bin"))


def cni_plugins() -> Path:
    """The folder of the network plug-ins on this system."""
    return next((folder for folder in CNI_FOLDERS if (folder / "ptp").exists()), CNI_FOLDERS[0])


def containerd(folders: Folders, pause: str) -> str:
    """containerd's own root, state, socket and network folder, apart from a system's containerd.

    pause: reference of the image that holds a pod's namespaces.
    """
    base = folders.data("containerd")
    return f"""version = 2
root = "{base}/root"
state = "{base}/state"
disabled_plugins = ["io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs", "io.containerd.internal.v1.opt",
  "io.containerd.tracing.processor.v1.otlp", "io.containerd.internal.v1.tracing"]
[grpc]
  address = "{folders.containerd_socket}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{pause}"
  disable_apparmor = {str(not host.apparmor()).lower()}
  restrict_oom_score_adj = true
  tolerate_missing_hugetlb_controller = true
  stream_server_address = "127.0.0.1"
  stream_server_port = "{plan.CONTAINERD_STREAM_PORT}"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{cni_plugins()}"
    conf_dir = "{folders.configuration}/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      SystemdCgroup = false
      Root = "{base}/runc"
"""


def network(folders: Folders) -> dict[str, Any]:
    """Pods hang on point-to-point links, not on a bridge: all traffic between them passes the node's firewall."""
    return {
        "cniVersion": "0.4.0",
        "name": plan.NETWORK,
        "plugins": [
            {
                "type": "ptp",
                "ipMasq": False,
                "ipam": {
                    "type": "host-local",
                    "dataDir": str(folders.data("cni")),
                    "ranges": [[{"subnet": plan.NODE_POD_CIDR}]],
                    "routes": [{"dst": "0.0.0.0/0"}],
                },
            },
            {"type": "portmap", "capabilities": {"portMappings": True}, "snat": True},
        ],
    }


def kubelet(folders: Folders, cgroups: Cgroups) -> dict[str, Any]:
    """kubelet.config.k8s.io/v1beta1; no anonymous access, no read-only port, authorisation asked of the API.

    cgroupfs, not systemd, makes the control groups, in v1 and v2 alike: the node runs without systemd too, and `down`
    finds all pods below one group.
    """
    configuration: dict[str, Any] = {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": plan.NODE_ADDRESS,
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(folders.pki / "ca.crt")},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": str(folders.pki / "kubelet-server.crt"),
        "tlsPrivateKeyFile": str(folders.pki / "kubelet-server.key"),
        "readOnlyPort": 0,
        "healthzBindAddress": "127.0.0.1",
        "containerRuntimeEndpoint": f"unix://{folders.containerd_socket}",
        "clusterDNS": [plan.DNS_ADDRESS],
        "clusterDomain": plan.CLUSTER_DOMAIN,
        "resolvConf": str(folders.configuration / "resolv.conf"),
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{plan.CGROUP}",
        "failSwapOn": False,
        "podLogsDir": str(folders.logs / "pods"),
        "volumePluginDir": str(folders.data("kubelet") / "volume-plugins"),
        "seccompDefault": True,
        # Images cannot be pulled again here: none may be removed to make room. 100 turns their collection off, and
        # a full disk is no reason for eviction, which would remove them as well.
        "imageGCHighThresholdPercent": 100,
        "imageGCLowThresholdPercent": 99,
        "evictionHard": {"memory.available": "100Mi"},
        "enableProfilingHandler": False,
    }
    if not cgroups.unified:
        configuration["failCgroupV1"] = False
    return configuration


def kube_proxy(folders: Folders) -> dict[str, Any]:
    """kubeproxy.config.k8s.io/v1alpha1; limits that a container's kernel may forbid stay untouched (0)."""
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "clientConnection": {"kubeconfig": str(folders.kubeconfig("kube-proxy"))},
        "hostnameOverride": plan.NODE_NAME,
        "mode": "iptables",
        "clusterCIDR": plan.POD_CIDR,
        "nodePortAddresses": [f"{plan.NODE_ADDRESS}/32"],
        "healthzBindAddress": "127.0.0.1:10256",
        "metricsBindAddress": "127.0.0.1:10249",
        "iptables": {"localhostNodePorts": False, "minSyncPeriod": "0s", "syncPeriod": "30s"},
        "conntrack": {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
    }
