"""Measure a command: wall time, CPU time and peak memory of its whole process tree."""

from __future__ import annotations

import os
import statistics
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_PAGE = os.sysconf("SC_PAGE_SIZE")
_SAMPLE_SECONDS = 0.05


@dataclass(frozen=True)
class Figure:
    """One run. wall_seconds; cpu_seconds: user and system of the tree's ended processes; peak_mib: sum of the tree's
    resident memory at its highest sample (shared pages count once for each process, so it is an upper bound)."""

    wall_seconds: float
    cpu_seconds: float
    peak_mib: float


@dataclass(frozen=True)
class Result:
    """The median figure of `runs` runs."""

    figure: Figure
    runs: int


def run(argv: Sequence[str], environ: Mapping[str, str], cwd: Path, *, timeout_seconds: float = 900) -> Figure:
    """Run a command once. Raises AssertionError with its output when it fails."""
    before, began = os.times(), time.monotonic()
    child = subprocess.Popen(
        list(argv), env=dict(environ), cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    peak, done = [0.0], threading.Event()
    sampler = threading.Thread(target=_sample, args=(child.pid, peak, done), daemon=True)
    sampler.start()
    try:
        output, _ = child.communicate(timeout=timeout_seconds)
    finally:
        child.kill()
        done.set()
        sampler.join()
    after, wall = os.times(), time.monotonic() - began
    if child.returncode != 0:
        raise AssertionError(f"{' '.join(argv)}: code {child.returncode}\n{output}")
    cpu = (after.children_user - before.children_user) + (after.children_system - before.children_system)
    return Figure(wall, cpu, peak[0])


def repeat(
    argv: Sequence[str], environ: Mapping[str, str], cwd: Path, *, runs: int, timeout_seconds: float = 900
) -> Result:
    """Run a command several times after one run that is not counted (it fills the caches)."""
    run(argv, environ, cwd, timeout_seconds=timeout_seconds)
    return Result(median([run(argv, environ, cwd, timeout_seconds=timeout_seconds) for _ in range(runs)]), runs)


def once(argv: Sequence[str], environ: Mapping[str, str], cwd: Path, *, timeout_seconds: float = 900) -> Result:
    """Run a command that can run only once."""
    return Result(run(argv, environ, cwd, timeout_seconds=timeout_seconds), 1)


def median(figures: Sequence[Figure]) -> Figure:
    """The median of each figure over several runs."""
    return Figure(
        statistics.median(figure.wall_seconds for figure in figures),
        statistics.median(figure.cpu_seconds for figure in figures),
        statistics.median(figure.peak_mib for figure in figures),
    )


def _sample(root: int, peak: list[float], done: threading.Event) -> None:
    """Look at the tree now and then. Few looks and cheap ones: what measures must not take the measured one's time."""
    while True:
        peak[0] = max(peak[0], sum(_resident_mib(pid) for pid in _tree(root)))
        if done.wait(_SAMPLE_SECONDS):
            return


def _tree(root: int) -> list[int]:
    found, queue = [], [root]
    while queue:
        pid = queue.pop()
        found.append(pid)
        for thread in Path(f"/proc/{pid}/task").glob("*/children"):
            try:
                queue += map(int, thread.read_text().split())
            except OSError:
                continue  # ended meanwhile
    return found


def _resident_mib(pid: int) -> float:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE / 2**20
    except (OSError, IndexError):
        return 0.0
