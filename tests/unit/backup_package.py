"""The backup image's own package, imported from the image's folder, with stand-ins of the programs that it runs."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from einklang.settings import PROJECT_ROOT

FOLDER = PROJECT_ROOT / "images" / "backup"

# Notes its arguments and what it is sent, and answers as restic does.
RESTIC = """#!{python}
import hashlib, json, os, sys
words, record = sys.argv[1:], {record!r}
if words[0] == "cat":
    raise SystemExit({refusals!r})
content = sys.stdin.buffer.read() if "--stdin" in words else b""
with open(record, "a") as notes:
    notes.write(json.dumps({{"words": words, "content": content.decode(errors="replace")}}) + "\\n")
if words[0] == "ls":
    for path in {listed!r}:
        print(json.dumps({{"struct_type": "node", "type": "file", "path": path, "size": 7}}))
elif words[0] == "backup":
    print(json.dumps({{"message_type": "status"}}))
    print(json.dumps({{
        "message_type": "summary", "snapshot_id": hashlib.sha256(repr(words).encode()).hexdigest(),
        "total_bytes_processed": len(content), "data_added": len(content), "data_added_packed": len(content),
        "total_files_processed": 1, "total_duration": 0.25,
    }}))
"""


def load(name: str) -> ModuleType:
    """A module of the package."""
    if str(FOLDER) not in sys.path:
        sys.path.append(str(FOLDER))
    return importlib.import_module(f"einklang_backup.{name}")


def program(path: Path, text: str) -> Path:
    """An executable file."""
    path.write_text(text)
    path.chmod(0o755)
    return path


def restic(folder: Path, listed: list[str], refused: int = 0) -> Path:
    """The stand-in of restic. listed: the paths that its snapshots hold. refused: its code where it is to open."""
    text = RESTIC.format(python=sys.executable, record=str(folder / "restic.notes"), listed=listed, refusals=refused)
    return program(folder / "restic", text)


def notes(folder: Path) -> list[dict[str, Any]]:
    """What the stand-in was asked for, in order."""
    file = folder / "restic.notes"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


class Connection:
    """A database that answers a run's questions; `log` gets what happens in order."""

    def __init__(self, name: str, log: list[str], documents: list[str]) -> None:
        self.name, self.log, self.documents = name, log, documents
        self.rows: list[tuple[Any, ...]] = []
        log.append(f"{name}: begun")

    def set_session(self, *, isolation_level: str, readonly: bool) -> None:
        assert (isolation_level, readonly) == ("REPEATABLE READ", True)

    def cursor(self) -> Connection:
        return self

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def execute(self, query: str) -> None:
        answers: dict[str, list[tuple[Any, ...]]] = {
            "SET": [],
            "SELECT pg_export_snapshot": [(f"snapshot-of-{self.name}", "2026-11-23T20:00:00Z", "15.14")],
            "SELECT schemaname": [("public", 'odd"name'), ("public", "users")],
            "SELECT count(*), coalesce": [(3, "12345678901234567890")],
            "SELECT pg_database_size": [(1000,)],
            "SELECT count(*) FROM pg_catalog.pg_largeobject": [(2,)],
            "SELECT rolname": [(self.name, True, False, False, False, False, False)],
            "SELECT file": [(name,) for name in self.documents],
        }
        self.rows = next(rows for start, rows in answers.items() if query.startswith(start))

    def fetchall(self) -> list[tuple[Any, ...]]:
        return self.rows

    def close(self) -> None:
        self.log.append(f"{self.name}: closed")
