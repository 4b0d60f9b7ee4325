"""One document of the document management out of a backup, without touching the one that runs."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from einklang.clients.restic import Restic
from einklang.errors import CheckError, UserError
from einklang.operations.restore.inplace import STORE

MOST = 20
"""As many documents the Job names (images/backup/einklang_backup/document.py)."""
_NAME_BYTES = 255


@dataclass(frozen=True)
class Stored:
    """One version of a document's file. stored: when, as the database says. path: in the store of the snapshot.

    sha256: as the database has it, None where it has none.
    """

    document: int
    label: str
    file: int
    name: str
    stored: str
    sha256: str | None
    snapshot: str
    path: str


def stored(found: Sequence[Mapping[str, Any]], snapshot: str) -> list[Stored]:
    """What the Job found, as it told it. snapshot: of the same run's files."""
    return [Stored(**each, snapshot=snapshot) for each in found]


def fetch(repository: Restic, files: Sequence[Stored], folder: Path) -> list[Path]:
    """Bring the files into the folder (mode 0600), each compared with the SHA-256 that the database has of it.

    Raises UserError where one of that name is there already, CheckError where one is not what was stored, or nobody can
    tell; none is left then.
    """
    unknown = [each.name for each in files if each.sha256 is None]
    if unknown:
        raise CheckError(f"{', '.join(unknown)}: the database has no SHA-256 to compare with")
    folder.mkdir(parents=True, exist_ok=True)
    targets = {each.file: folder / name for each, name in zip(files, names(files), strict=True)}
    there = [str(path) for path in targets.values() if path.exists()]
    if there:
        raise UserError(f"{', '.join(there)}: there already", remedy="--output an empty folder")
    with tempfile.TemporaryDirectory(prefix=".einklang-", dir=folder) as scratch:
        for each in files:
            fresh = Path(scratch) / str(each.file)
            repository.dump(each.snapshot, f"{STORE}/{each.path}", fresh)
            fresh.chmod(0o600)
            with fresh.open("rb") as content:
                if hashlib.file_digest(content, "sha256").hexdigest() != each.sha256:
                    raise CheckError(f"{each.name} is not what was stored: another SHA-256")
        for each in files:
            (Path(scratch) / str(each.file)).rename(targets[each.file])
    return list(targets.values())


def names(files: Sequence[Stored]) -> list[str]:
    """A file name for each, no two the same: its own, with its number before it where another has it. Never a path."""
    wanted = ["".join(letter for letter in Path(each.name).name if letter.isprintable()) for each in files]
    given = list[str]()
    for each, name in zip(files, wanted, strict=True):
        chosen = _short(name) if name.strip(".") and wanted.count(name) == 1 else _short(f"{each.file}-{name}")
        while chosen in given:
            chosen = _short(f"{each.file}-{chosen}")
        given.append(chosen)
    return given


def _short(name: str) -> str:
    """What a file system takes: 255 bytes, with the end that tells the kind."""
    stem, suffix = Path(name).stem, Path(name).suffix
    while stem and len(f"{stem}{suffix}".encode()) > _NAME_BYTES:
        stem = stem[:-1]
    return f"{stem}{suffix}" if stem else name.encode()[:_NAME_BYTES].decode(errors="ignore")
