"""What a restore drill found: the evidence that a tenant's backup can be restored (CON.3.A15). Times are UTC."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from einklang.model.backup import Moment
from einklang.model.base import Model

DRILL_PART = "drill"
"""Tag of a snapshot that holds a drill's evidence."""
DRILL_PATH = "/drill.json"


class DrillCheck(Model):
    """One thing that was looked at. facts: what was counted."""

    name: str
    result: Literal["pass", "fail"]
    text: str
    seconds: float = Field(ge=0)
    facts: Mapping[str, int] = Field(default_factory=dict)


class Drill(Model):
    """One drill of one tenant.

    run: the backup that was restored, empty where none could be chosen. moment: of its data. ready: when somebody was
    logged in and read documents; None where it did not come to that.
    """

    format: Literal[1] = 1
    tenant: str
    standard: str
    run: str
    moment: Moment | None
    bytes: int = Field(ge=0)
    begun: Moment
    ready: Moment | None
    ended: Moment
    checks: Annotated[tuple[DrillCheck, ...], Field(strict=False)]

    @property
    def passed(self) -> bool:
        """Whether everything was looked at and is as it should be."""
        return self.ready is not None and all(check.result == "pass" for check in self.checks)

    @property
    def recovery_time(self) -> timedelta | None:
        """RTO as measured: from the beginning until somebody could work."""
        return self.ready - self.begun if self.ready else None

    @property
    def recovery_point(self) -> timedelta | None:
        """RPO as measured: how old the data was when the drill began."""
        return self.begun - self.moment if self.moment else None

    def failures(self) -> list[str]:
        """What is not as it should be, one line each."""
        found = [f"{check.name}: {check.text}" for check in self.checks if check.result != "pass"]
        return found or ([] if self.ready else ["it did not come to a login"])
