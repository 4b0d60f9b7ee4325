"""The document that the set-up brings into a tenant's portal: its pages, words, look and settings. It has no secret."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from einklang.model import ags, colour, office
from einklang.model.resolved import ResolvedTenant
from einklang.model.tenant import Contact, Language, Tenant
from einklang.rendering import render
from modules.portal_words import PATHS, words

_FOOTER_GREY = "#f4f4f4"
_TEXT = "#1b1b1b"
_PAGES = ("imprint", "privacy", "accessibility", "contact")


@dataclass(frozen=True)
class _Site:
    """The part of the site in one language. prefix: `en/`, empty for the first language."""

    language: str
    prefix: str
    words: Mapping[str, str]
    paths: Mapping[str, str]
    html: Mapping[str, str]
    services: Sequence[Mapping[str, str]]
    contact: Mapping[str, str]
    opening_hours: Sequence[str]
    translations: Mapping[str, str]


def site_document(templates: Path, resolved: ResolvedTenant) -> str:
    """The document as strict JSON; keys sorted, so that the same tenant gives the same text."""
    folder, tenant = templates / "portal", resolved.tenant
    logo = _logo(resolved.logo)
    text = render(
        folder,
        "site.json.j2",
        tenant=tenant,
        sites=[_site(folder, resolved, language) for language in tenant.languages],
        css=render(folder, "portal.css.j2", branding=tenant.branding, primary_on_grey=_on_grey(tenant)),
        logo=logo,
        logo_file=logo["name"] if logo else "",
        session_seconds=resolved.standard.modules.identity.sessions.idle_minutes * 60,
    )
    return json.dumps(json.loads(text), indent=1, sort_keys=True, ensure_ascii=False)


def _site(folder: Path, resolved: ResolvedTenant, language: Language) -> _Site:
    tenant, name = resolved.tenant, language.value
    prefix = _prefix(tenant, language)
    values = _values(resolved, language)
    services = []
    for service in resolved.services:
        summary = str(getattr(service.summary, name))
        html = render(folder, f"{name}/service.html.j2", **values, summary=summary)
        path = f"{PATHS[name]['services']}/{service.id}"
        services.append({"path": path, "title": str(getattr(service.title, name)), "summary": summary, "html": html})
    return _Site(
        language=name,
        prefix=prefix,
        words=words(name, tenant.name),
        paths=PATHS[name],
        html={page: render(folder, f"{name}/{page}.html.j2", **values) for page in _PAGES},
        services=services,
        contact=_office(tenant),
        opening_hours=_hours(tenant, name),
        translations=_translations(tenant, language, [service.id for service in resolved.services]),
    )


def _values(resolved: ResolvedTenant, language: Language) -> Mapping[str, object]:
    """What the pages' templates may use."""
    tenant = resolved.tenant
    return {
        "name": tenant.name,
        "ags": tenant.ags,
        "state": ags.STATES[tenant.ags[:2]],
        "hostname": tenant.hostnames.portal,
        "address": tenant.address,
        "contact": _contact(_citizens(tenant)),
        "protection": _contact(tenant.contacts.data_protection),
        "opening_hours": _hours(tenant, language.value),
        "idle_minutes": resolved.standard.modules.identity.sessions.idle_minutes,
    }


def _prefix(tenant: Tenant, language: Language) -> str:
    return "" if language == tenant.languages[0] else f"{language.value}/"


def _translations(tenant: Tenant, language: Language, services: Sequence[str]) -> Mapping[str, str]:
    """Path of a page in another language -> path of the same page in this one."""
    found: dict[str, str] = {}
    for other in tenant.languages:
        if other != language:
            there, here = PATHS[other.value], PATHS[language.value]
            pairs = [(there[key], here[key]) for key in PATHS[other.value]]
            pairs += [(f"{there['services']}/{name}", f"{here['services']}/{name}") for name in services]
            found |= {f"{_prefix(tenant, other)}{one}": f"{_prefix(tenant, language)}{two}" for one, two in pairs}
    return found


def _citizens(tenant: Tenant) -> Contact:
    """Whom citizens ask: the contact for them, or else the one for disturbances."""
    return tenant.contacts.citizens or tenant.contacts.operations


def _contact(contact: Contact) -> Mapping[str, str]:
    """dial: the number as a `tel:` link has it (RFC 3966)."""
    dial = contact.phone.replace(" ", "-")
    return {"name": contact.name, "phone": contact.phone, "dial": dial, "email": contact.email}


def _office(tenant: Tenant) -> Mapping[str, str]:
    address = tenant.address
    place = {"street": address.street, "city": f"{address.postal_code} {address.city}"} if address else {}
    return {"street": "", "city": "", **_contact(_citizens(tenant)), **place}


def _hours(tenant: Tenant, language: str) -> Sequence[str]:
    say = office.german if language == "de" else office.english
    return [say(hours) for hours in tenant.opening_hours]


def _on_grey(tenant: Tenant) -> str:
    """The main colour where it can be read on the footer's grey, else the text's."""
    primary = tenant.branding.primary
    return primary if colour.contrast(primary, _FOOTER_GREY) >= colour.MINIMUM_CONTRAST else _TEXT


def _logo(content: bytes | None) -> Mapping[str, str] | None:
    """The logo as Plone keeps it. Its name follows its content: browsers keep it for long."""
    if not content:
        return None
    ending = "png" if content.startswith(b"\x89PNG") else "svg"
    name = f"logo-{hashlib.sha256(content).hexdigest()[:10]}.{ending}"
    encoded = base64.b64encode(content).decode()
    return {"name": name, "name_b64": base64.b64encode(name.encode()).decode(), "data_b64": encoded}
