"""What the front keeps, for how long, and for whom."""

from __future__ import annotations

import hashlib
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.live.front.nginx import Application, Nginx
from tests.live.front.sample import DMS, HTML, PAST_CACHE_SECONDS, PORTAL, PREFIX


@pytest.fixture(autouse=True)
def _in_one_period() -> None:
    """What is asked for at once is asked for within one second."""
    time.sleep(1.02 - time.time() % 1)


def test_pages_for_everybody_are_kept_for_a_short_time(front: Nginx, portal: Application) -> None:
    first, second = front.ask(PORTAL, "/kept"), front.ask(PORTAL, "/kept")
    assert first.text == second.text == "page 1"
    assert first.header("Cache-Control") == second.header("Cache-Control") == ""
    time.sleep(PAST_CACHE_SECONDS)
    assert front.ask(PORTAL, "/kept").text == "page 2"


def test_a_kept_page_does_not_outlive_its_time_when_the_portal_is_down(front: Nginx, portal: Application) -> None:
    assert front.ask(PORTAL, "/kept-too").status == 200
    portal.stop()
    assert front.ask(PORTAL, "/kept-too").status == 200
    time.sleep(PAST_CACHE_SECONDS)
    assert front.ask(PORTAL, "/kept-too").is_emergency_page()


def test_a_crowd_asks_for_a_page_once_in_each_period(front: Nginx, portal: Application) -> None:
    for number in range(1, 3):
        portal.released.clear()
        with ThreadPoolExecutor(30) as crowd:
            answers = [crowd.submit(front.ask, PORTAL, "/crowd") for _ in range(30)]
            time.sleep(0.3)
            portal.released.set()
        assert {answer.result().text for answer in answers} == {f"page {number}"}
        time.sleep(1.02 - time.time() % 1)


def test_a_kept_page_is_for_its_language(front: Nginx, portal: Application) -> None:
    for headers in ({}, {"Accept-Language": "de"}, {"Accept-Language": "en"}, {"Cookie": "I18N_LANGUAGE=en"}):
        front.ask(PORTAL, "/l", headers=headers)
        front.ask(PORTAL, "/l", headers=headers)
    assert len(portal.seen) == 4


def test_a_visitor_cannot_choose_what_others_get(front: Nginx, portal: Application) -> None:
    """Plone answers in JSON where a request asks for it, under the same address."""
    front.ask(PORTAL, "/poison", headers={"Accept": "application/json"})
    assert front.ask(PORTAL, "/poison", headers={"Accept": "text/html"}).text == "page 2"
    front.ask(PORTAL, "/poison", headers={"Accept-Charset": "utf-7", "X-Forwarded-Host": "evil.example"})
    assert "evil" not in str(portal.seen)
    assert "utf-7" not in str(portal.seen)


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/p1", {"Cookie": "__ac=x"}),
        ("/p2", {"Cookie": "I18N_LANGUAGE=de; session=1"}),
        ("/p3", {"Authorization": "Bearer x"}),
        ("/p4", {"X-Requested-With": "XMLHttpRequest"}),
        ("/p5", {"Origin": "https://evil.example"}),
    ],
)
def test_pages_for_somebody_are_not_kept(front: Nginx, portal: Application, path: str, headers: dict[str, str]) -> None:
    kept = front.ask(PORTAL, path)
    for _ in range(2):
        answer = front.ask(PORTAL, path, headers=headers)
        assert answer.header("Cache-Control") == "private, no-store"
        assert answer.text != kept.text
    assert [seen[2].get(name) for seen in portal.seen[-2:] for name in headers] == [*headers.values()] * 2
    portal.answers[f"{PREFIX}/file"] = (200, [HTML, ("Cache-Control", "max-age=9")], b"x")
    assert front.ask(PORTAL, "/file", headers=headers).header("Cache-Control") == "max-age=9"


@pytest.mark.parametrize(
    ("header", "kept"),
    [
        (("Set-Cookie", "a=b"), False),
        (("Cache-Control", "private"), False),
        (("Cache-Control", "max-age=3600, No-Store"), False),
        (("Cache-Control", "max-age=0, must-revalidate"), False),
        (("Cache-Control", "max-age=9"), False),
        (("Cache-Control", "max-age=3600, s-maxage=0"), False),
        (("Expires", "Thu, 01 Jan 2037 00:00:00 GMT"), False),
        (("Vary", "*"), False),
        (("Cache-Control", "max-age=0, s-maxage=86400"), True),
        (("Cache-Control", "max-age=600"), True),
        (("X-Accel-Expires", "0"), True),
        (("Last-Modified", "Mon, 23 Nov 2026 00:00:00 GMT"), True),
    ],
    ids=str,
)
def test_an_application_says_what_is_kept(
    front: Nginx, portal: Application, header: tuple[str, str], kept: bool
) -> None:
    path = f"/say-{hashlib.sha256(repr(header).encode()).hexdigest()}"
    portal.answers[PREFIX + path] = (200, [HTML, header], b"x")
    for _ in range(2):
        assert front.ask(PORTAL, path).status == 200
    assert len(portal.seen) == (1 if kept else 2)


def test_nothing_is_kept_for_longer_than_the_standard_says(front: Nginx, portal: Application) -> None:
    portal.answers[f"{PREFIX}/long"] = (200, [HTML, ("Cache-Control", "max-age=86400")], b"x")
    front.ask(PORTAL, "/long")
    time.sleep(PAST_CACHE_SECONDS)
    front.ask(PORTAL, "/long")
    assert len(portal.seen) == 2


def test_the_dms_keeps_nothing(front: Nginx, dms: Application) -> None:
    for _ in range(2):
        front.ask(DMS, "/documents")
    assert len(dms.seen) == 2
