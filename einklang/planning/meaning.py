"""What a change of a tenant file means: for the municipality, its citizens, its staff, and the operators.

One function a topic; each takes the tenant before and after and gives the points that it has to make.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from einklang.model.plan import Point, Section
from einklang.model.resolved import ResolvedTenant
from einklang.model.tenant import HOSTNAME_DEFAULTS, Tenant
from einklang.model.vocabulary import Status
from einklang.planning.capacity import Capacity, capacity, planned
from einklang.planning.interruption import interrupted

MODULES = ("portal", "dms")


def points(before: ResolvedTenant | None, after: ResolvedTenant | None) -> tuple[Point, ...]:
    """All points of a change, by section. Nothing where nothing changes."""
    if after is None:
        return tuple(_removed(before)) if before else ()
    made = _new(after) if before is None or _begins(before, after) else _changed(before, after)
    if before is not None and _begins(before, after):
        made = [*made, *_small_changes(before, after)]
    order = list(Section)
    return tuple(sorted(made, key=lambda point: order.index(point.section)))


def _begins(before: ResolvedTenant, after: ResolvedTenant) -> bool:
    """Whether the change turns a request into a tenant."""
    return before.tenant.status is Status.REQUESTED and after.tenant.status is not Status.REQUESTED


def _removed(before: ResolvedTenant) -> Iterator[Point]:
    status = before.tenant.status
    if status is Status.REQUESTED:
        yield Point(Section.OPERATION, "request-withdrawn")
    elif status is Status.LEAVING:
        yield Point(Section.OPERATION, "file-removed-after-leaving")
    else:
        yield Point(Section.REFUSED, "file-removed", {"status": status.value})


def _new(after: ResolvedTenant) -> list[Point]:
    """What a municipality gets that has nothing yet."""
    tenant, need = after.tenant, planned(after)
    made = [*_addresses(tenant), Point(Section.GETS, "backup", _backup(after))]
    made.append(Point(Section.GETS, "languages", {"languages": ", ".join(tenant.languages)}))
    if tenant.services:
        made.append(Point(Section.GETS, "services", {"services": ", ".join(tenant.services)}))
    requested = tenant.status is Status.REQUESTED
    made.append(Point(Section.OPERATION, "requested") if requested else Point(Section.CITIZENS, "starts"))
    if not requested:
        made.append(Point(Section.STAFF, "accounts"))
    made.append(Point(Section.INTERRUPTION, "nothing-runs-yet"))
    made.append(Point(Section.RESOURCES, "resources", {**_amounts(need), "size": after.size.name.value}))
    made.append(Point(Section.BY_HAND, "dns", {"hostnames": ", ".join(_used(tenant))}))
    made += [Point(Section.BY_HAND, f"register-{_dashed(name)}") for name in tenant.registrations.pending()]
    return made


def _addresses(tenant: Tenant) -> Iterator[Point]:
    for module in MODULES:
        if getattr(tenant.modules, module).enabled:
            yield Point(Section.GETS, module, {"hostname": getattr(tenant.hostnames, module)})
    yield Point(Section.GETS, "identity", {"hostname": tenant.hostnames.identity})


def _used(tenant: Tenant) -> list[str]:
    """The addresses that the tenant's modules answer on."""
    enabled = [module for module in MODULES if getattr(tenant.modules, module).enabled]
    return [getattr(tenant.hostnames, name) for name in HOSTNAME_DEFAULTS if name in {*enabled, "identity"}]


def _backup(resolved: ResolvedTenant) -> dict[str, str]:
    chosen = resolved.standard.backup_classes[resolved.tenant.backup.class_name]
    return {"class": resolved.tenant.backup.class_name, "hours": str(chosen.interval_hours)}


def _amounts(amount: Capacity, suffix: str = "") -> dict[str, str]:
    return {
        f"cpu_millicores{suffix}": str(amount.cpu_millicores),
        f"memory_mib{suffix}": str(amount.memory_mib),
        f"storage_gib{suffix}": str(amount.storage_gib),
    }


Topic = Callable[[ResolvedTenant, ResolvedTenant], Iterable[Point]]


def _changed(before: ResolvedTenant, after: ResolvedTenant) -> list[Point]:
    """What is different for a tenant that is there already, or still only requested."""
    made = [point for topic in (_status, _modules, _hostnames, _size, _standard) for point in topic(before, after)]
    made += _small_changes(before, after)
    if not made and before.tenant != after.tenant:
        keys = [key for key, value in before.tenant if value != getattr(after.tenant, key)]
        made.append(Point(Section.OPERATION, "other", {"keys": ", ".join(keys)}))
    return [*made, *_interruption(before, after), *_resources(before, after)] if made else []


def _small_changes(before: ResolvedTenant, after: ResolvedTenant) -> list[Point]:
    return [
        point
        for topic in (_pages, _look, _services, _backups, _papers, _exceptions, _registrations)
        for point in topic(before, after)
    ]


