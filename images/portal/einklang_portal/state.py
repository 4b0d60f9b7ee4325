"""What the set-up remembers in the site: the words of the computed pages, and what it wrote into the others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from persistent.mapping import PersistentMapping
from plone import api
from zope.annotation.interfaces import IAnnotations

_KEY = "einklang_portal"
_TEXTS, _WRITTEN, _PATHS = "texts", "written", "paths"


def texts(language: str) -> dict[str, Any]:
    """The words and data of the computed pages in a language; of the first language where it has none."""
    known: dict[str, dict[str, Any]] = _of(api.portal.get())[_TEXTS]
    return known.get(language) or next(iter(known.values()))


def put_texts(site: Any, words: Mapping[str, Any]) -> bool:
    """Keep the words; returns whether they were others."""
    state = _of(site)
    if state.get(_TEXTS) == words:
        return False
    state[_TEXTS] = dict(words)
    return True


def written(item: Any) -> str | None:
    """Fingerprint of what the set-up last wrote into this page; None for a page that is not its own."""
    found = IAnnotations(item).get(_KEY)
    return found.get(_WRITTEN) if found else None


def put_written(item: Any, fingerprint: str) -> None:
    """Mark the page as the set-up's own, with what it wrote."""
    _of(item)[_WRITTEN] = fingerprint


def own_paths(site: Any) -> set[str]:
    """Paths of the pages that the set-up has made."""
    return set(_of(site).get(_PATHS, ()))


def put_own_paths(site: Any, paths: set[str]) -> None:
    """Remember them, where they are others."""
    if own_paths(site) != paths:
        _of(site)[_PATHS] = tuple(sorted(paths))


def _of(item: Any) -> Any:
    annotations = IAnnotations(item)
    if _KEY not in annotations:
        annotations[_KEY] = PersistentMapping()
    return annotations[_KEY]
