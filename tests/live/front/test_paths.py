"""What the front lets through: hosts, paths, methods, sizes."""

from __future__ import annotations

import threading
import time

import pytest

from tests.live.front.nginx import Application, Nginx
from tests.live.front.sample import DMS, PORTAL, PREFIX


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