def _status(before: ResolvedTenant, after: ResolvedTenant) -> Iterator[Point]:
    old, new = before.tenant.status, after.tenant.status
    if old is new:
        return
    if new is Status.REQUESTED:
        yield Point(Section.REFUSED, "back-to-requested", {"status": old.value})
    elif new is Status.SUSPENDED:
        yield Point(Section.CITIZENS, "suspended")
        yield Point(Section.STAFF, "suspended-staff")
    elif new is Status.LEAVING:
        yield Point(Section.DATA, "leaving")
    elif old is Status.SUSPENDED:
        yield Point(Section.CITIZENS, "resumed")
    else:
        yield Point(Section.OPERATION, "stays")


def _modules(before: ResolvedTenant, after: ResolvedTenant) -> Iterator[Point]:
    for name, section in (("portal", Section.CITIZENS), ("dms", Section.STAFF)):
        old, new = getattr(before.tenant.modules, name), getattr(after.tenant.modules, name)
        if new.enabled and not old.enabled:
            yield Point(Section.GETS, name, {"hostname": getattr(after.tenant.hostnames, name)})
            yield Point(Section.BY_HAND, "dns", {"hostnames": getattr(after.tenant.hostnames, name)})
        elif old.enabled and not new.enabled:
            yield Point(section, f"{name}-off", {"hostname": getattr(before.tenant.hostnames, name)})
            if before.tenant.status is not Status.REQUESTED:
                yield Point(Section.DATA if name == "dms" else Section.OPERATION, f"{name}-data")
    yield from _options(before.tenant, after.tenant)


def _options(before: Tenant, after: Tenant) -> Iterator[Point]:
    old, new = before.modules, after.modules
    if old.portal.search_engines != new.portal.search_engines:
        yield Point(Section.CITIZENS, "search-engines-on" if new.portal.search_engines else "search-engines-off")
    if old.dms.text_recognition != new.dms.text_recognition:
        yield Point(Section.STAFF, "text-recognition-on" if new.dms.text_recognition else "text-recognition-off")
    if old.dms.file_plan != new.dms.file_plan:
        yield Point(Section.STAFF, "file-plan", _from_to(old.dms.file_plan, new.dms.file_plan))


def _hostnames(before: ResolvedTenant, after: ResolvedTenant) -> Iterator[Point]:
    old, new = before.tenant, after.tenant
    moved = [name for name in HOSTNAME_DEFAULTS if getattr(old.hostnames, name) != getattr(new.hostnames, name)]
    for name in moved:
        if name == "identity" or all(getattr(each.modules, name).enabled for each in (old, new)):
            section = Section.STAFF if name == "dms" else Section.CITIZENS
            names = _from_to(getattr(old.hostnames, name), getattr(new.hostnames, name))
            yield Point(section, f"{name}-moves", names)
            yield Point(Section.BY_HAND, "dns", {"hostnames": names["new"]})
    if old.domain != new.domain and not moved:
        yield Point(Section.OPERATION, "domain", _from_to(old.domain, new.domain))


def _size(before: ResolvedTenant, after: ResolvedTenant) -> Iterator[Point]:
    old, new = before.tenant.population, after.tenant.population
    if before.size.name is not after.size.name:
        names = _from_to(before.size.name.value, after.size.name.value)
        yield Point(Section.RESOURCES, "size", {**names, "population": str(new)})
        if _volumes_shrink(before, after):
            yield Point(Section.REFUSED, "storage-shrinks", names)
    elif old != new:
        yield Point(Section.OPERATION, "population", _from_to(str(old), str(new)))


def _volumes_shrink(before: ResolvedTenant, after: ResolvedTenant) -> bool:
    """Kubernetes refuses that of a volume that is there (PersistentVolumeClaim, `spec.resources.requests`)."""
    if before.tenant.status is Status.REQUESTED:
        return False
    kept = before.tenant.modules.dms.enabled and after.tenant.modules.dms.enabled
    old, new = before.size, after.size
    return old.database.storage_gib > new.database.storage_gib or (kept and old.dms.storage_gib > new.dms.storage_gib)


def _standard(before: ResolvedTenant, after: ResolvedTenant) -> Iterator[Point]:
    old, new = before.standard, after.standard
    if old.version != new.version:
        yield Point(Section.GETS, "standard", _from_to(old.version, new.version))
        if _numbers(old.version) > _numbers(new.version):
            yield Point(Section.OPERATION, "standard-older")
    elif old != new:
        yield Point(Section.OPERATION, "standard-edited", {"version": new.version})
    for role in sorted({*old.images, *new.images}):
        if old.images.get(role) != new.images.get(role):
            yield Point(Section.OPERATION, "image", _from_to(old.images.get(role, "–"), new.images.get(role, "–")))


def _numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".")]


