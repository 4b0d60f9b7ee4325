"""The audits that were kept: a folder with one folder an audit, named by when it began. What a tenant came to last."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from pathlib import Path

from einklang.model.control import Catalogue
from einklang.model.evidence import Audit
from einklang.model.finding import Result
from einklang.model.status import AuditStatus
from einklang.operations.audit import reports, status

FORMAT = "%Y%m%dT%H%M%SZ"


def kept(folder: Path) -> Iterator[tuple[Path, Audit]]:
    """All audits, newest first. What is no audit, or one of another version that cannot be read, is passed over."""
    for place in sorted(folder.glob(f"*/{reports.AUDIT}"), reverse=True):
        try:
            yield place.parent, reports.read(place.parent)
        except (OSError, ValueError):
            continue


def last(folder: Path, tenants: Collection[str]) -> dict[str, tuple[Path, Audit]]:
    """Tenant -> its newest audit and where that is; those that were never audited are left out."""
    found: dict[str, tuple[Path, Audit]] = {}
    for place, audit in kept(folder):
        for tenant in set(audit.tenants) & set(tenants) - set(found):
            found[tenant] = place, audit
        if len(found) == len(set(tenants)):
            break
    return found


def before(folder: Path, tenants: Collection[str]) -> Audit | None:
    """The newest audit of each tenant as one, to compare with; None where there is none."""
    found = last(folder, tenants)
    if not found:
        return None
    newest = max((audit for _, audit in found.values()), key=lambda audit: audit.ended)
    findings = tuple(each for tenant, (_, audit) in sorted(found.items()) for each in audit.of(tenant))
    names = {tenant: audit.tenants[tenant] for tenant, (_, audit) in found.items()}
    return newest.model_copy(update={"findings": findings, "tenants": names})


def standing(tenant: str, audit: Audit, catalogues: Mapping[str, Catalogue], now: datetime) -> AuditStatus:
    """What the tenant came to, and whether that is too old to count."""
    findings = audit.of(tenant)
    return AuditStatus(
        ended=audit.ended.isoformat(timespec="seconds"),
        checks=len(findings),
        failed=sum(each.result is Result.FAIL for each in findings),
        errors=sum(each.result is Result.ERROR for each in findings),
        stale=bool(status.stale(audit, catalogues, now)),
    )
