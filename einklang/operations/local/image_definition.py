"""What an image is built from: one folder in `images/`, declared by its `image.toml`."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from einklang.errors import UserError
from einklang.operations.local.toolchain import Toolchain

DEBIAN_SUITE = "bookworm"
# Part of every key: raise it when the way of building changes what comes out.
BUILDER = "4"
DECLARATION, RECIPE = "image.toml", "Containerfile"
# `localhost/<name>` in a Containerfile is the image of that name; nothing comes from a registry.
_STARTS = re.compile(r"^FROM\s+(\S+)", re.MULTILINE)
_COPIES = re.compile(r"--from=(localhost/\S+)")

PackageName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9+.-]+$")]
ProgramName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
Requirement = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][^\n\\]*$")]
SourcePath = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_]+([./-][A-Za-z0-9_]+)*$")]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class MavenArtifact(_Model):
    """`group:artifact:version:type` and the SHA-256 that it must have."""

    artifact: str = Field(pattern=r"^[\w.-]+:[\w.-]+:[\w.-]+:[a-z]+$")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class NpmPackage(_Model):
    """`name@version` and the checksum that its archive must have."""

    package: str = Field(pattern=r"^(@[a-z0-9._-]+/)?[a-z0-9._-]+@\d[\w.+-]*$")
    integrity: str = Field(pattern=r"^sha512-[A-Za-z0-9+/]{86}==$")

    @property
    def name(self) -> str:
        """The name, with its scope."""
        return self.package.rpartition("@")[0]


class PythonTree(_Model):
    """requirements, overrides: as pip writes them. until: no package that was published later. built: packages without
    a wheel, built on the builder's machine: pure Python only."""

    requirements: tuple[Requirement, ...] = Field(min_length=1)
    overrides: tuple[Requirement, ...] = ()
    until: date | None = None
    built: tuple[Requirement, ...] = ()


class Declaration(_Model):
    """The content of an `image.toml`.

    version: the image's tag, by which standards and the platform name it. licenses: SPDX expression of its main
    content. source: where that comes from. programs: of the toolchain, in the context's folder `bin`. debian: packages
    of the root file system `rootfs.tar`. maven: archives that are unpacked in `maven`. npm: packages that are unpacked
    in `npm/<name>`. python: packages that are installed in `python`. sources: files and folders of the checkout, by
    path, in `sources`.
    """

    title: str
    version: str = Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$")
    licenses: str
    source: str = Field(pattern=r"^https://")
    programs: tuple[ProgramName, ...] = ()
    debian: tuple[PackageName, ...] = ()
    maven: tuple[MavenArtifact, ...] = ()
    npm: tuple[NpmPackage, ...] = ()
    python: PythonTree | None = None
    sources: tuple[SourcePath, ...] = ()


@dataclass(frozen=True)
class Definition:
    """One image. bases: the images that its Containerfile starts from or copies from."""

    name: str
    folder: Path
    declared: Declaration
    bases: Sequence[str]

    @property
    def tag(self) -> str:
        """`name:version`, by which standards and the platform name the image."""
        return f"{self.name}:{self.declared.version}"

    @property
    def lock(self) -> Path:
        """The Debian packages that the image adds to its base."""
        return self.folder / "debian.lock"

    @property
    def python_lock(self) -> Path:
        """The Python packages of the image, with the hashes of their files."""
        return self.folder / "python.lock"

    @property
    def source_files(self) -> Sequence[tuple[str, Path]]:
        """Path in the checkout and where the file is, sorted; of a folder, every file below it."""
        root = self.folder.parent.parent
        files = {file for path in self.declared.sources for file in _files(root / path)}
        return sorted((str(file.relative_to(root)), file) for file in files)


def load_all(images: Path) -> dict[str, Definition]:
    """All images of the folder, by name, each after its bases. Raises UserError for what is not as expected."""
    found = {file.parent.name: load(file.parent) for file in sorted(images.glob(f"*/{DECLARATION}"))}
    return {definition.name: definition for definition in with_bases(found, found)}


def load(folder: Path) -> Definition:
    """One image's definition. Raises UserError with the file and what is wrong in it."""
    file, recipe = folder / DECLARATION, folder / RECIPE
    try:
        declared = Declaration.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
        bases = _bases(recipe, recipe.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"{error.filename}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise UserError(f"{file}: {error}", remedy="see images/README.md for what image.toml holds") from error
    return Definition(folder.name, folder, declared, bases)


def with_bases(definitions: Mapping[str, Definition], names: Iterable[str]) -> list[Definition]:
    """The named images and all they build on, bases first. Raises UserError for a base that is none."""
    ordered: dict[str, Definition] = {}
    for name in names:
        for definition in _below(name, definitions, ()):
            ordered.setdefault(definition.name, definition)
    return list(ordered.values())


def keys(definitions: Iterable[Definition], toolchain: Toolchain) -> dict[str, str]:
    """For each image (bases first) 16 hex digits over everything that it is built from."""
    known: dict[str, str] = {}
    for definition in definitions:
        digest = hashlib.sha256(f"{BUILDER}\n{DEBIAN_SUITE}\n".encode())
        for label, content in _inputs(definition, toolchain, known):
            digest.update(f"{label}\0{len(content)}\0".encode())
            digest.update(content)
        known[definition.name] = digest.hexdigest()[:16]
    return known


def _inputs(definition: Definition, toolchain: Toolchain, known: Mapping[str, str]) -> Iterator[tuple[str, bytes]]:
    for path in sorted(path for path in definition.folder.rglob("*") if path.is_file()):
        executable = bool(path.stat().st_mode & 0o111)
        yield f"{path.relative_to(definition.folder)} {executable}", path.read_bytes()
    for program in definition.declared.programs:
        # The folder's name ends with the key of what the program is built from.
        yield program, toolchain.binary(program).resolve().parent.parent.name.encode()
    for name, source in definition.source_files:
        yield name, source.read_bytes()
    for base in definition.bases:
        yield base, known[base].encode()


def _below(name: str, known: Mapping[str, Definition], above: tuple[str, ...]) -> Iterator[Definition]:
    if name in above:
        raise UserError(f"images build on each other in a circle: {' -> '.join((*above, name))}")
    if name not in known:
        origin = f"images/{above[-1]}/{RECIPE}: " if above else ""
        raise UserError(f"{origin}no image {name}", remedy=f"one of {', '.join(sorted(known))}")
    for base in known[name].bases:
        yield from _below(base, known, (*above, name))
    yield known[name]


def _files(path: Path) -> list[Path]:
    """The file itself, or what lies below the folder, without what Python compiled."""
    if not path.is_dir():
        return [path]
    return [file for file in path.rglob("*") if file.is_file() and "__pycache__" not in file.parts]


def _bases(recipe: Path, text: str) -> tuple[str, ...]:
    starts = [start for start in _STARTS.findall(text) if start != "scratch"]
    for start in starts:
        if not start.startswith("localhost/"):
            raise UserError(f"{recipe}: FROM {start}", remedy="scratch, or localhost/<name> for an image of images/")
    return tuple(dict.fromkeys(start.partition("/")[2] for start in [*starts, *_COPIES.findall(text)]))
