"""What a check is: a pure function of what was observed, with its title, its weight and how to mend what it finds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from einklang.model.finding import Result, Severity
from einklang.operations.audit.observed import NotObservedError, Observed


class Source(StrEnum):
    """Where a check's facts come from; a run chooses."""

    OBJECTS = "objects"
    OUTSIDE = "outside"
    INSIDE = "inside"
    BACKUPS = "backups"
    PACKAGES = "packages"


USUAL = (Source.OBJECTS, Source.OUTSIDE, Source.INSIDE, Source.BACKUPS)
"""Where a run looks that names nothing; packages need a database of vulnerabilities."""


@dataclass(frozen=True)
class Verdict:
    """Result, what was observed in one German sentence, and the single facts that were found wrong."""

    result: Result
    observed: str
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True)
class Check:
    """title, remedy: German, for the report. judge: the function itself; it raises NotObservedError."""

    name: str
    title: str
    severity: Severity
    remedy: str
    source: Source
    judge: Callable[[Observed], Verdict]


def check(
    title: str, *, severity: Severity, remedy: str, source: Source = Source.OBJECTS
) -> Callable[[Callable[[Observed], Verdict]], Check]:
    """Make a function a check; its name is the function's with hyphens."""

    def made(judge: Callable[[Observed], Verdict]) -> Check:
        return Check(judge.__name__.replace("_", "-"), title, severity, remedy, source, judge)

    return made


def counted(bad: Sequence[str], total: int, what: str, rule: str) -> Verdict:
    """PASS where nothing is bad among `total` of what was looked at; looking at nothing raises NotObservedError."""
    if not total:
        raise NotObservedError(f"nichts gefunden, was geprüft werden könnte: {what}")
    if bad:
        return Verdict(Result.FAIL, f"{what}: {len(bad)} von {total} verletzen die Regel „{rule}“.", tuple(bad))
    return Verdict(Result.PASS, f"{what}: {total} geprüft, {rule}.")


def absent(why: str) -> Verdict:
    """NOT_APPLICABLE: the tenant has nothing that the check is about."""
    return Verdict(Result.NOT_APPLICABLE, why)
