"""How one image is built: root file system, programs and artifacts into a context, the context into an archive."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from einklang.clients import debian, maven, npm, uv
from einklang.clients.buildah import Buildah
from einklang.clients.debian import Package
from einklang.errors import ClientError, UserError
from einklang.operations.local import image_archive, image_lock, image_parts, sbom
from einklang.operations.local.image_definition import DEBIAN_SUITE, Definition
from einklang.operations.local.image_lock import Lock
from einklang.operations.local.toolchain import Toolchain
from einklang.progress import Progress

# Build date of images without Debian packages, 2026-01-01: there is no lock to take it from.
EPOCH = 1767225600
SOURCES_VARIABLE = "EINKLANG_DEBIAN_SOURCES"
UNFINISHED = ".building-"  # prefix of the folders of builds under way
_PACKAGES = "packages.json"


@dataclass(frozen=True)
class Built:
    """One image in the cache. archive: OCI archive. digest: of its manifest, `sha256:…`. sbom: SPDX 2.3 JSON."""

    definition: Definition
    archive: Path
    digest: str
    sbom: Path

    @property
    def packages(self) -> dict[str, Package]:
        """The Debian packages that the image was made from, those of its base included."""
        rows = json.loads(self.archive.with_name(_PACKAGES).read_text())
        return {row["name"]: Package(**row) for row in rows}

    def deviations(self, bases: Mapping[str, Built]) -> list[str]:
        """How the packages that the image adds to its bases differ from its lock."""
        if not self.definition.declared.debian:
            return []
        inherited = _inherited(bases)
        added = {name: package for name, package in self.packages.items() if inherited.get(name) != package}
        return image_lock.differences(image_lock.read(self.definition.lock).packages, added)


@dataclass(frozen=True)
class Workplace:
    """What every build needs. folder: of all images, in the cache. strict: a Debian package in another version than
    the lock's is an error instead of a warning."""

    folder: Path
    toolchain: Toolchain
    progress: Progress
    strict: bool = False

    def log(self, definition: Definition) -> Path:
        """The log file of an image's last build."""
        return self.folder / "logs" / f"{definition.name}.log"


def read(folder: Path, definition: Definition) -> Built | None:
    """The image that stands in `folder`, if it does: folders are renamed into place when they are complete."""
    try:
        digest = (folder / "digest").read_text().strip()
    except FileNotFoundError:
        return None
    return Built(definition, folder / "image.tar", digest, folder / "sbom.spdx.json")


def build(workplace: Workplace, definition: Definition, folder: Path, bases: Mapping[str, Built]) -> Built:
    """Build the image into `folder`, which appears as a whole or not at all.

    bases: the images it starts from, built. The caller holds the lock of `workplace.folder`.
    Raises ClientError where a program fails or a checksum is wrong, UserError where a lock is missing.
    """
    work = folder.with_name(f"{UNFINISHED}{folder.name}")
    buildah = Buildah(work / "storage", workplace.log(definition))
    try:
        _Build(workplace, definition, work, bases, buildah).run().rename(folder)
    finally:
        buildah.close()
        shutil.rmtree(work, ignore_errors=True)
    built = read(folder, definition)
    assert built is not None  # noqa: S101 - it has just been renamed into place
    return built


def look_up(workplace: Workplace, definition: Definition, bases: Mapping[str, Built]) -> dict[str, Package]:
    """The Debian packages that the mirror has now for what the image adds to its base."""
    work = workplace.folder / f"{UNFINISHED}lock-{definition.name}"
    buildah = Buildah(work / "storage", workplace.log(definition))
    try:
        return _Build(workplace, definition, work, bases, buildah).added(pins={}, epoch=EPOCH)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def resolve_python(workplace: Workplace, definition: Definition) -> str:
    """The lock of the image's Python packages as they are to be had now."""
    work, tree = workplace.folder / f"{UNFINISHED}lock-{definition.name}", definition.declared.python
    assert tree is not None  # noqa: S101 - the caller asks for images that have one
    work.mkdir(parents=True, exist_ok=True)
    try:
        return uv.resolve(tree.requirements, tree.overrides, tree.until, work, workplace.log(definition))
    finally:
        shutil.rmtree(work, ignore_errors=True)


