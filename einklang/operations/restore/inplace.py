"""A running tenant's modules, brought back to what a run holds; the present state is kept beside and can come back.

Data is put beside what is there and compared; only then the module is stopped, both change places, and it starts again.
So an interruption leaves either state whole, and doing it once more ends well.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from einklang.clients.kubernetes import Kubernetes, wait
from einklang.errors import CheckError, UserError
from einklang.model.backup import FILES_PART
from einklang.model.resolved import ResolvedTenant
from einklang.model.standard import SizeClass
from einklang.operations.restore.choosing import Chosen
from einklang.operations.restore.database import superuser
from einklang.operations.restore.job import Order, Restorer, Result, require
from einklang.progress import Progress

STORE, NEW = "/var/lib/dms/document_storage", "/var/lib/dms/.restore-new"
KEPT = "/var/lib/dms/.restore-kept-{stamp}"
_READY_SECONDS = 900.0
_STOPPED_SECONDS = 180.0
_NAMES = "SELECT datname FROM pg_database ORDER BY 1"
_MARK = "einklang: follows "
_UNDER_WAY = (
    "SELECT datname, shobj_description(oid, 'pg_database') FROM pg_database "
    "WHERE datname LIKE '{name}\\_before\\_%' AND shobj_description(oid, 'pg_database') LIKE 'einklang: follows %'"
)


@dataclass(frozen=True)
class Module:
    """What belongs together. deployments: what has to rest meanwhile. files: it has the documents' volume."""

    name: str
    deployments: Mapping[str, int]
    files: bool = False

    def parts(self) -> tuple[str, ...]:
        """Of a run."""
        return (f"database/{self.name}", *((FILES_PART,) if self.files else ()))


@dataclass(frozen=True)
class Replacement:
    """What a restore would put in the place of what. present_bytes: of the database as it is."""

    module: str
    saved_bytes: int
    present_bytes: int


def modules(resolved: ResolvedTenant, only: str = "") -> list[Module]:
    """The modules of a tenant, or the named one. Raises UserError where the tenant does not have it."""
    size: SizeClass = resolved.size
    enabled = resolved.tenant.modules
    found = {"identity": Module("identity", {"identity": size.identity.replicas})}
    if enabled.portal.enabled:
        found["portal"] = Module("portal", {"portal": size.portal.replicas})
    if enabled.dms.enabled:
        found["dms"] = Module("dms", {"dms": size.dms.replicas, "dms-worker": 1}, files=True)
    if only and only not in found:
        raise UserError(f"{resolved.tenant.id} has no {only}", remedy=f"one of {', '.join(found)}")
    return [found[only]] if only else list(found.values())


