"""Images by buildah, in a storage of their own that goes when they are done."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from einklang.clients import network, process


class Buildah:
    """One throw-away storage below `folder`."""

    def __init__(self, folder: Path, log: Path) -> None:
        self._folder = folder
        self._log = log

    def build(self, context: Path, archive: Path, labels: Mapping[str, str], epoch: int) -> str:
        """Build `context/Containerfile` into an OCI archive; returns its digest (`sha256:…`).

        Layers stay uncompressed: nothing travels over a network, and the import is quicker.
        """
        digest_file = self._folder / "digest"
        argv = ["build", "--isolation=chroot", "--layers=false", f"--timestamp={epoch}"]
        argv += [f"--label={name}={value}" for name, value in labels.items()]
        self._run(*argv, "--tag=result", str(context))
        self._run("push", "--disable-compression", f"--digestfile={digest_file}", "result", f"oci-archive:{archive}")
        return digest_file.read_text().strip()

    def push(self, archive: Path, target: str) -> str:
        """Push an archive to a registry (`host/path/name:tag`); returns the digest there."""
        digest_file = self._folder / "digest"
        self._folder.mkdir(parents=True, exist_ok=True)
        name = process.run([*self._command(), "pull", "--quiet", f"oci-archive:{archive}"], env=self._env()).stdout
        self._run("push", f"--digestfile={digest_file}", name.strip(), f"docker://{target}")
        return digest_file.read_text().strip()

    def close(self) -> None:
        """Remove the storage, and what a killed run left mounted in it."""
        for point in network.mounts_below(self._folder):
            network.unmount(point)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _command(self) -> list[str]:
        root, run = self._folder / "root", self._folder / "run"
        return ["buildah", f"--root={root}", f"--runroot={run}", "--storage-driver=overlay"]

    def _env(self) -> dict[str, str]:
        return {**os.environ, "TMPDIR": str(self._folder)}

    def _run(self, *argv: str) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        process.run([*self._command(), *argv], env=self._env(), log=self._log)
