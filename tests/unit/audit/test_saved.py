"""What is asked of the backup site, of whom, and that no key stays in what is found."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from einklang.clients import backup_server
from einklang.clients.restic import Access, Opened
from einklang.errors import ClientError, UserError
from einklang.operations.audit import saved
from einklang.operations.audit.collect import tenant
from einklang.operations.audit.observed import Cluster
from einklang.operations.audit.registry import Source
from einklang.operations.audit.saved import Backups
from tests.unit.audit import recorded, samples

KEY = "a-key-that-nobody-else-has"
PASSWORD = "a-password-of-this-tenant"


class Server(BaseHTTPRequestHandler):
    """As rest-server with --append-only and --private-repos answers; `asked` keeps methods and paths."""

    asked: list[str]

    def answer(self) -> None:
        self.asked.append(f"{self.command} {self.path}")
        right = base64.b64encode(f"attendorn:{PASSWORD}".encode()).decode()
        known = self.headers.get("Authorization") == f"Basic {right}" and self.path.startswith("/attendorn/")
        self.send_response(401 if not known else 403 if self.command == "DELETE" else 200)
        self.end_headers()

    do_GET = do_DELETE = answer  # noqa: N815 - names of the library

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[str]:
    Server.asked = []
    running = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{running.server_port}"
    running.shutdown()
    running.server_close()


class Operators:
    """A cluster in which two tenants have a Secret."""

    def __init__(self, server: str, other_key: str = "another") -> None:
        self.place, self.keys = f"rest:{server}/attendorn/", {"tenant-attendorn": KEY, "tenant-olpe": other_key}

    def get(self, kind: str, *words: str) -> Any:
        if kind == "configmap":
            return {"data": {"repository.json": json.dumps({"repository": self.place, "authority": ""})}}
        if words[-1] not in self.keys:
            raise ClientError('kubectl get: secrets "backup" not found')
        values = {"username": "attendorn", "password": PASSWORD, "repository-key": self.keys[words[-1]]}
        return {"data": {name: base64.b64encode(value.encode()).decode() for name, value in values.items()}}


class Repository:
    """Opens with the tenant's key alone."""

    def __init__(self, _: Path, access: Access) -> None:
        self.access = access

    def open(self) -> Opened:
        return Opened.YES if self.access.key == KEY else Opened.WRONG_KEY


def look(operators: Any, tmp_path: Path, **way: Any) -> Any:
    backups = Backups(operators, tmp_path / "restic", **way)
    return saved.look(recorded.resolved(), ["olpe", "unknown"], backups, samples.NOW)


@pytest.fixture(autouse=True)
def restic(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saved, "Restic", Repository)


def test_the_site_is_asked_as_the_tenant_as_nobody_and_about_others(server: str, tmp_path: Path) -> None:
    found = look(Operators(server), tmp_path)
    assert (found.own, found.anonymous, found.removal) == (200, 401, 403)
    assert found.foreign == (("olpe", 401), ("unknown", 401), ("somebody-else", 401))
    assert (found.key, found.stranger, found.same_key) == ("opens", "another key", ())
    assert found.judged is None  # neither the site's folder nor its report
    removals = [each for each in Server.asked if each.startswith("DELETE")]
    assert removals == [f"DELETE /attendorn/data/{'0' * 64}"]


def test_no_key_and_no_password_is_kept(server: str, tmp_path: Path) -> None:
    assert KEY not in repr(look(Operators(server), tmp_path))
    assert PASSWORD not in repr(look(Operators(server), tmp_path))


def test_the_same_key_at_two_tenants_is_noticed(server: str, tmp_path: Path) -> None:
    assert look(Operators(server, KEY), tmp_path).same_key == ("olpe",)


def test_a_report_of_a_site_elsewhere_is_taken(server: str, tmp_path: Path) -> None:
    report = tmp_path / "status.json"
    finding = {"tenant": "attendorn", "check": "parts", "result": "fail", "text": "lacks files"}
    told = {"tenant": "attendorn", "newest": None, "drill": "2026-10-01T00:00:00+00:00", "findings": [finding]}
    report.write_text(json.dumps([told]))
    found = look(Operators(server), tmp_path, reports=report)
    assert found.judged == (("parts", "fail", "lacks files"),)
    assert found.rehearsed == told["drill"]
    report.write_text(json.dumps([{"tenant": "olpe", "newest": None, "findings": []}]))
    assert look(Operators(server), tmp_path, reports=report).judged is None
    report.write_text("[")
    with pytest.raises(UserError, match="no report"):
        look(Operators(server), tmp_path, reports=report)


def test_an_object_store_is_not_asked_what_only_its_operator_knows(tmp_path: Path, monkeypatch: Any) -> None:
    access = Access("s3:https://store.example/bucket/attendorn/", KEY)
    monkeypatch.setattr(saved, "of_tenant", lambda *_: access)
    found = look(Operators(""), tmp_path)
    assert (found.own, found.removal, found.foreign) == (None, None, ())
    assert found.key == "opens"


def test_a_site_that_does_not_answer_is_trouble(tmp_path: Path) -> None:
    with pytest.raises(ClientError):
        backup_server.ask(Access("rest:http://127.0.0.1:1/attendorn/", KEY, "attendorn", PASSWORD), [])


def test_without_a_way_to_the_site_the_checks_are_errors(tmp_path: Path) -> None:
    access = type("Access", (), {"backups": None, "client": None})()
    found = tenant(recorded.resolved(), Cluster([]), access, samples.NOW, [Source.BACKUPS])
    assert set(found.troubles) == {Source.BACKUPS}
