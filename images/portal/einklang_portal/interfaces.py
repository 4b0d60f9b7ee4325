"""The browser layer: what is registered for it exists in a site that the set-up has made, and nowhere else."""

from __future__ import annotations

from pas.plugins.oidc.interfaces import IPasPluginsOidcLayer
from plone.app.theming.interfaces import IThemingLayer
from zope.publisher.interfaces.browser import IDefaultBrowserLayer


class IPortalLayer(IPasPluginsOidcLayer, IThemingLayer, IDefaultBrowserLayer):
    """Requests to a municipality's portal. More specific than those of the packages whose pages are replaced."""
