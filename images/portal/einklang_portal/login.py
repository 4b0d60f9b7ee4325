"""Login by the tenant's identity service only. Source: OpenID Connect Core 1.0, Back-Channel Logout 1.0.

Issuer, client and secret are read from the environment: the database, and so its backups, never hold the secret.
"""

from __future__ import annotations

import logging
import os
import secrets
import time
from urllib.parse import quote

from oic.oic.message import BackChannelLogoutRequest
from pas.plugins.oidc.browser.view import CallbackView
from pas.plugins.oidc.plugins import OIDCPlugin
from pas.plugins.oidc.utils import load_existing_session
from plone import api
from plone.keyring.interfaces import IKeyManager
from plone.protect.interfaces import IDisableCSRFProtection
from Products.Five.browser import BrowserView
from zExceptions import Unauthorized
from zope.component import getUtility
from zope.interface import alsoProvides

from einklang_portal.tokens import user_of

logger = logging.getLogger(__name__)

VARIABLES = {
    "issuer": "PORTAL_OIDC_ISSUER",
    "client_id": "PORTAL_OIDC_CLIENT_ID",
    "client_secret": "PORTAL_OIDC_CLIENT_SECRET",
}
"""Property of the plug-in -> the variable that has its value."""


class IdentityLogin(OIDCPlugin):
    """pas.plugins.oidc with its secrets outside the database."""

    meta_type = "Einklang identity login"

    def getProperty(self, id: str, d: object = None) -> object:  # noqa: A002, N802 - Zope's names
        """A property; those of the identity service are the environment's."""
        if id in VARIABLES:
            return os.environ.get(VARIABLES[id], "")
        return super().getProperty(id, d)


class Callback(CallbackView):
    """Takes back only the answer to a question that this browser has asked (RFC 6749, section 10.12)."""

    def __call__(self) -> object:
        """Log in, or begin again."""
        expected = load_existing_session(self.context, self.request).get("state")
        given = self.request.form.get("state")
        if not expected or not isinstance(given, str) or not secrets.compare_digest(expected, given):
            # A page that was left open too long, or somebody else's answer: begin again.
            self.request.response.redirect(api.portal.get().absolute_url())
            return ""
        return super().__call__()


class LoginPage(BrowserView):
    """`/login`: there is no form here, the identity service has it."""

    def __call__(self) -> str:
        """Send the browser there."""
        portal = api.portal.get()
        target = f"{portal.absolute_url()}/acl_users/oidc/login"
        came_from = self.request.form.get("came_from")
        if isinstance(came_from, str) and api.portal.get_tool("portal_url").isURLInPortal(came_from):
            target = f"{target}?came_from={quote(came_from, safe='')}"
        self.request.response.setHeader("Cache-Control", "no-store")
        self.request.response.redirect(target)
        return ""


class LogoutPage(BrowserView):
    """`/logout`: ends the session here and then at the identity service."""

    def __call__(self) -> str:
        """End the session and send the browser on."""
        alsoProvides(self.request, IDisableCSRFProtection)
        user = api.user.get_current()
        if user.getId():
            end_sessions(user.getId())
        plugins = api.portal.get_tool("acl_users")
        plugins.session.resetCredentials(self.request, self.request.response)
        self.request.response.setHeader("Cache-Control", "no-store")
        self.request.response.redirect(f"{api.portal.get().absolute_url()}/acl_users/oidc/logout")
        return ""


class BackChannelLogout(BrowserView):
    """The identity service says that a user has logged out elsewhere: all sessions of that user end here."""

    def __call__(self) -> str:
        """An empty answer: 200 when it is done, 400 for a token that is none."""
        token = self.request.form.get("logout_token")
        if self.request.method != "POST" or not isinstance(token, str):
            raise Unauthorized("logout_token")
        client = self.context.get_oauth2_client()
        request = BackChannelLogoutRequest(logout_token=token)
        try:
            request.verify(aud=client.client_id, iss=client.provider_info["issuer"], keyjar=client.keyjar)
            user = user_of(request["logout_token"].to_dict(), time.time())
        except Exception as error:  # noqa: BLE001 - pyoidc has no common base for what can be wrong with a token
            logger.warning("logout token refused: %s", type(error).__name__)
            self.request.response.setStatus(400)
            return ""
        alsoProvides(self.request, IDisableCSRFProtection)
        end_sessions(user)
        self.request.response.setHeader("Cache-Control", "no-store")
        return ""


def end_sessions(user: str) -> None:
    """Make every session cookie of the user worthless: each user has signing keys of its own."""
    session, manager = api.portal.get_tool("acl_users").session, getUtility(IKeyManager)
    ring = session._getSecretKey(user)
    if ring in manager:
        manager.clear(ring=ring)
        manager.rotate(ring=ring)
