"""The main template, compiled once.

Plone 6.1 compiles it anew for every page: four fifths of the time of a page. It does so because of a mistake that only
templates of a site's own can make (a template that calls its own view); this site has none of those.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import Products.CMFPlone.browser
from Products.CMFPlone.browser.main_template import MainTemplate
from Products.Five.browser.pagetemplatefile import ViewPageTemplateFile

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
