"""What the cluster changes on this machine: conflicts before, preparation, and putting everything back.

What was there before the first start is written down, so that `down` removes only what came afterwards.
"""

from __future__ import annotations

import ipaddress
import json
import re
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from einklang.clients import firewall, network
from einklang.clients.network import Listener
from einklang.errors import UserError
from einklang.operations.local import host, plan, traces
from einklang.operations.local.plan import Folders

# What runs may change; set back by `down`.
SETTINGS = (
    "net.ipv4.ip_forward",
    "net.ipv4.conf.all.accept_redirects",  # switched along with ip_forward, so it comes after it
    "net.ipv4.conf.all.route_localnet",
    "net.bridge.bridge-nf-call-iptables",
    "kernel.panic",
    "kernel.panic_on_oops",
    "kernel.keys.root_maxkeys",
    "kernel.keys.root_maxbytes",
    "vm.overcommit_memory",
    "vm.panic_on_oom",
)
GUARD = "EINKLANG-GUARD"
# Chains that Kubernetes makes: where some are there and none of ours, another cluster works on this machine.
_KUBERNETES = re.compile(r"^KUBE-")
_OURS = re.compile(r"^(KUBE-|CNI-|EINKLANG-)")
# unix(7): 108 bytes with the final zero, and containerd makes a second socket with the suffix .ttrpc.
_SOCKET_PATH_LENGTH = 101
_OUR_SETS = re.compile(r"^(inet6:)?(KUBE-|kube-router-)")


def is_ours(folders: Folders) -> bool:
    """True where this machine carries changes of this cluster: said by the bridge itself, or else written down."""
    owner = _owner()
    return bool(_before(folders)) if owner is None else owner == str(folders.base)


def anothers(folders: Folders) -> str | None:
    """Folder of the other cluster that is up on this machine."""
    owner = _owner()
    return owner if owner != str(folders.base) else None


def refuse_conflicts(folders: Folders, wanted: Mapping[str, Iterable[tuple[str, int]]]) -> None:
    """Raise UserError where something stands in the way. wanted: component -> addresses and ports it will listen on."""
    if len(str(folders.containerd_socket)) > _SOCKET_PATH_LENGTH:
        raise UserError(
            f"{folders.containerd_socket}: longer than the {_SOCKET_PATH_LENGTH} characters that a socket may have",
            remedy="set EINKLANG_HOME to a shorter path",
        )
    other = anothers(folders)
    if other:
        raise UserError(
            f"another local cluster is up on this machine: {other}",
            remedy=f"stop it first: EINKLANG_HOME={Path(other).parent} einklang local down",
        )
    if not is_ours(folders):
        refuse_foreign_cluster({chain for _, _, chain in firewall.chains()})
        refuse_routes(network.routes())
    refuse_ports(network.listeners(), wanted)


def refuse_foreign_cluster(chains: set[str]) -> None:
    """Raise UserError where the firewall holds chains of a Kubernetes that is not ours."""
    foreign = sorted(chain for chain in chains if _KUBERNETES.match(chain))
    if foreign:
        raise UserError(
            f"another Kubernetes works on this machine: its firewall has the chain {foreign[0]}",
            remedy="name that cluster by KUBECONFIG, or use another machine",
        )


def refuse_routes(routes: Iterable[tuple[ipaddress.IPv4Network, str]]) -> None:
    """Raise UserError where a network inside one of the cluster's is in use. Wider ones only yield to it."""
    own = [ipaddress.IPv4Network(cidr) for cidr in (plan.NODE_ADDRESS, plan.POD_CIDR, plan.SERVICE_CIDR)]
    for route, device in routes:
        for network_of_ours in own:
            if route.subnet_of(network_of_ours):
                raise UserError(
                    f"the cluster needs {network_of_ours}, and {route} is in use on {device}",
                    remedy="disconnect that network, or use another machine",
                )


def refuse_ports(listening: Iterable[Listener], wanted: Mapping[str, Iterable[tuple[str, int]]]) -> None:
    """Raise UserError where somebody listens already on what a component needs."""
    there = list(listening)
    for component, places in wanted.items():
        for address, port in places:
            taken = next((listener for listener in there if listener.covers(address, port)), None)
            if taken:
                raise UserError(
                    f"{component} needs {address}:{port}, and another program listens on {taken.address}:{port}",
                    remedy=f"find it by: ss -ltnp 'sport = :{port}'",
                )


