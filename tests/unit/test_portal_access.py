"""What of the portal can be reached from outside."""

from __future__ import annotations

import re
from datetime import date

import pytest

from einklang import inventory
from einklang.settings import PROJECT_ROOT
from modules.portal_access import DENIED_PATHS, backend


def denied(path: str) -> bool:
    return any(re.search(pattern, path, re.IGNORECASE) for pattern in DENIED_PATHS)


@pytest.mark.parametrize(
    "path",
    [
        "/manage",
        "/manage_main",
        "/aktuelles/manage_workspace",
        "/@@manage-viewlets/",
        "/MANAGE_MAIN",
        "/acl_users",
        "/acl_users/manage_main",
        "/acl_users/source_users/manage_users",
        "/acl_users/oidc",
        "/acl_users/oidc/manage_propertiesForm",
        "/acl_users/oidc/backchannel-logout",
        "/acl_users/oidc/login/x",
        "/acl_users/session/external_login",
        "/aktuelles/acl_users/credentials_cookie_auth/require_login",
        "/login_form",
        "/@@failsafe_login",
        "/@@register",
        "/join_form",
        "/passwordreset/0815",
        "/@@change-password",
        "/@@overview-controlpanel",
        "/@@security-controlpanel",
        "/@@usergroup-userprefs",
        "/prefs_install_products_form",
        "/portal_setup/manage_main",
        "/portal_properties",
        "/aktuelles/portal_catalog/searchResults",
        "/Control_Panel/Database",
        "/Plone/impressum",
        "/@@plone-addsite",
        "/@login",
        "/aktuelles/@search",
        "/++api++/@users",
        "/@@contact-info",
        "/.einklang/ready",
    ],
)
def test_administration_and_local_logins_are_not(path: str) -> None:
    assert denied(path)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/en",
        "/impressum",
        "/dienstleistungen/hund-anmelden",
        "/aktuelles/management-der-abfallwirtschaft",
        "/aktuelles/login-fuer-alle",
        "/aktuelles/stadt-plone",
        "/login",
        "/en/login",
        "/logout",
        "/@@search",
        "/@@site-logo/logo-0815.svg",
        "/acl_users/oidc/login",
        "/acl_users/oidc/callback",
        "/acl_users/oidc/logout",
        "/acl_users/oidc/require_login",
        "/++webresource++0815/++plone++static/bundle-plone/bundle.min.js",
        "/++resource++einklang_portal/portal.css",
        "/++theme++barceloneta/barceloneta-favicon.ico",
        "/aktuelles/++add++News Item",
        "/aktuelles/fest/edit",
        "/aktuelles/fest/@@images/image/preview",
        "/aktuelles/fest/content_status_modify",
        "/aktuelles/folder_contents",
        "/@@custom.css",
        "/sitemap.xml.gz",
    ],
)
def test_pages_and_what_editors_need_are(path: str) -> None:
    assert not denied(path)


def test_the_backend_is_the_tenants() -> None:
    tenant = inventory.load(PROJECT_ROOT, today=date(2026, 11, 23)).resolve("olpe").tenant
    portal = backend(tenant)
    assert portal.hostname == tenant.hostnames.portal
    assert portal.upstream_prefix == "/VirtualHostBase/https/www.olpe.example:443/Plone/VirtualHostRoot"
    assert "unsafe-eval" not in portal.content_security_policy
    assert "script-src 'self';" in portal.content_security_policy
    assert set(portal.methods) == {"GET", "HEAD", "POST"}
