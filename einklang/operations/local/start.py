"""Starting the local cluster: what does not run, or runs as it should not any more."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Callable, Collection
from concurrent.futures import Executor, Future, ThreadPoolExecutor

from einklang.clients import network
from einklang.clients.containerd import Containerd
from einklang.clients.kubernetes import Kubernetes, wait
from einklang.operations.local import addons, components, configuration, images, machine, plan, processes, state
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
_STEPS = 5


class Start:
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
        return state.status(self._settings).well

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
        stop(self._running, names)
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
        if not network.connects(plan.NODE_ADDRESS, plan.API_PORT) or not self._bootstrap.ready():
            return False
        return self._bootstrap.find("namespace", "kube-system") is not None  # it makes that after it is ready

    def _node_exists(self) -> bool:
        return self._bootstrap.find("node", plan.NODE_NAME) is not None

    def _well(self) -> bool:
        said = state.node_ready(self._bootstrap, self._running) and state.name_service_ready(
            self._bootstrap, self._running
        )
        return said and state.name_service_answers()  # asked last: the way to a pod opens after it is ready

    def _declared_digest(self) -> str:
        declared = [self._objects, machine.guard_rules()]
        return hashlib.sha256(json.dumps(declared, sort_keys=True).encode()).hexdigest()

    def _step(self, title: str, number: int) -> contextlib.AbstractContextManager[None]:
        return self._progress.step(title, number, _STEPS)


def stop(running: Processes, names: Collection[str]) -> None:
    """End the named components, those first that speak to the others."""
    for group, seconds in components.STOPS:
        running.stop([name for name in group if name in names], seconds)


def _containerd_ready() -> bool:
    """True where it speaks to a kubelet: it opens this port when it has found what an earlier one left."""
    return network.connects(*components.PLACES["containerd"][0])
