"""Programs as clients: nothing stays behind, and a failure says what and where."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from einklang.clients import process
from einklang.errors import ClientError


def test_returns_what_the_program_printed() -> None:
    finished = process.run(["sh", "-c", "read word; echo $word; echo oops >&2"], stdin="hello\n")
    assert (finished.code, finished.stdout, finished.stderr) == (0, "hello\n", "oops\n")


def test_a_failure_names_program_code_log_and_last_lines(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "it.log"
    with pytest.raises(ClientError, match=r"code 3; log: .*it\.log\n  bad day") as caught:
        process.run(["sh", "-c", "echo bad day; exit 3"], log=log)
    assert caught.value.log == log


def test_an_unchecked_failure_is_returned() -> None:
    assert process.run(["false"], check=False).code == 1


def test_a_missing_program_is_an_error_not_a_traceback() -> None:
    with pytest.raises(ClientError, match="no-such-program: cannot be started"):
        process.run(["no-such-program"])


def test_a_timeout_kills_the_whole_group(tmp_path: Path) -> None:
    mark = tmp_path / "alive"
    with pytest.raises(ClientError, match=r"no end within 0\.3 s"):
        process.run(["sh", "-c", f"(sleep 1; touch {mark}) & wait"], timeout_seconds=0.3)
    time.sleep(1.2)
    assert not mark.exists()


def test_a_started_program_outlives_the_call_and_logs(tmp_path: Path) -> None:
    log = tmp_path / "it.log"
    assert process.start(["sh", "-c", "echo started"], log=log) > 0
    for _ in range(50):
        if log.read_text():
            break
        time.sleep(0.05)
    assert log.read_text() == "started\n"
