"""Programs as clients: run one to its end, or start one that stays.

Arguments are lists, never a shell line; what a program prints goes to a log file or comes back as text.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from einklang.errors import ClientError

_LAST_LINES = 20


@dataclass(frozen=True)
class Finished:
    """A program that has ended: its exit code and what it printed (empty where it went to a log)."""

    code: int
    stdout: str
    stderr: str


def run(
    argv: Sequence[str | os.PathLike[str]],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    stdin: str | None = None,
    log: Path | None = None,
    timeout_seconds: float | None = None,
    check: bool = True,
) -> Finished:
    """Run a program to its end in a process group of its own.

    env: the whole environment (None: this process's). log: appends stdout and stderr there instead of returning them.
    On a timeout, an interrupt or any other exception the whole group is killed, so nothing stays behind.
    Raises ClientError when the program is missing, times out, or (with `check`) ends with another code than 0.
    """
    words = [os.fspath(word) for word in argv]
    with contextlib.ExitStack() as stack:
        sink = stack.enter_context(_opened(log)) if log else None
        try:
            child = subprocess.Popen(
                words,
                env=dict(env) if env is not None else None,
                cwd=cwd,
                stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL,
                stdout=sink or subprocess.PIPE,
                stderr=subprocess.STDOUT if sink else subprocess.PIPE,
                text=True,
                start_new_session=True,
            )
        except OSError as error:
            raise ClientError(f"{words[0]}: cannot be started: {error.strerror}") from error
        try:
            stdout, stderr = child.communicate(stdin, timeout=timeout_seconds)
        except subprocess.TimeoutExpired as error:
            _kill_group(child)
            raise ClientError(f"{words[0]}: no end within {timeout_seconds:g} s", log=log) from error
        except BaseException:
            _kill_group(child)
            raise
    finished = Finished(child.returncode, stdout or "", stderr or "")
    if check and finished.code != 0:
        raise ClientError(_failure(words, finished, log), log=log)
    return finished


def run_bounded(argv: Sequence[str], *, env: Mapping[str, str], limit_bytes: int) -> Finished:
    """Run a program of which somebody else decides how much it prints. Raises ClientError beyond the limit."""
    with tempfile.TemporaryFile() as complaints:
        child = subprocess.Popen(
            argv,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=complaints,
            start_new_session=True,
        )
        try:
            assert child.stdout  # noqa: S101 - opened as a pipe
            printed = child.stdout.read(limit_bytes + 1)
            if len(printed) > limit_bytes:
                raise ClientError(f"{argv[0]} prints more than the {limit_bytes} bytes that are allowed")
            code = child.wait()
        except BaseException:
            _kill_group(child)
            raise
        complaints.seek(0)
        return Finished(code, printed.decode(errors="replace"), complaints.read().decode(errors="replace"))


def start(
    argv: Sequence[str | os.PathLike[str]],
    *,
    log: Path,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> int:
    """Start a program that outlives this process, in a session of its own; returns its process id.

    stdout and stderr are appended to `log`. Raises ClientError when it cannot be started.
    """
    words = [os.fspath(word) for word in argv]
    with _opened(log) as sink:
        try:
            child = subprocess.Popen(
                words,
                env=dict(env) if env is not None else None,
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            raise ClientError(f"{words[0]}: cannot be started: {error.strerror}", log=log) from error
    return child.pid


@contextlib.contextmanager
def _opened(log: Path) -> Iterator[IO[bytes]]:
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as sink:
        yield sink


def _kill_group(child: subprocess.Popen[Any]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def _failure(words: Sequence[str], finished: Finished, log: Path | None) -> str:
    if log:
        text, where = log.read_text(errors="replace"), f"; log: {log}"
    else:
        text, where = finished.stderr or finished.stdout, ""
    lines = "\n  ".join(text.strip().splitlines()[-_LAST_LINES:])
    return f"{' '.join(words[:3])}: ended with code {finished.code}{where}\n  {lines}"
