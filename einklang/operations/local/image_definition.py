"""What an image is built from: one folder in `images/`, declared by its `image.toml`."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from einklang.errors import UserError
from einklang.operations.local.toolchain import Toolchain

DEBIAN_SUITE = "bookworm"
# Part of every key: raise it when the way of building changes what comes out.
BUILDER = "1"


@dataclass(frozen=True)
class MavenArtifact:
    """`group:artifact:version:type` and the SHA-256 that it must have."""

    coordinates: str
    sha256: str


@dataclass(frozen=True)
class Definition:
    """One image. programs: names of toolchain programs. debian: packages of the root file system (none: scratch)."""

    name: str
    folder: Path
    title: str
    version: str
    licenses: str
    programs: Sequence[str]
    debian: Sequence[str]
    maven: Sequence[MavenArtifact]

    @property
    def tag(self) -> str:
        """`name:version`, by which standards and the platform name the image."""
        return f"{self.name}:{self.version}"

    @property
    def lock(self) -> Path:
        """The versions and checksums that the Debian packages had when they were last looked at."""
        return self.folder / "debian.lock"

    def key(self, toolchain: Toolchain) -> str:
        """16 hex digits over everything that the image is built from."""
        digest = hashlib.sha256(f"{BUILDER}\n{DEBIAN_SUITE}\n".encode())
        for path in sorted(path for path in self.folder.rglob("*") if path.is_file()):
            digest.update(f"{path.relative_to(self.folder)}\0{path.stat().st_mode & 0o111}\0".encode())
            digest.update(path.read_bytes())
        for program in self.programs:
            # The folder's name ends with the key of what the program is built from.
            digest.update(f"{program}\0{toolchain.binary(program).parent.parent.name}\0".encode())
        return digest.hexdigest()[:16]


def load_all(images: Path) -> list[Definition]:
    """All images of the folder, by name. Raises UserError for a definition that is not as expected."""
    return [load(file.parent) for file in sorted(images.glob("*/image.toml"))]


def load(folder: Path) -> Definition:
    """One image's definition."""
    file = folder / "image.toml"
    try:
        table = tomllib.loads(file.read_text())
        artifacts = [MavenArtifact(entry["artifact"], entry["sha256"]) for entry in table.get("maven", [])]
        return Definition(
            name=folder.name,
            folder=folder,
            title=table["title"],
            version=table["version"],
            licenses=table["licenses"],
            programs=table.get("programs", []),
            debian=table.get("debian", []),
            maven=artifacts,
        )
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise UserError(f"{file}: {error!r}", remedy="see images/README.md for what image.toml holds") from error


def read_lock(lock: Path) -> dict[str, tuple[str, str]]:
    """Package -> (version, SHA-256). An absent lock is an empty one."""
    if not lock.exists():
        return {}
    rows = (line.split() for line in lock.read_text().splitlines() if line and not line.startswith("#"))
    return {package.partition("=")[0]: (package.partition("=")[2], checksum) for package, checksum in rows}


def write_lock(lock: Path, packages: Mapping[str, tuple[str, str]]) -> None:
    """Write a lock, one `name=version sha256` a line."""
    head = "# Debian packages of this image: name=version and the SHA-256 of the .deb. Made by: einklang images lock\n"
    lines = [f"{name}={version} {checksum}\n" for name, (version, checksum) in sorted(packages.items())]
    lock.write_text(head + "".join(lines))
