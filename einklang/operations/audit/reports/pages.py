"""HTML in German or English: a page for the fleet, one a tenant. No scripts, nothing from elsewhere, fit for paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from einklang import rendering
from einklang.model.control import Catalogue
from einklang.model.evidence import Audit
from einklang.model.finding import Finding, Result
from einklang.operations.audit import status
from einklang.operations.audit.reports.words import GERMAN, SEVERITIES, Words
from einklang.operations.audit.status import Change


def render(
    audit: Audit,
    catalogues: Mapping[str, Catalogue],
    templates: Path,
    changes: Sequence[Change] = (),
    documents: Sequence[str] = (),
    said: Words = GERMAN,
) -> dict[str, str]:
    """File name -> page; the fleet's first. documents: further files, named on the tenant's page. said: words."""
    common = {
        "audit": audit,
        "words": {result.value if result else "": word for result, word in said.results.items()},
        "severities": {severity.value: word for severity, word in said.severities.items()},
        "order": [result.value for result in status.WORST_FIRST],
        "ended": audit.ended.strftime(said.moment),
        "started": audit.started.strftime(said.moment),
    }
    tenants = [_tenant(audit, tenant, catalogues) for tenant in audit.tenants]
    fleet = {**common, "tenants": tenants, "changes": changes, "common": _common(audit)}
    pages = {"index.html": rendering.render(templates, f"audit/{said.language}/fleet.html.j2", **fleet)}
    for each in tenants:
        own = [change for change in changes if change.tenant == each["id"]]
        linked = [name for name in documents if name.rpartition("-")[0] == each["id"]]
        values = {
            **common,
            "tenant": each,
            "changes": own,
            "catalogues": catalogues,
            "documents": linked,
            "titles": said.documents,
        }
        pages[f"{each['id']}.html"] = rendering.render(templates, f"audit/{said.language}/tenant.html.j2", **values)
    return pages


def _tenant(audit: Audit, tenant: str, catalogues: Mapping[str, Catalogue]) -> dict[str, Any]:
    findings = audit.of(tenant)
    return {
        "id": tenant,
        "name": audit.tenants[tenant],
        "findings": findings,
        "to_mend": _by_weight([each for each in findings if not each.result.holds]),
        "excepted": [each for each in findings if each.result is Result.EXCEPTED],
        "controls": status.controls(catalogues, findings),
        "counts": {result.value: number for result, number in status.counts(findings).items()},
        "holds": bool(findings) and all(each.result.holds for each in findings),
    }


def _by_weight(findings: Sequence[Finding]) -> list[Finding]:
    weights = list(SEVERITIES)
    return sorted(findings, key=lambda each: (weights.index(each.severity), each.check))


def _common(audit: Audit) -> list[dict[str, Any]]:
    """What is to be mended at more than one tenant: probably once, in the standard."""
    found: dict[str, list[Finding]] = {}
    for each in audit.findings:
        if not each.result.holds:
            found.setdefault(each.check, []).append(each)
    return [
        {"title": those[0].title, "check": name, "tenants": [each.tenant for each in those], "remedy": those[0].remedy}
        for name, those in sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))
        if len(those) > 1
    ]