def _pages(before: ResolvedTenant, after: ResolvedTenant) -> Iterator[Point]:
    """What stands on the public pages, and whom the operators call."""
    old, new = before.tenant, after.tenant
    if old.name != new.name:
        yield Point(Section.CITIZENS, "name", _from_to(old.name, new.name))
    if old.languages != new.languages:
        yield Point(Section.CITIZENS, "languages-changed", _from_to(", ".join(old.languages), ", ".join(new.languages)))
    for key in ("opening_hours", "address", "notice"):
        if getattr(old, key) != getattr(new, key):
            yield Point(Section.CITIZENS, _dashed(key) if getattr(new, key) else f"no-{_dashed(key)}")
    for key, _ in old.contacts:
        if getattr(old.contacts, key) != getattr(new.contacts, key):
            section = Section.CITIZENS if key == "citizens" else Section.OPERATION
            yield Point(section, f"contact-{_dashed(key)}")


def _look(before: ResolvedTenant, after: ResolvedTenant) -> Iterator[Point]:
    old, new = before.tenant.branding, after.tenant.branding
    for key in ("primary", "on_primary", "background"):
        if getattr(old, key) != getattr(new, key):
            yield Point(
                Section.CITIZENS,
                f"colour-{_dashed(key)}",
                _from_to(getattr(old, key), getattr(new, key)),
            )
    if before.logo != after.logo:
        yield Point(Section.CITIZENS, "logo" if after.logo else "no-logo")


def _services(before: ResolvedTenant, after: ResolvedTenant) -> Iterator[Point]:
    old, new = before.tenant.services, after.tenant.services
    for code, names in (
        ("services-added", [name for name in new if name not in old]),
        ("services-removed", [name for name in old if name not in new]),
    ):
        if names:
            yield Point(Section.CITIZENS, code, {"services": ", ".join(names)})
    if set(old) == set(new) and old != new:
        yield Point(Section.CITIZENS, "services-order")
    texts = {service.id: service for service in before.services}
    edited = [each.id for each in after.services if each.id in texts and texts[each.id] != each]
    if edited:
        yield Point(Section.CITIZENS, "services-edited", {"services": ", ".join(edited)})


def _backups(before: ResolvedTenant, after: ResolvedTenant) -> Iterator[Point]:
    if before.tenant.backup != after.tenant.backup:
        yield Point(Section.GETS, "backup-changed", {"old": before.tenant.backup.class_name, **_backup(after)})


def _papers(before: ResolvedTenant, after: ResolvedTenant) -> Iterator[Point]:
    """Keys, order of rollouts, approvals."""
    old, new = before.tenant, after.tenant
    for key in ("ags", "ars", "ring"):
        if getattr(old, key) != getattr(new, key):
            yield Point(Section.OPERATION, key, _from_to(getattr(old, key) or "–", getattr(new, key) or "–"))
    if old.approvals != new.approvals:
        yield Point(Section.OPERATION, "approvals")


def _exceptions(before: ResolvedTenant, after: ResolvedTenant) -> Iterator[Point]:
    old, new = before.tenant.exceptions, after.tenant.exceptions
    for each in new:
        if each not in old:
            values = {"control": each.control, "reason": each.reason, "until": str(each.expires)}
            yield Point(Section.OPERATION, "exception-added", values)
    kept = {each.control for each in new}
    yield from (
        Point(Section.OPERATION, "exception-removed", {"control": each.control})
        for each in old
        if each.control not in kept
    )


def _registrations(before: ResolvedTenant, after: ResolvedTenant) -> Iterator[Point]:
    old, new = (set(each.tenant.registrations.pending()) for each in (before, after))
    yield from (Point(Section.OPERATION, f"registered-{_dashed(name)}") for name in sorted(old - new))
    yield from (Point(Section.BY_HAND, f"register-{_dashed(name)}") for name in sorted(new - old))


def _dashed(name: str) -> str:
    return name.replace("_", "-")


def _interruption(before: ResolvedTenant, after: ResolvedTenant) -> Iterator[Point]:
    """Whether anybody notices that the change is being applied."""
    running = (Status.ACTIVE, Status.LEAVING)
    if before.tenant.status not in running or after.tenant.status not in running:
        code = "ends" if before.tenant.status in running else "nothing-runs-yet"
        yield Point(Section.INTERRUPTION, code)
        return
    stopped = interrupted(before, after)
    yield (
        Point(Section.INTERRUPTION, "short", {"modules": ", ".join(stopped)})
        if stopped
        else Point(Section.INTERRUPTION, "none")
    )


def _resources(before: ResolvedTenant, after: ResolvedTenant) -> Iterator[Point]:
    old, new = capacity(before), capacity(after)
    if old != new:
        yield Point(Section.RESOURCES, "resources-changed", {**_amounts(old, "_before"), **_amounts(new)})
    else:
        yield Point(Section.RESOURCES, "resources-same")


def _from_to(old: str, new: str) -> dict[str, str]:
    return {"old": old, "new": new}
