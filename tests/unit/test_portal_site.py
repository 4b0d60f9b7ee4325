"""The document of a portal: what stands in it for a tenant, and that no text of a tenant file becomes markup."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from typing import Any

import pytest

from einklang import inventory
from einklang.model.resolved import ResolvedTenant
from einklang.model.service import Service, Translated
from einklang.model.vocabulary import Language
from einklang.settings import PROJECT_ROOT
from modules.portal_site import site_document
from modules.portal_words import PATHS, words

TEMPLATES = PROJECT_ROOT / "templates"
HOSTILE = "</script><img src=x onerror=alert(1)>\"'&{{ 7*7 }}${x}"


@pytest.fixture
def olpe() -> ResolvedTenant:
    return inventory.load(PROJECT_ROOT, today=date(2026, 11, 23)).resolve("olpe")


def document(resolved: ResolvedTenant) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(site_document(TEMPLATES, resolved))
    return found


def changed(resolved: ResolvedTenant, **values: object) -> ResolvedTenant:
    return replace(resolved, tenant=resolved.tenant.model_copy(update=values))


def test_it_names_the_tenant_and_its_services(olpe: ResolvedTenant) -> None:
    site = document(olpe)
    assert site["title"] == "Olpe"
    assert [service["title"] for service in site["texts"]["de"]["services"]] == ["Hund anmelden", "Wohnsitz anmelden"]
    assert site["texts"]["en"]["services"][0]["title"] == "Register a dog"
    assert site["texts"]["de"]["opening_hours"][0].startswith("Montag")
    assert site["texts"]["en"]["opening_hours"][0].startswith("Monday")


def test_every_path_that_a_page_links_to_is_made(olpe: ResolvedTenant) -> None:
    site = document(olpe)
    made = {page["path"] for page in site["pages"]}
    for texts in site["texts"].values():
        prefix = f"{texts['home']}/" if texts["home"] else ""
        for link in [*texts["services"], *texts["footer"], *({"path": path} for path in texts["paths"].values())]:
            assert f"{prefix}{link['path']}" in made
        assert set(texts["translations"].values()) <= made
        assert set(texts["translations"]) <= made


def test_a_folder_comes_before_what_is_in_it(olpe: ResolvedTenant) -> None:
    paths = [page["path"] for page in document(olpe)["pages"]]
    assert len(paths) == len(set(paths))
    for path in paths:
        folder = path.rpartition("/")[0]
        assert not folder or paths.index(folder) < paths.index(path)


def test_the_first_language_stands_at_the_top(olpe: ResolvedTenant) -> None:
    english = document(changed(olpe, languages=(Language.ENGLISH, Language.GERMAN)))
    assert english["languages"] == ["en", "de"]
    assert "imprint" in {page["path"] for page in english["pages"]}
    assert "de/impressum" in {page["path"] for page in english["pages"]}
    alone = document(changed(olpe, languages=(Language.GERMAN,)))
    assert {page["language"] for page in alone["pages"]} == {"de"}
    assert alone["texts"]["de"]["translations"] == {}


def test_both_languages_have_the_same_words_and_pages() -> None:
    assert words("de", "x").keys() == words("en", "x").keys()
    assert PATHS["de"].keys() == PATHS["en"].keys()


def test_without_address_hours_contact_logo_and_services_there_is_a_site(olpe: ResolvedTenant) -> None:
    contacts = olpe.tenant.contacts.model_copy(update={"citizens": None})
    bare = changed(olpe, address=None, opening_hours=(), contacts=contacts, services=())
    site = document(replace(bare, logo=None, services=()))
    assert site["logo"] is None
    assert site["texts"]["de"]["services"] == []
    assert site["texts"]["de"]["contact"]["name"] == olpe.tenant.contacts.operations.name


class Tags(HTMLParser):
    """The tags and attributes of a text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found |= {tag, *(name for name, _ in attrs)}


def test_hostile_text_stays_text(olpe: ResolvedTenant) -> None:
    contact = olpe.tenant.contacts.operations.model_copy(update={"name": HOSTILE})
    contacts = olpe.tenant.contacts.model_copy(update={"citizens": contact, "data_protection": contact})
    assert olpe.tenant.address is not None
    address = olpe.tenant.address.model_copy(update={"street": HOSTILE, "city": HOSTILE})
    translated = Translated(de=HOSTILE, en=HOSTILE)
    service = Service(id="evil", title=translated, summary=translated)
    hostile = changed(olpe, name=HOSTILE, contacts=contacts, address=address, notice=HOSTILE)
    site = document(replace(hostile, services=[service]))
    assert site["title"] == HOSTILE, "Plone escapes titles when it shows them"
    for page in site["pages"]:
        assert Tags(page["text"]).found <= {"p", "h2", "ul", "li", "a", "br", "strong", "href"}
    assert "alert" not in site["css"]


def test_it_holds_no_secret_and_is_the_same_every_time(olpe: ResolvedTenant) -> None:
    first = site_document(TEMPLATES, olpe)
    assert first == site_document(TEMPLATES, olpe)
    assert "secret" not in first.lower()
