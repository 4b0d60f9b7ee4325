"""OSCAL 1.1 assessment results (NIST): one result a tenant, one observation a check, one finding a control.

Identifiers follow from what they stand for, so that the same audit gives the same document.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from einklang.model.control import Catalogue
from einklang.model.evidence import Audit
from einklang.model.finding import Finding, Result
from einklang.operations.audit import status
from einklang.operations.audit.status import ControlStatus

VERSION = "1.1.3"
_SPACE = uuid.UUID("6c2f2f0e-5d0d-5c55-9c3a-0b6a2b1f7e01")
_PROPERTIES = "https://einklang.example/ns/oscal"
"""Name space of our own properties; not an address to ask."""


def render(audit: Audit, catalogues: Mapping[str, Catalogue], say: Callable[[str], str] = str) -> str:
    """The document. say: words its own sentences for other readers."""
    return json.dumps({"assessment-results": _results(audit, catalogues, say)}, indent=1, ensure_ascii=False) + "\n"


def _id(audit: Audit, *parts: str) -> str:
    return str(uuid.uuid5(_SPACE, "\n".join([audit.cluster, audit.started.isoformat(), *parts])))


def token(identifier: str) -> str:
    """A control's ID as OSCAL's tokens allow it."""
    return re.sub(r"[^\w.-]+", "-", identifier)


def _results(audit: Audit, catalogues: Mapping[str, Catalogue], say: Callable[[str], str]) -> dict[str, Any]:
    plan = _id(audit, "plan")
    sources = [
        {
            "uuid": _id(audit, "catalogue", name),
            "title": f"{catalogue.name}, {catalogue.edition}",
            "description": f"{catalogue.publisher}; standards/controls/{name}.yaml",
        }
        for name, catalogue in catalogues.items()
    ]
    return {
        "uuid": _id(audit, "document"),
        "metadata": {
            "title": say("Einklang: Audit der Mandanten"),
            "last-modified": audit.ended.isoformat(timespec="seconds"),
            "version": audit.ended.strftime("%Y%m%dT%H%M%SZ"),
            "oscal-version": VERSION,
            "props": [_property(f"version-{name}", value) for name, value in audit.versions.items() if value],
        },
        "import-ap": {"href": f"#{plan}", "remarks": say("Der Plan sind die Kataloge und Prüfungen im Repository.")},
        "results": [_result(audit, tenant, catalogues, say) for tenant in audit.tenants],
        "back-matter": {
            "resources": [{"uuid": plan, "title": say("Prüfungen: einklang/operations/audit/checks")}, *sources]
        },
    }


def _result(
    audit: Audit, tenant: str, catalogues: Mapping[str, Catalogue], say: Callable[[str], str]
) -> dict[str, Any]:
    findings = audit.of(tenant)
    assessed = [each for each in status.controls(catalogues, findings) if each.result is not None]
    selected = [{"control-id": token(each.identifier)} for each in assessed]
    return {
        "uuid": _id(audit, tenant),
        "title": say(f"Mandant {audit.tenants[tenant]}"),
        "description": say(f"Automatische Prüfung des Mandanten {tenant} im Cluster {audit.cluster}."),
        "start": audit.started.isoformat(timespec="seconds"),
        "end": audit.ended.isoformat(timespec="seconds"),
        "props": [_property("tenant", tenant), _property("identity", audit.identity)],
        "reviewed-controls": {"control-selections": [{"include-controls": selected}]},
        "observations": [_observation(audit, each, say) for each in findings],
        "findings": [_finding(audit, tenant, each, say) for each in assessed],
    }


def _observation(audit: Audit, finding: Finding, say: Callable[[str], str]) -> dict[str, Any]:
    evidence = [{"description": each} for each in finding.evidence]
    return {
        "uuid": _id(audit, finding.tenant, "observation", finding.check),
        "title": finding.title,
        "description": finding.observed,
        "props": [_property("check", finding.check), _property("result", finding.result.value.replace(" ", "-"))],
        "methods": ["TEST"],
        "types": ["control-objective"],
        "collected": audit.ended.isoformat(timespec="seconds"),
        **({"relevant-evidence": evidence} if evidence else {}),
        **({} if finding.result.holds else {"remarks": f"{say('Abhilfe')}: {finding.remedy}"}),
    }


def _finding(audit: Audit, tenant: str, each: ControlStatus, say: Callable[[str], str]) -> dict[str, Any]:
    """An excepted control is not satisfied: the exception says who answers for that."""
    satisfied = each.result in {Result.PASS, Result.NOT_APPLICABLE}
    reason = {Result.PASS: "pass", Result.FAIL: "fail"}.get(each.result or Result.ERROR, "other")
    state: dict[str, Any] = {"state": "satisfied" if satisfied else "not-satisfied", "reason": reason}
    exceptions = [one for finding in each.findings for one in finding.exceptions]
    if each.result is Result.ERROR:
        state["remarks"] = say("Nicht prüfbar: eine Prüfung konnte nicht ausgeführt werden.")
    elif exceptions:
        state["remarks"] = "; ".join(
            f"{say(f'Ausnahme bis {one.expires}')} ({one.owner}): {one.reason}" for one in exceptions
        )
    return {
        "uuid": _id(audit, tenant, "finding", each.identifier),
        "title": f"{each.identifier} {each.control.title}",
        "description": each.control.not_automatic or "; ".join(finding.observed for finding in each.findings),
        "target": {"type": "objective-id", "target-id": token(each.identifier), "status": state},
        "related-observations": [
            {"observation-uuid": _id(audit, tenant, "observation", finding.check)} for finding in each.findings
        ],
    }


def _property(name: str, value: str) -> dict[str, str]:
    return {"name": name, "ns": _PROPERTIES, "value": value}
