"""What runs: every tenant by its file, its stack and its pods. Looks only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol

from einklang.errors import UserError
from einklang.inventory import Inventory
from einklang.model.backup import next_run
from einklang.model.drill import Drill
from einklang.model.status import NO_FILE, Health, ModuleStatus, TenantStatus
from einklang.model.tenant import Status, Tenant
from einklang.operations.applied import remembered
from einklang.operations.plan import PLATFORM

KINDS = "deployments.apps,clusters.postgresql.cnpg.io"
TENANT_LABEL, COMPONENT_LABEL = "einklang/tenant", "app.kubernetes.io/component"
_DATABASE_WELL = "Cluster in healthy state"
_ARCHIVE = {"ContinuousArchiving", "LastBackupSucceeded"}
_COMMIT, _DIRTY = "git.head", "git.dirty"


class Engine(Protocol):
    """What is asked of Pulumi."""

    def applied(self, stack: str) -> dict[str, Any]:
        """The stack's outputs; empty without a stack."""

    def last_update(self, stack: str) -> Mapping[str, Any] | None:
        """The newest record of the stack's history."""

    def stacks(self) -> list[str]:
        """Names of all stacks."""


class Cluster(Protocol):
    """What is asked of the cluster."""

    def find(self, *argv: str) -> Any:
        """`kubectl get`, parsed; None where there is nothing or no answer."""


def gather(
    known: Inventory,
    names: Sequence[str],
    engine: Engine,
    cluster: Cluster,
    *,
    jobs: int = 4,
    now: datetime,
    drills: Callable[[str], Drill | None] = lambda _: None,
) -> list[TenantStatus]:
    """The named tenants, or all: those with a file and those of which only a stack is left, by id.

    drills: tenant -> its newest restore drill that this machine knows of.
    """
    stacks = [name for name in engine.stacks() if name != PLATFORM]
    everybody = sorted({*known.tenants, *stacks})
    unknown = sorted(set(names) - set(everybody))
    if unknown:
        raise UserError(f"no such tenant: {', '.join(unknown)}", remedy=f"one of {', '.join(everybody)}")
    seen = cluster.find(KINDS, "-A", "-l", TENANT_LABEL)
    running = None if seen is None else modules(each for each in seen["items"] if not _scratch(each))
    with ThreadPoolExecutor(max_workers=jobs) as pool:
        found = pool.map(lambda name: _one(name, known, name in stacks, engine, running), names or everybody)
        return [_kept(one, known, drills(one.tenant), now) for one in found]


def _kept(one: TenantStatus, known: Inventory, drill: Drill | None, now: datetime) -> TenantStatus:
    """With what there is to say of its backups."""
    file, following = known.tenants.get(one.tenant), ""
    if file and file.status is Status.ACTIVE:
        backup_class = known.standards[file.standard].backup_classes[file.backup.class_name]
        following = next_run(file.id, backup_class, now).isoformat()
    ended = drill.ended.isoformat() if drill else ""
    return replace(one, next_backup=following, drill=ended, drill_passed=drill is None or drill.passed)


def _scratch(manifest: Mapping[str, Any]) -> bool:
    """It belongs to a restore drill, not to the tenant."""
    tenant = manifest["metadata"]["labels"][TENANT_LABEL]
    return bool(manifest["metadata"].get("namespace") == f"drill-{tenant}")


def modules(objects: Iterable[Mapping[str, Any]]) -> dict[str, tuple[ModuleStatus, ...]]:
    """Tenant -> its modules by name, from its Deployments and its database cluster."""
    found: dict[str, list[ModuleStatus]] = {}
    for each in objects:
        metadata = each["metadata"]
        read = _database if each["kind"] == "Cluster" else _deployment
        found.setdefault(metadata["labels"][TENANT_LABEL], []).append(read(metadata["name"], each))
    return {tenant: tuple(sorted(made, key=lambda module: module.name)) for tenant, made in found.items()}


def _deployment(name: str, manifest: Mapping[str, Any]) -> ModuleStatus:
    wanted, status = int(manifest["spec"].get("replicas", 1)), manifest.get("status") or {}
    ready = int(status.get("readyReplicas", 0))
    seen = status.get("observedGeneration") == manifest["metadata"].get("generation")
    updated = int(status.get("updatedReplicas", 0)) == wanted
    return ModuleStatus(name, _health(ready, wanted, settled=seen and updated), ready, wanted)


def _database(name: str, manifest: Mapping[str, Any]) -> ModuleStatus:
    status = manifest.get("status") or {}
    hibernated = manifest["metadata"].get("annotations", {}).get("cnpg.io/hibernation") == "on"
    wanted = 0 if hibernated else int(manifest["spec"]["instances"])
    ready = int(status.get("readyInstances", 0))
    health = _health(ready, wanted, settled=status.get("phase") == _DATABASE_WELL)
    archived = [each["status"] for each in status.get("conditions", []) if each["type"] in _ARCHIVE]
    if health is Health.WELL and "backup" in manifest["spec"] and "False" in archived:
        health = Health.ILL
    return ModuleStatus(name, health, ready, wanted)


def _health(ready: int, wanted: int, *, settled: bool) -> Health:
    if wanted == 0:
        return Health.STOPPED if ready == 0 else Health.STARTING
    if ready < wanted:
        return Health.STARTING if ready or not settled else Health.ILL
    return Health.WELL if settled else Health.STARTING


def _one(
    name: str,
    known: Inventory,
    deployed: bool,
    engine: Engine,
    running: Mapping[str, Sequence[ModuleStatus]] | None,
) -> TenantStatus:
    file = known.tenants.get(name)
    outputs = engine.applied(name) if deployed else {}
    update = (engine.last_update(name) or {}) if deployed else {}
    applied = remembered(outputs)
    shown = file or applied
    resolved = known.resolve(name) if file else None
    facts = update.get("environment") or {}
    dirty = facts.get(_DIRTY) == "true"
    return TenantStatus(
        tenant=name,
        name=shown.name if shown else "",
        state=file.status.value if file else NO_FILE,
        ring=shown.ring.value if shown else "",
        standard=outputs.get("standard") or (resolved.standard.version if resolved else ""),
        size=outputs.get("size") or (resolved.size.name.value if resolved else ""),
        commit=f"{facts[_COMMIT]}{'+' if dirty else ''}" if facts.get(_COMMIT) else "",
        applied=update.get("endTime", ""),
        result=update.get("result", ""),
        pending=_pending(file, applied, deployed=deployed),
        modules=_modules(name, running, deployed=deployed),
        registrations=file.registrations.pending() if file else (),
    )


def _pending(file: Tenant | None, applied: Tenant | None, *, deployed: bool) -> bool:
    if file is None or file.status is Status.REQUESTED:
        return False
    return file != applied if applied else not deployed


def _modules(
    name: str, running: Mapping[str, Sequence[ModuleStatus]] | None, *, deployed: bool
) -> tuple[ModuleStatus, ...]:
    """Nobody answered: one module that stands for all, so that the tenant does not look well."""
    if running is None:
        return (ModuleStatus("cluster", Health.UNKNOWN, 0, 0),) if deployed else ()
    return tuple(running.get(name, ()))
