"""The Kubernetes API, through kubectl."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from einklang.clients import process
from einklang.errors import CheckError, ClientError

FIELD_MANAGER = "einklang"
_POLL_SECONDS = 0.2


class Kubernetes:
    """One cluster as one user. kubectl: the program. kubeconfig: who and where. as_user: with that user's rights."""

    def __init__(self, kubectl: Path, kubeconfig: Path, *, as_user: str | None = None) -> None:
        self._command = [str(kubectl), f"--kubeconfig={kubeconfig}", *([f"--as={as_user}"] if as_user else [])]

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

    def delete(self, *argv: str, wait_seconds: float | None = None) -> None:
        """`kubectl delete`; what is gone already is no error. wait_seconds: return when it is gone, None: at once."""
        patience = [f"--timeout={wait_seconds:g}s"] if wait_seconds else ["--wait=false"]
        self._run("delete", *argv, "--ignore-not-found", *patience)

    def logs(self, *argv: str) -> str:
        """What a container has printed until now."""
        return self._run("logs", *argv).stdout

    def execute(self, namespace: str, target: str, container: str, *argv: str, stdin: str | None = None) -> str:
        """What a program prints that is run in a container. Raises ClientError where it fails."""
        where = ["exec", *(["-i"] if stdin is not None else []), "-n", namespace, target, "-c", container, "--"]
        return self._run(*where, *argv, stdin=stdin).stdout

    def scale(self, namespace: str, deployment: str, replicas: int) -> None:
        """Set the number of a Deployment's pods; returns at once."""
        self._run("scale", "-n", namespace, f"deployment/{deployment}", f"--replicas={replicas}")

    def everything(self, kinds: Sequence[str]) -> list[Any]:
        """All objects of these kinds in all namespaces. Raises ClientError where one may not be listed."""
        items: list[Any] = self.get(",".join(kinds), "--all-namespaces")["items"]
        return items

    def raw(self, path: str) -> str:
        """What the API server answers at a path. Raises ClientError where it refuses."""
        return self._run("get", "--raw", path).stdout

    def user(self) -> str:
        """Who the API server takes us for."""
        found = json.loads(self._run("auth", "whoami", "-o", "json").stdout)
        return str(found["status"]["userInfo"]["username"])

    def server(self) -> tuple[str, str]:
        """The API server's address and its authority's certificate (PEM); no credentials of ours."""
        shown = self._run("config", "view", "--minify", "--flatten", "-o", "jsonpath={.clusters[0].cluster}").stdout
        cluster = json.loads(shown)
        return cluster["server"], base64.b64decode(cluster.get("certificate-authority-data", "")).decode()

    def _run(self, *argv: str, stdin: str | None = None, check: bool = True) -> process.Finished:
        finished = process.run([*self._command, *argv], stdin=stdin, check=False)
        if check and finished.code != 0:
            raise ClientError(f"kubectl {' '.join(argv[:3])}: {finished.stderr.strip()}")
        return finished


def job_end(job: Mapping[str, Any]) -> str:
    """How a Job ended: `Complete` or `Failed`; empty as long as it has not."""
    conditions = (job.get("status") or {}).get("conditions") or []
    ends = [each["type"] for each in conditions if each["status"] == "True" and each["type"] in {"Complete", "Failed"}]
    return ends[0] if ends else ""


def objects_in(log: str) -> list[dict[str, Any]]:
    """The JSON objects among the lines that a container printed; other lines are passed over."""
    return [found for line in log.split("\n") if isinstance(found := _parsed(line), dict)]


def _parsed(line: str) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        return None


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
