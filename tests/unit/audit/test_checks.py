"""Every check passes on what a good tenant showed, and fails when exactly that is broken."""

from __future__ import annotations

from dataclasses import replace

import pytest

from einklang.model.finding import Result
from einklang.model.tenant import Backup
from einklang.operations.audit.checks import ALL
from einklang.operations.audit.observed import NotObservedError, Observed
from einklang.operations.audit.registry import Source
from tests.live import plantings
from tests.unit.audit import catalogue, recorded
from tests.unit.audit import planted as planted_list
from tests.unit.audit.violations import VIOLATIONS

CASES = [(name, number) for name in VIOLATIONS for number in range(len(VIOLATIONS[name]))]


def planted(name: str, number: int) -> Observed:
    facts = recorded.facts()
    VIOLATIONS[name][number](facts)
    seen = recorded.observed(facts)
    if "backup_class" not in facts:
        return seen
    backup = Backup.model_validate({"class": facts["backup_class"]})
    tenant = seen.resolved.tenant.model_copy(update={"backup": backup})
    return replace(seen, resolved=replace(seen.resolved, tenant=tenant))


def test_each_check_has_a_planted_violation() -> None:
    assert set(VIOLATIONS) == set(ALL)
    assert all(VIOLATIONS.values())


def test_each_check_is_broken_live_or_it_is_said_why_not() -> None:
    places = [*planted_list.LIVE, *planted_list.LIVE_OTHERWISE, *planted_list.RECORDED]
    assert len(places) == len(set(places))
    assert set(places) == set(ALL)


def test_what_is_said_to_be_planted_live_is_planted() -> None:
    """tests/live/plantings.py makes or changes something for each, and for no other."""
    facts = recorded.facts()
    made = plantings.objects(recorded.one(facts, "Deployment", "portal"), recorded.one(facts, "CronJob", "backup"))
    changed = plantings.changes(lambda kind, name, *_: recorded.one(facts, _KINDS[kind], name.replace("olpe", TENANT)))
    assert sorted([*made, *changed]) == sorted(planted_list.LIVE)


_KINDS = {
    "namespace": "Namespace", "resourcequota": "ResourceQuota", "limitrange": "LimitRange", "configmap": "ConfigMap",
}  # fmt: skip
TENANT = "attendorn"


@pytest.mark.parametrize("name", ALL)
def test_a_good_tenant_passes(name: str) -> None:
    verdict = ALL[name].judge(recorded.observed(recorded.facts()))
    assert verdict.result is Result.PASS, verdict
    assert verdict.observed


@pytest.mark.parametrize(("name", "number"), CASES)
def test_a_planted_violation_is_found(name: str, number: int) -> None:
    verdict = ALL[name].judge(planted(name, number))
    assert verdict.result is Result.FAIL, verdict


EMPTY = {
    "objects": [],
    "sites": None,
    "pods_inside": None,
    "crossings": None,
    "saved": None,
    "vulnerabilities": None,
    "encryption": None,
    "anonymous_status": None,
}
OF_THE_FILE_ALONE = {"backup-plan"}


@pytest.mark.parametrize("name", [name for name in ALL if name not in OF_THE_FILE_ALONE])
def test_nothing_to_look_at_is_never_a_pass(name: str) -> None:
    """An empty answer of the cluster is what a broken collector looks like."""
    seen = recorded.observed({**recorded.facts(), **EMPTY})
    try:
        verdict = ALL[name].judge(seen)
    except NotObservedError as error:
        assert str(error)
    else:
        assert verdict.result is Result.FAIL, verdict


def test_without_another_tenant_there_is_nothing_to_reach() -> None:
    facts = recorded.facts()
    facts["crossings"].update(attempts=0, others=0)
    assert ALL["tenants-unreachable"].judge(recorded.observed(facts)).result is Result.NOT_APPLICABLE
    facts["crossings"].update(attempts=0, others=1)
    with pytest.raises(NotObservedError):
        ALL["tenants-unreachable"].judge(recorded.observed(facts))


