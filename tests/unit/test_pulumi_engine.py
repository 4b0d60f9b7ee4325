"""The engine client's own part: a lock whose holder is dead is released, any other stays."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from pathlib import Path

import pytest

from einklang.clients.pulumi import Changes, PulumiEngine


def ended_process() -> int:
    child = subprocess.Popen(["true"])
    child.wait()
    return child.pid


def lock(state: Path, pid: int, hostname: str | None = None) -> Path:
    file = state / ".pulumi" / "locks" / "organization" / "einklang" / "olpe" / "1.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"pid": pid, "hostname": hostname or socket.gethostname(), "username": "root"}))
    return file


@pytest.fixture
def engine(tmp_path: Path) -> PulumiEngine:
    return PulumiEngine(tmp_path, {"PULUMI_BACKEND_URL": f"file://{tmp_path}"}, tmp_path / "logs")


def test_a_dead_holders_lock_is_released(tmp_path: Path, engine: PulumiEngine) -> None:
    file = lock(tmp_path, ended_process())
    assert engine.release_dead_lock("olpe")
    assert not file.exists()


def test_a_recycled_process_id_does_not_keep_the_lock(tmp_path: Path, engine: PulumiEngine) -> None:
    lock(tmp_path, os.getpid())
    assert engine.release_dead_lock("olpe")


def test_another_hosts_lock_stays(tmp_path: Path, engine: PulumiEngine) -> None:
    file = lock(tmp_path, ended_process(), hostname="elsewhere")
    assert not engine.release_dead_lock("olpe")
    assert file.exists()


def test_a_live_pulumis_lock_stays(tmp_path: Path, engine: PulumiEngine) -> None:
    program = tmp_path / "pulumi"
    program.symlink_to("/bin/sleep")
    child = subprocess.Popen([str(program), "30"])
    try:
        while Path(f"/proc/{child.pid}/comm").read_text().strip() != "pulumi":
            time.sleep(0.01)  # exec gives the process its name a moment after Popen returns
        file = lock(tmp_path, child.pid)
        assert not engine.release_dead_lock("olpe")
        assert file.exists()
    finally:
        child.kill()
        child.wait()


def test_an_unreadable_lock_and_a_remote_backend_are_left_alone(tmp_path: Path, engine: PulumiEngine) -> None:
    lock(tmp_path, 1).write_text("{")
    assert not engine.release_dead_lock("olpe")
    remote = PulumiEngine(tmp_path, {"PULUMI_BACKEND_URL": "s3://bucket"}, tmp_path)
    assert not remote.release_dead_lock("olpe")


def test_changes_read_as_a_sentence() -> None:
    assert str(Changes(created=2, deleted=1, same=40)) == "2 created, 1 deleted (40 unchanged)"
    assert str(Changes(same=43)) == "no changes (43 unchanged)"
    assert Changes(same=43).none
    assert not Changes(replaced=1).none
