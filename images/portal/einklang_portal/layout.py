"""The main template is compiled once, and a page that is the same for everybody says so.

Plone 6.1 compiles the template anew for every page: four fifths of the time of a page. It does so because of a mistake
that only templates of a site's own can make (a template that calls its own view); this site has none of those.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import Products.CMFPlone.browser
from plone import api
from plone.app.layout.viewlets.httpheaders import HTTPCachingHeaders
from Products.CMFPlone.browser.main_template import MainTemplate
from Products.Five.browser.pagetemplatefile import ViewPageTemplateFile

# The front keeps such a page for up to a minute (modules/portal_access.py), if the portal allows it for longer.
_FOR_EVERYBODY = "max-age=0, s-maxage=60, must-revalidate"
_FOR_ONE = "private, no-store"
_FOLDER = str(Path(Products.CMFPlone.browser.__file__).parent)
_COMPILED = {
    name: ViewPageTemplateFile(name, _prefix=_FOLDER)
    for name in (MainTemplate.main_template_name, MainTemplate.ajax_template_name)
}


class MainTemplateOnce(MainTemplate):
    """Plone's view with compiled templates."""

    def __call__(self) -> Any:
        """The template itself."""
        return _COMPILED[self.template_name]

    @property
    def macros(self) -> Any:
        """The parts of pages that other templates fill."""
        return _COMPILED[self.template_name].macros


class Headers(HTTPCachingHeaders):
    """Plone's, but Cache-Control in the place of a date in the past, which would forbid to keep any page."""

    def getHeaders(self) -> list[tuple[str, str]]:  # noqa: N802 - Plone's name
        """Names and values."""
        found = [(name, value) for name, value in super().getHeaders() if name != "Expires"]
        return [*found, ("Cache-Control", _FOR_EVERYBODY if api.user.is_anonymous() else _FOR_ONE)]
