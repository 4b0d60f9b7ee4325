"""The front's files: hostile text stays text, and everything a page needs is in it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from einklang import inventory
from einklang.model import colour, office
from einklang.model.office import Address, OpeningHours
from einklang.model.resolved import ResolvedTenant
from einklang.model.tenant import Branding, Contact
from einklang.rendering import render
from einklang.settings import PROJECT_ROOT
from modules.front_backend import Backend
from modules.front_configuration import CONFIGURATION, files

TEMPLATES = PROJECT_ROOT / "templates"
PORTAL = Backend("portal", "www.olpe.example", "portal", 8080, 20, "default-src 'self'")
DMS = replace(PORTAL, application="dms", hostname="dms.olpe.example", service="dms")
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</title></style><b>",
    "{{ 7 * 7 }}{% for x in y %}",
    "$host; } server { listen 1;",
    "&lt;b&gt; & Co",
    "<!-- -->]]>",
]


@cache
def resolved() -> ResolvedTenant:
    return inventory.load(PROJECT_ROOT, today=date(2026, 11, 23)).resolve("olpe")


def changed(**values: Any) -> ResolvedTenant:
    return replace(resolved(), tenant=resolved().tenant.model_copy(update=values))


class Page(HTMLParser):
    """The page as a browser reads it. elements: name and attributes. text: what people read."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def shape(self) -> list[tuple[str, tuple[str, ...]]]:
        return [(tag, tuple(sorted(attributes))) for tag, attributes in self.elements]


def page(tenant: ResolvedTenant, name: str = "portal/503", backend: Backend = PORTAL) -> Page:
    return Page(files(TEMPLATES, tenant, [backend])[f"pages/{name}.html"])


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_read_and_not_run(text: str) -> None:
    contact = Contact.model_construct(name=text, email=text, phone=text)
    contacts = resolved().tenant.contacts.model_copy(update={"citizens": contact})
    hours = (OpeningHours.model_construct(days=(office.Weekday.MONDAY,), opens=text, closes=text),)
    address = Address.model_construct(street=text, postal_code=text, city=text)
    hostile = changed(name=text, notice=text, contacts=contacts, opening_hours=hours, address=address)
    harmless = changed(
        name="x",
        notice="x",
        contacts=contacts.model_copy(update={"citizens": contact.model_copy(update={"name": "x"})}),
        opening_hours=hours,
        address=address,
    )
    for name in ("portal/503", "portal/404", "portal/413"):
        found = page(hostile, name)
        assert found.shape() == page(harmless, name).shape()
        assert text in found.text
    assert page(hostile).text.count(text) >= 8


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_of_the_tenant_is_in_nginx_configuration(text: str) -> None:
    hostile = files(TEMPLATES, changed(name=text, notice=text), [PORTAL])[CONFIGURATION]
    assert hostile == files(TEMPLATES, resolved(), [PORTAL])[CONFIGURATION]


def test_a_page_is_complete_and_loads_nothing() -> None:
    found = page(resolved())
    assert found.elements[0] == ("html", {"lang": "de"})
    assert [tag for tag, _ in found.elements if re.fullmatch("h[1-6]", tag)] == ["h1", "h2", "h2", "h2"]
    assert {tag for tag, _ in found.elements} & {"title", "main", "header", "address"} == {
        *("title", "main", "header", "address")
    }
    assert ("section", {"lang": "en"}) in found.elements
    links = [values[key] or "" for _, values in found.elements for key in ("href", "src") if key in values]
    assert {link.partition(":")[0] for link in links} == {"tel", "mailto", "data"}
    assert not {tag for tag, _ in found.elements} & {"script", "link", "iframe", "object", "base"}
    (image,) = [values for tag, values in found.elements if tag == "img"]
    assert image["alt"] == "", "the name stands beside it"


def test_citizens_and_staff_are_told_whom_to_call() -> None:
    tenant = resolved().tenant
    assert tenant.contacts.citizens is not None
    assert tenant.contacts.citizens.email in page(resolved()).text
    staff = page(resolved(), "dms/503", DMS).text
    assert tenant.contacts.operations.email in staff
    assert "E-Akte" in staff


