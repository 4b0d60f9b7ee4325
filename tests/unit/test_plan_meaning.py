"""What a change means: every field of a tenant file says something, in both languages, and harms no reader."""

from __future__ import annotations

import json
import re
import string
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from einklang import inventory
from einklang.model.messages import Language
from einklang.model.plan import Operation, Point, ResourceAction, Section
from einklang.model.resolved import ResolvedTenant
from einklang.model.schema import tenant_schema
from einklang.model.tenant import Tenant
from einklang.planning import markdown, presentation
from einklang.planning.capacity import capacity, planned
from einklang.planning.meaning import points
from einklang.planning.proposal import Change, plan, tenant_plan
from einklang.planning.wording import TEXTS, sentence
from einklang.settings import PROJECT_ROOT

TODAY = date(2026, 11, 23)
EXCEPTION = {
    "control": "APP.4.4.A7",
    "reason": "Das Netz wird umgebaut.",
    "owner": "Netzbetrieb",
    "expires": "2027-01-31",
}
APPROVAL = {"module": "dms", "reason": "Die Akten sind übergeben.", "approved_by": "Leitung", "until": "2026-12-01"}
CONTACT = {"name": "Neu", "email": "neu@olpe.example", "phone": "+49 2761 8377"}


@pytest.fixture(scope="module")
def olpe() -> ResolvedTenant:
    return inventory.load(PROJECT_ROOT, today=TODAY).resolve("olpe")


def edited(resolved: ResolvedTenant, edits: dict[str, Any]) -> ResolvedTenant:
    data = resolved.tenant.model_dump(by_alias=True, mode="json")
    for name, value in edits.items():
        place: Any = data
        *path, last = name.split(".")
        for part in path:
            place = place[part]
        place[last] = value
    tenant = Tenant.model_validate_json(json.dumps(data))
    services = [each for each in resolved.services if each.id in tenant.services]
    return replace(resolved, tenant=tenant, size=resolved.standard.size_of(tenant.population), services=services)


EDITS: dict[str, Any] = {
    "name": "Neu",
    "ags": "05966020",
    "ars": None,
    "population": 25_037,
    "ring": "broad",
    "status": "suspended",
    "domain": "neu.example",
    "hostnames.portal": "neu.olpe.example",
    "hostnames.identity": "neu.olpe.example",
    "hostnames.dms": "neu.olpe.example",
    "contacts.operations": CONTACT,
    "contacts.security": CONTACT,
    "contacts.data_protection": CONTACT,
    "contacts.citizens": CONTACT,
    "opening_hours": [],
    "address": None,
    "notice": "Heute geschlossen.",
    "branding.primary": "#224422",
    "branding.on_primary": "#fffffe",
    "branding.background": "#fffffe",
    "languages": ["de"],
    "modules.portal.enabled": False,
    "modules.portal.search_engines": False,
    "modules.dms.enabled": False,
    "modules.dms.text_recognition": False,
    "modules.dms.file_plan": "anders",
    "services": ["hund-anmelden"],
    "backup.class": "frequent",
    "exceptions": [EXCEPTION],
    "approvals": [APPROVAL],
    "registrations.bundid": "done",
    "registrations.fit_connect": "done",
}
# The version of the standard and the logo have tests of their own; id and format never change.
ELSEWHERE = {"schema", "id", "standard", "branding.logo"}


@pytest.mark.parametrize("field", EDITS)
def test_each_field_says_something(olpe: ResolvedTenant, field: str) -> None:
    made = points(olpe, edited(olpe, {field: EDITS[field]}))
    told = [point for point in made if point.section not in {Section.INTERRUPTION, Section.RESOURCES}]
    assert told, f"nobody hears of a change of {field}"
    assert "other" not in [point.code for point in told]
    assert Section.INTERRUPTION in {point.section for point in made}
    for language in Language:
        assert all(sentence(point, language, str) for point in made)


def test_there_is_an_edit_for_each_field() -> None:
    schema = tenant_schema()

    def leaves(part: dict[str, Any], prefix: str) -> set[str]:
        found = set()
        for key, field in part["properties"].items():
            target = field.get("$ref", "").rpartition("/")[2]
            whole = schema["$defs"].get(target, {})
            nested = "properties" in whole and not prefix.startswith("contacts.")
            found |= leaves(whole, f"{prefix}{key}.") if nested and key != "address" else {f"{prefix}{key}"}
        return found

    assert leaves(schema, "") == {*EDITS, *ELSEWHERE}


def test_no_change_says_nothing(olpe: ResolvedTenant) -> None:
    assert points(olpe, olpe) == ()
    assert points(None, None) == ()
    assert not tenant_plan(Change(olpe, olpe, ()), TODAY).changes


