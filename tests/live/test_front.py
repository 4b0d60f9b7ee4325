"""The front as citizens and attackers meet it: the image's own nginx with the rendered configuration."""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from einklang import inventory
from einklang.operations.local import images, toolchain
from einklang.progress import Silent
from einklang.settings import PROJECT_ROOT
from modules.front_backend import Backend
from modules.front_configuration import files
from tests.live.nginx import Answer, Application, Nginx, free_port, running, unpack
from tests.live.stage import Stage

PORTAL, DMS = "www.olpe.example", "dms.olpe.example"
PREFIX = f"/VirtualHostBase/https/{PORTAL}:443/Plone/VirtualHostRoot"
CACHE_SECONDS = 1
PAST_CACHE_SECONDS = CACHE_SECONDS + 1.2  # nginx counts whole seconds
HTML = ("Content-Type", "text/html")


@pytest.fixture(scope="module")
def root(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The root file system of the image."""
    programs = toolchain.ensure(stage.settings, Silent(), environ=stage.environment)
    built = images.ensure_images(stage.settings, programs, Silent(), names=["front"])
    folder = tmp_path_factory.mktemp("front")
    unpack(built.by_name["front"].archive, folder)
    return folder


@pytest.fixture(scope="module")
def portal() -> Iterator[Application]:
    application = Application(free_port())
    yield application
    application.stop()


@pytest.fixture(scope="module")
def dms() -> Iterator[Application]:
    application = Application(free_port())
    yield application
    application.stop()


@pytest.fixture(scope="module")
def front(root: Path, portal: Application, dms: Application) -> Iterator[Nginx]:
    """Started before its applications: it has a page to show from the first moment."""
    resolved = inventory.load(PROJECT_ROOT, today=date(2026, 11, 23)).resolve("olpe")
    tenant = resolved.tenant.model_copy(update={"notice": "Das Rathaus <b>bleibt</b> offen."})
    backends = [
        Backend(
            application="portal",
            hostname=PORTAL,
            service="127.0.0.1",
            port=portal.port,
            body_limit_mib=1,
            content_security_policy="default-src 'self'; frame-ancestors 'self'",
            denied_paths=["(^|/)(@@)?manage(_[^/]*)?(/|$)"],
            upstream_prefix=PREFIX,
            cache_seconds=CACHE_SECONDS,
            indexed=True,
        ),
        Backend(
            application="dms",
            hostname=DMS,
            service="127.0.0.1",
            port=dms.port,
            body_limit_mib=2,
            content_security_policy="default-src 'none'",
            allowed_paths=["/", "/documents"],
            denied_paths=["^/documents/setup"],
            methods=["GET", "HEAD", "POST", "PUT"],
            script_cookies=["csrftoken"],
            timeout_seconds=1,
        ),
    ]
    with running(root, files(PROJECT_ROOT / "templates", replace(resolved, tenant=tenant), backends)) as nginx:
        yield nginx


@pytest.fixture(autouse=True)
def up(portal: Application, dms: Application) -> Iterator[None]:
    """Both applications answer; what they saw before is forgotten."""
    for application in (portal, dms):
        application.stop()
        application.answers.clear()
        application.seen.clear()
        application.start()
    yield
    for application in (portal, dms):
        application.stop()


def is_emergency_page(answer: Answer) -> bool:
    assert "Retry-After" not in answer.text
    return answer.status == 503 and "zurzeit nicht erreichbar" in answer.text


def test_a_page_comes_through(front: Nginx, portal: Application, dms: Application) -> None:
    assert front.ask(PORTAL, "/rathaus?x=1").text == "page 1"
    assert portal.paths() == [f"{PREFIX}/rathaus?x=1"]
    assert front.ask(DMS, "/documents/1/").text == "page 1"
    assert dms.paths() == ["/documents/1/"]
    assert front.ask(f"{PORTAL}:443", "/b").text == "page 2"


def test_applications_hear_what_the_gateway_says_and_not_what_a_visitor_says(front: Nginx, dms: Application) -> None:
    sent = {
        "X-Forwarded-For": "192.0.2.1",
        "X-Forwarded-Proto": "http",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Prefix": "/evil",
        "Forwarded": "for=evil",
        "X-Original-URL": "/documents/setup",
        "SCRIPT_NAME": "/evil",
        "Proxy": "http://evil.example",
    }
    front.ask(DMS, "/documents", headers=sent)
    ((_, _, headers),) = dms.seen
    assert headers["Host"] == headers["X-Forwarded-Host"] == DMS
    assert headers["X-Forwarded-Proto"] == "https"
    assert headers["X-Forwarded-For"] == "192.0.2.1"
    assert not headers.keys() & {"Forwarded", "X-Forwarded-Prefix", "X-Original-Url", "SCRIPT_NAME", "Proxy"}
    assert "evil" not in str(headers)


def test_errors_of_an_application_stay_its_own(front: Nginx, portal: Application) -> None:
    for status in (400, 401, 403, 404, 500):
        portal.answers[f"{PREFIX}/{status}"] = (status, [HTML], b"own words")
        answer = front.ask(PORTAL, f"/{status}")
        assert (answer.status, answer.text) == (status, "own words")


def test_an_application_that_is_down_has_the_emergency_page(front: Nginx, portal: Application) -> None:
    portal.stop()
    for method in ("GET", "POST"):
        answer = front.ask(PORTAL, "/anything", method=method)
        assert is_emergency_page(answer)
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
    assert is_emergency_page(answer)
    assert "Traceback" not in answer.text


def test_an_application_that_hangs_has_it_too(front: Nginx, dms: Application) -> None:
    dms.released.clear()
    start = time.monotonic()
    assert is_emergency_page(front.ask(DMS, "/documents", method="POST"))
    assert time.monotonic() - start < 3
    assert len(dms.seen) == 1, "what may have been done is not done again"


@pytest.mark.parametrize(
    "path",
    [
        "/manage",
        "/manage_main",
        "/MANAGE_main",
        "/a/b/@@manage",
        "/a/manage/b",
        "/%6danage_main",
        "//manage_main",
        "/a/../manage_main",
        "/a%2Fmanage_main",
        "/x/./manage_main?y=/ok",
        "/VirtualHostRoot/x",
        "/VirtualHostBase/https/evil.example:443/Plone/VirtualHostRoot/",
        "/_vh_x/y",
    ],
)
def test_what_is_denied_is_not_there(front: Nginx, portal: Application, path: str) -> None:
    answer = front.ask(PORTAL, path)
    assert answer.status == 404
    assert "Diese Seite gibt es nicht" in answer.text
    assert portal.seen == []


def test_what_is_not_denied_is_there(front: Nginx, portal: Application) -> None:
    for path in ("/management", "/x?manage_main", "/%2525manage", "/m%C3%BCll/a%20b"):
        assert front.ask(PORTAL, path).status == 200
    assert portal.paths()[-2:] == [f"{PREFIX}/%2525manage", f"{PREFIX}/m%C3%BCll/a%20b"]


def test_only_what_is_allowed_is_there(front: Nginx, dms: Application) -> None:
    for path in ("/", "/documents", "/documents/", "/documents/a"):
        assert front.ask(DMS, path).status == 200, path
    for path in ("/documentsx", "/admin/", "/documents/setup", "/documents/../admin", "/documents%2f..%2fadmin"):
        assert front.ask(DMS, path).status == 404, path
    assert len(dms.seen) == 4


@pytest.mark.parametrize("host", ["", "evil.example", "127.0.0.1", "id.olpe.example", f"{PORTAL}.evil.example"])
def test_an_unknown_host_is_refused(front: Nginx, portal: Application, host: str) -> None:
    assert front.ask(host, "/").status in {400, 421}
    assert portal.seen == []


def test_the_pages_and_the_health_check_are_not_reachable(front: Nginx, portal: Application) -> None:
    for path in ("/.front/503.html", "/.front/not-found", "/.front/../.front/413.html"):
        assert front.ask(PORTAL, path).status == 404
    assert portal.seen == []
    front.ask(PORTAL, "/health")
    assert portal.paths() == [f"{PREFIX}/health"]


@pytest.mark.parametrize("method", ["PROPFIND", "PUT", "DELETE", "OPTIONS", "TRACE", "LOCK"])
def test_other_methods_are_refused(front: Nginx, portal: Application, method: str) -> None:
    answer = front.ask(PORTAL, "/", method=method)
    assert answer.status == 405
    assert portal.seen == []
    assert method in {"TRACE"} or "Das geht hier nicht" in answer.text


def test_an_application_may_need_another_method(front: Nginx, dms: Application) -> None:
    assert front.ask(DMS, "/documents", method="PUT").status == 200


def test_security_headers_are_the_fronts(front: Nginx, portal: Application, dms: Application) -> None:
    loose = [HTML, ("Content-Security-Policy", "default-src *"), ("X-Frame-Options", "ALLOWALL"), ("Via", "1.1 x")]
    loose += [("X-Powered-By", "Zope (www.zope.dev), Python"), ("X-Content-Type-Options", "nosniff")]
    for application, path in ((portal, f"{PREFIX}/x"), (dms, "/documents")):
        application.answers[path] = (404, loose, b"x")
    for answer, policy in (
        (front.ask(PORTAL, "/x"), "default-src 'self'; frame-ancestors 'self'"),
        (front.ask(DMS, "/documents"), "default-src 'none'"),
    ):
        assert answer.header("Content-Security-Policy") == policy
        assert answer.header("X-Frame-Options") == "SAMEORIGIN"
        assert answer.header("X-Content-Type-Options") == "nosniff"
        assert answer.header("Referrer-Policy") == "same-origin"
        assert answer.header("Cross-Origin-Opener-Policy") == "same-origin"
        assert "camera=()" in answer.header("Permissions-Policy")
        assert not answer.headers.keys() & {"server", "x-powered-by", "via"}


def test_refusals_have_them_too(front: Nginx, portal: Application) -> None:
    portal.stop()
    big = {"Content-Length": str(5 << 20)}
    for answer in (front.ask(PORTAL), front.ask(PORTAL, "/manage"), front.ask(PORTAL, method="POST", headers=big)):
        assert answer.header("X-Content-Type-Options") == "nosniff"
        assert answer.header("X-Frame-Options") == "SAMEORIGIN"
        assert "server" not in answer.headers
        assert "nginx" not in answer.text
    assert "server" not in front.ask("evil.example").headers


def test_search_engines_take_what_the_municipality_lets_them(front: Nginx) -> None:
    assert front.ask(PORTAL).header("X-Robots-Tag") == ""
    assert front.ask(DMS, "/documents").header("X-Robots-Tag") == "noindex, nofollow"


def test_cookies_are_for_this_site_alone(front: Nginx, portal: Application, dms: Application) -> None:
    cookies = [("Set-Cookie", "__ac=1; Path=/"), ("Set-Cookie", "csrftoken=2; Path=/")]
    portal.answers[f"{PREFIX}/x"] = dms.answers["/documents"] = (200, [HTML, *cookies], b"x")
    for host, path, script in ((PORTAL, "/x", False), (DMS, "/documents", True)):
        session, token = front.ask(host, path).headers["set-cookie"]
        for cookie in (session, token):
            assert {"secure", "samesite=lax"} <= {part.strip().lower() for part in cookie.split(";")}
        assert "httponly" in session.lower()
        assert ("httponly" not in token.lower()) is script


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
    assert is_emergency_page(front.ask(PORTAL, "/kept-too"))


def test_a_kept_page_is_for_its_language(front: Nginx, portal: Application) -> None:
    for headers in ({}, {"Accept-Language": "de"}, {"Accept-Language": "en"}, {"Cookie": "I18N_LANGUAGE=en"}):
        front.ask(PORTAL, "/l", headers=headers)
        front.ask(PORTAL, "/l", headers=headers)
    assert len(portal.seen) == 4


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/p1", {"Cookie": "__ac=x"}),
        ("/p2", {"Cookie": "I18N_LANGUAGE=de; session=1"}),
        ("/p3", {"Authorization": "Bearer x"}),
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


def test_a_body_over_the_limit_is_refused_with_a_reason(front: Nginx, portal: Application) -> None:
    for body in (b"x" * (2 << 20), iter([b"x" * (1 << 19)] * 4)):
        answer = front.ask(PORTAL, "/upload", method="POST", body=body)
        assert answer.status == 413
        assert "Die Datei ist zu groß" in answer.text
        assert "höchstens 1 MB" in answer.text
    assert portal.seen == []
    assert front.ask(PORTAL, "/upload", method="POST", body=b"x" * (1 << 20)).status == 200
    assert front.ask(DMS, "/documents", method="POST", body=b"x" * (2 << 20)).status == 200


def test_large_bodies_at_a_time_are_limited(front: Nginx, portal: Application) -> None:
    """16 of them bound what the temporary files take; a small form goes through meanwhile."""
    portal.released.clear()
    statuses: list[int] = []

    def upload() -> None:
        statuses.append(front.ask(PORTAL, "/u", method="POST", body=b"x" * 100_000).status)

    threads = [threading.Thread(target=upload) for _ in range(18)]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + 10
    while len(portal.seen) < 16 or len(statuses) < 2:
        assert time.monotonic() < deadline, (len(portal.seen), statuses)
        time.sleep(0.05)
    small = threading.Thread(target=lambda: front.ask(PORTAL, "/small", method="POST", body=b"a=b"))
    small.start()
    time.sleep(0.3)
    portal.released.set()
    for thread in (*threads, small):
        thread.join()
    assert sorted(statuses) == [200] * 16 + [503] * 2
    assert f"{PREFIX}/small" in portal.paths()


def test_pages_are_compressed(front: Nginx, portal: Application) -> None:
    portal.answers[f"{PREFIX}/big"] = (200, [HTML], b"Olpe " * 1000)
    for _ in range(2):
        answer = front.ask(PORTAL, "/big", headers={"Accept-Encoding": "gzip"})
        assert answer.header("Content-Encoding") == "gzip"
        assert gzip.decompress(answer.body) == b"Olpe " * 1000
        assert front.ask(PORTAL, "/big").body == b"Olpe " * 1000
    assert len(portal.seen) == 1
    assert "Accept-Encoding" not in portal.seen[0][2]


def test_an_application_cannot_reach_into_the_front(front: Nginx, portal: Application) -> None:
    portal.answers[f"{PREFIX}/x"] = (200, [HTML, ("X-Accel-Redirect", "/.front/413.html")], b"own words")
    assert front.ask(PORTAL, "/x").text == "own words"


def test_the_log_says_what_happened_and_not_who(front: Nginx, portal: Application) -> None:
    headers = {
        "X-Forwarded-For": "198.51.100.7",
        "Cookie": "__ac=secret",
        "User-Agent": 'a"b\\',
        "Referer": "https://x",
    }
    front.ask(PORTAL, '/a"b?code=secret&mail=a@b.example', headers=headers)
    portal.stop()
    front.ask(PORTAL, "/down?code=secret")
    ours = [line for line in front.log() if line["path"] in {'/a"b', "/down"}]
    assert [line["status"] for line in ours] == ["200", "503"]
    assert ours[0]["host"] == PORTAL
    assert ours[0]["request"] == portal.seen[0][2]["X-Request-ID"]
    assert ours[1]["upstream_status"].startswith("502")
    log = (front.root / "dev" / "stdout").read_text()
    assert not any(part in log for part in ("secret", "198.51.100.7", "a@b.example"))


def test_the_image_has_no_program_but_nginx(front: Nginx) -> None:
    programs = {path.name for path in front.root.rglob("*") if path.is_file() and path.stat().st_mode & 0o111}
    assert {name for name in programs if not re.search(r"\.so(\.|$)", name)} == {"nginx"}
