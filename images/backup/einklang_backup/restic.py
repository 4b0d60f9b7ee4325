"""restic, as a run needs it: snapshots of a stream and of a folder, and what a snapshot holds."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

CHUNK = 1024 * 1024
_LAST_LINES = 8
_NO_REPOSITORY, _ASK_AGAIN_SECONDS = 10, 5.0
_NOTICE_SECONDS, _GRACE_SECONDS = 2.0, 20.0


class Failed(Exception):  # noqa: N818 - it says what happened
    """A program ended otherwise than it should."""


@dataclass(frozen=True)
class Saved:
    """One snapshot. bytes: that it holds. added_bytes: new in the repository, compressed. sha256: of a stream."""

    snapshot: str
    bytes: int
    added_bytes: int
    files: int
    seconds: float
    sha256: str | None = None


@dataclass(frozen=True)
class Process:
    """A program with its arguments, and its whole environment."""

    command: Sequence[str]
    environment: Mapping[str, str]


@dataclass(frozen=True)
class Passed:
    """What went through a pipe."""

    bytes: int
    sha256: str


class Restic:
    """One repository. environment: all variables of restic. host: the tenant, which every snapshot carries."""

    def __init__(self, environment: Mapping[str, str], host: str, program: str = "restic") -> None:
        self._environment, self._host, self._program = dict(environment), host, program

    def reach(
        self,
        seconds: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Return when the repository opens. Raises Failed where it does not.

        A site that does not answer is asked for a quarter of an hour by restic itself; one that has no such repository
        is at work in it (it prunes), and is asked again for so many seconds.
        """
        command, deadline = [self._program, "cat", "config", "--no-lock"], clock() + seconds
        while True:
            done = subprocess.run(command, env=self._environment, capture_output=True, check=False)
            if done.returncode != _NO_REPOSITORY or clock() > deadline:
                return _check(command, done.returncode, done.stderr)
            sleep(_ASK_AGAIN_SECONDS)

    def stream(self, name: str, source: Sequence[str], environment: Mapping[str, str], tags: Sequence[str]) -> Saved:
        """A snapshot of what a program prints, under the path `name`.

        Where the program fails, restic is killed before it hears of the end: there is no snapshot of half a stream.
        """
        command = self._backup(tags, "--stdin", "--stdin-filename", name)
        passed, printed = _piped(Process(source, {**os.environ, **environment}), Process(command, self._environment))
        return _saved(printed, passed.sha256)

    def deliver(self, snapshot: str, path: str, sink: Sequence[str], environment: Mapping[str, str]) -> Passed:
        """Hand a file of a snapshot to a program's standard input, as a stream.

        Where restic fails (a damaged pack, the site is gone), the program is killed before it hears of an end.
        """
        command = [self._program, "dump", "--no-lock", snapshot, path]
        return _piped(Process(command, self._environment), Process(sink, {**os.environ, **environment}))[0]

    def lines(self, snapshot: str, path: str, program: Sequence[str]) -> Iterator[str]:
        """What a program prints that is fed a file of a snapshot; it may have enough before the end.

        Raises Failed where it fails, as it does when restic breaks off before that.
        """
        command = [self._program, "dump", "--no-lock", snapshot, path]
        with _in_memory() as said, _in_memory() as wailed:
            producer = subprocess.Popen(command, env=self._environment, stdout=subprocess.PIPE, stderr=wailed)
            consumer = subprocess.Popen(program, stdin=producer.stdout, stdout=subprocess.PIPE, stderr=said, text=True)
            assert producer.stdout and consumer.stdout  # noqa: S101 - opened as pipes
            producer.stdout.close()  # it is the program's now: restic hears when nobody reads any more
            try:
                yield from consumer.stdout
                _check(program, consumer.wait(), _content(wailed) + _content(said))
            finally:
                _end(consumer)
                _end(producer)

    def restore(self, snapshot: str, folder: str, target: Path) -> Iterator[tuple[str, int]]:
        """Put what a snapshot holds below `folder` below `target`; what is there already and the same stays.

        Tells path and size of each file and folder that the snapshot has there; not all is there before the end.
        """
        told = ["--json", "--verbose=2", "--target", str(target)]
        for line in self._printed([self._program, "restore", "--no-lock", *told, f"{snapshot}:{folder}"]):
            entry = json.loads(line)
            if entry["message_type"] == "verbose_status":
                yield entry["item"].lstrip("/"), int(entry["size"])

    def folder(self, path: str, left_out: Sequence[str], tags: Sequence[str]) -> Saved:
        """A snapshot of a folder. Raises Failed also where restic could not read a file (its code 3)."""
        options = [part for pattern in left_out for part in ("--exclude", pattern)]
        return _saved(self._run(self._backup(tags, *options, path)), None)

    def paths(self, snapshot: str) -> Iterator[tuple[str, int]]:
        """Path and size of each file of a snapshot."""
        for line in self._printed([self._program, "ls", "--json", "--no-lock", snapshot]):
            entry = json.loads(line)
            if entry.get("type") == "file":
                yield entry["path"], int(entry.get("size", 0))

    def _backup(self, tags: Sequence[str], *more: str) -> list[str]:
        marked = [part for tag in tags for part in ("--tag", tag)]
        return [self._program, "backup", "--json", "--retry-lock", "5m", "--host", self._host, *marked, *more]

    def _printed(self, command: Sequence[str]) -> Iterator[str]:
        """Line by line: a town has a million files. Raises Failed after the last one where the program fails."""
        with _in_memory() as said:
            with subprocess.Popen(
                command, env=self._environment, stdout=subprocess.PIPE, stderr=said, text=True
            ) as child:
                assert child.stdout  # noqa: S101 - opened as a pipe
                yield from child.stdout
            _check(command, child.returncode, _content(said))

    def _run(self, command: Sequence[str]) -> bytes:
        done = subprocess.run(command, env=self._environment, capture_output=True, check=False)
        _check(command, done.returncode, done.stderr or done.stdout)
        return done.stdout


