"""The separation concept and the inventory of keys: what is in force, what was found, and no secret."""

from __future__ import annotations

from html.parser import HTMLParser

from einklang.operations.audit import documents
from einklang.operations.audit.checks import ALL
from einklang.operations.audit.judge import judge
from einklang.operations.audit.registry import Source
from tests.unit.audit import recorded
from tests.unit.audit.samples import CATALOGUES, TEMPLATES
from tests.unit.audit.violations import VIOLATIONS


class Text(HTMLParser):
    """The visible text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.text = ""
        self.feed(page)

    def handle_data(self, data: str) -> None:
        self.text += data


def rendered(facts: recorded.Facts, *sources: Source) -> dict[str, str]:
    seen = recorded.observed(facts)
    found = judge(seen, ALL.values(), CATALOGUES, sources or tuple(Source))
    return documents.render(seen, found, TEMPLATES)


def concept(facts: recorded.Facts, *sources: Source) -> str:
    return Text(rendered(facts, *sources)["attendorn-trennungskonzept.html"]).text


def test_the_concept_names_what_separates_and_what_shows_it() -> None:
    text = concept(recorded.facts())
    for name, (measure, _) in documents.LAYERS.items():
        assert name in text
        assert measure in text
    for words in ("OPS.3.2.A4", "APP.4.4.A7", "tenant-attendorn", "www.attendorn.example", "Knoten und ihr"):
        assert words in text
    assert "nicht erfüllt" not in text


def test_every_layer_names_checks_that_exist() -> None:
    named = {check for _, checks in documents.LAYERS.values() for check in checks}
    assert named <= set(ALL)


def test_the_concept_says_what_does_not_hold() -> None:
    facts = recorded.facts()
    VIOLATIONS["default-deny"][0](facts)
    assert "Im Netz ist alles verboten, was nicht erlaubt ist: nicht erfüllt" in concept(facts)


def test_what_was_not_looked_at_is_said() -> None:
    assert "in diesem Lauf nicht geprüft" in concept({**recorded.facts(), "sites": None}, Source.INSIDE)


def test_the_connections_are_those_in_force() -> None:
    facts = recorded.facts()
    before = list(documents.flows(recorded.observed(facts)))
    assert {"policy": "portal", "word": "zu", "peer": "database", "ports": "TCP 5432"} in before
    VIOLATIONS["no-wide-peers"][0](facts)
    (new,) = [each for each in documents.flows(recorded.observed(facts)) if each not in before]
    assert new["peer"] == "Adresse 0.0.0.0/0"


def test_the_accounts_and_their_roles() -> None:
    found = {each["name"]: each for each in documents.accounts(recorded.observed(recorded.facts()))}
    assert found["portal"] == {"name": "portal", "used_by": "portal", "roles": "keine"}
    assert found["deployer"]["roles"] == "deployer"


def test_the_inventory_has_certificates_procedures_and_names_of_secrets() -> None:
    text = Text(rendered(recorded.facts())["attendorn-schluessel.html"]).text
    for words in ("id.attendorn.example", "TLS 1.3", "secretbox", "TLS: on", "Speicherklasse einklang", "portal"):
        assert words in text
    found = documents.secrets(recorded.observed(recorded.facts()))
    assert {"name", "key", "used_by"} == set(found[0])
    assert any(each["used_by"] == "portal" for each in found)


def test_what_was_not_observed_is_not_claimed() -> None:
    empty = {**recorded.facts(), "encryption": None, "pods_inside": None, "sites": None}
    found = {each["what"]: each["how"] for each in documents.protections(recorded.observed(empty))}
    assert found["Secrets im Speicher des Clusters (etcd)"] == "nicht beobachtet"
    assert found["Verbindungen zur Datenbank"] == "nicht beobachtet"
    assert documents.certificates(recorded.observed(empty)) == []
