"""Building one program of the toolchain: sources and module files in, a finished folder out, or nothing at all."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from einklang.clients import process
from einklang.errors import ClientError
from einklang.operations.local.toolchain_declaration import Program, Source, source_files

MARKER = "program.json"  # stands in every finished folder: what it is, and how long it took
UNFINISHED = ".building-"  # prefix of the folders of builds under way


@dataclass(frozen=True)
class Workshop:
    """Where and with what programs are built.

    declared: the folder `toolchain/`. output: the folder for finished programs; work in progress is on the same file
    system. environ: the environment of go and gcc. clock: seconds, for the duration in the marker.
    """

    declared: Path
    output: Path
    build_cache: Path
    module_cache: Path
    environ: Mapping[str, str]
    clock: Callable[[], float]

    def log(self, name: str) -> Path:
        """The log file of a program's last build."""
        return self.output / "logs" / f"{name}.log"

    def go_environment(self, temporary: Path) -> dict[str, str]:
        """Go with this workshop's caches: no CGO, and go.mod and go.sum are read, never written."""
        return {
            **self.environ,
            "CGO_ENABLED": "0",
            "GOCACHE": str(self.build_cache),
            "GOFLAGS": "-mod=readonly -modcacherw -buildvcs=false",
            "GOMODCACHE": str(self.module_cache),
            "GOTMPDIR": str(temporary),
            "GOWORK": "off",
        }


def sweep(workshop: Workshop) -> None:
    """Remove what killed builds left behind, as far as nothing writes to it any more. The caller holds the lock."""
    for work in workshop.output.glob(f"{UNFINISHED}*"):
        shutil.rmtree(work, ignore_errors=True)


def build(workshop: Workshop, name: str, program: Program, targets: Mapping[str, Path]) -> None:
    """Build a program into `targets[name]`, which appears whole or not at all.

    targets: the finished folders of the programs that this one includes, too. The work folder has a name of its own:
    the compiler of a killed build may live a little longer and still write to that one's.
    Raises ClientError that names the program and its log, and quotes the log's last lines.
    """
    began, log, target = workshop.clock(), workshop.log(name), targets[name]
    log.unlink(missing_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f"{UNFINISHED}{name}-", dir=workshop.output))
    try:
        finished = _Build(workshop, name, program, work).run([targets[included] for included in program.includes])
        marker = {"program": name, "version": program.version, "seconds": round(workshop.clock() - began, 1)}
        (finished / MARKER).write_text(json.dumps(marker) + "\n")
        finished.rename(target)
    except (ClientError, OSError) as error:
        raise ClientError(f"{name} {program.version} could not be built (log: {log}): {error}", log=log) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)


class _Build:
    """One build in its own work folder."""

    def __init__(self, workshop: Workshop, name: str, program: Program, work: Path) -> None:
        self.workshop, self.name, self.program = workshop, name, program
        self.work, self.output, self.temporary = work, work / "output", work / "tmp"
        self.environ = workshop.go_environment(self.temporary)

    def run(self, included: Sequence[Path]) -> Path:
        """All steps; returns the finished folder inside the work folder."""
        (self.output / "bin").mkdir(parents=True)
        (self.output / "share").mkdir()
        self.temporary.mkdir()
        source = self._staged(self.name)
        for embed in self.program.embeds:
            shutil.copyfile(self._located(embed.source), source / embed.to)
        self._compile_go(source)
        self._compile_c()
        for extra in self.program.files:
            self._copy(self._located(extra.source), extra.to)
        for binary in (path for folder in included for path in (folder / "bin").iterdir()):
            (self.output / "bin" / binary.name).hardlink_to(binary)
        return self.output

    def _staged(self, name: str) -> Path:
        """A copy of a program's folder, so that no build can change what is committed."""
        folder = self.work / "source" / name
        if not folder.exists():
            folder.mkdir(parents=True)
            for path in source_files(self.workshop.declared / name):
                shutil.copyfile(path, folder / path.name)
        return folder

    def _compile_go(self, source: Path) -> None:
        variables = (f"-X {variable}={value}" for variable, value in self.program.variables.items())
        linking = " ".join(["-s", "-w", *variables])
        folder, names = self.output / "bin", list(self.program.binaries)
        where = folder / names[0] if len(names) == 1 else folder
        command = ["go", "build", "-trimpath", "-ldflags", linking, "-o", str(where), *self.program.binaries.values()]
        process.run(command, cwd=source, env=self.environ, log=self.workshop.log(self.name))

    def _compile_c(self) -> None:
        for name, binary in self.program.c_binaries.items():
            command = ["gcc", *binary.flags, "-o", str(self.output / "bin" / name), str(self._located(binary.source))]
            process.run(command, cwd=self.work, env=self.environ, log=self.workshop.log(self.name))

    def _located(self, source: Source) -> Path:
        """A module's file in the module cache, after its content was compared with go.sum."""
        folder = self._staged(source.program or self.name)
        answer = process.run(["go", "mod", "download", "-json", source.module], cwd=folder, env=self.environ)
        path = Path(json.loads(answer.stdout)["Dir"]) / source.path
        if not path.exists():
            raise ClientError(f"module {source.module} has no {source.path}")
        return path

    def _copy(self, origin: Path, to: str) -> None:
        target = self.output / to
        target.parent.mkdir(parents=True, exist_ok=True)
        if origin.is_dir():
            shutil.copytree(origin, target, copy_function=shutil.copyfile)
            target.chmod(0o755)
        else:
            shutil.copyfile(origin, target)
            target.chmod(0o755 if to.startswith("bin/") else 0o644)
