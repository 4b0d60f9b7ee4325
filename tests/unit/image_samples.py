"""Small images and definitions for the unit tests of images: nothing is built by a program here."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from einklang.operations.local.toolchain import Toolchain

Files = Mapping[str, bytes]


def layer(files: Files, **attributes: int) -> bytes:
    """A layer (tar) with these files; attributes (mode, uid, gid) are those of all of them."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            for attribute, value in attributes.items():
                setattr(member, attribute, value)
            tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def archive(path: Path, layers: Sequence[bytes], config: Mapping[str, object] | None = None) -> Path:
    """An OCI archive at `path` with these layers, gzipped as buildah does it."""
    blobs: dict[str, bytes] = {}

    def blob(content: bytes) -> dict[str, object]:
        name = hashlib.sha256(content).hexdigest()
        blobs[f"blobs/sha256/{name}"] = content
        return {"digest": f"sha256:{name}", "size": len(content)}

    configuration = json.dumps({"config": config or {}}).encode()
    manifest = {"config": blob(configuration), "layers": [blob(gzip.compress(content, mtime=0)) for content in layers]}
    index = json.dumps({"manifests": [blob(json.dumps(manifest).encode())]}).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(layer({"index.json": index, **blobs}))
    return path


def image(root: Path, name: str, declaration: str = "", recipe: str = "FROM scratch\n", **files: str) -> Path:
    """A folder `images/<name>` with a declaration that fits and these further files (`debian_lock` -> debian.lock)."""
    folder = root / "images" / name
    folder.mkdir(parents=True, exist_ok=True)
    head = f'title = "{name}"\nversion = "1"\nlicenses = "MIT"\nsource = "https://{name}.example"\n'
    (folder / "image.toml").write_text(head + declaration)
    (folder / "Containerfile").write_text(recipe)
    for file, content in files.items():
        (folder / file.replace("_", ".")).write_text(content)
    return folder


def toolchain(root: Path, *programs: str, key: str = "0123456789abcdef") -> Toolchain:
    """A toolchain with these programs, each an empty file in a folder named like a real one."""
    binaries = {}
    for program in programs:
        binary = root / f"{program}-{key}" / "bin" / program
        binary.parent.mkdir(parents=True, exist_ok=True)
        binary.touch()
        binaries[program] = binary
    return Toolchain(binaries, {}, (), {}, builds_pulumi=True)
