"""Records of processes: only ours are ever ended, whatever was killed and whoever got an id meanwhile."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from einklang.errors import ClientError
from einklang.operations.local import processes
from einklang.operations.local.processes import LOG_BYTES, Processes

WAITS = "while :; do sleep 0.05; done"


class Place:
    """A cluster folder, and `etcd`, which is a shell under that name."""

    def __init__(self, root: Path) -> None:
        self.cluster = root / "cluster"
        self.log = root / "etcd.log"
        self.program = root / "etcd"
        self.processes = Processes(root / "records", self.cluster)
        shutil.copy("/bin/sh", self.program)

    def start(self, script: str = WAITS, fingerprint: str = "1", cluster: Path | None = None) -> int:
        argv = [self.program, "-c", script, f"--data-dir={cluster or self.cluster}/etcd"]
        self.processes.start("etcd", argv, self.log, dict(os.environ), fingerprint)
        found = self.processes.find("etcd")
        assert found
        return found.pid

    @property
    def record(self) -> Path:
        return self.cluster.parent / "records" / "processes" / "etcd.json"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    here = Place(tmp_path)
    yield here
    processes.end(here.processes.strays(), 0.1)


def test_a_second_start_finds_the_first(place: Place) -> None:
    pid = place.start()
    assert place.start() == pid
    found = place.processes.find("etcd")
    assert found and found.fingerprint == "1" and abs(found.since.timestamp() - time.time()) < 60


def test_stop_ends_it_and_forgets_it(place: Place) -> None:
    pid = place.start()
    place.processes.stop(["etcd"], 5)
    assert pid not in place.processes.strays() and not place.record.exists() and place.processes.find("etcd") is None


def test_what_ignores_the_request_is_killed(place: Place) -> None:
    pid = place.start(f"trap '' TERM; {WAITS}")
    time.sleep(0.1)
    place.processes.stop(["etcd"], 0.2)
    assert pid not in place.processes.strays()


@pytest.mark.parametrize(
    "changed", [{"start": 1}, {"start": None}, {"boot": "another"}, {"pid": "x"}, None], ids=lambda value: str(value)
)
def test_a_recycled_id_or_a_broken_record_is_nobody(place: Place, changed: dict[str, object] | None) -> None:
    pid = place.start()
    place.record.write_text("{" if changed is None else json.dumps({**json.loads(place.record.read_text()), **changed}))
    assert place.processes.find("etcd") is None
    place.processes.stop(["etcd"], 0.1)
    assert pid in place.processes.strays()


def test_what_was_killed_before_its_record_was_written_is_found(place: Place) -> None:
    pid = place.start()
    place.record.unlink()
    assert pid in place.processes.strays() and pid in place.processes.strays("etcd")
    assert place.processes.strays("kubelet") == []


def test_processes_of_a_neighbouring_folder_are_not_ours(place: Place) -> None:
    place.start(cluster=place.cluster.with_name("cluster2"))
    assert place.processes.strays() == []
    place.processes.stop(["etcd"], 0.1)


def test_a_death_shows_the_last_lines(place: Place) -> None:
    place.processes.start("etcd", [place.program, "-c", "echo bad day; exit 1"], place.log, dict(os.environ), "1")
    deadline = time.monotonic() + 5
    while place.processes.find("etcd") and time.monotonic() < deadline:
        time.sleep(0.02)
    with pytest.raises(ClientError, match=r"etcd has ended; log: .*\n  bad day"):
        place.processes.require("etcd", place.log)


def test_a_long_log_is_put_aside(place: Place) -> None:
    place.log.write_bytes(b"\0" * (LOG_BYTES + 1))
    place.start()
    assert place.log.with_suffix(".log.1").stat().st_size == LOG_BYTES + 1
    assert place.log.stat().st_size == 0


def test_the_end_of_nobody_is_no_error() -> None:
    processes.end([2**22 + 1], 0.1)
