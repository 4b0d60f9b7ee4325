"""`python3 -m einklang_backup`: one run. Prints what was saved, never a value of it.

Exit code 1 when something failed: nothing of an unfinished run counts as a backup, and the next one begins anew.
`python3 -m einklang_backup restore` puts parts of a run back (restore.py); its exit code 1: not all is as it was.
`python3 -m einklang_backup find` says where a document's files lie in a run (document.py).
`python3 -m einklang_backup swap FOLDER NEW KEPT` puts one folder in the place of another, which is kept.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import psycopg2

from einklang_backup import document
from einklang_backup.databases import patient
from einklang_backup.restic import Failed, Restic
from einklang_backup.restore import Order, Restore, swap
from einklang_backup.run import Run
from einklang_backup.settings import Settings

_PATIENCE_SECONDS = 120.0


def main() -> int:
    """Run what the first argument names; say why where it fails."""
    if sys.argv[1:2] == ["swap"]:
        return _swap(*map(Path, sys.argv[2:5]))
    known = {"restore": _restore, "find": _find}
    if sys.argv[1:]:
        return known[sys.argv[1]]() if sys.argv[1] in known else _unknown(sys.argv[1])
    return _save()


def _unknown(word: str) -> int:
    """Nothing that was not asked for is done."""
    _say(f"this image does not know {word}")
    return 1


def _swap(folder: Path, new: Path, kept: Path) -> int:
    try:
        told = {"part": "files", "result": "pass", "text": swap(folder, new, kept)}
    except (Failed, OSError) as error:
        told = {"part": "files", "result": "fail", "text": str(error)}
    _say(json.dumps(told))
    return 0 if told["result"] == "pass" else 1


def _find() -> int:
    try:
        settings = Settings.from_environment(os.environ)
        wanted = document.Wanted.from_environment(os.environ)
        for found in document.find(Restic(settings.restic, settings.tenant), wanted):
            _say(json.dumps({"found": found}))
    except (Failed, OSError, KeyError, ValueError) as error:
        _say(json.dumps({"part": "", "result": "fail", "text": f"{type(error).__name__}: {str(error).strip()}"}))
        return 1
    _say(json.dumps({"part": "", "result": "pass", "text": ""}))
    return 0


def _restore() -> int:
    try:
        settings, order = Settings.from_environment(os.environ), Order.from_environment(os.environ)
        connect = patient(psycopg2.connect, psycopg2.OperationalError, _PATIENCE_SECONDS)
        return 0 if Restore(settings, order, connect, psycopg2.Error, _say).perform() else 1
    except (Failed, OSError, KeyError, ValueError) as error:
        _say(json.dumps({"part": "", "result": "fail", "text": f"{type(error).__name__}: {str(error).strip()}"}))
        return 1


def _save() -> int:
    begun = datetime.now(UTC)
    name = f"{begun:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
    try:
        settings = Settings.from_environment(os.environ)
        connect = patient(psycopg2.connect, psycopg2.OperationalError, _PATIENCE_SECONDS)
        Run(settings, name, connect, lambda: datetime.now(UTC), _say).perform()
    except (Failed, psycopg2.Error, OSError, KeyError, subprocess.SubprocessError) as error:
        _say(f"run {name} failed, it is no backup: {type(error).__name__}: {str(error).strip()}")
        return 1
    return 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main())