class InPlace:
    """Restores into one running tenant. A stamp (second, UTC) is in the names of what a restore keeps."""

    def __init__(self, kubernetes: Kubernetes, namespace: str, progress: Progress) -> None:
        self._kubernetes, self._namespace, self._progress = kubernetes, namespace, progress
        self._restorer = Restorer(kubernetes, namespace)

    def look(self, chosen: Chosen, wanted: Sequence[Module]) -> list[Replacement]:
        """What would be replaced; changes nothing."""
        found = []
        for module in wanted:
            saved = sum(part.bytes for name in module.parts() if (part := chosen.manifest.part(name)))
            present = int(self._sql(f"SELECT pg_database_size('{module.name}')")[0])
            found.append(Replacement(module.name, saved, present))
        return found

    def stamp(self, wanted: Sequence[Module], now: datetime) -> str:
        """For what a restore at this time keeps: its second, or the next that is free."""
        taken = {stamp for module in wanted for stamp in self.kept(module)}
        while f"{now:%Y%m%d%H%M%S}" in taken:
            now += timedelta(seconds=1)
        return f"{now:%Y%m%d%H%M%S}"

    def restore(self, chosen: Chosen, wanted: Sequence[Module], stamp: str) -> list[Result]:
        """Do it; returns what was compared. Raises CheckError where that is not as saved; nothing is replaced then."""
        total = len(wanted) + 1
        for module in wanted:
            self._finish(module)
        with self._progress.step("the data is put beside and compared", 1, total):
            results = self._beside(chosen, wanted)
        for number, module in enumerate(wanted, start=2):
            with self._progress.step(f"{module.name}: both change places", number, total):
                self._exchange(module, f"{module.name}_new", f"{NEW}/document_storage", stamp)
        return results

    def kept(self, module: Module) -> list[str]:
        """The stamps of what is kept of a module, oldest first."""
        start = f"{module.name}_before_"
        return [name.removeprefix(start) for name in self._sql(_NAMES) if name.startswith(start)]

    def back(self, module: Module, stamp: str, fresh: str) -> None:
        """Put what was kept under that stamp in its place again; what is there now is kept under the fresh one."""
        self._finish(module)
        if stamp not in self.kept(module):
            raise UserError(f"nothing is kept of {module.name} under {stamp}", remedy="einklang restore TENANT --kept")
        with self._progress.step(f"{module.name}: the state before comes back", 1, 1):
            self._exchange(module, f"{module.name}_before_{stamp}", KEPT.format(stamp=stamp), fresh)

    def discard(self, module: Module, stamp: str) -> None:
        """Remove what was kept of the database under that stamp; the documents' folder goes with it."""
        self._sql(f'DROP DATABASE IF EXISTS "{module.name}_before_{int(stamp)}" WITH (FORCE)')
        if module.files:
            folder = KEPT.format(stamp=int(stamp))
            self._kubernetes.execute(self._namespace, "deployment/dms", "web", "rm", "-rf", folder)

    def _beside(self, chosen: Chosen, wanted: Sequence[Module]) -> list[Result]:
        targets = {module.name: f"{module.name}_new" for module in wanted}
        drop, create = (
            'DROP DATABASE IF EXISTS "{1}" WITH (FORCE)',
            'CREATE DATABASE "{1}" OWNER "{0}" TEMPLATE template0',
        )
        self._sql(";\n".join(f"{drop};\n{create}".format(*pair) for pair in targets.items()))
        parts = tuple(part for module in wanted for part in module.parts() if chosen.manifest.part(part))
        # Where the documents' pods run, the volume is theirs; where none runs, it is free.
        beside = any(module.files and self._pods(module) for module in wanted)
        return list(require(self._restorer.restore(Order(chosen, parts, targets, folder=NEW, beside=beside))))

    def _exchange(self, module: Module, new: str, folder: str, stamp: str) -> None:
        """new, folder: the database and the documents that come. What is there is kept under the stamp."""
        with self._resting(module):
            self._rename(module, new, f"{module.name}_before_{stamp}", folder)
            self._files(module, folder, stamp)

    def _finish(self, module: Module) -> None:
        """Where an exchange was interrupted after the databases, the documents follow."""
        for line in self._sql(_UNDER_WAY.format(name=module.name)) if module.files else ():
            kept, _, folder = line.partition("|")
            self._progress.note(f"{module.name}: an interrupted restore is brought to its end first")
            with self._resting(module):
                self._files(module, folder.removeprefix(_MARK), kept.rpartition("_")[2])

    def _rename(self, module: Module, new: str, kept: str, folder: str) -> None:
        """Both names change in one transaction, with a mark that says which documents have to follow."""
        name = module.name
        ended = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname IN ('{name}', '{new}')"  # noqa: S608 - names of our own
        renamed = f'ALTER DATABASE "{name}" RENAME TO "{kept}"; ALTER DATABASE "{new}" RENAME TO "{name}"'
        marked = f"COMMENT ON DATABASE \"{kept}\" IS '{_MARK}{folder}'; " if module.files else ""
        self._sql(f"{ended};\nBEGIN; {renamed}; {marked}COMMIT")
        if kept not in self._sql(_NAMES):
            raise CheckError(f"{name}: the databases did not change places")

    def _files(self, module: Module, folder: str, stamp: str) -> None:
        if module.files:
            self._restorer.swap(STORE, folder, KEPT.format(stamp=stamp))
            self._sql(f'COMMENT ON DATABASE "{module.name}_before_{stamp}" IS NULL')

    @contextmanager
    def _resting(self, module: Module) -> Iterator[None]:
        """No pod of the module runs in the block; they start again however it ends."""
        for deployment in module.deployments:
            self._kubernetes.scale(self._namespace, deployment, 0)
        try:
            wait(f"{module.name} stops", lambda: not self._pods(module), _STOPPED_SECONDS, meanwhile=lambda: None)
            yield
        finally:
            for deployment, replicas in module.deployments.items():
                self._kubernetes.scale(self._namespace, deployment, replicas)
        wait(f"{module.name} starts", lambda: self._ready(module), _READY_SECONDS, meanwhile=lambda: None)

    def _pods(self, module: Module) -> list[object]:
        selector = f"einklang/workload in ({','.join(module.deployments)})"
        found: list[object] = self._kubernetes.get("pods", "-n", self._namespace, "-l", selector)["items"]
        return found

    def _ready(self, module: Module) -> bool:
        for deployment, replicas in module.deployments.items():
            status = self._kubernetes.get("deployment", deployment, "-n", self._namespace).get("status") or {}
            if int(status.get("readyReplicas", 0)) < replicas:
                return False
        return True

    def _sql(self, statements: str) -> list[str]:
        return superuser(self._kubernetes, self._namespace, "postgres", f"{statements};\n")
