"""Connection attempts from inside real pods, and from the node, to prove what the network lets pass."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from tests.live.stage import Stage

TIMEOUT_SECONDS = 3
_NETWORKS = Path("/run/netns")


@dataclass(frozen=True)
class Pod:
    """A running pod, what it is, one of its containers, and the TCP ports it declares."""

    namespace: str
    name: str
    uid: str
    workload: str
    container: str
    address: str
    ports: tuple[int, ...]


@dataclass(frozen=True)
class Target:
    """An address and port that listens, and what it is for the message of a failed test."""

    what: str
    address: str
    port: int


def pods(stage: Stage, namespace: str) -> list[Pod]:
    """The running pods of a namespace."""
    found = stage.get("pods", "-n", namespace, "--field-selector=status.phase=Running")["items"]
    return [
        Pod(
            namespace,
            pod["metadata"]["name"],
            pod["metadata"]["uid"],
            pod["metadata"]["labels"].get("einklang/workload", ""),
            pod["spec"]["containers"][0]["name"],
            pod["status"]["podIP"],
            tuple(
                port["containerPort"]
                for container in pod["spec"]["containers"]
                for port in container.get("ports", [])
                if port.get("protocol", "TCP") == "TCP"
            ),
        )
        for pod in found
    ]


def targets(stage: Stage, namespace: str) -> list[Target]:
    """Every port of every pod and service of a namespace that accepts a connection from the node."""
    found = [Target(f"pod {pod.name}", pod.address, port) for pod in pods(stage, namespace) for port in pod.ports]
    for service in stage.get("services", "-n", namespace)["items"]:
        address = service["spec"].get("clusterIP")
        if address and address != "None":
            found += [
                Target(f"service {service['metadata']['name']}", address, port["port"])
                for port in service["spec"]["ports"]
            ]
    return [target for target in found if listens(target)]


def listens(target: Target) -> bool:
    """True where a connection from the node comes about: without this a closed port would pass as isolation."""
    try:
        with socket.create_connection((target.address, target.port), timeout=TIMEOUT_SECONDS):
            return True
    except OSError:
        return False


def connects(stage: Stage, pod: Pod, target: Target) -> bool:
    """True where a process in the pod can open a TCP connection to the target.

    On the local cluster the probe enters the pod's network, so that an image without a shell is tried as well; on
    another cluster it runs in the pod, which then needs bash.
    """
    probe = ["timeout", str(TIMEOUT_SECONDS), "bash", "-c", f"exec 3<>/dev/tcp/{target.address}/{target.port}"]
    network = _network_of(pod)
    if network:
        done = subprocess.run(
            ["nsenter", f"--net={network}", "--", *probe], capture_output=True, text=True, check=False
        )
    else:
        done = stage.kubectl("exec", "-n", pod.namespace, pod.name, "-c", pod.container, "--", *probe, check=False)
    if done.returncode not in {0, 1, 124}:
        raise AssertionError(f"the probe in {pod.name} could not run: {done.stderr}")
    if done.returncode == 1 and "/dev/tcp" not in done.stderr:
        raise AssertionError(f"the probe in {pod.name} failed otherwise: {done.stderr}")
    return bool(done.returncode == 0)


def cut_off(pod: Pod) -> None:
    """Take down the pod's network: nobody hears from it any more, nor of its end. On the local cluster only."""
    network = _network_of(pod)
    assert network, f"{pod.name} does not run on this machine"
    subprocess.run(["nsenter", f"--net={network}", "--", "ip", "link", "set", "eth0", "down"], check=True)


def _network_of(pod: Pod) -> Path | None:
    network = _network(pod.address)
    if network and not network.exists():
        # That pod is gone, and another has its address.
        _network.cache_clear()
        network = _network(pod.address)
    return network


@lru_cache(maxsize=256)
def _network(address: str) -> Path | None:
    """The network of the pod with this address, where it runs on this machine."""
    for network in _NETWORKS.glob("*"):
        shown = subprocess.run(
            ["nsenter", f"--net={network}", "--", "ip", "-4", "-o", "addr"], capture_output=True, text=True, check=False
        )
        if f" {address}/" in shown.stdout:
            return network
    return None


def open_paths(stage: Stage, sources: Sequence[Pod], goals: Iterable[Target]) -> list[str]:
    """Those source -> target pairs that connect, as readable lines."""
    pairs = [(pod, target) for target in goals for pod in sources]
    # They wait most of the time: a connection that is not let through is never refused.
    with ThreadPoolExecutor(max_workers=24) as pool:
        results = list(pool.map(lambda pair: connects(stage, *pair), pairs))
    return [
        f"{pod.namespace}/{pod.name} -> {target.what} {target.address}:{target.port}"
        for (pod, target), connected in zip(pairs, results, strict=True)
        if connected
    ]