def remember(folders: Folders) -> None:
    """Write down, once, what is there before the cluster changes anything."""
    if _before(folders):
        return
    before = {
        "boot": host.boot(),
        "settings": network.kernel_settings(SETTINGS),
        "namespaces": network.namespaces(),
        "chains": sorted(firewall.chains()),
        "sets": sorted(firewall.sets()),
        "folders": traces.folders_there(),
    }
    folders.records.mkdir(parents=True, exist_ok=True)
    new = _record(folders).with_suffix(".new")
    new.write_text(json.dumps(before, indent=1))
    new.replace(_record(folders))


def prepare(folders: Folders) -> None:
    """Bridge, routes, guard, forwarding, control group, folders; idempotent."""
    folders.base.chmod(0o700)
    network.make_bridge(plan.NODE_BRIDGE, plan.NODE_ADDRESS, str(folders.base))
    # Addresses of no pod and of no service end here, never on a network of the machine.
    network.add_route(plan.POD_CIDR, "unreachable")
    network.add_route(plan.SERVICE_CIDR, "dev", plan.NODE_BRIDGE)
    firewall.set_chain("mangle", GUARD, guard_rules(), ("FORWARD", "INPUT"))
    network.set_kernel_settings({"net.ipv4.ip_forward": "1"})
    host.make_cgroup(plan.CGROUP)
    folders.volumes.mkdir(parents=True, exist_ok=True, mode=0o711)
    (folders.logs / "pods").mkdir(parents=True, exist_ok=True)


def guard_rules() -> list[str]:
    """Forwarding is on for the pods alone: nothing passes between them and other machines, in neither direction."""
    pods = plan.POD_CIDR
    return [
        "-i lo -j RETURN",
        # Answers; also those of a pod behind a port of this machine, which come to 127.0.0.1.
        "-m conntrack --ctstate RELATED,ESTABLISHED -j RETURN",
        f"-i veth+ -s {pods} -d {pods} -j RETURN",
        f"-i veth+ -s {pods} -d {plan.NODE_ADDRESS} -j RETURN",
        f"-s {pods} -j DROP",
        f"-d {pods} -j DROP",
        f"-d {plan.NODE_ADDRESS} -j DROP",
    ]


def restore(folders: Folders) -> None:
    """Put back what `prepare` and the components changed. Without changes of ours, nothing happens."""
    if not is_ours(folders):
        return
    before = _before(folders)
    _remove_network(before)
    host.remove_cgroup(plan.CGROUP)
    network.set_kernel_settings(before.get("settings", {}))
    traces.remove(folders.base, before.get("folders", []), network.listening_sockets())
    for point in network.mounts_below(folders.base):
        network.unmount(point)
    # Addresses of pods that are gone; the kubelet makes their sandboxes anew at the next start.
    shutil.rmtree(folders.data("cni"), ignore_errors=True)
    _record(folders).unlink(missing_ok=True)


def _remove_network(before: Mapping[str, Any]) -> None:
    pods = ipaddress.IPv4Network(plan.POD_CIDR)
    for name in network.namespaces():
        if name.startswith("cni-") and name not in before.get("namespaces", []):
            addresses = network.addresses_in(name)
            if all(address in pods for address in addresses):
                network.remove_namespace(name)
    foreign = {tuple(chain) for chain in before.get("chains", [])}
    firewall.remove_chains({chain for chain in firewall.chains() - foreign if _OURS.match(chain[2])})
    firewall.remove_sets({name for name in firewall.sets() - set(before.get("sets", [])) if _OUR_SETS.match(name)})
    for route, device in network.routes():
        if route.subnet_of(pods) and device.startswith("veth"):
            network.remove_link(device)
    network.remove_route(plan.POD_CIDR)
    network.remove_link(plan.NODE_BRIDGE)


def _owner() -> str | None:
    """Whose the bridge is; None where there is none, or one that a kill left without its alias."""
    return network.alias(plan.NODE_BRIDGE) or None


def _record(folders: Folders) -> Path:
    return folders.records / "machine.json"


def _before(folders: Folders) -> dict[str, Any]:
    """What `remember` wrote since the machine was booted; empty where nothing."""
    try:
        before = dict(json.loads(_record(folders).read_text()))
    except (OSError, ValueError):
        return {}
    return before if before.get("boot") == host.boot() else {}
