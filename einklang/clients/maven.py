"""Artifacts from Maven repositories, by `mvn` as it is set up on this machine."""

from __future__ import annotations

import hashlib
from pathlib import Path

from einklang.clients import process
from einklang.errors import ClientError


def fetch(coordinates: str, sha256: str, folder: Path, log: Path) -> Path:
    """Copy `group:artifact:version:type` into `folder`. Raises ClientError where the checksum is another."""
    process.run(
        ["mvn", "--batch-mode", "--quiet", "dependency:copy", f"-Dartifact={coordinates}",
         f"-DoutputDirectory={folder}", "-Dmdep.overWriteSnapshots=false"],
        log=log,
        cwd=folder,
    )  # fmt: skip
    _, artifact, version, kind = coordinates.split(":")
    file = folder / f"{artifact}-{version}.{kind}"
    found = hashlib.sha256(file.read_bytes()).hexdigest()
    if found != sha256:
        raise ClientError(f"{coordinates}: checksum {found} where {sha256} is expected", log=log)
    return file
