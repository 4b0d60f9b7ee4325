"""The images of `images/`: built once and kept by content, imported into the cluster, named by digest."""

from __future__ import annotations

import contextlib
import fcntl
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from einklang.clients.buildah import Buildah
from einklang.clients.containerd import Containerd
from einklang.errors import ClientError, UserError
from einklang.operations.local import image_build, image_definition, image_lock
from einklang.operations.local.image_build import UNFINISHED, Built, Workplace
from einklang.operations.local.image_definition import Definition
from einklang.operations.local.image_lock import Lock
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
    names: Sequence[str] = (),
    strict: bool = False,
) -> ImageSet:
    """Build the images that are missing in the cache, one at a time; write the catalogue.

    names: only these and their bases (default: all). Safe to interrupt and to repeat; a second builder waits for the
    first. strict: a Debian package in another version than the lock's is an error instead of a warning, in images
    that are in the cache as well. Raises ClientError where a build fails, UserError where a definition or a lock is
    not as expected.
    """
    definitions = image_definition.load_all(settings.root / "images")
    wanted = image_definition.with_bases(definitions, names or definitions)
    workplace = _workplace(settings, toolchain, progress, strict=strict)
    places = {
        name: workplace.folder / f"{name}-{key}" for name, key in image_definition.keys(wanted, toolchain).items()
    }
    found = {definition.name: image_build.read(places[definition.name], definition) for definition in wanted}
    if None in found.values():
        with _alone(workplace.folder, progress):
            _build_missing(workplace, wanted, places)
        found = {definition.name: image_build.read(places[definition.name], definition) for definition in wanted}
    images = ImageSet({name: built for name, built in found.items() if built})
    if strict:
        _refuse_deviations(images)
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


def push_images(
    settings: Settings,
    images: ImageSet,
    registry: str,
    catalogue: Path,
    progress: Progress,
    *,
    plain_http: bool = False,
) -> None:
    """Push all images to `registry` (host/path) and write a catalogue that names them there.

    plain_http: for a registry without TLS. Credentials are those of `buildah login`.
    """
    references, folder = {}, settings.cache / "images"
    for number, (name, built) in enumerate(sorted(images.by_name.items()), start=1):
        target = f"{registry}/{built.definition.tag}"
        buildah = Buildah(folder / f"{UNFINISHED}push", settings.logs / "push.log")
        with _alone(folder, progress), progress.step(f"push {name}", number, len(images.by_name)):
            try:
                digest = buildah.push(built.archive, target, plain_http=plain_http)
                references[built.definition.tag] = f"{target}@{digest}"
            finally:
                buildah.close()
    _write_catalogue(catalogue, references)


def lock_images(
    settings: Settings, toolchain: Toolchain, progress: Progress, today: date, names: Sequence[str] = ()
) -> list[Path]:
    """Write the locks anew from what mirror and index have now, bases first; returns the files.

    A base whose lock has changed is built before those that add to it are looked up.
    """
    every = image_definition.load_all(settings.root / "images")
    chosen = [definition for definition in image_definition.with_bases(every, names or every)
              if _locked(definition) and (not names or definition.name in names)]  # fmt: skip
    workplace = _workplace(settings, toolchain, progress)
    for number, definition in enumerate(chosen, start=1):
        bases = ensure_images(settings, toolchain, progress, names=definition.bases) if definition.bases else None
        with progress.step(f"lock {definition.name}", number, len(chosen)), _alone(workplace.folder, progress):
            if definition.declared.debian:
                found = image_build.look_up(workplace, definition, bases.by_name if bases else {})
                _write_lock(definition, Lock(today, found))
            if definition.declared.python:
                definition.python_lock.write_text(image_build.resolve_python(workplace, definition))
    return [file for definition in chosen for file in _locked(definition)]


def prune(settings: Settings, images: ImageSet, progress: Progress) -> list[Path]:
    """Remove from the cache what is not in `images`: earlier builds, builds of other checkouts. Returns the folders."""
    folder = settings.cache / "images"
    kept = {built.archive.parent for built in images.by_name.values()}
    with _alone(folder, progress):
        removed = [path.parent for path in sorted(folder.glob("*/image.tar")) if path.parent not in kept]
        for path in removed:
            shutil.rmtree(path)
    return removed


def _refuse_deviations(images: ImageSet) -> None:
    for name, built in images.by_name.items():
        bases = {base: images.by_name[base] for base in built.definition.bases}
        for line in built.deviations(bases):
            raise ClientError(f"image {name}: {line}", remedy="einklang images lock")


def _locked(definition: Definition) -> list[Path]:
    """The lock files that the image has to have."""
    declared = definition.declared
    return [*([definition.lock] if declared.debian else []), *([definition.python_lock] if declared.python else [])]


def _write_lock(definition: Definition, lock: Lock) -> None:
    """Write the lock unless the packages are the same: another day alone is no reason to build again."""
    if not definition.lock.exists() or image_lock.read(definition.lock).packages != lock.packages:
        image_lock.write(definition.lock, lock)


def _workplace(settings: Settings, toolchain: Toolchain, progress: Progress, *, strict: bool = False) -> Workplace:
    return Workplace(settings.cache / "images", toolchain, progress, strict)


def _build_missing(workplace: Workplace, wanted: Sequence[Definition], places: Mapping[str, Path]) -> None:
    """Build bases first. The lock is held: work folders that are there belong to builds that were killed."""
    for left_behind in workplace.folder.glob(f"{UNFINISHED}*"):
        shutil.rmtree(left_behind, ignore_errors=True)
    # The builder that held the lock before may have built some.
    found = {definition.name: image_build.read(places[definition.name], definition) for definition in wanted}
    missing = [definition for definition in wanted if found[definition.name] is None]
    for number, definition in enumerate(missing, start=1):
        bases = {name: built for name, built in found.items() if built and name in definition.bases}
        with workplace.progress.step(f"build image {definition.tag}", number, len(missing)):
            found[definition.name] = image_build.build(workplace, definition, places[definition.name], bases)


@contextlib.contextmanager
def _alone(folder: Path, progress: Progress) -> Iterator[None]:
    """Hold the images' lock; it ends with the process, so a killed build leaves none behind."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress.note("waiting for another build of images to end")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _stored_name(reference: str) -> str:
    """The name under which containerd finds `registry/name:tag@digest`: with a digest it looks past the tag."""
    name, _, digest = reference.partition("@")
    return f"{name.rpartition(':')[0]}@{digest}"


def _write_catalogue(path: Path, catalogue: Mapping[str, str]) -> None:
    """Write the catalogue whole or not at all, whoever else writes it at the same time."""
    text = json.dumps(catalogue, indent=2) + "\n"
    if path.exists() and path.read_text() == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=f".{path.name}.", delete=False) as new:
        new.write(text)
    Path(new.name).chmod(0o644)
    Path(new.name).replace(path)
