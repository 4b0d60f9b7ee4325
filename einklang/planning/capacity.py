"""What a tenant reserves while it runs: the sum over its pods and volumes."""

from __future__ import annotations

from dataclasses import dataclass

from einklang.model.resolved import ResolvedTenant
from einklang.model.standard import (
    DMS_BROKER_CPU_REQUEST_MILLICORES,
    DMS_BROKER_STORAGE_GIB,
    DmsSize,
    SizeClass,
)
from einklang.model.tenant import Modules
from einklang.model.vocabulary import Status


@dataclass(frozen=True)
class Capacity:
    """CPU requests, memory requests and volumes; what jobs take for a moment is not in it."""

    cpu_millicores: int = 0
    memory_mib: int = 0
    storage_gib: int = 0

    def __add__(self, other: Capacity) -> Capacity:
        return Capacity(
            self.cpu_millicores + other.cpu_millicores,
            self.memory_mib + other.memory_mib,
            self.storage_gib + other.storage_gib,
        )


def capacity(resolved: ResolvedTenant | None) -> Capacity:
    """What the tenant reserves; nothing where it is only requested, volumes alone where it is suspended."""
    if resolved is None or resolved.tenant.status is Status.REQUESTED:
        return Capacity()
    whole = _running(resolved.size, resolved.tenant.modules)
    suspended = resolved.tenant.status is Status.SUSPENDED
    return Capacity(storage_gib=whole.storage_gib) if suspended else whole


def planned(resolved: ResolvedTenant) -> Capacity:
    """What the tenant will reserve once it is active."""
    return _running(resolved.size, resolved.tenant.modules)


def _running(size: SizeClass, modules: Modules) -> Capacity:
    database, identity, front, portal = size.database, size.identity, size.front, size.portal
    total = Capacity(
        database.instances * database.cpu_request_millicores,
        database.instances * database.memory_mib,
        database.instances * database.storage_gib,
    )
    total += Capacity(identity.replicas * identity.cpu_request_millicores, identity.replicas * identity.memory_mib)
    if modules.portal.enabled or modules.dms.enabled:
        total += Capacity(front.replicas * front.cpu_request_millicores, front.replicas * front.memory_mib)
    if modules.portal.enabled:
        total += Capacity(portal.replicas * portal.cpu_request_millicores, portal.replicas * portal.memory_mib)
    if modules.dms.enabled:
        total += _dms(size.dms) + Capacity(size.scanner.cpu_request_millicores, size.scanner.memory_mib)
    return total


def _dms(size: DmsSize) -> Capacity:
    return Capacity(
        size.replicas * size.cpu_request_millicores
        + size.worker_cpu_request_millicores
        + DMS_BROKER_CPU_REQUEST_MILLICORES,
        size.replicas * size.memory_mib + size.worker_memory_mib + size.broker_memory_mib,
        size.storage_gib + DMS_BROKER_STORAGE_GIB,
    )
