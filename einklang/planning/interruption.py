"""Which parts of a tenant do not answer for a moment while a change is applied.

Portal and front are replaced one pod after the other and never stop; identity and document management stop before
they start again, because two versions must not share a database. A test compares this with what the components declare.
"""

from __future__ import annotations

from einklang.model.resolved import ResolvedTenant

IDENTITY, DMS, PORTAL = "identity", "dms", "portal"


def interrupted(before: ResolvedTenant, after: ResolvedTenant) -> tuple[str, ...]:
    """The modules that restart, of those that run before and afterwards."""
    old, new = before.tenant.modules, after.tenant.modules
    if _database(before, after):
        kept = (PORTAL, old.portal.enabled and new.portal.enabled), (DMS, old.dms.enabled and new.dms.enabled)
        return (IDENTITY, *(name for name, both in kept if both))
    restarted = [IDENTITY] if _identity(before) != _identity(after) else []
    if old.dms.enabled and new.dms.enabled and _dms(before) != _dms(after):
        restarted.append(DMS)
    return tuple(restarted)


def _database(before: ResolvedTenant, after: ResolvedTenant) -> bool:
    return before.size.database != after.size.database or _image(before, "postgresql") != _image(after, "postgresql")


def _identity(resolved: ResolvedTenant) -> object:
    """What Keycloak reads when it starts: its theme, its address, its size."""
    tenant = resolved.tenant
    theme = (tenant.name, tenant.branding, resolved.logo, tenant.languages)
    return theme, tenant.hostnames.identity, resolved.size.identity, _image(resolved, "keycloak")


def _dms(resolved: ResolvedTenant) -> object:
    tenant, standard = resolved.tenant, resolved.standard
    names = tenant.name, tenant.hostnames.dms, tenant.hostnames.identity
    images = tuple(_image(resolved, role) for role in ("dms", "redis", "clamav"))
    # While its scanner restarts, it takes no file.
    return names, images, resolved.size.dms, resolved.size.scanner, standard.modules.dms.upload


def _image(resolved: ResolvedTenant, role: str) -> str:
    return resolved.standard.images.get(role, "")
