"""From findings to controls: what a requirement comes to at a tenant, and what became worse since another audit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from einklang.model.control import Catalogue, Control
from einklang.model.evidence import Audit
from einklang.model.finding import Finding, Result

WORST_FIRST = (Result.ERROR, Result.FAIL, Result.EXCEPTED, Result.PASS, Result.NOT_APPLICABLE)


@dataclass(frozen=True)
class ControlStatus:
    """A control at a tenant. result: the worst of its checks; None where this audit checked nothing of it."""

    catalogue: str
    identifier: str
    control: Control
    result: Result | None
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Change:
    """A check that came to something worse than before."""

    tenant: str
    check: str
    title: str
    before: Result
    after: Result


def controls(catalogues: Mapping[str, Catalogue], findings: Sequence[Finding]) -> list[ControlStatus]:
    """Every control of every catalogue, in their order."""
    by_check = {finding.check: finding for finding in findings}
    return [
        _status(name, identifier, control, by_check)
        for name, catalogue in catalogues.items()
        for identifier, control in catalogue.controls.items()
    ]


def worst(results: Sequence[Result]) -> Result | None:
    """The worst of them: an error is worse than a failure, because nobody knows what it hides."""
    return next((result for result in WORST_FIRST if result in results), None)


def counts(findings: Sequence[Finding]) -> dict[Result, int]:
    """How many of each result, in the order that a reader wants them."""
    return {result: sum(each.result is result for each in findings) for result in WORST_FIRST}


def holds(audit: Audit) -> bool:
    """Whether nothing failed and nothing is an error; an audit without findings holds nothing."""
    return bool(audit.findings) and all(each.result.holds for each in audit.findings)


def worse(before: Audit, after: Audit) -> list[Change]:
    """What came to something worse, new failures first. A check that is new is compared with nothing."""
    known = {(each.tenant, each.check): each.result for each in before.findings}
    found = [
        Change(each.tenant, each.check, each.title, known[each.tenant, each.check], each.result)
        for each in after.findings
        if (each.tenant, each.check) in known
        and WORST_FIRST.index(each.result) < WORST_FIRST.index(known[each.tenant, each.check])
    ]
    return sorted(found, key=lambda change: (WORST_FIRST.index(change.after), change.tenant, change.check))


def stale(audit: Audit, catalogues: Mapping[str, Catalogue], now: datetime) -> list[str]:
    """The catalogues whose evidence is older than they allow, by what people call them."""
    return [each.name for each in catalogues.values() if audit.stale(now, each.evidence_days)]


def _status(name: str, identifier: str, control: Control, by_check: Mapping[str, Finding]) -> ControlStatus:
    findings = tuple(by_check[check] for check in control.checks if check in by_check)
    return ControlStatus(name, identifier, control, worst([each.result for each in findings]), findings)
