"""Processes that outlive the command that starts them, each with a record, so that only those are ever ended.

A record holds the process id, its start time and the machine's boot: a recycled id has another start time. What a
crash left without a record (a kill between start and record; containerd's shims) is recognised by its program and by
the cluster's folder among its arguments.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from einklang.clients import process
from einklang.errors import ClientError
from einklang.operations.local import host

PROGRAMS = frozenset(
    {
        "etcd",
        "kube-apiserver",
        "kube-controller-manager",
        "kube-scheduler",
        "kubelet",
        "kube-proxy",
        "kube-router",
        "containerd",
        "containerd-shim-runc-v2",
        "rest-server",
    }
)
LOG_BYTES = 16 * 1024 * 1024
_LAST_LINES = 15
_KILL_SECONDS = 10.0


@dataclass(frozen=True)
class Running:
    """A process of ours that lives. since: UTC. fingerprint: of all it was started with."""

    name: str
    pid: int
    since: datetime
    fingerprint: str


class Processes:
    """The processes of one cluster. records: their folder. cluster: the folder that all of them name."""

    def __init__(self, records: Path, cluster: Path, proc: Path = host.PROC) -> None:
        self._records = records / "processes"
        self._cluster = str(cluster)
        self._proc = proc

    def start(
        self, name: str, argv: Sequence[str | os.PathLike[str]], log: Path, env: Mapping[str, str], fingerprint: str
    ) -> None:
        """Start the process unless it lives. fingerprint: of all it is started with, for `find`."""
        if self.find(name):
            return
        if log.exists() and log.stat().st_size > LOG_BYTES:
            log.replace(log.with_suffix(".log.1"))
        pid = process.start(argv, log=log, env=env)
        record = {"pid": pid, "start": _start_ticks(self._proc, pid), "boot": host.boot(self._proc)}
        self._records.mkdir(parents=True, exist_ok=True)
        new = self._records / f".{name}.new"
        new.write_text(json.dumps({**record, "fingerprint": fingerprint}))
        new.replace(self._record(name))

    def find(self, name: str) -> Running | None:
        """The process of that name, where it lives."""
        try:
            record = json.loads(self._record(name).read_text())
            pid, start, boot = int(record["pid"]), record["start"], record["boot"]
            fingerprint = str(record["fingerprint"])
        except (OSError, ValueError, KeyError):
            return None
        if start is None or boot != host.boot(self._proc) or _start_ticks(self._proc, pid) != start:
            return None
        return Running(name, pid, _since(self._proc, start), fingerprint)

    def require(self, name: str, log: Path) -> None:
        """Raise ClientError with the log's last lines where the process has died."""
        if self.find(name) is None:
            lines = log.read_text(errors="replace").splitlines()[-_LAST_LINES:] if log.exists() else []
            raise ClientError(f"{name} has ended; log: {log}\n  " + "\n  ".join(lines), log=log)

    def stop(self, names: Collection[str], timeout_seconds: float) -> None:
        """End the named processes: asked first, killed after the timeout."""
        end([found.pid for name in names if (found := self.find(name))], timeout_seconds)
        for name in names:
            self._record(name).unlink(missing_ok=True)

    def strays(self, name: str | None = None) -> list[int]:
        """Ids of processes of this cluster (of that program only, with `name`), recorded or not."""
        programs = {name} if name else PROGRAMS
        pids = sorted(int(entry.name) for entry in self._proc.iterdir() if entry.name.isdigit())
        return [pid for pid in pids if self._is_ours(arguments(pid, self._proc), programs)]

    def _is_ours(self, words: list[str], programs: Iterable[str]) -> bool:
        if not words or Path(words[0]).name not in programs:
            return False
        return any(word.partition("=")[2].startswith(f"{self._cluster}/") for word in words[1:]) or any(
            word.startswith(f"{self._cluster}/") for word in words[1:]
        )

    def _record(self, name: str) -> Path:
        return self._records / f"{name}.json"


def end(pids: Iterable[int], timeout_seconds: float = 5.0, clock: Callable[[], float] = time.monotonic) -> None:
    """SIGTERM, and SIGKILL for those that still live after the timeout. Returns when all are gone.

    Each is signalled by a descriptor: a process that gets the id of one that has ended is never touched.
    """
    with contextlib.ExitStack() as stack:
        living = []
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                descriptor = os.pidfd_open(pid)
                stack.callback(os.close, descriptor)
                living.append(descriptor)
        for sent, limit in ((signal.SIGTERM, timeout_seconds), (signal.SIGKILL, _KILL_SECONDS)):
            for descriptor in living:
                with contextlib.suppress(ProcessLookupError):
                    signal.pidfd_send_signal(descriptor, sent)
            deadline = clock() + limit
            while living and (left := deadline - clock()) > 0:
                ended, _, _ = select.select(living, [], [], left)  # a descriptor is readable when its process has ended
                living = [descriptor for descriptor in living if descriptor not in ended]


def arguments(pid: int, proc: Path = host.PROC) -> list[str]:
    """The process's command line; empty where it is gone."""
    try:
        return (proc / str(pid) / "cmdline").read_bytes().decode(errors="replace").rstrip("\0").split("\0")
    except OSError:
        return []


def _start_ticks(proc: Path, pid: int) -> int | None:
    """Start time in clock ticks since boot (field 22 of proc(5) stat); None where it is gone or a zombie."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)  # a child of this very process stays a zombie until somebody asks
    try:
        fields = (proc / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else int(fields[19])


def _since(proc: Path, start_ticks: int) -> datetime:
    boot = next(int(line.split()[1]) for line in (proc / "stat").read_text().splitlines() if line.startswith("btime"))
    return datetime.fromtimestamp(boot + start_ticks / os.sysconf("SC_CLK_TCK"), UTC)
