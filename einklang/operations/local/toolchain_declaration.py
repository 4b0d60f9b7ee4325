"""What `toolchain/toolchain.yaml` declares: the programs to build, and the key of what each is built from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from einklang.errors import UserError
from einklang.inventory.plain import documents

DECLARATION = "toolchain.yaml"
RECIPE = "1"  # counts up when the way of building changes (toolchain_build.py), so that everything is built anew
_KEY_LENGTH = 16  # hexadecimal digits: 64 bits, far more than the handful of folders needs


def _stays_inside(path: str) -> str:
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts or not pure.parts:
        raise ValueError("expected a relative path without '..'")
    return path


def _in_output(path: str) -> str:
    if PurePosixPath(path).parts[0] not in {"bin", "share"}:
        raise ValueError("expected a path below bin/ or share/")
    return path


InnerPath = Annotated[str, AfterValidator(_stays_inside)]
OutputPath = Annotated[InnerPath, AfterValidator(_in_output)]


class Purpose(StrEnum):
    """What a program is for: deploying, the embedded local cluster, being measured against, or tests."""

    PULUMI = "pulumi"
    CLUSTER = "cluster"
    BENCHMARKS = "benchmarks"
    TESTS = "tests"


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Source(_Model):
    """A file or folder inside a Go module, at the version that a program's go.mod pins."""

    module: str
    path: InnerPath
    program: str | None = Field(None, description="Whose go.mod pins the module; the declaring program's when left out")


class CBinary(_Model):
    """A C program of one file, compiled with gcc; `flags` in full."""

    source: Source
    flags: tuple[str, ...]


class Embed(_Model):
    """A file that is put beside the program's Go sources before they are compiled."""

    source: Source
    to: InnerPath


class ExtraFile(_Model):
    """A file or folder that becomes part of the output; below `bin/` it becomes executable."""

    source: Source
    to: OutputPath


class Program(_Model):
    """One folder of `toolchain/`: what is built from it, and how.

    binaries: name -> Go package (`.`: the folder's own main). variables: Go variable -> value, set by the linker.
    includes: programs declared earlier whose binaries stand beside this one's as well. plugin: the folder's name under
    which Pulumi keeps this program among its plugins.
    cold_minutes: as measured on two cores with empty caches, for the display only.
    """

    version: str = Field(pattern=r"^v\d+\.\d+\.\d+$")
    purpose: Purpose
    cold_minutes: float = Field(gt=0)
    binaries: Mapping[str, str] = Field(min_length=1)
    variables: Mapping[str, str] = {}
    c_binaries: Mapping[str, CBinary] = {}
    embeds: tuple[Embed, ...] = ()
    files: tuple[ExtraFile, ...] = ()
    includes: tuple[str, ...] = ()
    plugin: str | None = Field(None, pattern=r"^[a-z]+-[a-z0-9-]+-v\d+\.\d+\.\d+$")

    @model_validator(mode="after")
    def _one_call_can_name_them(self) -> Program:
        """`go build` names several binaries by their packages' last elements."""
        if len(self.binaries) > 1:
            for name, package in self.binaries.items():
                if PurePosixPath(package).name != name:
                    raise ValueError(f"binary {name}: one of several must have its package's name, not {package}")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all binaries that the program brings."""
        return (*self.binaries, *self.c_binaries)

    @property
    def sources(self) -> tuple[Source, ...]:
        """Everything that is taken from modules' folders."""
        parts: tuple[CBinary | Embed | ExtraFile, ...] = (*self.c_binaries.values(), *self.embeds, *self.files)
        return tuple(part.source for part in parts)


class Declaration(_Model):
    """All programs, in the order of building."""

    schema_version: Literal[1]
    programs: Mapping[str, Program]

    @model_validator(mode="after")
    def _included_comes_first(self) -> Declaration:
        earlier: dict[str, Program] = {}
        for name, program in self.programs.items():
            for included in program.includes:
                if included not in earlier or earlier[included].purpose is not program.purpose:
                    raise ValueError(f"{name} includes {included}: expected a program declared earlier, same purpose")
            earlier[name] = program
        return self

    def select(self, purposes: frozenset[Purpose]) -> dict[str, Program]:
        """The programs for these purposes, in order."""
        return {name: program for name, program in self.programs.items() if program.purpose in purposes}


def load(folder: Path) -> Declaration:
    """Read the declaration of a `toolchain/` folder. Raises UserError where it is missing, no YAML, or does not fit."""
    path = folder / DECLARATION
    try:
        return Declaration.model_validate(documents(path)[0])
    except (IndexError, ValidationError) as error:
        raise UserError(f"{path}: {error}") from error


def keys(folder: Path, programs: Mapping[str, Program], go_version: str) -> dict[str, str]:
    """For each program sixteen hexadecimal digits of a SHA-256 over everything that decides what is built.

    That is: the recipe's number, the program's entry (without the display's minutes), its folder's files, those of
    every program whose go.mod pins one of its sources, the keys of the programs that it includes, and the compiler
    (`go version`, which names system and architecture as well).
    """
    known: dict[str, str] = {}
    for name, program in programs.items():
        inputs = [("recipe", RECIPE.encode()), ("go", go_version.encode())]
        inputs += [("entry", program.model_dump_json(exclude={"cold_minutes"}, exclude_defaults=True).encode())]
        inputs += [(included, known[included].encode()) for included in program.includes]
        for owner in (name, *sorted({source.program for source in program.sources if source.program} - {name})):
            inputs += [(f"{owner}/{path.name}", path.read_bytes()) for path in source_files(folder / owner)]
        known[name] = _digest(inputs)
    return known


def _digest(inputs: Iterable[tuple[str, bytes]]) -> str:
    """Labels and lengths stand between the parts, so that no two inputs flow into one."""
    digest = hashlib.sha256()
    for label, content in inputs:
        digest.update(f"{label}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()[:_KEY_LENGTH]


def source_files(folder: Path) -> list[Path]:
    """The files a program is built from, sorted: go.mod, go.sum and Go sources; no subfolders."""
    wanted = {"go.mod", "go.sum"}
    return sorted(path for path in folder.iterdir() if path.name in wanted or path.suffix == ".go")
