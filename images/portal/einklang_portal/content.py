"""The pages of the standard in the site: made, updated, and left alone once an editor has changed them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from plone import api
from plone.app.textfield.value import RichTextValue
from plone.base.interfaces import INavigationRoot
from zope.event import notify
from zope.interface import alsoProvides
from zope.lifecycleevent import ObjectModifiedEvent

from einklang_portal import state
from einklang_portal.decisions import Action, Found, decide, fingerprint

REPORT = "left alone"
"""How a line begins that is no change."""

_HTML, _SAFE = "text/html", "text/x-html-safe"


def apply(site: Any, wanted: Mapping[str, Any]) -> Iterator[str]:
    """Bring the pages to what the document says; yields a line for each change and for each page left alone."""
    pages = {page["path"]: page for page in wanted["pages"]}
    own = state.own_paths(site)
    for path in sorted(own - set(pages), reverse=True):
        yield from _drop(site, path)
    for path, page in pages.items():
        yield from _bring(site, path, page)
    kept = {path for path in own - set(pages) if _at(site, path) is not None}
    state.put_own_paths(site, set(pages) | kept)


def _bring(site: Any, path: str, page: Mapping[str, Any]) -> Iterator[str]:
    item = _at(site, path)
    found = None if item is None else Found(fingerprint(_fields(item)), state.written(item))
    mark = fingerprint(page)
    action = decide(mark, found)
    if action is Action.MAKE:
        item = _make(site, path, page)
        state.put_written(item, mark)
        yield f"made: /{path}"
    elif action is Action.UPDATE:
        _write(item, page)
        state.put_written(item, mark)
        yield f"updated: /{path}"
    elif action is Action.LEAVE:
        yield f"{REPORT}: /{path} was changed by an editor"


def _drop(site: Any, path: str) -> Iterator[str]:
    """A page that the document does not have any more."""
    item = _at(site, path)
    if item is None:
        return
    action = decide(None, Found(fingerprint(_fields(item)), state.written(item)))
    if action is Action.REMOVE and not (item.isPrincipiaFolderish and item.objectIds()):
        api.content.delete(item, check_linkintegrity=False)
        yield f"removed: /{path}"
    else:
        yield f"{REPORT}: /{path} is not of the standard any more, and was changed by an editor"


def _make(site: Any, path: str, page: Mapping[str, Any]) -> Any:
    folder, _, name = path.rpartition("/")
    item = api.content.create(
        container=_at(site, folder) if folder else site,
        type=page["type"],
        id=name,
        title=page["title"],
        description=page["description"],
        language=page["language"],
    )
    if page["text"]:
        item.text = _rich(page["text"])
    item.exclude_from_nav = not page["in_navigation"]
    if page.get("layout"):
        item.setLayout(page["layout"])
    if page.get("start"):
        alsoProvides(item, INavigationRoot)
    item.reindexObject()
    api.content.transition(item, to_state="published")
    return item


def _write(item: Any, page: Mapping[str, Any]) -> None:
    item.title, item.description = page["title"], page["description"]
    if page["text"] or getattr(item, "text", None):
        item.text = _rich(page["text"])
    notify(ObjectModifiedEvent(item))
    item.reindexObject()


def _fields(item: Any) -> dict[str, str]:
    text = getattr(item.aq_base, "text", None)
    return {"title": item.title or "", "description": item.description or "", "text": text.raw if text else ""}


def _rich(text: str) -> RichTextValue:
    return RichTextValue(text, _HTML, _SAFE)


def _at(site: Any, path: str) -> Any:
    """The object at a path below the site, None where there is none; never one that is found above."""
    item = site
    for name in path.split("/"):
        if name not in item.objectIds():
            return None
        item = item[name]
    return item
