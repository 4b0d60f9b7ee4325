"""Plans of whole changes: golden in German and English and as JSON, bounded, and true to what is declared."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date

import pytest

from einklang.model.messages import Language
from einklang.model.plan import Operation, Plan, ResourceAction
from einklang.model.resolved import ResolvedTenant
from einklang.model.tenant import Status
from einklang.planning.capacity import Capacity, capacity
from einklang.planning.interruption import interrupted
from einklang.planning.markdown import LIMIT_BYTES, comment
from einklang.planning.presentation import as_json, as_text
from einklang.planning.proposal import Change, plan, tenant_plan
from tests.components import cases, golden, plans

TODAY = date(2026, 11, 23)
COMMENT_LIMIT = 65_536
APPROVAL = {
    "module": "dms",
    "reason": "Die Akten sind übergeben.",
    "approved_by": "Leitung IT",
    "until": "2026-12-01",
}
Make = Callable[[], Sequence[Change]]


def olpe() -> ResolvedTenant:
    return cases.tenant()


def edit(**edits: object) -> Make:
    return lambda: [plans.change(olpe(), plans.edited(olpe(), **edits))]


def several() -> Sequence[Change]:
    requested = plans.edited(plans.renamed(olpe(), "wenden", "Wenden"), status="requested")
    other = plans.renamed(olpe(), "attendorn", "Attendorn")
    return [
        plans.change(olpe(), plans.edited(olpe(), notice="Am Rosenmontag ist geschlossen.")),
        plans.change(other, plans.edited(other, services=["hund-anmelden"])),
        Change(None, requested, ()),
    ]


def fleet() -> Sequence[Change]:
    """72 municipalities change over to the next version of the standard; three of them drop the DMS."""
    made: list[Change] = []
    for number in range(72):
        before = plans.renamed(olpe(), f"gemeinde-{number:02}", f"Gemeinde {number:02}")
        after = plans.next_standard(before)
        if number in {3, 40, 71}:
            after = plans.edited(after, modules__dms__enabled=False)
        made.append(Change(before, after, _moved(without_dms=number in {3, 40, 71})))
    return made


def _moved(*, without_dms: bool) -> tuple[ResourceAction, ...]:
    """The actions of one, told of another: recording 72 programs would take a minute."""
    after = plans.next_standard(olpe())
    after = plans.edited(after, modules__dms__enabled=False) if without_dms else after
    return plans.actions(olpe(), after)


CASES: dict[str, Make] = {
    "new": lambda: [plans.change(None, olpe())],
    "branding": edit(branding__primary="#224422", branding__logo=None),
    "size": edit(population=250_000),
    "size-smaller": edit(population=12_000),
    "standard": lambda: [plans.change(olpe(), plans.next_standard(olpe()))],
    "module-removed": edit(modules__dms__enabled=False),
    "module-removed-approved": edit(modules__dms__enabled=False, approvals=[APPROVAL]),
    "several": several,
    "nothing": edit(),
    "fleet": fleet,
}


def planned(changes: Sequence[Change], elsewhere: Sequence[str] = ()) -> tuple[Plan, tuple[str, ...]]:
    made = [tenant_plan(change, TODAY) for change in changes]
    changing = [each for each in made if each.changes]
    return plan(changing, (), elsewhere), tuple(each.tenant for each in made if not each.changes)


def expect(name: str, text: str, *, accept: bool) -> None:
    # Hashes change with every file of the standard; what they stand for has tests of its own.
    text = re.sub(r"\b[0-9a-f]{64}\b|\b[0-9a-f]{32}\b", "<hash>", text)
    path = golden.FOLDER / "plans" / name
    if accept:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    difference = golden.compare(path.read_text(encoding="utf-8") if path.exists() else "", text, name)
    if difference:
        pytest.fail(f"{difference}\nIf this is what you want: {golden.ACCEPT}", pytrace=False)


@pytest.mark.parametrize("case", CASES)
def test_golden_plans(case: str, pytestconfig: pytest.Config) -> None:
    accept = bool(pytestconfig.getoption("--accept-golden", default=False))
    made, unchanged = planned(CASES[case]())
    for language in Language:
        text = comment(made, language, unchanged)
        expect(f"{case}-{language.value}.txt", text, accept=accept)
        assert len(text) <= COMMENT_LIMIT
    if case != "fleet":
        expect(f"{case}.json", as_json(made, Language.GERMAN, unchanged), accept=accept)
    assert as_text(made, Language.GERMAN, unchanged)


def test_what_loses_data_stands_first_and_is_refused_without_an_approval() -> None:
    made, _ = planned(CASES["module-removed"]())
    assert made.refused
    text = comment(made, Language.GERMAN)
    assert text.index("So nicht möglich") < text.index("Alle Dokumente der E-Akte") < text.index("Unterbrechung")
    first = made.tenants[0].actions or ()
    assert [each.name for each in first[:2]] == ["dms-broker", "dms-files"]
    assert all(each.loses_data for each in first[:2])
    approved, _ = planned(CASES["module-removed-approved"]())
    assert not approved.refused
    assert "erst in diesem Vorschlag" in comment(approved, Language.GERMAN)


def test_storage_that_would_become_smaller_is_refused() -> None:
    assert planned(CASES["size-smaller"]())[0].refused
    assert not planned(CASES["size"]())[0].refused
    requested = plans.edited(olpe(), status="requested")
    assert not planned([Change(requested, plans.edited(requested, population=12_000), ())])[0].refused


def test_an_expired_approval_does_not_count() -> None:
    expired = {**APPROVAL, "until": "2026-11-22"}
    made, _ = planned(edit(modules__dms__enabled=False, approvals=[expired])())
    assert made.refused


def test_a_large_change_is_cut_from_its_end_and_never_where_data_goes() -> None:
    made, _ = planned(CASES["fleet"]())
    text = comment(made, Language.GERMAN)
    assert len(text.encode()) <= LIMIT_BYTES < COMMENT_LIMIT
    for number in (3, 40, 71):
        assert f"### `Gemeinde {number:02}`" in text
    assert all(f"Gemeinde {number:02}" in text for number in range(72))
    assert made.fingerprint in text
    many = plan([made.tenants[0]] * 3000, (), [f"{'x' * 300}/{number}" for number in range(3000)])
    assert len(comment(many, Language.GERMAN, ["y" * 40] * 3000).encode()) <= LIMIT_BYTES


def test_the_fingerprint_stands_for_exactly_this_plan() -> None:
    made, _ = planned(CASES["branding"]())
    assert made.fingerprint == planned(CASES["branding"]())[0].fingerprint
    others = {planned(CASES[case]())[0].fingerprint for case in ("size", "standard", "module-removed", "several")}
    assert len(others | {made.fingerprint}) == 5
    (change,) = CASES["branding"]()
    assert change.actions
    without = Change(change.before, change.after, change.actions[1:])
    assert planned([without])[0].fingerprint != made.fingerprint
    unseen = Change(change.before, change.after, None)
    assert planned([unseen])[0].fingerprint == ""
    # What was there before a proposal was merged does not matter, what will be there does.
    merged = Change(plans.edited(olpe(), ring="broad"), change.after, change.actions)
    assert planned([merged])[0].fingerprint == made.fingerprint


STOPPING = {"maxSurge": 0, "maxUnavailable": "100%"}
EDITS: dict[str, dict[str, object]] = {
    "name": {"name": "Neu"},
    "colour": {"branding__primary": "#224422"},
    "logo": {"branding__logo": None},
    "languages": {"languages": ["en", "de"]},
    "portal's address": {"hostnames__portal": "x.olpe.example"},
    "login's address": {"hostnames__identity": "x.olpe.example"},
    "DMS's address": {"hostnames__dms": "x.olpe.example"},
    "notice": {"notice": "Heute geschlossen."},
    "opening hours": {"opening_hours": []},
    "contact": {"contacts__citizens": None},
    "services": {"services": []},
    "search engines": {"modules__portal__search_engines": False},
    "text recognition": {"modules__dms__text_recognition": False},
    "no portal": {"modules__portal__enabled": False},
    "no DMS": {"modules__dms__enabled": False},
    "smaller": {"population": 12_000},
    "larger": {"population": 250_000},
    "same size": {"population": 25_037},
    "ring": {"ring": "broad"},
    "backup": {"backup__class": "frequent"},
    "leaving": {"status": "leaving"},
}


@pytest.mark.parametrize("name", EDITS)
def test_what_a_plan_says_of_interruptions_is_what_the_components_declare(name: str) -> None:
    before, after = olpe(), plans.edited(olpe(), **EDITS[name])
    old, new = plans.declared(before), plans.declared(after)
    stopped = set()
    for urn in {*old} & {*new}:
        spec, was = new[urn].manifest.get("spec") or {}, old[urn].manifest.get("spec") or {}
        if new[urn].kind == "Deployment" and spec["strategy"].get("rollingUpdate") == STOPPING:
            if spec["template"] != was["template"]:
                name = new[urn].key[2]
                stopped.add("dms" if name.startswith("dms") or name == "scanner" else name)
        elif new[urn].kind == "Cluster" and spec["resources"] != was["resources"]:
            stopped.update({"identity", "portal", "dms"})
    assert set(interrupted(before, after)) == stopped


def declared_capacity(resolved: ResolvedTenant) -> Capacity:
    """The sum over the pods that stay, and the volumes, as the components declare them."""
    total = Capacity()
    for each in plans.declared(resolved).values():
        spec = each.manifest.get("spec") or {}
        if each.kind == "Deployment":
            wanted = [container["resources"]["requests"] for container in spec["template"]["spec"]["containers"]]
            total += _times(spec["replicas"], wanted)
        elif each.kind == "Cluster":
            requests = {**spec["resources"]["requests"], "storage": spec["storage"]["size"]}
            total += _times(spec["instances"], [requests])
        elif each.kind == "PersistentVolumeClaim":
            total += _times(1, [spec["resources"]["requests"]])
    return total


UNITS = {"m": 1, "Mi": 1, "Gi": 1024}


def _times(count: int, requests: Sequence[dict[str, str]]) -> Capacity:
    def amount(key: str) -> int:
        parts = [re.fullmatch(r"(\d+)(\D+)", request[key]) for request in requests if key in request]
        return sum(int(part[1]) * UNITS[part[2]] for part in parts if part)

    return Capacity(count * amount("cpu"), count * amount("memory"), count * amount("storage") // 1024)


@pytest.mark.parametrize("size", ["S", "M", "L"])
@pytest.mark.parametrize("without", ["", "portal", "dms"])
def test_what_a_plan_says_of_resources_is_what_the_components_declare(size: str, without: str) -> None:
    tenant = cases.tenant(size)
    tenant = plans.edited(tenant, **{f"modules__{without}__enabled": False}) if without else tenant
    assert capacity(tenant) == declared_capacity(tenant)


def test_the_suspended_and_the_requested_have_nothing_to_interrupt() -> None:
    for status in (Status.SUSPENDED, Status.REQUESTED):
        resting = plans.edited(olpe(), status=status.value)
        made = tenant_plan(Change(resting, plans.edited(resting, name="Neu"), ()), TODAY)
        assert "nothing-runs-yet" in [point.code for point in made.points]


def test_every_kind_of_data_that_is_declared_can_be_told_from_the_rest() -> None:
    """What is protected, except the record of the tenant, holds data, and belongs to a module that can be approved."""
    gone = plans.actions(olpe(), None)
    holding = {(each.kind, each.name, each.module) for each in gone if each.holds_data}
    assert holding == {
        ("Cluster", "database", "database"),
        ("Namespace", "tenant-olpe", "guardrails"),
        ("PersistentVolumeClaim", "dms-broker", "dms"),
        ("PersistentVolumeClaim", "dms-files", "dms"),
    }
    assert {each.operation for each in gone} == {Operation.DELETE}


def test_golden_plans_hold_every_case() -> None:
    names = {path.name for path in (golden.FOLDER / "plans").iterdir()}
    expected = {f"{case}-{language.value}.txt" for case in CASES for language in Language}
    assert names == expected | {f"{case}.json" for case in CASES if case != "fleet"}
