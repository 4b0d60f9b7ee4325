"""A command that dies at a moment that a test waits for, with everything that it has started."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable

from tests.live.stage import EINKLANG, Stage

SECONDS = 600


def killed(stage: Stage, when: Callable[[], bool], *words: str) -> None:
    """`einklang` with these words, killed as soon as the condition holds."""
    with subprocess.Popen(
        [str(EINKLANG), *words],
        env=dict(stage.environment),
        cwd=stage.settings.root,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as child:
        deadline = time.monotonic() + SECONDS
        try:
            while not when():
                assert child.poll() is None, "it ended before it was killed"
                assert time.monotonic() < deadline, "what was waited for does not happen"
                time.sleep(0.1)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)


def has_pod(stage: Stage, namespace: str, job: str) -> bool:
    """Whether a Job of that name has its pod."""
    found = stage.kubectl("get", "pods", "-n", namespace, "-l", f"job-name={job}", "-o", "name", check=False)
    return bool(found.stdout)
