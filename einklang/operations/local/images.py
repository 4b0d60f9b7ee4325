"""The images of `images/`: built once and kept by content, imported into the cluster, named by digest."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from einklang.clients.buildah import Buildah
from einklang.clients.containerd import Containerd
from einklang.errors import UserError
from einklang.operations.local import image_build, image_definition
from einklang.operations.local.image_build import Built
from einklang.operations.local.image_definition import Definition
from einklang.operations.local.plan import REGISTRY
from einklang.operations.local.toolchain import Toolchain
from einklang.progress import Progress
from einklang.settings import Settings


@dataclass(frozen=True)
class ImageSet:
    """All images, built. by_name: image name -> what was built."""

    by_name: Mapping[str, Built]

    def reference(self, name: str) -> str:
        """`registry/name:version@sha256:…`. Raises UserError where there is no image of that name."""
        try:
            built = self.by_name[name]
        except KeyError:
            raise UserError(f"no image {name!r}", remedy=f"one of {', '.join(sorted(self.by_name))}") from None
        return f"{REGISTRY}/{built.definition.tag}@{built.digest}"

    def catalogue(self) -> dict[str, str]:
        """`name:version` -> reference by digest: what the Pulumi program reads."""
        return {built.definition.tag: self.reference(name) for name, built in sorted(self.by_name.items())}


def ensure_images(
    settings: Settings,
    toolchain: Toolchain,
    progress: Progress,
    *,
    names: Iterable[str] = (),
    strict: bool = False,
) -> ImageSet:
    """Build the images that are missing in the cache, one at a time; write the catalogue.

    names: only these (default: all). Safe to interrupt and to repeat; a second builder waits for the first. Raises
    ClientError where a build fails.
    """
    definitions = _chosen(settings, names)
    folder = settings.cache / "images"
    folder.mkdir(parents=True, exist_ok=True)
    found = {definition.name: _cached(folder, definition, toolchain) for definition in definitions}
    missing = [definition for definition in definitions if found[definition.name] is None]
    if missing:
        with (folder / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            for number, definition in enumerate(missing, start=1):
                # The builder that held the lock before may have built it.
                built = _cached(folder, definition, toolchain)
                found[definition.name] = built or _build(
                    folder, definition, toolchain, progress, (number, len(missing)), strict=strict
                )
    images = ImageSet({name: built for name, built in found.items() if built})
    if not names:
        _write_catalogue(settings.image_catalogue, images.catalogue())
    return images


def import_images(images: ImageSet, containerd: Containerd, progress: Progress) -> None:
    """Import what containerd lacks, two at a time, the smallest first: the first pods need those."""
    there = containerd.image_names()
    wanted = [(built, _stored_name(images.reference(name))) for name, built in images.by_name.items()]
    missing = sorted((pair for pair in wanted if pair[1] not in there), key=lambda pair: pair[0].archive.stat().st_size)
    if missing:
        progress.note(f"{len(missing)} images to import")
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda pair: containerd.import_image(pair[0].archive, pair[1]), missing))


def push_images(settings: Settings, images: ImageSet, registry: str, catalogue: Path, progress: Progress) -> None:
    """Push all images to `registry` (host/path) and write a catalogue that names them there."""
    references = {}
    for number, (name, built) in enumerate(sorted(images.by_name.items()), start=1):
        target = f"{registry}/{built.definition.tag}"
        buildah = Buildah(settings.cache / "images" / f".push.{os.getpid()}", settings.logs / "push.log")
        try:
            with progress.step(f"push {name}", number, len(images.by_name)):
                references[built.definition.tag] = f"{target}@{buildah.push(built.archive, target)}"
        finally:
            buildah.close()
    _write_catalogue(catalogue, references)


def lock_images(settings: Settings, progress: Progress, names: Iterable[str] = ()) -> list[Path]:
    """Write the Debian locks anew from what the mirror has now; returns the files."""
    definitions = [definition for definition in _chosen(settings, names) if definition.debian]
    work = settings.cache / "images" / f".lock.{os.getpid()}"
    for number, definition in enumerate(definitions, start=1):
        with progress.step(f"lock {definition.name}", number, len(definitions)):
            packages = image_build.installed(definition, work, settings.logs / "images" / f"{definition.name}.log")
            image_definition.write_lock(definition.lock, packages)
    return [definition.lock for definition in definitions]


def _chosen(settings: Settings, names: Iterable[str]) -> list[Definition]:
    every = image_definition.load_all(settings.root / "images")
    wanted = set(names)
    if unknown := wanted - {definition.name for definition in every}:
        raise UserError(f"no image {', '.join(sorted(unknown))}", remedy="einklang images list")
    return [definition for definition in every if not wanted or definition.name in wanted]


def _cached(folder: Path, definition: Definition, toolchain: Toolchain) -> Built | None:
    return image_build.read(_place(folder, definition, toolchain), definition)


def _place(folder: Path, definition: Definition, toolchain: Toolchain) -> Path:
    return folder / f"{definition.name}-{definition.key(toolchain)}"


def _build(
    folder: Path,
    definition: Definition,
    toolchain: Toolchain,
    progress: Progress,
    position: tuple[int, int],
    *,
    strict: bool,
) -> Built:
    log = folder / "logs" / f"{definition.name}.log"
    with progress.step(f"build image {definition.tag}", *position):
        place = _place(folder, definition, toolchain)
        return image_build.build(definition, place, toolchain, log, progress, strict=strict)


def _stored_name(reference: str) -> str:
    """The name under which containerd finds `registry/name:tag@digest`: with a digest it looks past the tag."""
    name, _, digest = reference.partition("@")
    return f"{name.rpartition(':')[0]}@{digest}"


def _write_catalogue(path: Path, catalogue: Mapping[str, str]) -> None:
    text = json.dumps(catalogue, indent=2) + "\n"
    if not path.exists() or path.read_text() != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_suffix(".new")
        new.write_text(text)
        new.replace(path)
