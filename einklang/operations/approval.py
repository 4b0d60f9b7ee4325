"""Deleting data: refused before anything is touched, and by Pulumi, until the tenant's file approves it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Protocol

from einklang.errors import UserError
from einklang.model.plan import ResourceAction
from einklang.model.tenant import Tenant
from einklang.operations.applied import remembered
from einklang.progress import Progress


class Engine(Protocol):
    """What is asked of Pulumi."""

    def plan(self, stack: str) -> tuple[ResourceAction, ...]:
        """What `pulumi up` would do."""

    def applied(self, stack: str) -> dict[str, Any]:
        """The stack's outputs; empty without a stack."""

    def unprotect(self, stack: str, urns: Sequence[str]) -> None:
        """Lift the protection of these resources."""


def lift_protection(engine: Engine, tenant: Tenant, today: date, progress: Progress) -> None:
    """Let the next update delete the data that the tenant's file approves to delete today, and nothing else.

    A tenant without an approval that gives up no module with data is not looked at any further: what is protected
    stays. Raises UserError where the update would take other data along.
    """
    approvals = {each.module.value: each for each in tenant.approvals if each.valid(today)}
    if not approvals and not _gives_up_data(remembered(engine.applied(tenant.id)), tenant):
        return
    losses = [action for action in engine.plan(tenant.id) if action.loses_data]
    others = sorted(f"{each.kind} {each.name}" for each in losses if each.module not in approvals)
    if others:
        raise UserError(
            f"tenant {tenant.id}: data would go that no approval covers: {', '.join(others)}",
            remedy=f"einklang plan {tenant.id} shows what for; approve it in tenants/{tenant.id}.yaml, or take it back",
        )
    for each in losses:
        given = approvals[each.module]
        progress.note(f"{tenant.id}: {each.kind} {each.name} may go, approved by {given.approved_by}")
    engine.unprotect(tenant.id, [each.urn for each in losses])


def _gives_up_data(before: Tenant | None, now: Tenant) -> bool:
    """Whether a module with data was on and is off: Pulumi would stop in the middle, with half of the module gone."""
    return before is not None and before.modules.dms.enabled and not now.modules.dms.enabled
