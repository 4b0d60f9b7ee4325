"""The front with applications that answer, fail and are down."""

from __future__ import annotations

import base64
import hashlib
import re
import time

import pytest

from tests.live.front.nginx import Application, Nginx
from tests.live.front.sample import DMS, HTML, PORTAL, PREFIX


def test_a_page_comes_through(front: Nginx, portal: Application, dms: Application) -> None:
    assert front.ask(PORTAL, "/rathaus?x=1").text == "page 1"
    assert portal.paths() == [f"{PREFIX}/rathaus?x=1"]
    assert front.ask(DMS, "/documents/1/").text == "page 1"
    assert dms.paths() == ["/documents/1/"]
    assert front.ask(f"{PORTAL}:443", "/b").text == "page 2"


def test_errors_of_an_application_stay_its_own(front: Nginx, portal: Application) -> None:
    for status in (400, 401, 403, 404, 500):
        portal.answers[f"{PREFIX}/{status}"] = (status, [HTML], b"own words")
        answer = front.ask(PORTAL, f"/{status}")
        assert (answer.status, answer.text) == (status, "own words")


def test_an_application_that_is_down_has_the_emergency_page(front: Nginx, portal: Application) -> None:
    portal.stop()
    for method in ("GET", "POST"):
        answer = front.ask(PORTAL, "/anything", method=method)
        assert answer.is_emergency_page()
        assert answer.header("Retry-After") == "120"
        assert answer.header("Cache-Control") == "no-store"
        assert answer.header("Content-Type") == "text/html; charset=utf-8"
        for part in (
            "Olpe",
            "+49 30 23125",
            "Montag bis Freitag 08:00–12:30 Uhr",
            "&lt;b&gt;bleibt",
            "Monday to Friday",
        ):
            assert part in answer.text
    assert front.ask(PORTAL, "/anything", method="HEAD").status == 503
    assert front.ask(DMS, "/documents").status == 200, "the other application goes on"
    portal.start()
    assert front.ask(PORTAL, "/anything").status == 200, "back at once"


def test_the_emergency_page_needs_nothing_else(front: Nginx, portal: Application) -> None:
    portal.stop()
    answer = front.ask(PORTAL, "/")
    assert re.findall(r"\b(?:src|href)=\"(?!tel:|mailto:|data:)", answer.text) == []
    (style,) = re.findall(r"<style>(.*?)</style>", answer.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = answer.header("Content-Security-Policy")
    assert policy.startswith("default-src 'none'")
    assert f"style-src 'sha256-{digest}'" in policy


@pytest.mark.parametrize("status", [502, 503, 504])
def test_an_application_that_says_it_is_down_has_it_too(front: Nginx, portal: Application, status: int) -> None:
    portal.answers[f"{PREFIX}/x"] = (status, [HTML], b"Traceback")
    answer = front.ask(PORTAL, "/x")
    assert answer.is_emergency_page()
    assert "Traceback" not in answer.text


def test_an_application_that_hangs_has_it_too(front: Nginx, dms: Application) -> None:
    dms.released.clear()
    start = time.monotonic()
    assert front.ask(DMS, "/documents", method="POST").is_emergency_page()
    assert time.monotonic() - start < 3
    assert len(dms.seen) == 1, "what may have been done is not done again"


def test_the_image_has_no_program_but_nginx(front: Nginx) -> None:
    programs = {path.name for path in front.root.rglob("*") if path.is_file() and path.stat().st_mode & 0o111}
    assert {name for name in programs if not re.search(r"\.so(\.|$)", name)} == {"nginx"}
