"""The look of a tenant's login and account pages: a Keycloak theme of its own, mounted from a ConfigMap.

It extends Keycloak's built-in themes by style sheets, a logo and texts, and replaces no page: an update of Keycloak
brings its own pages with it. It is not in the image, so that the upstream image can be used as it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from einklang.model.resolved import ResolvedTenant
from einklang.rendering import render

THEME = "municipality"
"""Name of the theme, as the realm refers to it."""

_SVG, _PNG = "image/svg+xml", "image/png"


def theme_files(templates: Path, resolved: ResolvedTenant) -> Mapping[str, bytes]:
    """The theme's files, by path below the theme's folder.

    Keycloak lets browsers keep style sheets and images for 30 days, so their names carry a hash of their content.
    """
    folder, tenant = templates / "identity" / "theme", resolved.tenant
    kind, logo = _logo(resolved.logo)
    files = {path: content for path, content in ((f"login/resources/{logo}", resolved.logo),) if content}
    files |= {path.replace("login/", "account/", 1): content for path, content in files.items()}
    values = {
        "branding": tenant.branding,
        "languages": [language.value for language in tenant.languages],
        "logo": logo,
        "logo_type": kind,
        "home": f"https://{tenant.hostnames.identity}/realms/{tenant.id}/account/",
    }
    for part, name in (("login", tenant.name), ("account", tenant.name)):
        style = render(folder, f"{part}/{part}.css.j2", **values, name=_css_string(name)).encode()
        stylesheet = f"css/{part}-{_digest(style)}.css"
        files[f"{part}/resources/{stylesheet}"] = style
        texts = {**values, "stylesheet": stylesheet, "name": _property(name), "title": _property(f"Konto · {name}")}
        for file in ("theme.properties", "messages_de.properties", "messages_en.properties"):
            where = f"{part}/messages/{file}" if file.startswith("messages") else f"{part}/{file}"
            files[where] = render(folder, f"{part}/{file}.j2", **texts).encode()
    return files


def _logo(content: bytes | None) -> tuple[str, str]:
    """Media type and path of the logo below the resources, both empty where there is none."""
    if not content:
        return "", ""
    kind, ending = (_PNG, "png") if content.startswith(b"\x89PNG") else (_SVG, "svg")
    return kind, f"img/logo-{_digest(content)}.{ending}"


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:10]


def _css_string(text: str) -> str:
    """The text as a CSS string (CSS Syntax Level 3, section 4.3.7): everything but letters and digits escaped."""
    return '"' + "".join(c if c.isalnum() else f"\\{ord(c):06x}" for c in text) + '"'


def _property(text: str) -> str:
    """The text as a value of a .properties file, in which Keycloak would fill in `${...}`."""
    return text.replace("\\", "\\\\").replace("$", "")
