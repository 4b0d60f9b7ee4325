"""How one image is built: root file system, programs and artifacts into a context, the context into an archive."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from einklang.clients import debian, maven
from einklang.clients.buildah import Buildah
from einklang.errors import ClientError
from einklang.operations.local import sbom
from einklang.operations.local.image_definition import DEBIAN_SUITE, Definition, read_lock
from einklang.operations.local.toolchain import Toolchain
from einklang.progress import Progress

# 2026-01-01 UTC: the same packages give the same layer, whenever it is built.
EPOCH = 1767225600
SOURCES_VARIABLE = "EINKLANG_DEBIAN_SOURCES"


@dataclass(frozen=True)
class Built:
    """One image in the cache. archive: OCI archive. digest: of its manifest, `sha256:…`. sbom: SPDX 2.3 JSON."""

    definition: Definition
    archive: Path
    digest: str
    sbom: Path


def read(folder: Path, definition: Definition) -> Built | None:
    """The image that stands in `folder`, if it does: folders are renamed into place when they are complete."""
    digest = folder / "digest"
    if not digest.exists():
        return None
    return Built(definition, folder / "image.tar", digest.read_text().strip(), folder / "sbom.spdx.json")


def build(
    definition: Definition, folder: Path, toolchain: Toolchain, log: Path, progress: Progress, *, strict: bool
) -> Built:
    """Build the image into `folder`, which appears as a whole or not at all.

    strict: a Debian package in another version than the lock's is an error instead of a warning. Raises ClientError
    where a program fails or a checksum is wrong.
    """
    work = folder.with_name(f".{folder.name}.{os.getpid()}")
    buildah = Buildah(work / "storage", log)
    context = work / "context"
    try:
        context.mkdir(parents=True)
        packages = _root(definition, context, work, log) if definition.debian else {}
        for line in differences(read_lock(definition.lock), packages):
            if strict:
                raise ClientError(f"image {definition.name}: {line}", remedy="einklang images lock", log=log)
            progress.note(f"{definition.name}: {line} (to pin it: einklang images lock)")
        _fill(definition, context, toolchain, log)
        result = work / "result"
        result.mkdir()
        digest = buildah.build(context, result / "image.tar", _labels(definition), EPOCH)
        document = sbom.document(definition, packages, sorted((context / "bin").glob("*")), _jars(context), EPOCH)
        (result / "sbom.spdx.json").write_text(json.dumps(document, indent=1))
        (result / "digest").write_text(f"{digest}\n")
        result.rename(folder)
    finally:
        buildah.close()
        shutil.rmtree(work, ignore_errors=True)
    return Built(definition, folder / "image.tar", digest, folder / "sbom.spdx.json")


def installed(definition: Definition, work: Path, log: Path) -> dict[str, tuple[str, str]]:
    """What the definition's Debian packages are on the mirror now: package -> (version, SHA-256)."""
    work.mkdir(parents=True)
    try:
        return _root(definition, work, work, log)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def differences(locked: dict[str, tuple[str, str]], found: dict[str, tuple[str, str]]) -> list[str]:
    """How the packages found differ from the locked ones. Raises ClientError for another content of one version.

    A Debian mirror holds one version of a package: a security update takes the place of the locked one, and so a lock
    is a check of what came, not a choice.
    """
    lines = []
    for name, (version, checksum) in sorted(found.items()):
        locked_version, locked_checksum = locked.get(name, ("nothing", ""))
        if locked_version == version and locked_checksum != checksum:
            raise ClientError(f"package {name} {version}: its checksum is not the locked one")
        if locked_version != version:
            lines.append(f"package {name} is {version}, locked is {locked_version}")
    return lines


def _root(definition: Definition, context: Path, work: Path, log: Path) -> dict[str, tuple[str, str]]:
    before, after = definition.folder / "before-packages.sh", definition.folder / "after-packages.sh"
    return debian.make_root(
        DEBIAN_SUITE,
        definition.debian,
        context / "rootfs.tar",
        work / "manifest",
        mirror=debian.sources(DEBIAN_SUITE, os.environ.get(SOURCES_VARIABLE)),
        epoch=EPOCH,
        before=before if before.exists() else None,
        after=after if after.exists() else None,
        log=log,
    )


def _fill(definition: Definition, context: Path, toolchain: Toolchain, log: Path) -> None:
    shutil.copytree(definition.folder, context, dirs_exist_ok=True)
    (context / "bin").mkdir()
    for program in definition.programs:
        shutil.copy2(toolchain.binary(program), context / "bin" / program)
    for artifact in definition.maven:
        file = maven.fetch(artifact.coordinates, artifact.sha256, context, log)
        shutil.unpack_archive(file, context / "maven")
        file.unlink()


def _jars(context: Path) -> list[Path]:
    return sorted((context / "maven").rglob("*.jar"))


def _labels(definition: Definition) -> dict[str, str]:
    prefix = "org.opencontainers.image"
    return {
        f"{prefix}.title": definition.title,
        f"{prefix}.version": definition.version,
        f"{prefix}.licenses": definition.licenses,
    }
