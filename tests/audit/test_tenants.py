"""Each check at each tenant that was named; none where none was."""

from __future__ import annotations

import pytest

from einklang.model.finding import Finding, Result


def test_check(finding: Finding, tenant: str, name: str) -> None:
    if finding.result is Result.EXCEPTED:
        pytest.skip("; ".join(f"{each.control} bis {each.expires}: {each.reason}" for each in finding.exceptions))
    if finding.result is Result.NOT_APPLICABLE:
        pytest.skip(finding.observed)
    if finding.result is not Result.PASS:
        lines = [finding.observed, *finding.evidence, f"Abhilfe: {finding.remedy}", ", ".join(finding.controls)]
        pytest.fail("\n  ".join(lines), pytrace=False)
