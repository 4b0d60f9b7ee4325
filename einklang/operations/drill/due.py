"""Which drills are due, by the evidence in the tenants' own repositories: so any machine of the operators may ask."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from einklang.clients.restic import Restic, Snapshot
from einklang.errors import CheckError
from einklang.model.backup import MANIFEST_PART, PART_TAG, next_drill
from einklang.model.resolved import ResolvedTenant
from einklang.operations import seal
from einklang.operations.backup import evidence
from einklang.operations.backup.access import of_tenant
from einklang.operations.drill.run import Tools

AHEAD = timedelta(days=1)
"""Who asks once a night begins a drill in the last night before it is overdue."""


@dataclass(frozen=True)
class Due:
    """The next drill of a tenant. when: None as long as nothing was saved. why: what became of the last one."""

    tenant: str
    when: datetime | None
    why: str

    def now(self, moment: datetime) -> bool:
        """Whether it is to begin."""
        return self.when is not None and self.when - AHEAD <= moment


def due(tools: Tools, resolved: ResolvedTenant, moment: datetime) -> Due:
    """When the tenant's next drill is due. Raises ClientError where the site or the cluster does not answer.

    One that failed, or whose evidence is none, is due at once.
    """
    tenant, chosen = resolved.tenant, resolved.standard.backup_classes[resolved.tenant.backup.class_name]
    with tempfile.TemporaryDirectory(prefix="einklang-") as folder:
        repository = Restic(tools.restic, of_tenant(tools.kubernetes, tenant, Path(folder)))
        saved = [each for each in repository.snapshots() if each.tag(PART_TAG) == MANIFEST_PART]
        if not saved:
            return Due(tenant.id, None, "nothing was saved yet")
        trusted = seal.trusted(tools.settings.audit_key)
        try:
            last = evidence.newest(repository, tenant.id, trusted)
        except CheckError as error:
            return Due(tenant.id, moment, f"the last one is no proof: {error.message}")
    if last is None:
        return Due(tenant.id, next_drill(tenant.id, chosen, None, min(map(_made, saved))), "there was none yet")
    if not last.passed:
        return Due(tenant.id, moment, f"the last one failed on {last.ended:%Y-%m-%d}: {last.failures()[0]}")
    return Due(
        tenant.id, next_drill(tenant.id, chosen, last.ended, last.ended), f"the last one was on {last.ended:%Y-%m-%d}"
    )


def _made(snapshot: Snapshot) -> datetime:
    return datetime.fromisoformat(f"{snapshot.time[:19]}+00:00")
