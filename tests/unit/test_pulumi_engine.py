"""The engine client's own part: a lock whose holder is dead is released, any other stays."""

from __future__ import annotations

import gc
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
    return PulumiEngine(tmp_path, {"PULUMI_BACKEND_URL": f"file://{tmp_path}?metadata=skip"}, tmp_path / "logs")


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


FAKE = """#!/bin/sh
echo "$*" >> "${CALLS:-/dev/null}"
touch "$TMPDIR/kubeconfig1" && ls -d "$TMPDIR" > "${CALLS:-/dev/null}.tmpdir"
case "$*" in
  version) echo v3.259.0 ;;
  *" up "*) [ -e "$STATE" ] || { echo "error: no stack named 'olpe' found" >&2; exit 255; }
    while [ "$1" != --event-log ]; do shift; done
    echo '{"sequence": 1, "stdoutEvent": {"message": "working"}}' > "$2"
    echo '{"sequence": 2, "summaryEvent": {"resourceChanges": {"create": 2, "same": 3}}}' >> "$2"
    echo working ;;
  *"stack init"*) touch "$STATE" ;;
  *"stack select"*) echo "error: no stack named 'olpe' found" >&2; exit 255 ;;
esac
"""


@pytest.fixture
def calls(tmp_path: Path) -> Path:
    program = tmp_path / "bin" / "pulumi"
    program.parent.mkdir()
    program.write_text(FAKE)
    program.chmod(0o755)
    (tmp_path / "Pulumi.yaml").write_text("name: einklang\nruntime: python\n")
    return tmp_path / "calls"


def faked(tmp_path: Path, calls: Path) -> PulumiEngine:
    environment = {
        "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}",
        "CALLS": str(calls),
        "STATE": str(tmp_path / "state"),
    }
    return PulumiEngine(tmp_path, environment, tmp_path / "logs")


def test_an_update_is_one_run_of_pulumi(tmp_path: Path, calls: Path) -> None:
    (tmp_path / "state").touch()
    engine, lines = faked(tmp_path, calls), list[str]()
    assert engine.up("olpe", lines.append) == Changes(created=2, same=3)
    engine.up("olpe")
    told = [call.split(" --event-log")[0] for call in calls.read_text().splitlines()]
    assert told == ["--non-interactive up --yes --skip-preview --color never --stack olpe"] * 2
    assert lines == ["working"]
    assert (tmp_path / "logs" / "olpe.log").read_text() == "working\nworking\n"


def test_a_stack_that_does_not_exist_yet_is_made(tmp_path: Path, calls: Path) -> None:
    assert faked(tmp_path, calls).up("olpe") == Changes(created=2, same=3)
    assert any("stack init" in call for call in calls.read_text().splitlines())


SALT = "encryptionsalt: v1:a:b\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (SALT, ""),
        (SALT + "config:\n  einklang:ring: 1\n", "config:\n  einklang:ring: 1\n"),
        (SALT + "config:\n  einklang:token:\n    secure: v1:c\n", None),
    ],
    ids=["salt alone", "settings stay", "secrets of the old passphrase"],
)
def test_a_new_stack_does_not_take_the_salt_of_an_old_one(
    tmp_path: Path, calls: Path, before: str, after: str | None
) -> None:
    settings = tmp_path / "Pulumi.olpe.yaml"
    settings.write_text(before)
    faked(tmp_path, calls).up("olpe")
    assert settings.read_text() == (before if after is None else after)


def test_an_existing_stack_keeps_its_salt(tmp_path: Path, calls: Path) -> None:
    (tmp_path / "state").touch()
    (tmp_path / "Pulumi.olpe.yaml").write_text(SALT)
    faked(tmp_path, calls).up("olpe")
    assert (tmp_path / "Pulumi.olpe.yaml").read_text() == SALT


def test_what_the_provider_leaves_in_the_temporary_folder_goes_with_the_engine(tmp_path: Path, calls: Path) -> None:
    engine = faked(tmp_path, calls)
    engine.up("olpe")
    folder = Path(calls.with_name("calls.tmpdir").read_text().strip())
    assert (folder / "kubeconfig1").is_file()
    del engine
    gc.collect()
    assert not folder.exists()


def test_an_exported_state_keeps_its_secrets_encrypted(tmp_path: Path) -> None:
    """The Automation API's `export_stack` would ask for them in clear."""
    program = tmp_path / "bin" / "pulumi"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\ncase "$1" in version) echo v3.259.0 ;; *) echo "$@" ;; esac\n')
    program.chmod(0o755)
    engine = PulumiEngine(tmp_path, {**os.environ, "PATH": f"{tmp_path}/bin:{os.environ['PATH']}"}, tmp_path / "logs")
    asked = engine.export("olpe").split()
    assert [word for word in asked if word != "--non-interactive"] == ["stack", "export", "--stack", "olpe"]
