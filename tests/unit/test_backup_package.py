"""A run of the backup: its order, what it tells, and that half a run is none."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from einklang.model.backup import MANIFEST_PATH, Manifest
from tests.unit import backup_package as package

RUN, RESTIC, DATABASES = package.load("run"), package.load("restic"), package.load("databases")
SETTINGS = package.load("settings")
NOW = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)
SECRET = "correct-horse"
STORE = "/var/lib/dms/document_storage"


class Stage:
    """Programs, databases and configuration of one run."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.log, self.said = folder, list[str](), list[str]()
        self.documents, self.refused = ["one", "two"], 0
        self.dump('echo "dump of $PGDATABASE at $5 by $PGUSER, $#"')
        (folder / "tenant.json").write_text('{"id": "olpe"}')
        (folder / "standard.json").write_text('{"version": "2026.1"}')
        monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")

    def dump(self, script: str) -> None:
        """What pg_dump does: a shell script."""
        package.program(self.folder / "pg_dump", f'#!/bin/sh\nset -- x "$@"\n{script}\n')

    def perform(self, files: bool = True) -> None:
        environ = {
            "BACKUP_TENANT": "olpe",
            "BACKUP_STANDARD": "2026.1",
            "BACKUP_DATABASES": "identity dms",
            "BACKUP_DATABASE_HOST": "database-rw",
            "BACKUP_DATABASE_PORT": "5432",
            "BACKUP_DATABASE_CA": "/ca.crt",
            "BACKUP_DOCUMENTS": str(self.folder),
            "BACKUP_WORK": str(self.folder),
            "RESTIC_PASSWORD": SECRET,
            **{f"BACKUP_{name}_USER": name.lower() for name in ("IDENTITY", "DMS")},
            **{f"BACKUP_{name}_PASSWORD": SECRET for name in ("IDENTITY", "DMS")},
            **({"BACKUP_FILES": "/var/lib/dms", "BACKUP_LEFT_OUT": "/var/lib/dms/cache"} if files else {}),
        }
        listed = [f"{STORE}/one", f"{STORE}/two", "/var/lib/dms/other"]
        restic = package.restic(self.folder, listed, self.refused)
        settings = SETTINGS.Settings.from_environment(environ)
        RUN.Run(settings, "r1", self.connect, lambda: NOW, self.said.append, str(restic)).perform()

    def connect(self, **parameters: Any) -> package.Connection:
        assert parameters["sslmode"] == "verify-full"
        return package.Connection(parameters["dbname"], self.log, self.documents)

    def saved(self) -> list[str]:
        """The parts, in the order in which restic got them."""
        tags = [tag for note in package.notes(self.folder) for tag in note["words"] if tag.startswith("part:")]
        return [tag.removeprefix("part:") for tag in tags]

    def manifest(self) -> Manifest:
        (note,) = [note for note in package.notes(self.folder) if "part:manifest" in note["words"]]
        return Manifest.model_validate_json(note["content"])


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    return Stage(tmp_path, monkeypatch)


def test_databases_then_files_then_the_manifest(stage: Stage) -> None:
    stage.perform()
    assert stage.saved() == ["database/identity", "database/dms", "files", "manifest"]
    # All of them are at one moment, before the first is dumped.
    assert stage.log[:2] == ["identity: begun", "dms: begun"]
    assert RUN.MANIFEST_PATH == MANIFEST_PATH


def test_the_manifest_says_what_was_saved(stage: Stage) -> None:
    stage.perform()
    manifest = stage.manifest()
    part = manifest.part("database/identity")
    stream = next(note["content"] for note in package.notes(stage.folder) if "part:database/identity" in note["words"])
    assert part and part.sha256 == hashlib.sha256(stream.encode()).hexdigest()
    facts = manifest.databases["dms"]
    assert facts.tables['public.odd"name'].rows == 3
    assert (facts.large_objects, facts.roles) == (2, {"dms": ("login",)})
    assert manifest.files and (manifest.files.files, manifest.files.documents, manifest.files.missing) == (3, 2, 0)
    assert manifest.configuration == {"tenant": {"id": "olpe"}, "standard": {"version": "2026.1"}}