def test_what_a_tenant_leaves_out_is_not_there() -> None:
    contacts = resolved().tenant.contacts.model_copy(update={"citizens": None})
    bare = replace(changed(contacts=contacts, address=None, opening_hours=(), notice=None), logo=None)
    found = page(bare)
    assert [tag for tag, _ in found.elements if tag in {"h2", "address", "ul", "img", "a"}] == ["h2"]
    assert "None" not in found.text


@pytest.mark.parametrize(("logo", "kind"), [(b"\x89PNG\r\n\x1a\n", "png"), (b"<svg/>", "svg+xml")])
def test_the_logo_is_in_the_page(logo: bytes, kind: str) -> None:
    (image,) = [values for tag, values in page(replace(resolved(), logo=logo)).elements if tag == "img"]
    assert str(image["src"]).startswith(f"data:image/{kind};base64,")


@pytest.mark.parametrize(("primary", "background"), [("#1a5c8e", "#ffffff"), ("#767676", "#000000")])
def test_text_can_be_read_on_every_background_that_a_tenant_may_choose(primary: str, background: str) -> None:
    branding = Branding.model_validate({"primary": primary, "on_primary": "#ffffff", "background": background})
    style = files(TEMPLATES, changed(branding=branding), [PORTAL])["pages/portal/503.html"]
    (body,) = re.findall(r"body \{(.*?)\}", style)
    (text,) = re.findall(r"[^-]color: (#\w+);", body)
    assert f"background: {background};" in body
    assert colour.contrast(text, background) >= colour.MINIMUM_CONTRAST
    assert set(re.findall(r"[^-]color: (\S+);", style)) == {text, primary, "#ffffff"}, (
        "all other pairs the model checks"
    )


def test_black_or_white_can_be_read_on_every_colour() -> None:
    for grey in range(256):
        background = f"#{grey:02x}{grey:02x}{grey:02x}"
        assert colour.contrast(colour.readable_on(background), background) >= colour.MINIMUM_CONTRAST


@pytest.mark.parametrize(
    ("days", "german", "english"),
    [
        (["mo"], "Montag", "Monday"),
        (["fr", "do"], "Donnerstag und Freitag", "Thursday and Friday"),
        (["mo", "di", "mi", "do", "fr"], "Montag bis Freitag", "Monday to Friday"),
        (["do", "mo", "di"], "Montag, Dienstag und Donnerstag", "Monday, Tuesday and Thursday"),
    ],
)
def test_hours_in_words(days: list[str], german: str, english: str) -> None:
    hours = OpeningHours.model_validate({"days": tuple(days), "from": "08:00", "to": "12:30"})
    assert office.german(hours) == f"{german} 08:00–12:30 Uhr"
    assert office.english(hours) == f"{english} 08:00–12:30"


@pytest.mark.parametrize(
    "wrong",
    [
        {"content_security_policy": "default-src 'self'\"; add_header X y"},
        {"content_security_policy": "default-src $host"},
        {"content_security_policy": "default-src 'self'\nX: y"},
        {"allowed_paths": ["login"]},
        {"allowed_paths": ["/a b"]},
        {"upstream_prefix": "/"},
        {"upstream_prefix": "/x;y"},
        {"methods": ["GET|.*"]},
        {"script_cookies": ["~.*"]},
        {"application": "portal;"},
        {"cache_seconds": 30},
        {"cache_seconds": -1},
    ],
)
def test_a_backend_is_refused_that_would_be_more_than_values(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="portal"):
        replace(PORTAL, **wrong)


def test_a_pattern_that_is_none_is_refused() -> None:
    with pytest.raises(re.error):
        replace(PORTAL, denied_paths=["(manage"])


def test_quotation_marks_in_a_pattern_stay_in_it() -> None:
    found = files(TEMPLATES, resolved(), [replace(PORTAL, denied_paths=[r'/a"b\.c'])])[CONFIGURATION]
    assert r'"~*/a\"b\\.c" 1;' in found


def test_only_html_is_escaped_as_html(tmp_path: Path) -> None:
    (tmp_path / "a.html.j2").write_text("{{ value }}")
    (tmp_path / "a.css.j2").write_text("{{ value }}")
    assert render(tmp_path, "a.html.j2", value="<'\">") == "&lt;&#39;&#34;&gt;"
    assert render(tmp_path, "a.css.j2", value="<'\">") == "<'\">"
