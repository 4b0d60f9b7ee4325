"""From verdicts to findings: IDs, exceptions of the tenant file, errors, and what a report must not show."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from einklang import inventory
from einklang.model.evidence import REDACTED, Audit, redacted
from einklang.model.exception import StandardException
from einklang.model.finding import Finding, Result, Severity
from einklang.operations.audit.checks import ALL
from einklang.operations.audit.judge import MOST_EVIDENCE, controls_by_check, judge
from einklang.operations.audit.observed import Observed
from einklang.operations.audit.registry import Check, Source, Verdict, counted
from einklang.settings import PROJECT_ROOT
from tests.unit.audit import recorded
from tests.unit.audit.violations import VIOLATIONS

CATALOGUES = inventory.controls(PROJECT_ROOT)
TODAY = date(2026, 11, 23)


def findings(name: str, *exceptions: StandardException) -> dict[str, Finding]:
    """All findings by check, with the first violation of one check planted."""
    facts = recorded.facts()
    VIOLATIONS[name][0](facts)
    seen = recorded.observed(facts, *exceptions, today=TODAY)
    return {each.check: each for each in judge(seen, ALL.values(), CATALOGUES, list(Source))}


def exception(control: str, expires: date = TODAY) -> StandardException:
    return StandardException(control=control, reason="Wird bis dahin umgebaut.", owner="Netzbetrieb", expires=expires)


def test_a_good_tenant_has_no_findings_to_mend() -> None:
    found = judge(recorded.observed(recorded.facts()), ALL.values(), CATALOGUES, list(Source))
    assert len(found) == len(ALL)
    assert all(each.result is Result.PASS for each in found)


@pytest.mark.parametrize(
    ("name", "control"),
    [("default-deny", "APP.4.4.A7"), ("host-paths", "SYS.1.6.A19"), ("brute-force", "ORP.4.A23")],
)
def test_a_violation_is_found_under_its_original_id(name: str, control: str) -> None:
    found = findings(name)[name]
    assert found.result is Result.FAIL
    assert control in found.controls
    assert found.remedy


def test_every_violation_is_reported_under_the_ids_of_its_check() -> None:
    answered = controls_by_check(CATALOGUES)
    for name in ALL:
        if name != "backup-plan":
            found = findings(name)[name]
            assert (found.result, found.controls) == (Result.FAIL, answered[name])


def test_an_exception_that_covers_every_control_excepts() -> None:
    meant = exception("APP.4.4.A20")
    found = findings("storage-encrypted", meant)["storage-encrypted"]
    assert (found.result, found.exceptions) == (Result.EXCEPTED, (meant,))


def test_an_exception_for_one_of_several_controls_does_not() -> None:
    """no-wide-peers answers APP.4.4.A7 and NET.1.1.A23: somebody has to answer for both."""
    assert findings("no-wide-peers", exception("APP.4.4.A7"))["no-wide-peers"].result is Result.FAIL
    both = findings("no-wide-peers", exception("APP.4.4.A7"), exception("NET.1.1.A23"))["no-wide-peers"]
    assert both.result is Result.EXCEPTED


def test_an_expired_exception_excepts_nothing() -> None:
    over = exception("APP.4.4.A20", TODAY - timedelta(days=1))
    assert findings("storage-encrypted", over)["storage-encrypted"].result is Result.FAIL


def test_an_exception_for_something_else_excepts_nothing() -> None:
    assert findings("storage-encrypted", exception("APP.4.4.A1"))["storage-encrypted"].result is Result.FAIL


def test_a_pass_stays_a_pass_under_an_exception() -> None:
    assert findings("probes", exception("APP.4.4.A20"))["storage-encrypted"].result is Result.PASS


def test_a_check_that_breaks_is_an_error_and_no_pass() -> None:
    def broken(seen: Observed) -> Verdict:
        return counted([], len(seen.resolved.tenant.id) // 0, "a", "b")

    check = Check("broken", "Titel", Severity.LOW, "Abhilfe", Source.OBJECTS, broken)
    (found,) = judge(recorded.observed(recorded.facts()), [check], CATALOGUES, list(Source))
    assert found.result is Result.ERROR
    assert not found.result.holds
    assert "ZeroDivisionError" in found.observed


def test_objects_of_any_shape_are_errors_at_worst() -> None:
    """Whoever may write objects must not be able to stop the audit."""
    facts = recorded.facts()
    for each in facts["objects"]:
        if each["kind"] in {"Pod", "NetworkPolicy", "Role"}:
            each["spec"] = each["rules"] = "text"
    found = judge(recorded.observed(facts), ALL.values(), CATALOGUES, list(Source))
    assert {each.result for each in found} >= {Result.ERROR}
    assert len(found) == len(ALL)


def test_an_error_is_never_excepted() -> None:
    facts = {**recorded.facts(), "objects": []}
    seen = recorded.observed(facts, exception("APP.4.4.A20"), today=TODAY)
    found = {each.check: each for each in judge(seen, ALL.values(), CATALOGUES, list(Source))}
    assert found["storage-encrypted"].result is Result.ERROR


def test_a_run_judges_only_what_it_looked_at() -> None:
    found = judge(recorded.observed(recorded.facts()), ALL.values(), CATALOGUES, [Source.OBJECTS])
    assert {ALL[each.check].source for each in found} == {Source.OBJECTS}


def test_trouble_with_a_source_is_an_error_of_all_its_checks() -> None:
    seen = recorded.observed(recorded.facts())
    troubled = Observed(seen.resolved, seen.cluster, seen.now, troubles={Source.OUTSIDE: "nicht erreichbar"})
    found = judge(troubled, ALL.values(), CATALOGUES, [Source.OUTSIDE])
    assert {each.result for each in found} == {Result.ERROR}
    assert all("nicht erreichbar" in each.observed for each in found)


def test_evidence_is_bounded() -> None:
    def long(_: Observed) -> Verdict:
        return Verdict(Result.FAIL, "viel", tuple(f"{number}" for number in range(1000)))

    check = Check("long", "Titel", Severity.LOW, "Abhilfe", Source.OBJECTS, long)
    (found,) = judge(recorded.observed(recorded.facts()), [check], CATALOGUES, list(Source))
    assert len(found.evidence) == MOST_EVIDENCE + 1
    assert found.evidence[-1] == "und 975 weitere"


SECRET = "Hx7planted9Q"


@pytest.mark.parametrize(
    "text",
    [
        f"password={SECRET}",
        f'"client_secret": "{SECRET}"',
        f"Authorization: Bearer {SECRET}",
        f"token: {SECRET} and more",
        f"-----BEGIN {'EC PRIVATE'} KEY-----\n{SECRET}\n-----END EC PRIVATE KEY-----",
        f"eyJhbGciOiJIUzI1NiJ9.{SECRET}.{SECRET}",
    ],
)
def test_secrets_are_kept_out(text: str) -> None:
    assert SECRET not in redacted(text)
    assert REDACTED in redacted(text)


def test_plain_facts_stay_and_long_ones_are_cut() -> None:
    assert redacted("Pod/portal-1/plone: beschreibbar") == "Pod/portal-1/plone: beschreibbar"
    assert len(redacted("x" * 5000)) == 300


def test_evidence_grows_old() -> None:
    seen = recorded.observed(recorded.facts())
    one = judge(seen, ALL.values(), CATALOGUES, [Source.OBJECTS])
    audit = Audit(started=seen.now, ended=seen.now, cluster="c", identity="i", versions={}, tenants={}, findings=one)
    assert not audit.stale(seen.now + timedelta(days=35), 35)
    assert audit.stale(seen.now + timedelta(days=36), 35)
    assert audit.of("attendorn") == one
    assert audit.of("olpe") == ()
