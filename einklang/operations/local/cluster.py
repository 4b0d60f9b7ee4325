"""The local cluster as a whole: up, down, status, clean."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from einklang.clients import network
from einklang.clients.containerd import Containerd
from einklang.clients.kubernetes import Kubernetes, wait
from einklang.errors import ClientError, UserError
from einklang.operations.local import (
    addons,
    components,
    configuration,
    host,
    images,
    machine,
    packages,
    pki,
    plan,
    processes,
)
from einklang.operations.local.images import ImageSet
from einklang.operations.local.plan import Folders
from einklang.operations.local.processes import Processes
from einklang.operations.local.toolchain import Toolchain
from einklang.progress import Progress
from einklang.settings import Settings

CONTAINERD_WITHIN_SECONDS = 30.0
API_WITHIN_SECONDS = 90.0
NODE_WITHIN_SECONDS = 90.0
ADDONS_WITHIN_SECONDS = 180.0
POD_GRACE_SECONDS = 15.0
_STEPS = 5
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


def up(
    settings: Settings,
    toolchain: Toolchain,
    progress: Progress,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> None:
    """Start what does not run. Safe to interrupt and to repeat at any point.

    Raises UserError where this machine cannot run a node or something stands in the way, ClientError where a
    component dies, CheckError where one does not become ready in time.
    """
    host.require()
    packages.ensure(packages.NODE | packages.IMAGES, settings, progress)
    built = images.ensure_images(settings, toolchain, progress)
    with _alone(settings, progress):
        folders = Folders.of(settings)
        pki.ensure(folders.pki, clock())
        pki.ensure_authority(settings.certificate_authority, pki.LOCAL_AUTHORITY, clock())
        configuration.write(settings, built.reference("pause"), host.cgroups())
        start = _Start(settings, toolchain, built, progress)
        if start.is_done():
            start.import_images()
        else:
            start.run()


def down(settings: Settings, progress: Progress) -> None:
    """Stop and remove everything that `up` started and made on this machine; the data stays.

    Works after a crash or a kill of anything; without a cluster it does nothing.
    """
    folders = Folders.of(settings)
    running = Processes(folders.records, folders.base)
    if not machine.is_ours(folders) and not running.strays():
        return
    with _alone(settings, progress):
        with progress.step("stop pods and components", 1, 2):
            _stop_pods(folders, running)
            _stop(running, components.NAMES)
            processes.end(running.strays())
            processes.end(host.cgroup_processes(plan.CGROUP))
        with progress.step("remove mounts, devices and firewall rules", 2, 2):
            machine.restore(folders)


def status(settings: Settings, toolchain: Toolchain) -> Status:
    """What runs."""
    folders = Folders.of(settings)
    running = Processes(folders.records, folders.base)
    found = {name: running.find(name) for name in components.NAMES}
    listed = [
        ComponentStatus(name, one.pid if one else None, one.since if one else None) for name, one in found.items()
    ]
    alive = all(found.values()) and settings.kubeconfig.exists()
    node = alive and _node_ready(Kubernetes(toolchain.binary("kubectl"), settings.kubeconfig), running)
    return Status(tuple(listed), node, alive and network.resolves(_API_NAME, plan.DNS_ADDRESS))


def data(settings: Settings, *, caches: bool) -> list[Path]:
    """What `clean` would remove: the home folder, and with `caches` the toolchain and the images."""
    return [path for path in [settings.home, *([settings.cache] if caches else [])] if path.exists()]


def clean(settings: Settings, *, caches: bool) -> None:
    """Remove the data of the stopped cluster. Raises UserError while it runs."""
    folders = Folders.of(settings)
    if machine.is_ours(folders) or Processes(folders.records, folders.base).strays():
        raise UserError("the local cluster is up", remedy="einklang local down")
    for path in data(settings, caches=caches):
        shutil.rmtree(path)


class _Start:
    """One start of the cluster."""

    def __init__(self, settings: Settings, toolchain: Toolchain, built: ImageSet, progress: Progress) -> None:
        self._settings, self._toolchain, self._built, self._progress = settings, toolchain, built, progress
        self._folders = Folders.of(settings)
        self._running = Processes(self._folders.records, self._folders.base)
        self._components = components.declare(toolchain, self._folders)
        self._fingerprints = {one.name: one.fingerprint(self._folders) for one in self._components}
        self._environment = configuration.environment(os.environ)
        self._containerd = Containerd(self._folders.containerd_socket)
        self._bootstrap = Kubernetes(toolchain.binary("kubectl"), self._folders.kubeconfig("bootstrap"))
        references = {name: built.reference(name) for name in ("coredns", "local-path-provisioner", "base")}
        self._objects = addons.declare(self._folders, references)
        self._applied = self._folders.records / "applied"

    def is_done(self) -> bool:
        """True where everything runs as it would be started now, and is well."""
        if self._to_start():
            return False
        if not self._applied.exists() or self._applied.read_text() != self._declared_digest():
            return False
        return status(self._settings, self._toolchain).well

    def import_images(self) -> None:
        """Import the images that containerd lacks."""
        images.import_images(self._built, self._containerd, self._progress)

    def run(self) -> None:
        """Start what does not run, or runs as it should not any more, and wait until all is well."""
        with ThreadPoolExecutor(1) as pool:
            with self._step("network and control group", 1):
                self._prepare()
            with self._step("containerd, etcd, API server", 2):
                imported = self._start_api(pool)
            with self._step("node", 3):
                self._start_node()
            with self._step("images into containerd", 4):
                imported.result()
        with self._step("node ready, name service answers", 5):
            wait("node and name service", self._well, ADDONS_WITHIN_SECONDS, meanwhile=self._require(*components.NAMES))
        self._applied.write_text(self._declared_digest())

    def _start_api(self, pool: Executor) -> Future[None]:
        self._launch("containerd", "etcd", "kube-apiserver")
        wait("containerd", _containerd_ready, CONTAINERD_WITHIN_SECONDS, meanwhile=self._require("containerd"))
        imported = pool.submit(self.import_images)
        self._launch("kube-proxy")
        wait("the API server", self._api_ready, API_WITHIN_SECONDS, meanwhile=self._require("etcd", "kube-apiserver"))
        return imported

    def _start_node(self) -> None:
        if self._node_exists():  # pods of an earlier start are about to run: their firewall comes before them
            self._launch("kube-router")
        self._launch("kubelet", "kube-controller-manager", "kube-scheduler")
        self._bootstrap.apply(self._objects)
        wait("the node", self._node_exists, NODE_WITHIN_SECONDS, meanwhile=self._require("kubelet"))
        self._launch("kube-router")  # it ends at once where there is no node yet

    def _to_start(self) -> list[str]:
        """Names of components that do not run, or were started otherwise than they would be now."""
        found = {name: self._running.find(name) for name in components.NAMES}
        return [name for name, one in found.items() if not one or one.fingerprint != self._fingerprints[name]]

    def _prepare(self) -> None:
        names = self._to_start()
        _stop(self._running, names)
        processes.end([pid for name in names for pid in self._running.strays(name)])
        machine.refuse_conflicts(self._folders, {name: components.PLACES[name] for name in names})
        machine.remember(self._folders)
        machine.prepare(self._folders)
        self._applied.unlink(missing_ok=True)

    def _launch(self, *names: str) -> None:
        for component in self._components:
            if component.name in names:
                self._running.start(
                    component.name,
                    component.argv,
                    self._folders.log(component.name),
                    self._environment,
                    self._fingerprints[component.name],
                )

    def _require(self, *names: str) -> Callable[[], None]:
        def living() -> None:
            for name in names:
                self._running.require(name, self._folders.log(name))

        return living

    def _api_ready(self) -> bool:
        return network.connects(plan.NODE_ADDRESS, plan.API_PORT) and self._bootstrap.ready()

    def _node_exists(self) -> bool:
        return self._bootstrap.find("node", plan.NODE_NAME) is not None

    def _well(self) -> bool:
        return network.resolves(_API_NAME, plan.DNS_ADDRESS) and _node_ready(self._bootstrap, self._running)

    def _declared_digest(self) -> str:
        declared = [self._objects, machine.guard_rules()]
        return hashlib.sha256(json.dumps(declared, sort_keys=True).encode()).hexdigest()

    def _step(self, title: str, number: int) -> contextlib.AbstractContextManager[None]:
        return self._progress.step(title, number, _STEPS)


def _containerd_ready() -> bool:
    """True where it speaks to a kubelet: it opens this port when it has found what an earlier one left."""
    return network.connects(*components.PLACES["containerd"][0])


def _node_ready(client: Kubernetes, running: Processes) -> bool:
    """True where the kubelet that runs now has said so: the API remembers what an earlier one said."""
    kubelet, node = running.find("kubelet"), client.find("node", plan.NODE_NAME)
    if not kubelet or not node:
        return False
    ready = next((one for one in node["status"].get("conditions", []) if one["type"] == "Ready"), None)
    if not ready or ready["status"] != "True":
        return False
    return datetime.fromisoformat(ready["lastHeartbeatTime"]) >= kubelet.since.replace(microsecond=0)


def _stop(running: Processes, names: Collection[str]) -> None:
    for group, seconds in components.STOPS:
        running.stop([name for name in group if name in names], seconds)


def _stop_pods(folders: Folders, running: Processes) -> None:
    """First the kubelet, which would start them again, then the pods' containers."""
    _stop(running, ["kubelet"])
    if running.find("containerd"):
        with contextlib.suppress(ClientError):  # a containerd that does not answer: its containers end with the group
            Containerd(folders.containerd_socket).stop_all(POD_GRACE_SECONDS)


@contextlib.contextmanager
def _alone(settings: Settings, progress: Progress) -> Iterator[None]:
    """One `up` or `down` at a time; the lock ends with the process."""
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (settings.home / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress.note("waiting for another `einklang local` command to end")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
