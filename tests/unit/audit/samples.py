"""Audits as data, for tests of what is made from them."""

from __future__ import annotations

from datetime import UTC, date, datetime

from einklang import inventory
from einklang.model.evidence import Audit
from einklang.model.exception import StandardException
from einklang.model.finding import Finding, Result
from einklang.operations.audit.checks import ALL
from einklang.operations.audit.judge import judge
from einklang.operations.audit.registry import Source
from einklang.settings import PROJECT_ROOT
from tests.unit.audit import recorded
from tests.unit.audit.violations import VIOLATIONS

CATALOGUES = inventory.controls(PROJECT_ROOT)
TEMPLATES = PROJECT_ROOT / "templates"
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HOSTILE = "=1+1</code><script>alert('x')</script>\x00;\"&"
"""A name as somebody might choose it who wants to write into reports."""


def audit(*broken: str, **results: Result) -> Audit:
    """One tenant of recorded facts with the first violation of each named check, and a second one that is well.

    results: check (underscores for hyphens) -> result to put in place of what was found.
    """
    facts = recorded.facts()
    for name in broken:
        VIOLATIONS[name][0](facts)
    exception = StandardException(
        control="APP.4.4.A20", reason="Die Platten folgen.", owner="Rechenzentrum", expires=date(2027, 1, 31)
    )
    found = judge(recorded.observed(facts, exception), ALL.values(), CATALOGUES, list(Source))
    own = tuple(_with(each, results) for each in found)
    good = judge(recorded.observed(recorded.facts()), ALL.values(), CATALOGUES, list(Source))
    others = tuple(each.model_copy(update={"tenant": "olpe"}) for each in good)
    return Audit(
        started=NOW,
        ended=NOW,
        cluster="11111111-2222-3333-4444-555555555555",
        identity="system:serviceaccount:einklang-audit:auditor",
        versions={"einklang": "0.1.0", "kubernetes": "v1.34.4"},
        tenants={"attendorn": "Attendorn", "olpe": "Olpe"},
        findings=own + others,
    )


def hostile() -> Audit:
    """An audit whose facts try to become markup, formulas or control characters."""
    good = audit("default-deny")
    (found,) = [each for each in good.findings if each.check == "default-deny" and each.tenant == "attendorn"]
    bad = found.model_copy(update={"observed": HOSTILE, "evidence": (HOSTILE,), "title": HOSTILE})
    rest = tuple(each for each in good.findings if each is not found)
    return good.model_copy(update={"findings": (bad, *rest), "tenants": {**good.tenants, "attendorn": HOSTILE}})


def _with(finding: Finding, results: dict[str, Result]) -> Finding:
    result = results.get(finding.check.replace("-", "_"))
    return finding.model_copy(update={"result": result}) if result else finding
