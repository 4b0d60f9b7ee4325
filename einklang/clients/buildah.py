"""Images by buildah, in a storage of their own that goes when they are done."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from einklang.clients import network, process
from einklang.clients.containment import CONTAINED, environment


class Buildah:
    """One throw-away storage below `folder`."""

    def __init__(self, folder: Path, log: Path) -> None:
        self._folder = folder
        self._log = log

    def load(self, archive: Path, name: str) -> None:
        """Take an OCI archive into the storage as `localhost/<name>`, for builds that start from it."""
        self._run("tag", self._pull(archive), f"localhost/{name}")

    def build(self, context: Path, archive: Path, labels: Mapping[str, str], epoch: int) -> str:
        """Build `context/Containerfile` into an OCI archive; returns its digest (`sha256:…`).

        One layer on top of the base's. No step has a network: what a step needs is in the context. epoch: seconds
        that all time stamps get.
        """
        digest_file = self._folder / "digest"
        argv = ["build", "--isolation=chroot", "--layers=false", "--pull=never", f"--timestamp={epoch}"]
        argv += ["--identity-label=false", *(f"--label={name}={value}" for name, value in labels.items())]
        self._run(*argv, "--tag=localhost/result", str(context), contained=("--net",))
        self._run("push", f"--digestfile={digest_file}", "localhost/result", f"oci-archive:{archive}")
        return digest_file.read_text().strip()

    def push(self, archive: Path, target: str, *, plain_http: bool = False) -> str:
        """Push an archive to a registry (`host/path/name:tag`); returns the digest there."""
        digest_file = self._folder / "digest"
        options = ["--tls-verify=false"] if plain_http else []
        self._run("push", *options, f"--digestfile={digest_file}", self._pull(archive), f"docker://{target}")
        return digest_file.read_text().strip()

    def close(self) -> None:
        """Remove the storage, and what a killed run left mounted in it."""
        for point in network.mounts_below(self._folder):
            network.unmount(point)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _pull(self, archive: Path) -> str:
        self._folder.mkdir(parents=True, exist_ok=True)
        argv = [*self._command(), "pull", "--quiet", f"oci-archive:{archive}"]
        return process.run(argv, env=self._env()).stdout.split()[-1]

    def _command(self, contained: tuple[str, ...] = ()) -> list[str]:
        root, run = self._folder / "root", self._folder / "run"
        return [*CONTAINED, *contained, "buildah", f"--root={root}", f"--runroot={run}", "--storage-driver=overlay"]

    def _env(self) -> dict[str, str]:
        return environment({"TMPDIR": str(self._folder)})

    def _run(self, *argv: str, contained: tuple[str, ...] = ()) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        process.run([*self._command(contained), *argv], env=self._env(), log=self._log)