def _piped(source: Process, sink: Process) -> tuple[Passed, bytes]:
    """Run both, one's output as the other's input; what went through, and what the sink printed.

    Where the source fails, the sink is killed before it hears of the end: half a stream is none.
    """
    # What both say goes to files: a pipe that nobody reads would stop them.
    with tempfile.TemporaryFile() as printed, _in_memory() as said, _in_memory() as wailed:
        producer = subprocess.Popen(source.command, env=source.environment, stdout=subprocess.PIPE, stderr=wailed)
        consumer = subprocess.Popen(
            sink.command, env=sink.environment, stdin=subprocess.PIPE, stdout=printed, stderr=said
        )
        try:
            passed = _pump(producer, consumer)
            if passed is not None:
                _check(source.command, producer.wait(), _content(wailed))
                _close(consumer)
            _check(sink.command, consumer.wait(), _content(said))
        finally:
            _end(consumer)
            _end(producer)
        if passed is None:
            raise Failed(f"{' '.join(sink.command[:2])}: ended before its stream")
        return passed, _content(printed)


def _pump(producer: subprocess.Popen[bytes], consumer: subprocess.Popen[bytes]) -> Passed | None:
    """Pass everything on, without the end; None where the consumer has ended."""
    assert producer.stdout and consumer.stdin  # noqa: S101 - opened as pipes
    digest, count = hashlib.sha256(), 0
    while block := producer.stdout.read(CHUNK):
        digest.update(block)
        count += len(block)
        try:
            consumer.stdin.write(block)
        except BrokenPipeError:
            return None  # its code says why
    return Passed(count, digest.hexdigest())


def _close(consumer: subprocess.Popen[bytes]) -> None:
    assert consumer.stdin  # noqa: S101 - opened as a pipe
    with contextlib.suppress(BrokenPipeError):
        consumer.stdin.close()


def _end(child: subprocess.Popen[bytes]) -> None:
    """Asked first, so that restic takes its lock away; a child that has ended well is not touched.

    Its input is closed only when it knows that it has to end: before, that would be the end of the stream. Where it
    took it for that all the same, the run has no manifest.
    """
    for signalled, seconds in ((child.terminate, _NOTICE_SECONDS), (lambda: _close_pipes(child), _GRACE_SECONDS)):
        signalled()
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(seconds)
    child.kill()
    child.wait()


def _close_pipes(child: subprocess.Popen[bytes]) -> None:
    for pipe in (child.stdin, child.stdout):
        if pipe:
            with contextlib.suppress(BrokenPipeError):
                pipe.close()


def _in_memory() -> IO[bytes]:
    """A file for complaints: a full disk is one of them."""
    return os.fdopen(os.memfd_create("said"), "w+b")


def _content(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read()


def _check(command: Sequence[str], code: int, complaint: bytes) -> None:
    if code != 0:
        lines = complaint.decode(errors="replace").strip().splitlines()[-_LAST_LINES:]
        raise Failed(f"{' '.join(command[:2])}: code {code}: " + "; ".join(map(_in_words, lines)))


def _in_words(line: str) -> str:
    """What restic complains of, with `--json` too."""
    try:
        told = json.loads(line)
        return str(told["message"] if "message" in told else told["error"]["message"]).strip()
    except (ValueError, TypeError, KeyError):
        return line


def _saved(printed: bytes, sha256: str | None) -> Saved:
    summary: dict[str, Any] = json.loads(printed.decode().strip().splitlines()[-1])
    if summary.get("message_type") != "summary" or not summary.get("snapshot_id"):
        raise Failed("restic backup: no summary of a snapshot")
    return Saved(
        snapshot=summary["snapshot_id"],
        bytes=int(summary["total_bytes_processed"]),
        added_bytes=int(summary.get("data_added_packed", summary["data_added"])),
        files=int(summary["total_files_processed"]),
        seconds=round(float(summary["total_duration"]), 1),
        sha256=sha256,
    )
