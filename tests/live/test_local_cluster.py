"""The embedded cluster itself: what it leaves on the machine, what it survives, what it lets in.

One machine carries one local cluster at a time: kube-proxy and kube-router write the machine's firewall under fixed
names. So these tests take the session's cluster down once, use a small one without tenants in its place, and bring the
session's back at the end, with all its tenants.
"""

from __future__ import annotations

import base64
import json
import os
import signal
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from einklang.clients import network
from einklang.operations.local import components, plan
from tests.live import machine, probes
from tests.live.probes import Target
from tests.live.stage import EINKLANG, Stage
from tests.live.waiting import until

NAMESPACE = "cluster-test"


@dataclass(frozen=True)
class Small:
    """A cluster without tenants, in a home folder of its own. before: the machine without any cluster."""

    stage: Stage
    before: Mapping[str, list[str]]

    @property
    def base(self) -> Path:
        return self.stage.settings.cluster

    def local(self, *words: str, check: bool = True) -> Any:
        return self.stage.run(str(EINKLANG), "local", *words, check=check)

    def differences(self) -> list[str]:
        return machine.differences(dict(self.before), machine.snapshot()) + machine.processes(self.base)

    def pids(self) -> dict[str, int]:
        status = json.loads(self.local("status", "--json", check=False).stdout)
        return {one["name"]: one["pid"] for one in status["components"] if one["pid"]}


@pytest.fixture(scope="module")
def small(stage: Stage) -> Iterator[Small]:
    home = stage.settings.cache / "cluster-test-home"
    settings = replace(stage.settings, home=home, site=None)
    places = {"EINKLANG_HOME": str(home), "EINKLANG_BACKUP_SITE": str(settings.backup_site)}
    own = replace(
        stage, settings=settings, environment={**stage.environment, **places, "KUBECONFIG": f"{home}/kubeconfig"}
    )
    own.run(str(EINKLANG), "local", "down")  # of an earlier run that was killed
    stage.run(str(EINKLANG), "local", "down")
    try:
        ready = Small(own, machine.snapshot())
        assert machine.ours(dict(ready.before)) == []
        assert machine.processes(stage.settings.cluster) == []
        ready.local("clean", "--yes")
        ready.local("up")
        own.kubectl("create", "namespace", NAMESPACE)
        yield ready
    finally:
        own.run(str(EINKLANG), "local", "down")
        own.run(str(EINKLANG), "local", "clean", "--backups", "--yes")
        stage.run(str(EINKLANG), "local", "up")
        until(lambda: all_ready(stage), 300, "the session's pods are ready again")


def all_ready(stage: Stage) -> bool:
    found = stage.get("pods", "-A", "--field-selector=status.phase!=Succeeded")["items"]
    ready = [one["status"] for pod in found for one in pod["status"].get("conditions", []) if one["type"] == "Ready"]
    return len(ready) == len(found) and all(status == "True" for status in ready)


def test_status_shows_every_component(small: Small) -> None:
    assert tuple(small.pids()) == (*components.NAMES, "backup site")
    assert small.local("status").returncode == 0


def test_a_second_up_finds_everything_in_place(small: Small) -> None:
    before, start = small.pids(), time.monotonic()
    small.local("up")
    print(f"nothing to start: {time.monotonic() - start:.1f} s")
    assert small.pids() == before


def etcd_value(small: Small, key: str) -> bytes:
    """What etcd holds, by its gateway for JSON."""
    context = ssl.create_default_context(cafile=str(small.base / "pki" / "ca.crt"))
    context.load_cert_chain(small.base / "pki" / "etcd.crt", small.base / "pki" / "etcd.key")
    with httpx.Client(verify=context, trust_env=False) as client:
        url = f"https://127.0.0.1:{plan.ETCD_PORT}/v3/kv/range"
        found = client.post(url, json={"key": base64.b64encode(key.encode()).decode()}).json()
    return base64.b64decode(found["kvs"][0]["value"])