@pytest.mark.parametrize(
    ("made", "result"), [("2026-11-23T00:00:00Z", Result.NOT_APPLICABLE), ("2026-10-01T00:00:00Z", Result.FAIL)]
)
def test_a_new_backup_has_time_for_its_first_run(made: str, result: Result) -> None:
    facts = recorded.facts()
    job = recorded.one(facts, "CronJob", "backup")
    job["metadata"]["creationTimestamp"] = made
    job["status"] = {}
    assert ALL["backup-job"].judge(recorded.observed(facts)).result is result


def new_backup(facts: recorded.Facts, made: str) -> None:
    job = recorded.one(facts, "CronJob", "backup")
    job["metadata"]["creationTimestamp"] = made
    job["status"] = {}
    VIOLATIONS["backup-complete"][0](facts)


def test_the_first_run_at_the_site_is_waited_for_and_nothing_else_is_excused() -> None:
    facts = recorded.facts()
    new_backup(facts, "2026-11-23T00:00:00Z")
    assert ALL["backup-complete"].judge(recorded.observed(facts)).result is Result.NOT_APPLICABLE
    VIOLATIONS["backup-complete"][2](facts)
    assert ALL["backup-complete"].judge(recorded.observed(facts)).result is Result.FAIL
    facts = recorded.facts()
    new_backup(facts, "2026-10-01T00:00:00Z")
    assert ALL["backup-complete"].judge(recorded.observed(facts)).result is Result.FAIL


def test_the_first_drill_is_waited_for_and_is_no_matter_of_the_backup_itself() -> None:
    facts = recorded.facts()
    facts["saved"]["rehearsed"] = None
    assert ALL["restore-rehearsed"].judge(recorded.observed(facts)).result is Result.NOT_APPLICABLE
    VIOLATIONS["restore-rehearsed"][0](facts)
    assert ALL["restore-rehearsed"].judge(recorded.observed(facts)).result is Result.FAIL
    assert ALL["backup-complete"].judge(recorded.observed(facts)).result is Result.PASS


@pytest.mark.parametrize(
    ("name", "unknown"),
    [
        ("backup-complete", {"judged": None}),
        ("restore-rehearsed", {"judged": None}),
        ("restore-rehearsed", {"judged": [["readable", "error", "restic"]]}),
        ("backup-append-only", {"removal": None}),
        ("backup-append-only", {"own": 401}),
        ("backup-private", {"own": None}),
        ("backup-private", {"own": 502}),
    ],
)
def test_what_the_site_does_not_tell_is_no_pass(name: str, unknown: dict[str, object]) -> None:
    facts = recorded.facts()
    facts["saved"].update(unknown)
    with pytest.raises(NotObservedError):
        ALL[name].judge(recorded.observed(facts))


def test_an_application_that_is_down_closes_nothing() -> None:
    facts = recorded.facts()
    VIOLATIONS["admin-pages-closed"][2](facts)
    (dms,) = [each for each in facts["sites"] if each["application"] == "dms"]
    dms["answers"]["/admin/"]["status"] = 503
    with pytest.raises(NotObservedError, match="antwortet zurzeit nicht"):
        ALL["admin-pages-closed"].judge(recorded.observed(facts))


def test_a_container_that_has_not_started_runs_no_other_image() -> None:
    facts = recorded.facts()
    recorded.one(facts, "Pod", "portal")["status"]["containerStatuses"][0]["imageID"] = ""
    assert ALL["running-images"].judge(recorded.observed(facts)).result is Result.PASS


def test_attempts_without_a_counter_proof_prove_nothing() -> None:
    facts = recorded.facts()
    facts["crossings"].update(own_opened=0)
    with pytest.raises(NotObservedError, match="beweist nichts"):
        ALL["tenants-unreachable"].judge(recorded.observed(facts))


def test_checks_say_what_they_are_for_and_how_to_mend_it() -> None:
    for check in ALL.values():
        assert check.title
        assert check.remedy
        assert check.judge.__doc__
    assert {check.source for check in ALL.values()} == set(Source)


def test_the_table_in_the_docs_is_the_one_of_the_code() -> None:
    text = catalogue.PAGE.read_text(encoding="utf-8")
    assert catalogue.page(text) == text, "python -m tests.unit.audit.catalogue"
