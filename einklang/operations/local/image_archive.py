"""Reading OCI archives: what is in an image, without a container engine."""

from __future__ import annotations

import hashlib
import json
import tarfile
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TypeVar

T = TypeVar("T")
_WHITEOUT, _OPAQUE = ".wh.", ".wh..wh..opq"


@dataclass(frozen=True)
class Fingerprint:
    """What makes two files the same: kind, permissions, owner, target of a link, SHA-256 of the content."""

    kind: bytes
    mode: int
    owner: tuple[int, int]
    target: str
    content: str


def digest(archive: Path) -> str:
    """The digest of the image's manifest, `sha256:…`."""
    with tarfile.open(archive) as tar:
        return str(_json(tar, "index.json")["manifests"][0]["digest"])


def configuration(archive: Path) -> Mapping[str, Any]:
    """The image's configuration: `config` (User, Labels, Env …), `rootfs`, `created`."""
    with tarfile.open(archive) as tar:
        found: dict[str, Any] = _blob(tar, _manifest(tar)["config"]["digest"])
        return found


def layers(archive: Path) -> list[str]:
    """Digests of the layers, lowest first."""
    with tarfile.open(archive) as tar:
        return [layer["digest"] for layer in _manifest(tar)["layers"]]


def collect(
    archive: Path,
    wanted: Callable[[str], bool],
    take: Callable[[tarfile.TarInfo, IO[bytes] | None], T],
) -> dict[str, T]:
    """Walk all layers; path (without a leading slash) -> what `take` makes of each wanted file that is in the image.

    `take` gets the content of regular files, None for everything else. A file of a higher layer replaces that of a
    lower one, a whiteout removes it, as the OCI image specification (layer.md) says.
    """
    found: dict[str, T] = {}
    with tarfile.open(archive) as tar:
        for layer in _manifest(tar)["layers"]:
            stream = tar.extractfile(_blob_name(layer["digest"]))
            with tarfile.open(fileobj=stream, mode="r|*") as members:
                for member in members:
                    path = normal(member.name)
                    folder, _, name = path.rpartition("/")
                    if name == _OPAQUE:
                        _remove(found, folder)
                    elif name.startswith(_WHITEOUT):
                        _remove(found, f"{folder}/{name.removeprefix(_WHITEOUT)}".lstrip("/"), itself=True)
                    elif wanted(path):
                        found[path] = take(member, members.extractfile(member) if member.isreg() else None)
    return found


def fingerprint(member: tarfile.TarInfo, stream: IO[bytes] | None) -> Fingerprint:
    """For `collect`: what to compare a file by."""
    content = hashlib.file_digest(stream, "sha256").hexdigest() if stream else ""  # type: ignore[arg-type]
    # Some writers put the kind into the mode, too.
    return Fingerprint(member.type, member.mode & 0o7777, (member.uid, member.gid), normal(member.linkname), content)


def write_addition(root: Path, target: Path, base: Path | None, without: Collection[str] = ()) -> None:
    """Write to `target` (tar) what the root file system `root` (tar) has and the image `base` (OCI archive) lacks.

    So images with the same base share its layers, although each root file system is made as a whole.
    without: folders to leave out.
    """
    there = collect(base, bool, fingerprint) if base else {}
    with tarfile.open(root) as members, tarfile.open(target, "w", format=tarfile.PAX_FORMAT) as addition:
        for member in members:
            path = normal(member.name)
            if any(path == folder or path.startswith(f"{folder}/") for folder in without):
                continue
            stream = members.extractfile(member) if member.isreg() else None
            if there.get(path) != fingerprint(member, stream):
                addition.addfile(member, members.extractfile(member) if member.isreg() else None)


def normal(name: str) -> str:
    """A path as it is compared: `./etc/passwd` and `/etc/passwd` are `etc/passwd`."""
    return name.removeprefix(".").strip("/") if name.startswith("./") or name == "." else name.strip("/")


def _remove(found: dict[str, T], folder: str, *, itself: bool = False) -> None:
    for path in [path for path in found if path.startswith(f"{folder}/") or (itself and path == folder)]:
        del found[path]


def _manifest(tar: tarfile.TarFile) -> Any:
    return _blob(tar, _json(tar, "index.json")["manifests"][0]["digest"])


def _blob(tar: tarfile.TarFile, name: str) -> Any:
    return _json(tar, _blob_name(name))


def _blob_name(name: str) -> str:
    return f"blobs/{name.replace(':', '/')}"


def _json(tar: tarfile.TarFile, name: str) -> Any:
    stream = tar.extractfile(name)
    assert stream is not None  # noqa: S101 - tarfile raises KeyError for a member that is missing
    return json.load(stream)