def test_what_nobody_thought_of_is_told_by_its_name(olpe: ResolvedTenant) -> None:
    off = edited(olpe, {"modules.dms.enabled": False})
    made = points(off, edited(off, {"hostnames.dms": "neu.olpe.example"}))
    assert [(point.code, dict(point.values)) for point in made if point.section is Section.OPERATION] == [
        ("other", {"keys": "hostnames"})
    ]


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        ("active", None, "file-removed"),
        ("suspended", None, "file-removed"),
        ("requested", None, "request-withdrawn"),
        ("leaving", None, "file-removed-after-leaving"),
        (None, "requested", "requested"),
        (None, "active", "starts"),
        ("requested", "active", "starts"),
        ("active", "requested", "back-to-requested"),
        ("suspended", "active", "resumed"),
        ("active", "leaving", "leaving"),
        ("leaving", "active", "stays"),
        ("active", "suspended", "suspended"),
    ],
)
def test_a_tenants_life(olpe: ResolvedTenant, before: str | None, after: str | None, code: str) -> None:
    old, new = (edited(olpe, {"status": status}) if status else None for status in (before, after))
    made = tenant_plan(Change(old, new, ()), TODAY)
    assert code in [point.code for point in made.points]
    assert made.refused is (code in {"file-removed", "back-to-requested"})


def test_the_standard_and_the_logo(olpe: ResolvedTenant) -> None:
    older = olpe.standard.model_copy(update={"version": "2025.1"})
    made = points(olpe, replace(olpe, standard=older))
    assert {"standard", "standard-older"} <= {point.code for point in made}
    tenth = olpe.standard.model_copy(update={"version": "2026.10"})
    assert "standard-older" not in {point.code for point in points(olpe, replace(olpe, standard=tenth))}
    touched = olpe.standard.model_copy(update={"grundschutz_edition": "2024"})
    assert "standard-edited" in {point.code for point in points(olpe, replace(olpe, standard=touched))}
    assert "logo" in {point.code for point in points(olpe, replace(olpe, logo=b"other"))}
    assert "no-logo" in {point.code for point in points(olpe, replace(olpe, logo=None))}


def test_capacity(olpe: ResolvedTenant) -> None:
    whole, size = capacity(olpe), olpe.size
    without = capacity(edited(olpe, {"modules.dms.enabled": False, "modules.portal.enabled": False}))
    assert without.memory_mib == size.database.memory_mib + size.identity.memory_mib
    assert whole.storage_gib == size.database.storage_gib + size.dms.storage_gib + 1
    assert whole.memory_mib > without.memory_mib
    assert capacity(None).memory_mib == capacity(edited(olpe, {"status": "requested"})).storage_gib == 0
    suspended = edited(olpe, {"status": "suspended"})
    assert (capacity(suspended).memory_mib, capacity(suspended).storage_gib) == (0, whole.storage_gib)
    assert planned(suspended) == whole


def test_both_languages_say_the_same_with_the_same_values() -> None:
    german, english = (TEXTS[language] for language in Language)
    assert german.points.keys() == english.points.keys()

    def values(text: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    for code, text in german.points.items():
        assert values(text) == values(english.points[code]), code
    for name, text in vars(german.labels).items():
        assert values(text) == values(getattr(english.labels, name)), name
    for texts in (german, english):
        assert set(texts.sections) == set(Section)
        assert set(texts.operations) == set(Operation)


HOSTILE = "`</summary><img src=x onerror=alert(1)> [a](https://evil.example) @everyone ![](x) | **b** {name} \x1b[31m"


def test_a_value_cannot_leave_its_code_span(olpe: ResolvedTenant) -> None:
    bad = replace(olpe, tenant=olpe.tenant.model_copy(update={"name": HOSTILE, "notice": HOSTILE}))
    action = ResourceAction(Operation.CREATE, "urn", "ConfigMap", HOSTILE, "front")
    made = plan([tenant_plan(Change(olpe, bad, (action,)), TODAY)], (), [HOSTILE])
    for language in Language:
        text = markdown.comment(made, language)
        outside = re.sub(r"`[^`\n]*`", "", text)
        for word in ("evil", "onerror", "@everyone", "{name}", "\x1b", "<img", "![]"):
            assert word not in outside
        assert text.count("`") % 2 == 0
        assert "\x1b" not in presentation.as_text(made, language)
        assert json.loads(presentation.as_json(made, language))["changes"] is True


def test_numbers_and_lists_in_each_language() -> None:
    german, english = TEXTS[Language.GERMAN], TEXTS[Language.ENGLISH]
    assert (german.number(1.5), english.number(1.25), german.number(2.0)) == ("1,5", "1.25", "2")
    assert german.joined(["a", "b", "c"]) == "a, b und c"
    point = Point(Section.INTERRUPTION, "short", {"modules": "identity, dms"})
    assert "die Anmeldung und die E-Akte" in sentence(point, Language.GERMAN, str)
