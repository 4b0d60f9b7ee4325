"""The one way to log in that Mayan knows here: the tenant's identity service."""

from __future__ import annotations

from django.conf import settings
from mayan.apps.authentication_oidc.authentication_backends import AuthenticationBackendOIDC


class TenantIdentity(AuthenticationBackendOIDC):
    """Mayan's OpenID Connect with our rules for who comes in; the API takes no token of the realm."""

    django_authentication_backend_paths = ("einklang_dms.identity.Staff",)

    def do_initialize(self) -> None:
        """As Mayan does it, but for the API: it would take the token that any client of the realm has got."""
        super().do_initialize()
        settings.REST_FRAMEWORK["DEFAULT_AUTHENTICATION_CLASSES"] = ("einklang_dms.api.Session",)
