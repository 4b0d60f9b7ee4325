"""Files that containerd, the kubelet and the network plug-ins leave at places that cannot be configured.

Other programs may use the same places: only what is the cluster's own goes, and folders that were not there before.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable
from pathlib import Path

from einklang.operations.local import plan

LOG_LINKS = Path("/var/log/containers")
SHIM_SOCKETS = Path("/run/containerd/s")
PLUGIN_RESULTS = Path("/var/lib/cni/results")
DEVICE_PLUGINS = Path("/var/lib/kubelet/device-plugins")
NAMESPACES = Path("/run/netns")
_NESTED = (SHIM_SOCKETS, PLUGIN_RESULTS, DEVICE_PLUGINS)
_FOLDERS = (LOG_LINKS, NAMESPACES, *(folder for last in _NESTED for folder in (last, last.parent)))
_LOOPBACK = "cni-loopback"


def folders_there() -> list[str]:
    """Those of the folders that exist already."""
    return [str(folder) for folder in _FOLDERS if folder.exists()]


def remove(cluster: Path, before: Iterable[str], sockets: Iterable[str]) -> None:
    """Remove the cluster's files, and then the empty folders that are not in `before`.

    cluster: its folder. sockets: paths of the machine's sockets that somebody listens on.
    """
    there = set(before)
    own = [*own_links(LOG_LINKS, cluster), *own_results(PLUGIN_RESULTS)]
    own += [socket for socket in SHIM_SOCKETS.glob("*") if str(socket) not in set(sockets)]
    if str(DEVICE_PLUGINS) not in there:  # a kubelet's alone; one that is killed leaves files under random names
        own += DEVICE_PLUGINS.glob("*")
    for path in own:
        path.unlink()
    for folder in _FOLDERS:
        if str(folder) not in there:
            with contextlib.suppress(OSError):  # not there, or somebody else's files are in it
                folder.rmdir()


def own_links(folder: Path, cluster: Path) -> list[Path]:
    """Links to the pods' logs below the cluster's folder."""
    return [link for link in folder.glob("*.log") if link.is_symlink() and link.readlink().is_relative_to(cluster)]


def own_results(folder: Path) -> list[Path]:
    """Results of the network plug-ins for the cluster's pods: of its network, and of the loopback of the same pods."""
    results = {path: _network_and_pod(path) for path in folder.glob("*")}
    pods = {pod for network, pod in results.values() if network == plan.NETWORK}
    return [path for path, (network, pod) in results.items() if pod in pods and network in {plan.NETWORK, _LOOPBACK}]


def _network_and_pod(result: Path) -> tuple[str, str]:
    try:
        content = json.loads(result.read_text())
        return content["networkName"], content["containerId"]
    except (OSError, ValueError, KeyError):
        return "", ""
