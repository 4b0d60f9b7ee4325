"""The plan: what a change of tenant files means, and what would be done to the resources. Data only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from einklang.model.approval import DataModule


class Operation(StrEnum):
    """What happens to a resource; what can lose data comes first."""

    DELETE = "delete"
    REPLACE = "replace"
    UPDATE = "update"
    CREATE = "create"


@dataclass(frozen=True)
class ResourceAction:
    """One resource and what happens to it.

    module: the part of the tenant that it belongs to; empty for what stands beside the modules. properties: what
    differs, as dotted paths, sorted; never values, which may be secrets. holds_data: deleting it loses data.
    content: hash over the resource as it will be; empty where it goes.
    """

    operation: Operation
    urn: str
    kind: str
    name: str
    module: str = ""
    properties: tuple[str, ...] = ()
    holds_data: bool = False
    content: str = ""

    @property
    def loses_data(self) -> bool:
        """Whether data is gone afterwards."""
        return self.holds_data and self.operation in {Operation.DELETE, Operation.REPLACE}


class Section(StrEnum):
    """The parts of the answer to a municipality, in the order in which it reads them."""

    REFUSED = "refused"
    DATA = "data"
    GETS = "gets"
    CITIZENS = "citizens"
    STAFF = "staff"
    INTERRUPTION = "interruption"
    RESOURCES = "resources"
    BY_HAND = "by-hand"
    OPERATION = "operation"


@dataclass(frozen=True)
class Point:
    """One sentence of the answer: which one, and the values that it names (as they stand in the file)."""

    section: Section
    code: str
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ApprovedLoss:
    """An approval that counts today. new: it comes with the very change that needs it."""

    module: DataModule
    approved_by: str
    until: date
    new: bool


@dataclass(frozen=True)
class TenantPlan:
    """What becomes of one tenant.

    before, after: labels of standard and size, as `2026.1 (M)`; empty where there is no tenant. digest: hash over all
    that the tenant's stack is made from; empty where its file goes. actions: None where nobody looked. error: why
    somebody could not.
    """

    tenant: str
    name: str
    ring: str
    before: str
    after: str
    digest: str
    points: tuple[Point, ...] = ()
    approved: tuple[ApprovedLoss, ...] = ()
    actions: tuple[ResourceAction, ...] | None = None
    error: str = ""

    @property
    def refused(self) -> bool:
        """Whether it cannot be applied like this."""
        return bool(self.error) or any(point.section is Section.REFUSED for point in self.points)

    @property
    def changes(self) -> bool:
        """Whether anything is different afterwards."""
        return bool(self.points or self.actions or self.error)

    def losses(self) -> tuple[ResourceAction, ...]:
        """What of its resources takes data along."""
        return tuple(action for action in self.actions or () if action.loses_data)


@dataclass(frozen=True)
class Plan:
    """Everything that a change does.

    tenants: those that it concerns, by id. platform: actions on what the tenants share; None where nobody looked.
    elsewhere: files of the change that are neither a tenant's file nor a logo, sorted. fingerprint: stands for exactly
    this plan; empty where nobody looked at the running system.
    """

    tenants: tuple[TenantPlan, ...]
    platform: tuple[ResourceAction, ...] | None = None
    elsewhere: tuple[str, ...] = ()
    fingerprint: str = ""

    @property
    def changes(self) -> bool:
        """Whether anything is different afterwards."""
        return bool(self.platform or self.elsewhere) or any(tenant.changes for tenant in self.tenants)

    @property
    def refused(self) -> bool:
        """Whether it cannot be applied like this."""
        return any(tenant.refused for tenant in self.tenants)
