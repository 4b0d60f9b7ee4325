"""The Kubernetes API, through kubectl."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from einklang.clients import process
from einklang.errors import CheckError, ClientError

FIELD_MANAGER = "einklang"
_POLL_SECONDS = 0.2


class Kubernetes:
    """One cluster as one user. kubectl: the program. kubeconfig: who and where."""

    def __init__(self, kubectl: Path, kubeconfig: Path) -> None:
        self._command = [str(kubectl), f"--kubeconfig={kubeconfig}"]

    def ready(self) -> bool:
        """True where the API server says that it is ready."""
        return self._run("get", "--raw", "/readyz", "--request-timeout=2s", check=False).code == 0

    def apply(self, objects: Iterable[Mapping[str, Any]]) -> None:
        """Server-side apply of all objects in one call."""
        document = {"apiVersion": "v1", "kind": "List", "items": list(objects)}
        self._run(
            "apply", "--server-side", "--force-conflicts", f"--field-manager={FIELD_MANAGER}", "-f", "-",
            stdin=json.dumps(document),
        )  # fmt: skip

    def get(self, *argv: str) -> Any:
        """`kubectl get … -o json`, parsed. Raises ClientError where it is not there."""
        return json.loads(self._run("get", *argv, "-o", "json").stdout)

    def find(self, *argv: str) -> Any:
        """As `get`, and None where it is not there or the API does not answer."""
        try:
            return self.get(*argv, "--request-timeout=2s")
        except ClientError:
            return None

    def _run(self, *argv: str, stdin: str | None = None, check: bool = True) -> process.Finished:
        finished = process.run([*self._command, *argv], stdin=stdin, check=False)
        if check and finished.code != 0:
            raise ClientError(f"kubectl {' '.join(argv[:3])}: {finished.stderr.strip()}")
        return finished


def wait(what: str, condition: Callable[[], object], timeout_seconds: float, *, meanwhile: Callable[[], None]) -> None:
    """Return when `condition` is true. `meanwhile` is called in between and may raise: what is awaited needs it alive.

    Raises CheckError, with `what` in its message, after the timeout.
    """
    deadline = time.monotonic() + timeout_seconds
    while not condition():
        meanwhile()
        if time.monotonic() > deadline:
            raise CheckError(f"{what}: not within {timeout_seconds:g} s")
        time.sleep(_POLL_SECONDS)
