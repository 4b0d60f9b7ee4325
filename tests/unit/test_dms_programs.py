"""The parts of the DMS image's own code that stand without Django: scanner, periods, sign of life, libraries."""

from __future__ import annotations

import importlib.util
import socket
import struct
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from einklang.settings import PROJECT_ROOT

FOLDER = PROJECT_ROOT / "images" / "dms"


def program(path: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(Path(path).stem, FOLDER / path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


CLAMD, PERIODS = program("einklang_dms/clamd.py"), program("einklang_dms/periods.py")
PERMISSIONS = program("einklang_dms/permissions.py")
REDELIVERY, FAREWELL = program("einklang_dms/redelivery.py"), program("einklang_dms/farewell.py")
HEARTBEAT, LIBRARIES = program("einklang_dms/heartbeat.py"), program("libraries.py")


class Scanner:
    """A clamd that answers what it is told to, and keeps what it was sent."""

    def __init__(self, answer: bytes) -> None:
        self.answer, self.received = answer, b""
        self.server = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.server.getsockname()[1]}"
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self) -> None:
        connection, _ = self.server.accept()
        with connection, connection.makefile("rb") as stream:
            assert stream.read(10) == b"zINSTREAM\0"
            while size := struct.unpack("!L", stream.read(4))[0]:
                self.received += stream.read(size)
            connection.sendall(self.answer)


def chunks() -> Iterator[bytes]:
    yield from (b"one", b"", b"two" * 1000)


@pytest.mark.parametrize(("answer", "found"), [(b"stream: OK\0", ""), (b"stream: Eicar-Test FOUND\0", "Eicar-Test")])
def test_what_the_scanner_says(answer: bytes, found: str) -> None:
    scanner = Scanner(answer)
    assert CLAMD.scan(scanner.address, chunks()) == found
    scanner.thread.join(5)
    assert scanner.received == b"one" + b"two" * 1000


@pytest.mark.parametrize(
    ("found", "incomplete"),
    [("Heuristics.Limits.Exceeded.MaxScanTime", True), ("Einklang.Test.EICAR.UNOFFICIAL", False), ("", False)],
)
def test_what_could_not_be_looked_at_is_no_malware(found: str, incomplete: bool) -> None:
    assert CLAMD.incomplete(found) is incomplete


@pytest.mark.parametrize("answer", [b"", b"INSTREAM size limit exceeded. ERROR\0", b"stream: OK but FOU\0"])
def test_anything_else_is_no_clean_file(answer: bytes) -> None:
    with pytest.raises(OSError, match="clamd answers"):
        CLAMD.scan(Scanner(answer).address, chunks())


def test_a_scanner_that_is_not_there_is_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(OSError, match="refused"):
        CLAMD.scan(f"127.0.0.1:{port}", chunks())


def test_periods_run_from_the_end_of_the_year() -> None:
    assert PERIODS.expiry(datetime(2026, 1, 1, 8, 30), 2) == datetime(2029, 1, 1)
    assert PERIODS.expiry(datetime(2026, 12, 31, 23, 59, 59, 1), 10) == datetime(2037, 1, 1)
    assert PERIODS.expiry(datetime(2024, 2, 29), 1) == datetime(2026, 1, 1)


@pytest.mark.parametrize(
    ("connected", "clock", "alive"),
    [(True, True, True), (True, False, False), (False, True, False), (True, None, True)],
)
def test_a_worker_lives_with_its_broker_and_its_clock(connected: bool, clock: bool | None, alive: bool) -> None:
    beat = None if clock is None else SimpleNamespace(is_alive=lambda: clock)
    consumer = SimpleNamespace(connection=SimpleNamespace(connected=connected), controller=SimpleNamespace(beat=beat))
    assert HEARTBEAT.alive(consumer) is alive


def test_a_worker_that_stops_leaves_when_its_broker_stays_away() -> None:
    looks, slept = iter([True, False, False, True, False, False, False]), list[float]()
    ended = list[bool]()
    FAREWELL.leave(lambda: next(looks), lambda: ended.append(True), slept.append)
    assert (ended, len(slept), list(looks)) == ([True], 7, [])


def test_the_broker_is_there_while_it_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert FAREWELL._there("127.0.0.1", port)
    assert not FAREWELL._there("127.0.0.1", port)


