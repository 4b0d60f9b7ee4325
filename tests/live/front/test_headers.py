"""What the front adds to requests and answers, takes away, and writes down."""

from __future__ import annotations

import gzip

from tests.live.front.nginx import Application, Nginx
from tests.live.front.sample import DMS, HTML, PORTAL, PREFIX


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
    ours = front.logged(['/a"b', "/down"])
    assert [line["status"] for line in ours] == ["200", "503"]
    assert ours[0]["host"] == PORTAL
    assert ours[0]["request"] == portal.seen[0][2]["X-Request-ID"]
    assert ours[1]["upstream_status"].startswith("502")
    log = (front.root / "dev" / "stdout").read_text()
    assert not any(part in log for part in ("secret", "198.51.100.7", "a@b.example"))