def test_secrets_are_encrypted_in_etcd(small: Small) -> None:
    small.stage.kubectl("create", "-n", NAMESPACE, "secret", "generic", "kept", "--from-literal=password=im-klartext")
    raw = etcd_value(small, f"/registry/secrets/{NAMESPACE}/kept")
    assert raw.startswith(b"k8s:enc:secretbox:v1:")
    assert b"im-klartext" not in raw
    small.stage.kubectl("create", "-n", NAMESPACE, "configmap", "kept", "--from-literal=word=im-klartext")
    assert b"im-klartext" in etcd_value(small, f"/registry/configmaps/{NAMESPACE}/kept")  # the probe's counter-proof


def test_the_audit_log_says_who_did_what_without_secrets(small: Small) -> None:
    small.stage.kubectl("get", "-n", NAMESPACE, "secret", "kept")
    log = small.base / "logs" / "audit.log"
    assert oct(log.stat().st_mode & 0o077) == "0o0"
    assert "im-klartext" in log.read_text()  # of the ConfigMap: a write is logged with its content
    events = [json.loads(line) for line in log.read_text().splitlines()]
    mine = [event for event in events if event["user"]["username"] == "operator" and "objectRef" in event]
    secrets = [event for event in mine if event["objectRef"]["resource"] == "secrets"]
    assert {event["verb"] for event in secrets} >= {"create", "get"}
    assert {event["level"] for event in secrets} == {"Metadata"}
    maps = [event for event in mine if event["objectRef"]["resource"] == "configmaps" and event["verb"] == "create"]
    assert [event["requestObject"]["data"] for event in maps] == [{"word": "im-klartext"}]


@pytest.mark.parametrize(
    ("url", "answer"),
    [
        (f"https://{plan.NODE_ADDRESS}:{plan.API_PORT}/api", 401),
        (f"https://{plan.NODE_ADDRESS}:10250/pods", 401),
        (f"https://127.0.0.1:{plan.ETCD_PORT}/version", None),
        (f"https://127.0.0.1:{plan.API_PORT}/readyz", None),
    ],
)
def test_nobody_comes_in_without_a_certificate(small: Small, url: str, answer: int | None) -> None:
    context = ssl.create_default_context(cafile=str(small.base / "pki" / "ca.crt"))
    context.check_hostname = False
    with httpx.Client(verify=context, trust_env=False) as client:
        if answer is None:
            with pytest.raises(httpx.TransportError):
                client.get(url)
        else:
            assert client.get(url).status_code == answer


def test_nothing_listens_on_every_address(small: Small) -> None:
    shown = subprocess.run(["ss", "-Hltnp"], capture_output=True, text=True, check=True).stdout
    pids = {f"pid={pid}," for pid in small.pids().values()}
    listening = [line.split()[3] for line in shown.splitlines() if any(pid in line for pid in pids)]
    assert len(listening) >= len(components.NAMES)
    wide = [address for address in listening if not address.startswith(("127.0.0.1:", f"{plan.NODE_ADDRESS}:"))]
    assert wide == []


def pod(small: Small, name: str, **spec: Any) -> dict[str, Any]:
    catalogue = json.loads(small.stage.settings.image_catalogue.read_text())
    image = next(reference for key, reference in catalogue.items() if key.startswith("base:"))
    container = {"name": "probe", "image": image, "command": ["sleep", "600"], **spec.pop("container", {})}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": NAMESPACE, "labels": {"name": name}},
        "spec": {"terminationGracePeriodSeconds": 0, "containers": [container], **spec},
    }