def packages(root: Path, theme: str) -> Path:
    for named in LIBRARIES.FILES.values():
        for package, patterns in named.items():
            for pattern in (*patterns, "package.json"):
                file = root / package / pattern.replace("*", "file")
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text("x = 1\n//# sourceMappingURL=x.js.map\n")
    (root / "bootswatch/dist/flatly/bootstrap.min.css").write_text(theme)
    font = root / LIBRARIES.FONT
    (font / "files").mkdir(parents=True)
    (font / "package.json").write_text("{}")
    for face in LIBRARIES.FACES:
        urls = f"url(./files/{face}.woff2) format('woff2'), url(./files/{face}.woff) format('woff')"
        (font / f"{face}.css").write_text(f"src: {urls};\n")
    for face in ("400", "700"):
        (font / "files" / f"lato-latin-{face}-normal.woff2").write_bytes(b"f")
    return root


def test_libraries_and_font_are_put_in_place(tmp_path: Path) -> None:
    theme = f"@import url({LIBRARIES._IMPORT});/*# sourceMappingURL=b.map */"
    LIBRARIES.main(packages(tmp_path / "npm", theme), tmp_path / "static")
    copied = tmp_path / "static/appearance_bootstrap/node_modules/bootswatch/dist/flatly/bootstrap.min.css"
    assert copied.read_text() == "@import url(../../../../google_fonts/lato/import.css);"
    faces = (tmp_path / "static/appearance_bootstrap/google_fonts/lato/import.css").read_text()
    assert "woff2" in faces
    assert ".woff)" not in faces
    assert "sourceMapping" not in (tmp_path / "static/appearance/node_modules/jquery/dist/jquery.min.js").read_text()


def test_a_theme_that_asks_elsewhere_for_its_font_ends_the_build(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="font"):
        LIBRARIES.main(packages(tmp_path / "npm", "@import url(https://elsewhere.example);"), tmp_path / "static")


def test_a_file_that_is_missing_ends_the_build(tmp_path: Path) -> None:
    root = packages(tmp_path / "npm", LIBRARIES._IMPORT)
    (root / "jquery/dist/jquery.min.js").unlink()
    with pytest.raises(SystemExit, match=r"jquery\.min\.js"):
        LIBRARIES.main(root, tmp_path / "static")


def test_a_permission_is_asked_for_once_a_request_and_each_user_for_itself() -> None:
    asked: list[tuple[int, str]] = []

    def ask(permission: Any, user: Any) -> bool:
        asked.append((permission.pk, user.name))
        return bool(user.name == "clerk")

    may = PERMISSIONS.once(ask)
    view, delete = SimpleNamespace(pk=1), SimpleNamespace(pk=2)
    clerk, stranger, next_request = (SimpleNamespace(name=name) for name in ("clerk", "stranger", "clerk"))
    assert [may(view, clerk), may(view, clerk), may(delete, clerk)] == [True, True, True]
    assert [may(view, stranger), may(view, stranger)] == [False, False]
    assert may(view, next_request)
    assert asked == [(1, "clerk"), (2, "clerk"), (1, "stranger"), (1, "clerk")]


class Broker:
    """kombu's connection and channel to a broker (images/dms/einklang_dms/broker.py) with tasks of a dead worker."""

    def __init__(self, nowhere: list[str]) -> None:
        self.nowhere, self.waited, self.given_back = nowhere, False, list[tuple[str, bool]]()
        self.default_channel = self.qos = self.amqp = self
        self.queues = {"ocr": None, "uploads": None}

    @contextmanager
    def connection_for_read(self) -> Iterator[Broker]:
        yield self

    def ensure_connection(self, max_retries: int | None) -> None:
        assert max_retries is None, "the broker may start later"
        self.waited = True

    def in_no_queue(self, queues: list[str]) -> list[str]:
        assert self.waited
        assert queues == ["ocr", "uploads"]
        return self.nowhere

    def restore_by_tag(self, tag: str, *, leftmost: bool) -> None:
        self.given_back.append((tag, leftmost))


@pytest.mark.parametrize("nowhere", [[], ["one", "two"]])
def test_what_a_dead_worker_had_taken_is_first_in_the_queue_again(nowhere: list[str]) -> None:
    broker = Broker(nowhere)
    REDELIVERY.give_back(broker, ())
    assert broker.given_back == [(tag, True) for tag in nowhere]


def test_what_a_worker_is_working_on_is_left_alone() -> None:
    broker = Broker(["one", "two"])
    REDELIVERY.give_back(broker, {"two"})
    assert broker.given_back == [("one", True)]
