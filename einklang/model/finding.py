"""A finding: what one check saw at one tenant."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from einklang.model.base import Model
from einklang.model.exception import StandardException


class Result(StrEnum):
    """What a check came to. ERROR: the check could not be carried out; it never counts as PASS."""

    PASS = "pass"  # noqa: S105 - a result
    FAIL = "fail"
    ERROR = "error"
    EXCEPTED = "excepted"
    NOT_APPLICABLE = "not applicable"

    @property
    def holds(self) -> bool:
        """Whether nobody has to do anything today."""
        return self not in {Result.FAIL, Result.ERROR}


class Severity(StrEnum):
    """How much depends on it."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Finding(Model):
    """Result, one sentence of what was observed (German), the facts behind it, and how to mend it.

    controls: the IDs that the check answers. exceptions: those of the tenant file that turned FAIL into EXCEPTED.
    """

    tenant: str
    check: str
    title: str
    result: Annotated[Result, Field(strict=False)]
    observed: str
    evidence: tuple[str, ...] = Field(default=(), strict=False)
    severity: Annotated[Severity, Field(strict=False)]
    remedy: str
    controls: tuple[str, ...] = Field(strict=False)
    exceptions: tuple[StandardException, ...] = Field(default=(), strict=False)