def create(small: Small, *objects: dict[str, Any]) -> None:
    small.stage.kubectl("apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))


def wait_for_pod(small: Small, name: str) -> None:
    small.stage.kubectl("wait", "-n", NAMESPACE, f"pod/{name}", "--for=condition=Ready", "--timeout=60s")


def test_policies_hold_for_pods_the_node_and_the_api_server(small: Small) -> None:
    create(small, pod(small, "free"), pod(small, "closed"))
    for name in ("free", "closed"):
        wait_for_pod(small, name)
    found = {one.name: one for one in probes.pods(small.stage, NAMESPACE)}
    dns = Target("name service", plan.DNS_ADDRESS, 53)
    goals = [
        Target("API server", plan.API_SERVICE_ADDRESS, 443),
        Target("API server on the node", plan.NODE_ADDRESS, plan.API_PORT),
        Target("kubelet", plan.NODE_ADDRESS, 10250),
        dns,
    ]
    assert all(probes.listens(goal) for goal in goals)
    policy = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "closed", "namespace": NAMESPACE},
        "spec": {"podSelector": {"matchLabels": {"name": "closed"}}, "policyTypes": ["Egress", "Ingress"]},
    }
    create(small, policy)
    until(lambda: not probes.connects(small.stage, found["closed"], dns), 20, "the policy holds")
    assert probes.open_paths(small.stage, [found["closed"]], goals) == []
    assert len(probes.open_paths(small.stage, [found["free"]], goals)) == len(goals)


def test_pods_reach_no_other_network(small: Small) -> None:
    """Without any policy: the guard alone. The counter-proof is the same listener, asked from the machine."""
    wait_for_pod(small, "free")
    free = next(one for one in probes.pods(small.stage, NAMESPACE) if one.name == "free")
    routes = json.loads(subprocess.check_output(["ip", "-j", "-4", "address", "show", "scope", "global"], text=True))
    own = [
        entry["local"] for device in routes for entry in device["addr_info"] if not device["ifname"].startswith("ekl")
    ]
    with socket.create_server(("", 0)) as server:
        port = server.getsockname()[1]
        goals = [Target("the machine", address, port) for address in own if not address.startswith("10.244.")]
        assert goals and all(probes.listens(goal) for goal in goals)
        assert probes.open_paths(small.stage, [free], goals) == []


def test_volumes_are_made_on_demand_and_removed_with_their_claim(small: Small) -> None:
    storage_class = {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": NAMESPACE},
        "provisioner": "rancher.io/local-path",
        "volumeBindingMode": "WaitForFirstConsumer",
    }
    claim = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "data", "namespace": NAMESPACE},
        "spec": {
            "storageClassName": NAMESPACE,
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "1Mi"}},
        },
    }
    writer = pod(
        small,
        "writer",
        container={
            "command": ["sh", "-c", "echo kept > /data/file; exec sleep 600"],
            "volumeMounts": [{"name": "data", "mountPath": "/data"}],
        },
        volumes=[{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}],
    )
    create(small, storage_class, claim, writer)
    wait_for_pod(small, "writer")
    until(lambda: list((small.base / "volumes").glob("*/file")), 10, "the file is in the volumes' folder")
    small.stage.kubectl("delete", "-n", NAMESPACE, "pod/writer", "pvc/data", "--wait")
    until(lambda: not list((small.base / "volumes").iterdir()), 60, "the data are gone")
    small.stage.kubectl("delete", "storageclass", NAMESPACE)


def test_no_image_can_be_collected(small: Small) -> None:
    socket_path = str(small.base / "containerd" / "containerd.sock")
    listed = small.stage.run("ctr", "--address", socket_path, "-n", "k8s.io", "images", "list").stdout.splitlines()[1:]
    named = [line for line in listed if line.startswith(plan.REGISTRY)]
    assert named
    assert [line for line in named if "io.cri-containerd.pinned=pinned" not in line] == []


