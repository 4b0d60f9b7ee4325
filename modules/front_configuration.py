"""The front's files: nginx's configuration, and for each application the pages that nginx answers with by itself."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from einklang.model import colour, office
from einklang.model.resolved import ResolvedTenant
from einklang.model.tenant import Contact
from einklang.rendering import render
from modules.flows import HTTP
from modules.front_backend import CACHE_PERIODS, Backend

HEALTH_PORT = 8081
CONFIGURATION = "nginx.conf"
_UPLOADS = 16
_CACHE_MIB = 64
_RETRY_SECONDS = 120
# Zope's directives stand in the path. From outside nobody may add to those that the front puts before it.
_VIRTUAL_HOST = r"(^|/)(VirtualHostBase|VirtualHostRoot|_vh_[^/]*)(/|$)"


@dataclass(frozen=True)
class _Application:
    """What the pages call it, and whether it is the citizens' (or the staff's)."""

    german: str
    english: str
    public: bool


_APPLICATIONS = {
    "portal": _Application("Das Bürgerportal", "The citizen portal", public=True),
    "dms": _Application("Die E-Akte", "The document management system", public=False),
}


@dataclass(frozen=True)
class _Refusal:
    title_german: str
    text_german: str
    title_english: str
    text_english: str


_REFUSALS = {
    404: _Refusal(
        "Diese Seite gibt es nicht",
        "Die Adresse ist falsch geschrieben, oder die Seite steht nicht mehr hier.",
        "There is no such page",
        "The address is misspelt, or the page is not here any more.",
    ),
    405: _Refusal(
        "Das geht hier nicht",
        "Die Seite nimmt diese Art von Anfrage nicht an.",
        "This is not possible here",
        "The page does not take this kind of request.",
    ),
    413: _Refusal(
        "Die Datei ist zu groß",
        "Es wurde nichts gespeichert. Erlaubt sind höchstens {limit} MB auf einmal.",
        "The file is too large",
        "Nothing was saved. At most {limit} MB are allowed at a time.",
    ),
}


def files(templates: Path, resolved: ResolvedTenant, backends: Sequence[Backend]) -> Mapping[str, str]:
    """Path below the configuration's folder -> content."""
    folder = templates / "front"
    branding = resolved.tenant.branding
    style = render(folder, "page.css.j2", branding=branding, text=colour.readable_on(branding.background))
    made = {CONFIGURATION: _configuration(folder, backends, style)}
    for backend in backends:
        place, name = f"pages/{backend.application}", resolved.tenant.name
        made[f"{place}/503.html"] = _emergency(folder, resolved, backend, style)
        for status, texts in _REFUSALS.items():
            filled = {key: text.format(limit=backend.body_limit_mib) for key, text in vars(texts).items()}
            made[f"{place}/{status}.html"] = render(
                folder, "refusal.html.j2", name=name, style=style, refusal=_Refusal(**filled)
            )
    return made


def temporary_mib(backends: Sequence[Backend]) -> int:
    """The most that request bodies and the cache take on disk, in MiB."""
    uploads = sum(_UPLOADS * backend.body_limit_mib for backend in backends)
    # The cache manager comes a moment after the limit is passed.
    return uploads + sum(2 * _CACHE_MIB for backend in backends if backend.cache_seconds)


def _configuration(folder: Path, backends: Sequence[Backend], style: str) -> str:
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    return render(
        folder,
        "nginx.conf.j2",
        port=HTTP,
        health_port=HEALTH_PORT,
        uploads=_UPLOADS,
        cache_mib=_CACHE_MIB,
        retry_seconds=_RETRY_SECONDS,
        page_policy=_header("Content-Security-Policy", f"{policy}; frame-ancestors 'none'"),
        backends=[_values(backend) for backend in backends],
    )


def _values(backend: Backend) -> Mapping[str, object]:
    """The backend as the template needs it: every text ready to stand between quotation marks."""
    denied = [*backend.denied_paths, *([_VIRTUAL_HOST] if backend.upstream_prefix else [])]
    return {
        **vars(backend),
        "name": backend.application,
        "address": f"{backend.service}:{backend.port}",
        "content_security_policy": _header("Content-Security-Policy", backend.content_security_policy),
        "denied": [_escaped(pattern) for pattern in denied],
        "allowed": [_escaped(_public(path)) for path in backend.allowed_paths],
        "methods": "|".join(backend.methods),
        "cache_period": CACHE_PERIODS.get(backend.cache_seconds),
    }


def _public(path: str) -> str:
    return "^/$" if path == "/" else f"^{re.escape(path)}(/|$)"


def _header(name: str, value: str) -> str:
    return f'"{name}: {value}"'


def _escaped(text: str) -> str:
    """The text as it stands between quotation marks in nginx's configuration."""
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _emergency(folder: Path, resolved: ResolvedTenant, backend: Backend, style: str) -> str:
    tenant, application = resolved.tenant, _APPLICATIONS[backend.application]
    contact = tenant.contacts.citizens if application.public else tenant.contacts.operations
    return render(
        folder,
        "emergency.html.j2",
        application=application,
        name=tenant.name,
        style=style,
        logo=_data_url(resolved.logo),
        notice=tenant.notice,
        contact=contact,
        telephone=_telephone(contact),
        address=tenant.address,
        opening_hours=[
            {"german": office.german(hours), "english": office.english(hours)} for hours in tenant.opening_hours
        ],
    )


def _telephone(contact: Contact | None) -> str:
    """The number as a `tel:` link has it (RFC 3966)."""
    return contact.phone.replace(" ", "-") if contact else ""


def _data_url(content: bytes | None) -> str:
    """The logo within the page: nothing else has to be reachable."""
    if not content:
        return ""
    kind = "image/png" if content.startswith(b"\x89PNG") else "image/svg+xml"
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
