"""containerd, through its own `ctr`: images and containers of the kubelet's namespace."""

from __future__ import annotations

import time
from pathlib import Path

from einklang.clients import process

NAMESPACE = "k8s.io"
PINNED = "io.cri-containerd.pinned=pinned"


class Containerd:
    """One containerd, by its socket."""

    def __init__(self, socket: Path) -> None:
        self._command = ["ctr", "--address", str(socket), "--namespace", NAMESPACE]

    def image_names(self) -> set[str]:
        """Names of all images."""
        return set(process.run([*self._command, "images", "list", "--quiet"]).stdout.split())

    def import_image(self, archive: Path, reference: str) -> None:
        """Import an OCI archive under `reference` (`registry/name@sha256:…`), never to be collected as garbage."""
        name = reference.partition("@")[0]
        process.run([*self._command, "images", "import", "--digests", "--base-name", name, archive])
        process.run([*self._command, "images", "label", reference, PINNED])

    def stop_all(self, grace_seconds: float) -> None:
        """End the processes of all containers, asked first, and remove the containers."""
        tasks = self._tasks()
        for name in tasks:
            process.run([*self._command, "tasks", "kill", "--signal", "SIGTERM", name], check=False)
        deadline = time.monotonic() + grace_seconds
        while time.monotonic() < deadline and self._tasks(running=True):
            time.sleep(0.2)
        # Several names a call: each call costs more than what it does.
        for kind, names in (("tasks", self._tasks()), ("containers", self._containers())):
            if names:
                force = ["--force"] if kind == "tasks" else []
                process.run([*self._command, kind, "delete", *force, *names], check=False)

    def _containers(self) -> list[str]:
        return process.run([*self._command, "containers", "list", "--quiet"]).stdout.split()

    def _tasks(self, *, running: bool = False) -> list[str]:
        lines = process.run([*self._command, "tasks", "list"]).stdout.splitlines()[1:]
        return [line.split()[0] for line in lines if not running or "RUNNING" in line]
