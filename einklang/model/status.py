"""How a tenant is: what its file says, what was applied, and whether its modules are well. Data only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Health(StrEnum):
    """How a module is; the worst comes last."""

    STOPPED = "stopped"
    WELL = "well"
    STARTING = "starting"
    ILL = "ill"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class ModuleStatus:
    """One module. ready of wanted: pods, or instances of the database."""

    name: str
    health: Health
    ready: int
    wanted: int


@dataclass(frozen=True)
class AuditStatus:
    """What the last audit of a tenant came to. ended: ISO 8601. stale: older than a control allows."""

    ended: str
    checks: int
    failed: int
    errors: int
    stale: bool

    @property
    def holds(self) -> bool:
        """Whether everything that was checked holds, and not too long ago."""
        return bool(self.checks) and not (self.failed or self.errors or self.stale)


@dataclass(frozen=True)
class TenantStatus:
    """One tenant.

    state: of its file, or `no file` where only its stack is left. standard, size: as applied; as the file says where
    nothing is. commit, applied: of the last update, empty where there was none or it is not known. result: how that
    update ended. pending: the file says something else than what was applied. registrations: still to be made.
    next_backup, drill: when, empty where there is none; drill_passed: what the newest drill on this machine came to.
    audit: the last one, None where none was kept.
    """

    tenant: str
    name: str
    state: str
    ring: str
    standard: str
    size: str
    commit: str
    applied: str
    result: str
    pending: bool
    modules: Sequence[ModuleStatus]
    registrations: Sequence[str]
    next_backup: str = ""
    drill: str = ""
    drill_passed: bool = True
    audit: AuditStatus | None = None

    @property
    def well(self) -> bool:
        """Whether nothing asks for attention: the last update ended well, and every module is as it should be."""
        resting = {Health.WELL, Health.STOPPED}
        applied = self.result in {"", "succeeded"} and (self.state == "requested" or bool(self.result))
        return (
            applied
            and self.drill_passed
            and self.state != NO_FILE
            and all(module.health in resting for module in self.modules)
        )


NO_FILE = "no file"
