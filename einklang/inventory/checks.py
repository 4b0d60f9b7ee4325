"""What one file alone cannot show: files against each other, against the standard they pin, against the calendar."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from einklang.inventory.collection import Collection, Entry
from einklang.inventory.document import Path
from einklang.inventory.validation import nearest
from einklang.model.ags import ags_of
from einklang.model.approval import LONGEST_DAYS
from einklang.model.hostname import is_inside
from einklang.model.problem import Code, Problem
from einklang.model.standard import Standard
from einklang.model.tenant import Tenant


def check_all(collection: Collection, today: date) -> list[Problem]:
    """Every problem of every file, unsorted."""
    for standard in collection.standards:
        if standard.model and standard.model.version != standard.stem:
            _add(standard, Code.VERSION_NOT_FILE_NAME, ("version",), standard.model.version, standard.stem)
    for service in collection.services:
        if service.model and service.model.id != service.stem:
            _add(service, Code.ID_NOT_FILE_NAME, ("id",), service.model.id, service.stem)
    services = {entry.stem for entry in collection.services}
    standards = {entry.model.version: entry.model for entry in collection.standards if entry.model}
    named = {entry.stem for entry in collection.standards}
    for tenant in collection.tenants:
        if tenant.model:
            _check_alone(tenant, tenant.model)
            _check_standard(tenant, tenant.model, standards, named)
            _check_services(tenant, tenant.model, services)
            _check_exceptions(tenant, tenant.model, today)
            _check_approvals(tenant, tenant.model, today)
    _check_together(collection.tenants)
    documents = [entry.document for entry in collection.tenants]
    documents += [entry.document for entry in collection.standards]
    documents += [entry.document for entry in collection.services]
    return [*collection.problems, *(problem for document in documents for problem in document.problems)]


def _add(
    entry: Entry[Any],
    code: Code,
    path: Path,
    found: str = "",
    expected: str = "",
    suggestion: str = "",
    related: str = "",
) -> None:
    entry.document.add(code, path, entry.document.value_place(path), found, expected, suggestion, related)


def _check_alone(entry: Entry[Tenant], tenant: Tenant) -> None:
    if tenant.id != entry.stem:
        _add(entry, Code.ID_NOT_FILE_NAME, ("id",), tenant.id, entry.stem)
    if tenant.ars and ags_of(tenant.ars) != tenant.ags:
        _add(entry, Code.ARS_NOT_AGS, ("ars",), tenant.ars, tenant.ags)
    seen: set[str] = set()
    for key, hostname in tenant.hostnames:
        if not is_inside(hostname, tenant.domain):
            _add(entry, Code.HOSTNAME_OUTSIDE_DOMAIN, ("hostnames", key), hostname, tenant.domain)
        if hostname in seen:
            _add(entry, Code.HOSTNAME_REPEATED, ("hostnames", key), hostname)
        seen.add(hostname)


def _check_standard(entry: Entry[Tenant], tenant: Tenant, standards: dict[str, Standard], named: set[str]) -> None:
    standard = standards.get(tenant.standard)
    if standard is None:
        if tenant.standard not in named:
            choices = sorted(named)
            guess = nearest(tenant.standard, choices)
            suggestion = f'"{guess}"' if guess else ""
            _add(entry, Code.STANDARD_UNKNOWN, ("standard",), tenant.standard, ", ".join(choices), suggestion)
        return
    backup, classes = tenant.backup.class_name, sorted(standard.backup_classes)
    if backup not in classes:
        path = ("backup", "class")
        _add(entry, Code.BACKUP_CLASS_UNKNOWN, path, backup, ", ".join(classes), nearest(backup, classes))
    _check_modules(entry, tenant, standard)
    for index, exception in enumerate(tenant.exceptions):
        if exception.control not in standard.controls:
            suggestion = next((c for c in standard.controls if c.lower() == exception.control.lower()), "")
            at: Path = ("exceptions", index, "control")
            _add(entry, Code.CONTROL_UNKNOWN, at, exception.control, standard.version, suggestion)


def _check_modules(entry: Entry[Tenant], tenant: Tenant, standard: Standard) -> None:
    chosen, offered = tenant.modules, standard.modules
    for key, enabled, available in (
        ("portal", chosen.portal.enabled, offered.portal.offered),
        ("dms", chosen.dms.enabled, offered.dms.offered),
    ):
        if enabled and not available:
            _add(entry, Code.OPTION_NOT_OFFERED, ("modules", key, "enabled"), key, "false", "false")
    if chosen.dms.file_plan not in offered.dms.file_plans:
        plans = list(offered.dms.file_plans)
        path = ("modules", "dms", "file_plan")
        plan = chosen.dms.file_plan
        _add(entry, Code.OPTION_NOT_OFFERED, path, plan, ", ".join(plans), nearest(plan, plans))


def _check_services(entry: Entry[Tenant], tenant: Tenant, services: set[str]) -> None:
    for index, service in enumerate(tenant.services):
        if service not in services:
            _add(
                entry, Code.SERVICE_UNKNOWN, ("services", index), service, suggestion=nearest(service, sorted(services))
            )


def _check_exceptions(entry: Entry[Tenant], tenant: Tenant, today: date) -> None:
    for index, exception in enumerate(tenant.exceptions):
        if exception.expired(today):
            _add(entry, Code.EXCEPTION_EXPIRED, ("exceptions", index, "expires"), str(exception.expires), str(today))


def _check_approvals(entry: Entry[Tenant], tenant: Tenant, today: date) -> None:
    latest = str(today + timedelta(days=LONGEST_DAYS))
    for index, approval in enumerate(tenant.approvals):
        if approval.too_long(today):
            _add(entry, Code.APPROVAL_TOO_LONG, ("approvals", index, "until"), str(approval.until), latest)


def _check_together(entries: list[Entry[Tenant]]) -> None:
    """What only one tenant may have. Both files get the problem: which of them is right is for people to say."""
    tenants = [(entry, entry.model) for entry in entries if entry.model]
    owners: dict[tuple[str, str], list[tuple[Entry[Tenant], Path]]] = {}
    for entry, tenant in tenants:
        for kind, path, value in _unique_values(tenant):
            owners.setdefault((kind, value), []).append((entry, path))
    for (_, value), places in owners.items():
        _add_shared(value, places)
    domains: dict[str, list[tuple[Entry[Tenant], Tenant]]] = {}
    for entry, tenant in tenants:
        domains.setdefault(tenant.domain, []).append((entry, tenant))
    for entry, tenant in tenants:
        for around in _around(tenant.domain):
            for other, owner in domains.get(around, ()):
                _add(entry, Code.DOMAIN_NESTED, _DOMAIN, tenant.domain, owner.domain, related=_line(other, _DOMAIN))
                _add(other, Code.DOMAIN_AROUND, _DOMAIN, owner.domain, tenant.domain, related=_line(entry, _DOMAIN))


def _around(domain: str) -> list[str]:
    """The domains that this one lies in: `b.c` and `c` for `a.b.c`."""
    labels = domain.split(".")
    return [".".join(labels[number:]) for number in range(1, len(labels))]


_DOMAIN: Path = ("domain",)


def _unique_values(tenant: Tenant) -> list[tuple[str, Path, str]]:
    """Kind, place and value."""
    hostnames = [("hostname", ("hostnames", key), hostname) for key, hostname in tenant.hostnames]
    return [
        ("id", ("id",), tenant.id),
        ("ags", ("ags",), tenant.ags),
        ("domain", _DOMAIN, tenant.domain),
        *hostnames,
    ]


def _add_shared(value: str, places: list[tuple[Entry[Tenant], Path]]) -> None:
    for entry, path in places:
        others = [(other, at) for other, at in places if other is not entry and not _follows(path, entry, other)]
        if others:
            _add(entry, Code.ALREADY_USED, path, value, related=_line(*others[0]))


def _follows(path: Path, entry: Entry[Tenant], other: Entry[Tenant]) -> bool:
    """Whether the two share the value because they share the domain, which is a problem of its own."""
    same_domain = entry.model is not None and other.model is not None and entry.model.domain == other.model.domain
    return path[0] == "hostnames" and same_domain


def _line(entry: Entry[Tenant], path: Path) -> str:
    return f"{entry.document.file}:{entry.document.value_place(path).line}"
