"""Python packages by uv: resolved into a lock with hashes, and installed from one into a folder."""

from __future__ import annotations

import platform
import shutil
import sys
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

from einklang.clients import process

# Of the distribution that the images are made from: CPython and the C library of Debian 12.
PYTHON_VERSION, C_LIBRARY = "3.11", "manylinux_2_36"
_UV = str(Path(sys.executable).with_name("uv"))


def resolve(requirements: Sequence[str], overrides: Sequence[str], until: date | None, folder: Path, log: Path) -> str:
    """The lock of these requirements: each package's version with the hashes of its files, one requirement a line.

    overrides: requirements that replace what packages ask for. until: what was published later is left out.
    folder: an existing one, for files of its own. Raises ClientError where they do not fit together.
    """
    wanted, replaced, lock = folder / "python.in", folder / "overrides.in", folder / "python.lock"
    wanted.write_text("\n".join(requirements) + "\n")
    replaced.write_text("".join(f"{line}\n" for line in overrides))
    argv = [_UV, "pip", "compile", "--quiet", "--generate-hashes", "--no-header", "--no-annotate"]
    files: list[str | Path] = ["--overrides", replaced, "--output-file", lock, wanted]
    process.run([*argv, *_place(), *_limit(until), *files], log=log, cwd=folder)
    return lock.read_text()


def install(lock: Path, target: Path, built: Sequence[str], until: date | None, log: Path) -> None:
    """Install what the lock names into `target`, checked by its hashes.

    built: packages that have no wheel and are built here; everything else comes as a wheel. Scripts are left out: they
    would name this machine's Python. Raises ClientError where a hash is another or a wheel is missing.
    """
    only = ["--require-hashes", "--no-deps", "--only-binary", ":all:", *_each("--no-binary", built)]
    files: list[str | Path] = ["--target", target, "--requirements", lock]
    process.run([_UV, "pip", "install", "--quiet", *only, *_place(), *_limit(until), *files], log=log)
    for name in ("bin", ".lock"):
        leftover = target / name
        if leftover.is_dir():
            shutil.rmtree(leftover)
        leftover.unlink(missing_ok=True)


def _place() -> list[str]:
    return ["--python-version", PYTHON_VERSION, "--python-platform", f"{platform.machine()}-{C_LIBRARY}"]


def _limit(until: date | None) -> list[str]:
    return ["--exclude-newer", until.isoformat()] if until else []


def _each(option: str, values: Iterable[str]) -> list[str]:
    return [word for value in values for word in (option, value)]
