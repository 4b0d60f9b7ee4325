"""The portal's own package: what happens to a page, what a logout token must say, what a probe is answered."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.unit.portal_package import FOLDER, load

decisions, tokens, serve = load("decisions"), load("tokens"), load("serve")
Action, Found = decisions.Action, decisions.Found
NOW = 1_795_000_000.0


@pytest.mark.parametrize(
    ("wanted", "found", "expected"),
    [
        ("new", None, Action.MAKE),
        ("same", Found("same", "same"), Action.KEEP),
        ("new", Found("old", "old"), Action.UPDATE),
        ("new", Found("edited", "old"), Action.LEAVE),
        ("same", Found("edited", "same"), Action.LEAVE),
        ("same", Found("same", "older"), Action.KEEP),
        ("new", Found("stranger", None), Action.LEAVE),
        (None, Found("old", "old"), Action.REMOVE),
        (None, Found("edited", "old"), Action.LEAVE),
        (None, Found("stranger", None), Action.LEAVE),
        (None, None, Action.KEEP),
    ],
)
def test_a_page_that_an_editor_changed_is_the_editors(wanted: str | None, found: Any, expected: Any) -> None:
    assert decisions.decide(wanted, found) is expected


def test_a_fingerprint_follows_title_description_and_text_alone() -> None:
    page = {"title": "a", "description": "b", "text": "<p>c</p>\n"}
    first = decisions.fingerprint(page)
    assert first == decisions.fingerprint({**page, "text": "<p>c</p>\r\n", "path": "x"})
    for field in decisions.FIELDS:
        assert first != decisions.fingerprint({**page, field: "other"})
    assert first != decisions.fingerprint({"title": "ab", "description": "", "text": "<p>c</p>"})


def token(**changes: object) -> dict[str, object]:
    return {"events": {tokens.LOGOUT_EVENT: {}}, "iat": NOW - 5, "sub": "0815", **changes}


def test_a_logout_token_names_its_user() -> None:
    assert tokens.user_of(token(), NOW) == "0815"
    assert tokens.user_of(token(events=f'{{"{tokens.LOGOUT_EVENT}": {{}}}}'), NOW) == "0815", "as pyoidc gives it"


@pytest.mark.parametrize(
    "changes",
    [
        {"events": {}},
        {"events": None},
        {"events": "{}"},
        {"events": tokens.LOGOUT_EVENT},
        {"nonce": "an ID token has one"},
        {"iat": NOW - 301},
        {"iat": NOW + 301},
        {"iat": "now"},
        {"sub": ""},
        {"sub": None},
    ],
)
def test_another_token_ends_no_session(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"token|now|user|Expecting"):
        tokens.user_of(token(**changes), NOW)


class DownError(Exception):
    """Stands for a database that is away."""


def asked(path: str, *, down: bool = False) -> tuple[str, dict[str, str]]:
    """Status and headers of an answer."""
    got: list[tuple[str, dict[str, str]]] = []

    def fail() -> None:
        if down:
            raise DownError

    def pages(environ: dict[str, Any], start: Any) -> list[bytes]:
        fail()
        start("200 OK", [("X-Page", environ["PATH_INFO"])])
        return [b"page"]

    portal = serve.Portal(pages, fail, (DownError,))
    portal({"PATH_INFO": path}, lambda status, headers, *_: got.append((status, dict(headers))))
    return got[-1]


def test_a_page_is_the_applications() -> None:
    assert asked("/x") == ("200 OK", {"X-Page": "/x"})


@pytest.mark.parametrize(
    ("path", "status"),
    [(serve.LIVE, "200 OK"), (serve.READY, "503 Service Unavailable"), ("/x", "503 Service Unavailable")],
)
def test_without_a_database_it_lives_and_is_not_ready(path: str, status: str) -> None:
    assert asked(path, down=True)[0] == status
    assert asked(path)[0] == "200 OK"


def test_another_mistake_is_not_hidden() -> None:
    def pages(environ: dict[str, Any], start: Any) -> list[bytes]:
        raise KeyError("x")

    with pytest.raises(KeyError):
        serve.Portal(pages, lambda: None, (DownError,))({"PATH_INFO": "/"}, lambda *_: None)


def test_warming_up_asks_for_the_start_page_under_the_public_name() -> None:
    paths: list[str] = []

    def pages(environ: dict[str, Any], start: Any) -> list[bytes]:
        paths.append(environ["PATH_INFO"])
        start("200 OK", [])
        return [b"page"]

    serve.warm_up(pages, "https://www.olpe.example")
    assert paths == ["/VirtualHostBase/https/www.olpe.example:443/Plone/VirtualHostRoot/"]


def test_templates_write_no_markup_from_data() -> None:
    """Page templates escape by themselves; `structure` would not."""
    for template in FOLDER.rglob("*.pt"):
        assert not re.search(r"\bstructure\b", template.read_text()), template.name


def test_no_page_holds_an_inline_script_or_style() -> None:
    for template in FOLDER.rglob("*.pt"):
        text = template.read_text()
        assert not re.search(r"<script|<style|\son[a-z]+=|\sstyle=", text), template.name
