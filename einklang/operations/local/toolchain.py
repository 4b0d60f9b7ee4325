"""The toolchain: every program that Einklang runs but does not install, found or built once and then kept.

Programs stand in `<cache>/toolchain/<program>-<key>/` with `bin/` and `share/`; the key is over all they are built
from, so another version is another folder and nothing is ever overwritten.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from einklang.clients import process
from einklang.errors import ClientError, UserError
from einklang.operations.local import toolchain_declaration as declaration
from einklang.operations.local.toolchain_build import MARKER, Workshop, build, sweep
from einklang.operations.local.toolchain_declaration import Program, Purpose
from einklang.progress import Progress
from einklang.settings import Settings

EVERYDAY = frozenset({Purpose.PULUMI, Purpose.CLUSTER})
_HOST = "pulumi-language-python"


@dataclass(frozen=True)
class Toolchain:
    """Where the programs are.

    binaries: name -> absolute path. shares: program -> folder of its other files (manifests, schemas).
    folders: what to put on the PATH, in this order. plugins: folder name in Pulumi's plugin cache -> program.
    builds_pulumi: False where an installed Pulumi is used, which then fetches its plugins itself.
    """

    binaries: Mapping[str, Path]
    shares: Mapping[str, Path]
    folders: tuple[Path, ...]
    plugins: Mapping[str, Path]
    builds_pulumi: bool

    def binary(self, name: str) -> Path:
        """The path of a program. Raises UserError where this toolchain has none of that name."""
        return _lookup(self.binaries, name)

    def share(self, program: str) -> Path:
        """The folder with a program's other files. Raises UserError where this toolchain lacks the program."""
        return _lookup(self.shares, program)


def install_plugins(toolchain: Toolchain, pulumi_home: Path) -> None:
    """Put the plugins that were built where Pulumi looks for them: `<PULUMI_HOME>/plugins/<kind>-<name>-v<version>/`.

    From there they are used without the warning that each plugin found on the PATH brings; with
    PULUMI_IGNORE_AMBIENT_PLUGINS=true only from there. Does nothing where an installed Pulumi is used.
    """
    for folder, program in toolchain.plugins.items():
        link = pulumi_home / "plugins" / folder / program.name
        if not link.is_symlink() or link.readlink() != program:
            link.parent.mkdir(parents=True, exist_ok=True)
            new = link.with_name(f".{os.getpid()}.new")
            new.symlink_to(program)
            new.replace(link)


def ensure(
    settings: Settings,
    progress: Progress,
    purposes: Collection[Purpose] = EVERYDAY,
    *,
    environ: Mapping[str, str] | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Toolchain:
    """Find the toolchain, after building what is missing of it, one program at a time.

    purposes: what it is needed for; `helm` comes only with Purpose.BENCHMARKS. environ: this process's when left out.
    Safe to interrupt and to repeat, and to run twice at once. The Go caches are removed when nothing is left to build,
    unless the settings keep them. Raises ClientError where a build fails, UserError where Go is missing.
    """
    environ = os.environ if environ is None else environ
    declared = settings.root / "toolchain"
    programs = declaration.load(declared).select(frozenset(purposes))
    installed = _installed_pulumi(environ)
    if installed:
        programs = {name: program for name, program in programs.items() if program.purpose is not Purpose.PULUMI}
    workshop = _workshop(settings, declared, environ, clock)
    targets = _targets(workshop, programs)
    if not all(target.is_dir() for target in targets.values()) or _to_clean(settings, workshop):
        with _alone(workshop.output, progress):
            _build_missing(workshop, programs, targets, progress)
            for cache in _to_clean(settings, workshop):
                progress.note(f"removing {cache}: nothing is left to build")
                shutil.rmtree(cache)
    return _toolchain(programs, targets, installed if Purpose.PULUMI in purposes else None)


def _workshop(settings: Settings, declared: Path, environ: Mapping[str, str], clock: Callable[[], float]) -> Workshop:
    return Workshop(
        declared=declared,
        output=settings.cache / "toolchain",
        build_cache=settings.cache / "go-build",
        module_cache=settings.cache / "go-mod",
        environ=environ,
        clock=clock,
    )


def _installed_pulumi(environ: Mapping[str, str]) -> Path | None:
    """The first Pulumi on the PATH that someone installed: with its Python language host beside it, and not ours."""
    for folder in environ.get("PATH", "").split(os.pathsep):
        found = Path(folder, "pulumi").resolve()
        ours = (found.parent.parent / MARKER).exists()
        if folder and not ours and os.access(found, os.X_OK) and found.with_name(_HOST).exists():
            return found
    return None


def _targets(workshop: Workshop, programs: Mapping[str, Program]) -> dict[str, Path]:
    """The folder of each program, built or not."""
    version = _go_version(workshop.environ) if programs else ""
    keys = declaration.keys(workshop.declared, programs, version)
    return {name: workshop.output / f"{name}-{key}" for name, key in keys.items()}


def _go_version(environ: Mapping[str, str]) -> str:
    try:
        return process.run(["go", "version"], env=environ).stdout.strip()
    except ClientError as error:
        raise UserError(f"Go does not run: {error.message}", remedy="install Go 1.26 or newer") from error


def _build_missing(
    workshop: Workshop, programs: Mapping[str, Program], targets: Mapping[str, Path], progress: Progress
) -> None:
    """Build in the declared order."""
    sweep(workshop)
    missing = [name for name, target in targets.items() if not target.is_dir()]
    for number, name in enumerate(missing, start=1):
        program = programs[name]
        title = f"building {name} {program.version} (about {program.cold_minutes:g} min when cold)"
        with progress.step(title, number, len(missing)):
            build(workshop, name, program, targets)
    sweep(workshop)


def _to_clean(settings: Settings, workshop: Workshop) -> list[Path]:
    caches = [] if settings.keep_build_cache else [workshop.build_cache, workshop.module_cache]
    return [cache for cache in caches if cache.is_dir()]


@contextlib.contextmanager
def _alone(folder: Path, progress: Progress) -> Iterator[None]:
    """Hold the toolchain's lock; it ends with the process, so a killed build leaves none behind."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress.note("waiting for another build of the toolchain to end")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _toolchain(programs: Mapping[str, Program], targets: Mapping[str, Path], installed: Path | None) -> Toolchain:
    binaries: dict[str, Path] = {}
    plugins: dict[str, Path] = {}
    for name, program in programs.items():
        included = (binary for other in program.includes for binary in programs[other].names)
        binaries |= {binary: targets[name] / "bin" / binary for binary in (*program.names, *included)}
        if program.plugin:
            plugins[program.plugin] = binaries[program.names[0]]
    if installed:
        binaries["pulumi"] = installed
    return Toolchain(
        binaries=binaries,
        shares={name: target / "share" for name, target in targets.items()},
        folders=tuple(dict.fromkeys(path.parent for path in binaries.values())),
        plugins=plugins,
        builds_pulumi=any(program.purpose is Purpose.PULUMI for program in programs.values()),
    )


def _lookup(paths: Mapping[str, Path], name: str) -> Path:
    if name not in paths:
        raise UserError(f"the toolchain has no {name}", remedy=f"one of {', '.join(sorted(paths))}")
    return paths[name]
