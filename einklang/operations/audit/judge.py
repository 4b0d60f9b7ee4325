"""From what was observed to findings: every check is judged, and an exception of the tenant file is applied."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from einklang.model.control import Catalogue
from einklang.model.evidence import redacted
from einklang.model.exception import StandardException
from einklang.model.finding import Finding, Result
from einklang.operations.audit.observed import NotObservedError, Observed
from einklang.operations.audit.registry import Check, Source, Verdict

MOST_EVIDENCE = 25
"""Single facts that a finding shows; how many more there are is said."""


def judge(
    observed: Observed, checks: Collection[Check], catalogues: Mapping[str, Catalogue], sources: Collection[Source]
) -> tuple[Finding, ...]:
    """The findings of one tenant, in the order of the checks; those whose sources this run did not use are left out."""
    answered = controls_by_check(catalogues)
    return tuple(_finding(observed, each, answered.get(each.name, ())) for each in checks if each.source in sources)


def controls_by_check(catalogues: Mapping[str, Catalogue]) -> dict[str, tuple[str, ...]]:
    """Check -> IDs of the controls that it answers, in the order of the catalogues."""
    found: dict[str, list[str]] = {}
    for catalogue in catalogues.values():
        for identifier, control in catalogue.controls.items():
            for name in control.checks:
                found.setdefault(name, []).append(identifier)
    return {name: tuple(identifiers) for name, identifiers in found.items()}


def _finding(observed: Observed, check: Check, controls: Sequence[str]) -> Finding:
    verdict = _judged(check, observed)
    exceptions = _excepting(observed, controls) if verdict.result is Result.FAIL else ()
    return Finding(
        tenant=observed.resolved.tenant.id,
        check=check.name,
        title=check.title,
        result=Result.EXCEPTED if exceptions else verdict.result,
        observed=redacted(verdict.observed),
        evidence=_shown(verdict.evidence),
        severity=check.severity,
        remedy=check.remedy,
        controls=tuple(controls),
        exceptions=exceptions,
    )


def _judged(check: Check, observed: Observed) -> Verdict:
    if check.source in observed.troubles:
        return Verdict(Result.ERROR, f"Nicht prüfbar: {observed.troubles[check.source]}")
    try:
        return check.judge(observed)
    except NotObservedError as error:
        return Verdict(Result.ERROR, f"Nicht prüfbar: {error}.")
    except Exception as error:  # noqa: BLE001 - objects of a cluster can have any shape; a broken check is no pass
        return Verdict(Result.ERROR, f"Die Prüfung selbst ist gescheitert: {type(error).__name__}: {error}.")


def _excepting(observed: Observed, controls: Sequence[str]) -> tuple[StandardException, ...]:
    """The unexpired exceptions, where they cover every control of the standard that the check answers.

    One of several would not do: the others would be broken without anybody having answered for it.
    """
    meant = [control for control in controls if control in observed.resolved.standard.controls]
    today = observed.now.date()
    valid = {each.control: each for each in observed.resolved.tenant.exceptions if not each.expired(today)}
    return tuple(valid[control] for control in meant) if meant and all(each in valid for each in meant) else ()


def _shown(evidence: Sequence[str]) -> tuple[str, ...]:
    shown = tuple(redacted(each) for each in evidence[:MOST_EVIDENCE])
    more = len(evidence) - len(shown)
    return (*shown, f"und {more} weitere") if more else shown
