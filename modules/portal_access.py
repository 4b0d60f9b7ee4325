"""What of the portal is public: everything but its administration, and no way to log in but the identity service's."""

from __future__ import annotations

from einklang.model.tenant import Tenant
from modules.flows import HTTP
from modules.front_backend import Backend
from modules.portal_server import NAME, virtual_host

BODY_LIMIT_MIB = 30
"""For editors' images and documents."""

CACHE_SECONDS = 60
"""How long a page may be older than what an editor has published."""

_LOCAL_LOGIN = (
    "login_form|login-help|failsafe_login|failsafe_login_form|logged_in|register|join_form|new-user|change-password|"
    "passwordreset|pwreset_[^/]*|mail_password[^/]*|personal-[^/]*|user-information"
)
_ADMINISTRATION = (
    r"[^/]*controlpanel[^/]*|plone_control_panel|prefs_[^/]*|usergroup-[^/]*|plone-(addsite|upgrade|admin-ui)|"
    "contact-info|sendto[^/]*|manage-[^/]*|installer|site-controlpanel|test-rendering[^/]*|maintenance"
)
_ZOPE = (
    "Control_Panel|temp_folder|browser_id_manager|session_data_manager|virtual_hosting|error_log|MailHost|HTTPCache|"
    "RAMCache|caching_policy_manager|content_type_registry|mimetypes_registry|portal_[^/]*|Plone"
)
DENIED_PATHS = (
    # Zope's management pages.
    r"(^|/)(@@)?manage(_[^/]*)?(/|$)",
    # Of the user folder only what a login needs. Back-channel logout comes from inside.
    r"(^|/)acl_users(?!/oidc/(login|callback|logout|require_login)$)(/|$)",
    rf"(^|/)(@@)?({_LOCAL_LOGIN})(/|$)",
    rf"(^|/)(@@)?({_ADMINISTRATION})(/|$)",
    # Tools of the site and of Zope itself, which every path below would find by acquisition.
    rf"(^|/)({_ZOPE})(/|$)",
    # The REST interface: `++api++` and services such as `@login`. Nothing here uses it.
    r"(^|/)\+\+api\+\+",
    r"(^|/)@(?!@)",
    r"(^|/)\.einklang(/|$)",
)

_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'self'; frame-src 'self'; "
    "frame-ancestors 'self'; object-src 'none'"
)


def backend(tenant: Tenant) -> Backend:
    """The portal as the front sees it. Inline styles are the text editor's."""
    hostname = tenant.hostnames.portal
    return Backend(
        application="portal",
        hostname=hostname,
        service=NAME,
        port=HTTP,
        body_limit_mib=BODY_LIMIT_MIB,
        content_security_policy=_POLICY,
        denied_paths=DENIED_PATHS,
        upstream_prefix=virtual_host(hostname),
        cache_seconds=CACHE_SECONDS,
        indexed=tenant.modules.portal.search_engines,
    )
