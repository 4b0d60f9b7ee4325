"""One comment at a proposal: written, updated, found by mark and author, on each platform."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from einklang.clients.forge import MARK, Forge, Platform
from einklang.errors import ClientError, UserError
from tests.unit.forge_server import TOKEN, Server, serve


@pytest.fixture
def server() -> Iterator[Server]:
    with serve() as running:
        yield running


def forge(platform: Platform, server: Server) -> Forge:
    server.me = "github-actions[bot]" if platform is Platform.GITHUB else "einklang"
    return Forge(platform, server.url, "zv/mandanten", TOKEN)


@pytest.mark.parametrize("platform", list(Platform))
def test_the_comment_is_written_once_and_then_updated(platform: Platform, server: Server) -> None:
    speaker = forge(platform, server)
    server.comment("somebody", "Hallo")
    speaker.say(7, "first")
    speaker.say(7, "second")
    assert [comment["body"] for comment in server.comments] == ["Hallo", f"{MARK}\nsecond"]
    before = len(server.requests)
    speaker.say(7, "second")
    assert all(request.startswith("GET") for request in server.requests[before:])
    assert server.tokens == {TOKEN}


@pytest.mark.parametrize("platform", list(Platform))
def test_a_strangers_comment_with_our_mark_is_not_ours(platform: Platform, server: Server) -> None:
    speaker = forge(platform, server)
    server.comment("mallory", f"{MARK}\nAlles gut!")
    speaker.say(7, "the truth")
    assert [comment["body"] for comment in server.comments] == [f"{MARK}\nAlles gut!", f"{MARK}\nthe truth"]


def test_each_platform_has_its_own_paths(server: Server) -> None:
    forge(Platform.GITLAB, server).say(7, "x")
    assert "POST /projects/zv%2Fmandanten/merge_requests/7/notes" in server.requests
    server.requests.clear()
    forge(Platform.FORGEJO, server).say(7, "x")
    assert "GET /repos/zv/mandanten/issues/7/comments" in server.requests


def test_open_proposals(server: Server) -> None:
    server.proposals += [{"iid": 9, "sha": "b" * 40}, {"iid": 7, "sha": "a" * 40}]
    assert [each.number for each in forge(Platform.GITLAB, server).proposals()] == [7, 9]
    server.proposals[:] = [{"number": 3, "head": {"sha": "c" * 40}}]
    assert forge(Platform.FORGEJO, server).proposals()[0].head == "c" * 40


def test_an_error_names_the_request_and_never_the_token(server: Server) -> None:
    with pytest.raises(ClientError) as refused:
        Forge(Platform.GITHUB, server.url, "zv/x", "wrong-token").say(7, "x")
    assert "401" in str(refused.value)
    assert "wrong-token" not in str(refused.value)

    def fail(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no")

    silent = Forge(Platform.GITHUB, "http://127.0.0.1:9", "zv/x", TOKEN, transport=httpx.MockTransport(fail))
    with pytest.raises(ClientError, match="ConnectError"):
        silent.proposals()


def test_what_the_pipeline_gives(server: Server) -> None:
    environ = {"CI_API_V4_URL": server.url, "CI_PROJECT_ID": "5", "EINKLANG_FORGE_TOKEN": TOKEN}
    Forge.from_environment(Platform.GITLAB, environ).say(7, "x")
    with pytest.raises(UserError, match="GITHUB_API_URL"):
        Forge.from_environment(Platform.GITHUB, environ)