class _Build:
    """One build in its own work folder."""

    def __init__(
        self, workplace: Workplace, definition: Definition, work: Path, bases: Mapping[str, Built], buildah: Buildah
    ) -> None:
        self.workplace, self.definition, self.work, self.buildah = workplace, definition, work, buildah
        self.bases, self.log = bases, workplace.log(definition)
        self.context, self.result = work / "context", work / "result"
        self.log.unlink(missing_ok=True)
        for folder in (self.context, self.result):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
        self.inherited = _inherited(bases)

    def run(self) -> Path:
        """All steps; returns the finished folder inside the work folder."""
        lock = image_lock.read(self.definition.lock) if self.definition.declared.debian else None
        epoch = lock.epoch if lock else EPOCH
        packages, deviations = dict(self.inherited), list[str]()
        if lock:
            added = self.added(lock.packages, epoch)
            deviations = self._compared(lock, added)
            packages |= added
        self._fill()
        for name, base in self.bases.items():
            self.buildah.load(base.archive, name)
        archive = self.result / "image.tar"
        digest = self.buildah.build(self.context, archive, _labels(self.definition), epoch)
        programs = [self.context / "bin" / name for name in self.definition.declared.programs]
        parts = image_parts.parts(archive, packages, programs)
        document = sbom.document(self.definition, parts, epoch, comments=deviations)
        (self.result / "sbom.spdx.json").write_text(json.dumps(document, indent=1) + "\n")
        rows = [vars(package) for package in sorted(packages.values())]
        (self.result / _PACKAGES).write_text(json.dumps(rows) + "\n")
        (self.result / "digest").write_text(f"{digest}\n")
        return self.result

    def added(self, pins: Mapping[str, Package], epoch: int) -> dict[str, Package]:
        """Make `rootfs.tar` in the context: what the packages add to the base. Returns those packages."""
        whole, folder = self.work / "root.tar", self.definition.folder
        before, after = folder / "before-packages.sh", folder / "after-packages.sh"
        found = debian.make_root(
            DEBIAN_SUITE,
            self.definition.declared.debian,
            whole,
            mirror=debian.sources(DEBIAN_SUITE, os.environ.get(SOURCES_VARIABLE)),
            # The base's versions as they are in it, so that its layer can be shared.
            pins={**pins, **self.inherited}.values(),
            epoch=epoch,
            before=before if before.exists() else None,
            after=after if after.exists() else None,
            log=self.log,
        )
        base = next(iter(self.bases.values())).archive if self.bases else None
        image_archive.write_addition(whole, self.context / "rootfs.tar", base, without=debian.APT_FOLDERS)
        whole.unlink()
        return {name: package for name, package in found.items() if self.inherited.get(name) != package}

    def _compared(self, lock: Lock, added: Mapping[str, Package]) -> list[str]:
        deviations = image_lock.differences(lock.packages, added)
        for line in deviations:
            if self.workplace.strict:
                raise ClientError(f"image {self.definition.name}: {line}", remedy="einklang images lock", log=self.log)
            self.workplace.progress.note(f"{self.definition.name}: {line} (to pin it: einklang images lock)")
        return deviations

    def _fill(self) -> None:
        """The rest of the context: the folder itself, programs, files of the checkout, packages of registries."""
        declared = self.definition.declared
        shutil.copytree(self.definition.folder, self.context, dirs_exist_ok=True)
        (self.context / "bin").mkdir()
        for program in declared.programs:
            shutil.copy2(self.workplace.toolchain.binary(program), self.context / "bin" / program)
        for path, source in self.definition.source_files:
            target = self.context / "sources" / path
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)
        for artifact in declared.maven:
            file = maven.fetch(artifact.artifact, artifact.sha256, self.work, self.log)
            shutil.unpack_archive(file, self.context / "maven")
            file.unlink()
        for package in declared.npm:
            npm.fetch(package.package, package.integrity, self.context / "npm" / package.name, self.work, self.log)
        if declared.python:
            lock = self.definition.python_lock
            if not lock.exists():
                raise UserError(f"{lock}: is missing", remedy=f"einklang images lock {self.definition.name}")
            uv.install(lock, self.context / "python", declared.python.built, declared.python.until, self.log)


def _inherited(bases: Mapping[str, Built]) -> dict[str, Package]:
    return {name: package for base in bases.values() for name, package in base.packages.items()}


def _labels(definition: Definition) -> dict[str, str]:
    declared, prefix = definition.declared, "org.opencontainers.image"
    return {
        f"{prefix}.title": declared.title,
        f"{prefix}.version": declared.version,
        f"{prefix}.licenses": declared.licenses,
        f"{prefix}.source": declared.source,
    }
