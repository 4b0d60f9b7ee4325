"""What the backup site shows of a tenant: its runs, as `einklang backup status` judges them, and whom it lets do what.

The site's own people look at the runs, by the site's folder or by their report. With the tenant's credentials, which
the operators' group may read, the site is asked what it refuses. No value of a Secret leaves this module.
"""

from __future__ import annotations

import base64
import hmac
import json
import secrets
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from einklang.clients import backup_server
from einklang.clients.kubernetes import Kubernetes
from einklang.clients.restic import Access, Restic
from einklang.errors import ClientError, UserError
from einklang.model.resolved import ResolvedTenant
from einklang.operations.audit.observed import Saved
from einklang.operations.backup.access import SECRET, of_tenant
from einklang.operations.backup.repository import Site, report
from einklang.operations.local.site import SiteFolders


@dataclass(frozen=True)
class Backups:
    """How to look. operators: may read the Secret of a tenant. restic: the program.

    site: folder of the site, where it is on this machine. reports: what `einklang backup status --json` printed there.
    trusted: public key (PEM) with which drills are signed.
    """

    operators: Kubernetes
    restic: Path
    site: Path | None = None
    reports: Path | None = None
    trusted: bytes = b""


def look(resolved: ResolvedTenant, others: Sequence[str], way: Backups, now: datetime) -> Saved:
    """The facts of one tenant. others: tenants to compare with. Raises ClientError where it cannot be looked at."""
    newest, judged, rehearsed = _judged(resolved, way, now)
    with tempfile.TemporaryDirectory(prefix="einklang-") as scratch:
        access = of_tenant(way.operators, resolved.tenant, Path(scratch))
        keys = _keys(access, way.restic)
        same = _same(access, others, way.operators)
        seen = Saved(access.repository, newest, judged, *keys, same, rehearsed=rehearsed)
        if not access.repository.startswith(backup_server.REST):
            return seen
        answers = backup_server.ask(access, [*others, "somebody-else"])
    return replace(seen, own=answers.own, anonymous=answers.anonymous, removal=answers.removal, foreign=answers.foreign)


def _judged(
    resolved: ResolvedTenant, way: Backups, now: datetime
) -> tuple[str | None, tuple[tuple[str, str, str], ...] | None, str | None]:
    """When the newest complete run arrived, check, result and text of each finding, and when the newest drill was;
    None where nobody told."""
    tenant = resolved.tenant
    if way.reports:
        told = _told(way.reports).get(tenant.id)
        if told is None:
            return None, None, None
        findings = tuple((each["check"], each["result"], each["text"]) for each in told["findings"])
        return told["newest"], findings, told.get("drill")
    if way.site is None or not way.site.is_dir():
        return None, None, None
    chosen = resolved.standard.backup_classes[tenant.backup.class_name]
    found = report(Site(SiteFolders(way.site), way.restic, way.trusted), tenant, chosen, now)
    newest, drill = (moment.isoformat() if moment else None for moment in (found.newest, found.drill))
    return newest, tuple((each.check, each.result, each.text) for each in found.findings), drill


def _told(file: Path) -> Mapping[str, Any]:
    try:
        return {each["tenant"]: each for each in json.loads(file.read_text(encoding="utf-8"))}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{file}: no report: {error}", remedy="einklang backup status --json, at the site") from error


def _keys(access: Access, restic: Path) -> tuple[str, str]:
    """What the tenant's key does at its repository, and what any other key does."""
    stranger = replace(access, key=secrets.token_urlsafe(32))
    return Restic(restic, access).open().value, Restic(restic, stranger).open().value


def _same(access: Access, others: Sequence[str], operators: Kubernetes) -> tuple[str, ...]:
    """The tenants whose Secret holds the same key; compared here, and forgotten."""
    return tuple(name for name in others if hmac.compare_digest(access.key, _key(name, operators)))


def _key(tenant: str, operators: Kubernetes) -> str:
    try:
        data = operators.get("secret", SECRET, "-n", f"tenant-{tenant}")["data"]
    except ClientError as error:
        if "not found" in error.message:
            return ""
        raise
    return base64.b64decode(data["repository-key"]).decode()
