"""The scratch namespace of a drill and its stack: made, started, and removed whatever happens.

The stack's state is in a backend of its own: the tenants' backend never knows of a drill. What a drill that was killed
left behind, the next one removes first.
"""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from einklang.clients.kubernetes import Kubernetes
from einklang.clients.pulumi import PulumiEngine
from einklang.errors import UserError
from einklang.model.tenant import Tenant
from einklang.operations.backup.access import SECRET
from einklang.operations.restore.ready import wait_until_ready
from einklang.settings import Settings

SUFFIX = ".drill"
HOLD = {"EINKLANG_HOLD": "1"}
"""What keeps `pulumi up` from starting applications (stacks/tenant.py)."""
_GONE_SECONDS = 300.0
_READY_SECONDS = 900.0


@dataclass(frozen=True)
class Scratch:
    """A drill's place. environment: in which `pulumi` works on the tenants' stacks."""

    settings: Settings
    kubernetes: Kubernetes
    environment: Mapping[str, str]
    tenant: Tenant

    @property
    def namespace(self) -> str:
        """Where it is rebuilt."""
        return self.tenant.drill_namespace

    @property
    def stack(self) -> str:
        """The name of the stack."""
        return f"{self.tenant.id}{SUFFIX}"

    @contextmanager
    def clean(self) -> Iterator[None]:
        """Nothing is there when the block begins, and nothing when it has ended.

        Raises UserError where another drill of this tenant is under way on this machine.
        """
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self._folder / f"{self.tenant.id}.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise UserError(f"a drill of {self.tenant.id} is under way", remedy="wait for its end") from error
            self.remove()
            try:
                yield
            finally:
                self.remove()

    def make(self) -> None:
        """Database, volumes and secrets, without an application; then what opens the repository is put there."""
        if self._settings_of(self.tenant.id).is_file():
            # With the tenant's secrets as encrypted as they are there: the salt and the passphrase are the same.
            shutil.copyfile(self._settings_of(self.tenant.id), self._settings_of(self.stack))
        self._engine(HOLD).up(self.stack)
        found = self.kubernetes.get("secret", SECRET, "-n", self.tenant.namespace)
        self.kubernetes.apply([copied(found, self.namespace)])

    def start(self) -> None:
        """The applications, on what was restored; returns when they are ready."""
        self._engine({}).up(self.stack)
        wait_until_ready(self.kubernetes, self.namespace, _READY_SECONDS)

    def remove(self) -> None:
        """Namespace and state; returns when they are gone. Safe to repeat."""
        self.kubernetes.delete("namespace", self.namespace)
        # There is nothing that a pod here has to bring to an end.
        self.kubernetes.delete("pods", "--all", "-n", self.namespace, "--grace-period=1")
        self.kubernetes.delete("namespace", self.namespace, wait_seconds=_GONE_SECONDS)
        shutil.rmtree(self._state, ignore_errors=True)
        self._settings_of(self.stack).unlink(missing_ok=True)

    def _settings_of(self, stack: str) -> Path:
        return self.settings.root / f"Pulumi.{stack}.yaml"

    @property
    def _folder(self) -> Path:
        return self.settings.home / "drills"

    @property
    def _state(self) -> Path:
        return self._folder / f"{self.tenant.id}.state"

    def _engine(self, more: Mapping[str, str]) -> PulumiEngine:
        self._state.mkdir(parents=True, exist_ok=True, mode=0o700)
        backend = {"PULUMI_BACKEND_URL": f"file://{self._state}?metadata=skip"}
        return PulumiEngine(self.settings.root, {**self.environment, **backend, **more}, self.settings.logs)


def copied(secret: Mapping[str, Any], namespace: str) -> dict[str, Any]:
    """The same Secret for another namespace."""
    metadata = {key: secret["metadata"].get(key) or {} for key in ("name", "labels")}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": secret["type"],
        "metadata": {**metadata, "namespace": namespace},
        "data": dict(secret["data"]),
    }
