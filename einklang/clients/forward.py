"""A port of a pod on this machine's loopback, through the Kubernetes API (`kubectl port-forward`)."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from einklang.clients import process
from einklang.errors import ClientError

_SECONDS = 30.0
_READY = re.compile(r"^Forwarding from (127\.0\.0\.1:\d+) ->", re.MULTILINE)


@contextlib.contextmanager
def forwarded(kubectl: Path, kubeconfig: Path, namespace: str, target: str, port: int) -> Iterator[str]:
    """Give `host:port` on loopback that leads to `port` of `target` (`deployment/identity`), while the block runs.

    The way goes through the API server and the kubelet into the pod: no route, no network policy is involved, and
    only who may use `pods/portforward` there gets through. Raises ClientError when it does not come about.
    """
    with tempfile.TemporaryDirectory(prefix="einklang-forward-") as folder:
        log = Path(folder) / "log"
        argv: list[str | Path] = [kubectl, f"--kubeconfig={kubeconfig}", "-n", namespace]
        child = process.start([*argv, "port-forward", "--address=127.0.0.1", target, f":{port}"], log=log)
        try:
            yield _address(child, log, target)
        finally:
            with contextlib.suppress(ProcessLookupError, ChildProcessError):
                os.killpg(child, signal.SIGTERM)
                os.waitpid(child, 0)


def _address(child: int, log: Path, target: str) -> str:
    end = time.monotonic() + _SECONDS
    while time.monotonic() < end:
        match = _READY.search(log.read_text(errors="replace"))
        if match:
            return match[1]
        if _ended(child):
            break
        time.sleep(0.05)
    raise ClientError(f"no port of {target} could be forwarded: {log.read_text(errors='replace').strip()}")


def _ended(child: int) -> bool:
    try:
        return os.waitpid(child, os.WNOHANG)[0] != 0
    except ChildProcessError:  # ended, and the housekeeping of the subprocess module has asked before
        return True
