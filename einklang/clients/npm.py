"""Packages from an npm registry, by `npm` as it is set up on this machine."""

from __future__ import annotations

import base64
import hashlib
import tarfile
from pathlib import Path

from einklang.clients import process
from einklang.errors import ClientError


def fetch(package: str, integrity: str, target: Path, work: Path, log: Path) -> None:
    """Unpack `name@version` into `target`, which must not exist. Nothing of the package is run.

    integrity: `sha512-<base64>`, as registries and lock files give it. work: folder for the archive.
    Raises ClientError where the archive has another checksum.
    """
    folder = work / "npm-pack"
    folder.mkdir(parents=True, exist_ok=True)
    process.run(
        ["npm", "pack", package, "--silent", "--ignore-scripts", f"--pack-destination={folder}"], log=log, cwd=folder
    )
    (archive,) = folder.glob("*.tgz")
    found = "sha512-" + base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if found != integrity:
        raise ClientError(f"npm package {package}: checksum {found} where {integrity} is expected", log=log)
    with tarfile.open(archive) as content:
        for member in content.getmembers():
            # Everything stands in one folder, `package` in most archives.
            member.name = member.name.partition("/")[2]
            if member.name:
                content.extract(member, target, filter="data")
    archive.unlink()