def test_another_home_is_told_whose_cluster_is_up(small: Small) -> None:
    with tempfile.TemporaryDirectory(prefix="ekl-") as other:  # short: a socket's path has a limit
        places = {"EINKLANG_HOME": other}
        refused = small.stage.run(str(EINKLANG), "local", "up", check=False, **places)
        assert refused.returncode == 1
        assert f"another local cluster is up on this machine: {small.base}" in refused.stderr
        assert f"EINKLANG_HOME={small.stage.settings.home} einklang local down" in refused.stderr
        assert small.stage.run(str(EINKLANG), "local", "down", **places).stderr == ""
    assert small.local("status").returncode == 0


def test_a_dead_component_shows_and_comes_back(small: Small) -> None:
    before = small.pids()
    os.kill(before["kube-scheduler"], signal.SIGKILL)
    until(lambda: "kube-scheduler" not in small.pids(), 5, "the scheduler is gone")
    assert small.local("status", check=False).returncode == 1
    small.local("up")
    after = small.pids()
    assert {name for name in after if after[name] != before[name]} == {"kube-scheduler"}


def test_down_leaves_no_trace_and_up_continues(small: Small) -> None:
    small.local("down")
    assert small.differences() == []
    assert small.local("down").stderr == ""
    start = time.monotonic()
    small.local("up")
    print(f"warm start: {time.monotonic() - start:.1f} s")
    assert small.stage.get("configmap", "-n", NAMESPACE, "kept")["data"] == {"word": "im-klartext"}
    assert small.stage.get("secret", "-n", NAMESPACE, "kept")["data"]
    until(lambda: all_ready(small.stage), 60, "the pods run again")


@pytest.mark.parametrize("moment_seconds", [0.7, 2.0, 4.0, 7.0])
def test_up_may_be_killed_at_any_moment(small: Small, moment_seconds: float) -> None:
    small.local("down")
    environment = dict(small.stage.environment)
    started = subprocess.Popen([EINKLANG, "local", "up"], env=environment, stderr=subprocess.DEVNULL)
    time.sleep(moment_seconds)
    started.kill()
    started.wait()
    if moment_seconds < 3:
        small.local("down")
        assert small.differences() == []
    small.local("up")
    assert small.local("status").returncode == 0


def kill_everything(small: Small) -> None:
    for pid in small.pids().values():
        os.kill(pid, signal.SIGKILL)
    for line in Path("/proc").glob("[0-9]*/cmdline"):
        words = line.read_bytes().decode(errors="replace").split("\0")
        if words[0].endswith("containerd-shim-runc-v2") and any(str(small.base) in word for word in words):
            os.kill(int(line.parent.name), signal.SIGKILL)


def test_down_works_after_everything_was_killed(small: Small) -> None:
    kill_everything(small)
    small.local("down")
    assert small.differences() == []


def test_a_killed_cluster_is_in_nobodys_way(small: Small) -> None:
    small.local("up")
    kill_everything(small)
    with tempfile.TemporaryDirectory(prefix="ekl-") as other:
        places = {"EINKLANG_HOME": other, "EINKLANG_BACKUP_SITE": f"{other}/site"}
        try:
            started = small.stage.run(str(EINKLANG), "local", "up", **places)
            assert f"remove what a killed cluster left on this machine: {small.base}" in started.stderr
        finally:
            small.stage.run(str(EINKLANG), "local", "down", **places)
    assert small.differences() == []
    small.local("up")
    assert small.stage.get("configmap", "-n", NAMESPACE, "kept")["data"] == {"word": "im-klartext"}
    small.local("down")


def test_down_works_without_its_records(small: Small) -> None:
    small.local("up")
    settings = json.loads((small.base / "records" / "machine.json").read_text())["settings"]
    for record in (small.base / "records").rglob("*.json"):
        record.unlink()
    small.local("down")
    network.set_kernel_settings(settings)  # what they were before stood in the record alone
    # So did which empty folders of kubelet and containerd stood there before: nothing stays, not even those.
    assert [line for line in small.differences() if not line.startswith("- places:")] == []
    small.local("up")
    small.local("down")