def test_the_dump_is_of_the_moment_that_was_counted(stage: Stage) -> None:
    stage.dump('echo "$@"')
    stage.perform()
    streams = [note["content"] for note in package.notes(stage.folder)]
    assert "--snapshot=snapshot-of-identity" in streams[0]
    assert "--snapshot=snapshot-of-dms" in streams[1]
    assert "--compress=0" in streams[0]


def test_a_document_without_its_file_is_named(stage: Stage) -> None:
    stage.documents = ["one", "gone", "two"]
    stage.perform()
    files = stage.manifest().files
    assert files and (files.missing, files.missing_names) == (1, ("gone",))
    assert "1 of 3 documents have no file" in stage.said


def test_a_tenant_without_documents(stage: Stage) -> None:
    stage.perform(files=False)
    assert stage.saved() == ["database/identity", "database/dms", "manifest"]
    assert stage.manifest().files is None


def test_a_dump_that_fails_leaves_no_snapshot_and_no_manifest(stage: Stage) -> None:
    """restic is ended before it hears of the end of its input: it would save the half."""
    stage.dump('echo half; sleep 0.2; echo "connection lost" >&2; exit 1')
    with pytest.raises(RESTIC.Failed, match=r"pg_dump .*code 1: connection lost"):
        stage.perform()
    assert package.notes(stage.folder) == []
    assert {"identity: closed", "dms: closed"} <= set(stage.log)


def test_a_site_that_refuses_ends_the_run(stage: Stage) -> None:
    stage.dump("yes | head -c 30000000")
    restic = RESTIC.Restic({"PATH": "/usr/bin:/bin"}, "olpe", "false")
    with pytest.raises(RESTIC.Failed, match="false backup: code 1"):
        restic.stream("/x", ["pg_dump"], {}, [])


def test_a_site_that_is_not_there_is_found_out_before_any_transaction(tmp_path: Path, stage: Stage) -> None:
    restic = RESTIC.Restic({"PATH": "/usr/bin:/bin"}, "olpe", str(package.restic(tmp_path, [], refused=1)))
    with pytest.raises(RESTIC.Failed, match="cat: code 1"):
        restic.reach(0.0)
    stage.refused = 12
    with pytest.raises(RESTIC.Failed, match="cat: code 12"):
        stage.perform()
    assert stage.log == []


def test_a_repository_at_which_the_site_works_is_waited_for(tmp_path: Path) -> None:
    waits: list[float] = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 3:
            package.restic(tmp_path, [])

    restic = RESTIC.Restic({"PATH": "/usr/bin:/bin"}, "olpe", str(package.restic(tmp_path, [], refused=10)))
    restic.reach(60.0, lambda: sum(waits), wait)
    assert len(waits) == 3
    package.restic(tmp_path, [], refused=10)
    with pytest.raises(RESTIC.Failed, match="code 10"):
        restic.reach(60.0, lambda: sum(waits), waits.append)


def test_no_secret_stands_in_an_argument(stage: Stage) -> None:
    stage.perform()
    assert SECRET not in json.dumps([note["words"] for note in package.notes(stage.folder)])
    settings = SETTINGS.Access("dms", "h", "1", "dms", SECRET, "/ca.crt")
    assert SECRET not in repr(settings)


def test_a_database_that_does_not_answer_yet_is_asked_again() -> None:
    refusals, ticks = [1, 2, 3], iter(range(100))

    def connect(**_: Any) -> str:
        if refusals:
            refusals.pop()
            raise OSError("refused")
        return "connection"

    again = DATABASES.patient(connect, OSError, 10.0, lambda: float(next(ticks)), lambda _: None)
    assert again(host="x") == "connection"
    refusals += range(100)
    with pytest.raises(OSError, match="refused"):
        again(host="x")
