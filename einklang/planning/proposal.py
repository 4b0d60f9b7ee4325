"""From a change and what Pulumi would do for it to the plan: what is refused, what is approved, its fingerprint."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from einklang.model.approval import DataModule
from einklang.model.plan import ApprovedLoss, Operation, Plan, Point, ResourceAction, Section, TenantPlan
from einklang.model.resolved import ResolvedTenant
from einklang.planning.meaning import points

_FINGERPRINT_DIGITS = 32


@dataclass(frozen=True)
class Change:
    """One tenant before and after; None where there is none. At least one of them is there.

    actions: None where nobody looked. error: why somebody could not.
    """

    before: ResolvedTenant | None
    after: ResolvedTenant | None
    actions: tuple[ResourceAction, ...] | None = None
    error: str = ""


def tenant_plan(change: Change, today: date) -> TenantPlan:
    """What becomes of the tenant. Refused where data goes that no approval of its file covers today."""
    shown = change.after or change.before
    assert shown is not None  # noqa: S101 - the promise of Change
    plan = TenantPlan(
        tenant=shown.tenant.id,
        name=shown.tenant.name,
        ring=shown.tenant.ring.value,
        before=_label(change.before),
        after=_label(change.after),
        digest=digest(change.after) if change.after else "",
        points=points(change.before, change.after),
        actions=_ordered(change.actions),
        error=change.error,
    )
    needed = _needed(plan)
    approved = tuple(each for each in _approvals(change, today) if each.module in needed)
    missing = [module for module in needed if module not in {each.module for each in approved}]
    refused = [_missing(module) for module in missing] + [_elsewhere(action) for action in _unapprovable(plan)]
    return replace(plan, points=(*refused, *plan.points), approved=approved)


def plan(
    tenants: Iterable[TenantPlan],
    platform: Sequence[ResourceAction] | None = None,
    elsewhere: Iterable[str] = (),
) -> Plan:
    """The whole plan, with its fingerprint where somebody looked at everything."""
    ordered = tuple(sorted(tenants, key=lambda each: each.tenant))
    whole = Plan(ordered, _ordered(platform), tuple(sorted(elsewhere)))
    looked = all(each.actions is not None and not each.error for each in ordered) and platform is not None
    return replace(whole, fingerprint=_fingerprint(whole)) if looked else whole


def digest(resolved: ResolvedTenant) -> str:
    """Hash over all data that the tenant's stack is made from."""
    content = {
        "tenant": resolved.tenant.model_dump(mode="json"),
        "standard": resolved.standard.model_dump(mode="json"),
        "logo": hashlib.sha256(resolved.logo).hexdigest() if resolved.logo else "",
        "services": [service.model_dump(mode="json") for service in resolved.services],
    }
    return _hash(content)


def _fingerprint(whole: Plan) -> str:
    """Over what will be applied, not over what was there before: it stays the same when a proposal is merged."""
    content = {
        "platform": _told(whole.platform),
        "tenants": [[each.tenant, each.digest, _told(each.actions)] for each in whole.tenants],
    }
    return _hash(content)[:_FINGERPRINT_DIGITS]


def _told(actions: Sequence[ResourceAction] | None) -> list[Any]:
    return [[each.operation, each.urn, each.properties, each.content] for each in actions or ()]


def _hash(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _ordered(actions: Sequence[ResourceAction] | None) -> tuple[ResourceAction, ...] | None:
    """What loses data first, then by operation, module, kind and name."""
    if actions is None:
        return None
    order = list(Operation)
    return tuple(
        sorted(
            actions,
            key=lambda each: (not each.loses_data, order.index(each.operation), each.module, each.kind, each.name),
        )
    )


def _label(resolved: ResolvedTenant | None) -> str:
    return f"{resolved.standard.version} ({resolved.size.name.value})" if resolved else ""


def _needed(tenant: TenantPlan) -> tuple[DataModule, ...]:
    """The modules whose data goes, by what the file says and by what Pulumi would do."""
    said = {DataModule.DMS} if any(point.code == "dms-data" for point in tenant.points) else set()
    done = {DataModule(each.module) for each in tenant.losses() if each.module in set(DataModule)}
    return tuple(sorted(said | done))


def _unapprovable(tenant: TenantPlan) -> list[ResourceAction]:
    return [each for each in tenant.losses() if each.module not in set(DataModule)]


def _approvals(change: Change, today: date) -> list[ApprovedLoss]:
    if change.after is None:
        return []
    known = change.before.tenant.approvals if change.before else ()
    return [
        ApprovedLoss(each.module, each.approved_by, each.until, new=each not in known)
        for each in change.after.tenant.approvals
        if each.valid(today)
    ]


def _missing(module: DataModule) -> Point:
    return Point(Section.REFUSED, "approval-missing", {"modules": module.value, "module": module.value})


def _elsewhere(action: ResourceAction) -> Point:
    return Point(Section.REFUSED, "data-elsewhere", {"kind": action.kind, "name": action.name})
