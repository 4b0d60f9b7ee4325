"""JUnit XML: one suite a tenant, one case a check."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from einklang.model.evidence import Audit
from einklang.model.finding import Finding, Result
from einklang.operations.audit.reports.words import GERMAN, Words

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, Char
_ELEMENTS = {
    Result.FAIL: "failure",
    Result.ERROR: "error",
    Result.EXCEPTED: "skipped",
    Result.NOT_APPLICABLE: "skipped",
}


def render(audit: Audit, words: Words = GERMAN) -> str:
    """The document."""
    root = ElementTree.Element("testsuites", name="einklang audit")
    for tenant in audit.tenants:
        findings = audit.of(tenant)
        count = {name: sum(_ELEMENTS.get(each.result) == name for each in findings) for name in set(_ELEMENTS.values())}
        suite = ElementTree.SubElement(
            root,
            "testsuite",
            name=tenant,
            tests=str(len(findings)),
            failures=str(count["failure"]),
            errors=str(count["error"]),
            skipped=str(count["skipped"]),
            timestamp=audit.ended.isoformat(timespec="seconds"),
        )
        for finding in findings:
            _case(suite, finding, words)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _case(suite: ElementTree.Element, finding: Finding, words: Words) -> None:
    case = ElementTree.SubElement(suite, "testcase", classname=f"audit.{finding.tenant}", name=finding.check)
    element = _ELEMENTS.get(finding.result)
    if element:
        result = ElementTree.SubElement(case, element, message=_clean(finding.observed))
        controls = f"{words.controls}: {', '.join(finding.controls)}"
        lines = [*finding.evidence, f"{words.remedy}: {finding.remedy}", controls]
        result.text = _clean("\n".join(lines))


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("\ufffd", text)
