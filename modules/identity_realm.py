"""The documents that the set-up job brings into a tenant's Keycloak."""

from __future__ import annotations

import json
from pathlib import Path

from einklang.model.resolved import ResolvedTenant
from einklang.rendering import render

STAFF_MARKER = "staff"
"""The role within every role that needs a second factor."""

SESSIONS_PER_USER = 10
"""A further login ends the user's oldest session: enough for a desk, a telephone and a tablet, with their browsers."""

CLIENT_SECRETS = {"portal": "PORTAL_CLIENT_SECRET", "dms": "DMS_CLIENT_SECRET"}
"""Client -> the variable that stands for its secret in the document."""

ROLE_DESCRIPTIONS = {
    "citizen": "Bürgerin oder Bürger",
    "editor": "Redaktion des Bürgerportals",
    "clerk": "Sachbearbeitung",
    "registrar": "Registratur",
    "auditor": "Revision: liest Ereignisse",
    "administrator": "Verwaltung der Benutzerkonten dieser Kommune",
}


def realm_document(templates: Path, resolved: ResolvedTenant) -> str:
    """The tenant's realm as strict JSON, without secrets (`$(env:NAME)` stands for them); keys sorted."""
    return _document(templates, "realm.json.j2", resolved)


def master_document(templates: Path, resolved: ResolvedTenant) -> str:
    """What Keycloak's own realm has to look like, as strict JSON; keys sorted."""
    return _document(templates, "master.json.j2", resolved)


def _document(templates: Path, name: str, resolved: ResolvedTenant) -> str:
    text = render(
        templates / "identity",
        name,
        tenant=resolved.tenant,
        standard=resolved.standard.modules.identity,
        staff_marker=STAFF_MARKER,
        sessions_per_user=SESSIONS_PER_USER,
        role_descriptions=ROLE_DESCRIPTIONS,
        client_secrets=CLIENT_SECRETS,
    )
    return json.dumps(json.loads(text), indent=1, sort_keys=True, ensure_ascii=False)
