"""What puts a run back and compares it, with a planted violation for each thing that can be otherwise than it was."""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.unit import backup_package as package

RESTORE, SETTINGS, RESTIC = package.load("restore"), package.load("settings"), package.load("restic")
ROOT, DUMP, SECRET = "/var/lib/dms", b"dump of everything", "correct-horse"
TABLES = {'public.odd"name': {"rows": 3, "digest": "7"}, "public.users": {"rows": 3, "digest": "7"}}
# Gives what a folder named like the snapshot holds, as restic does.
PROGRAM = """#!{python}
import json, pathlib, shutil, sys
words, here = sys.argv[1:], pathlib.Path({here!r})
if words[0] == "dump":
    file = here / words[2] / words[3].lstrip("/")
    if (here / "damaged").exists():
        sys.stdout.write("half"); sys.stdout.flush(); sys.exit("pack is damaged")
    sys.stdout.buffer.write(file.read_bytes())
elif words[0] == "restore":
    snapshot, _, below = words[-1].partition(":")
    source, target = here / snapshot / below.lstrip("/"), words[words.index("--target") + 1]
    shutil.copytree(source, target, dirs_exist_ok=True)
    print(json.dumps({{"message_type": "status", "percent_done": 0}}))
    for path in sorted(source.rglob("*")):
        size = path.stat().st_size if path.is_file() else 0
        told = {{"action": "restored", "item": "/" + str(path.relative_to(source)), "size": size}}
        print(json.dumps({{"message_type": "verbose_status", **told}}))
    for path in pathlib.Path(target).rglob("lost"):
        path.unlink()
    if (here / "full").exists():
        print(json.dumps({{"message_type": "error", "error": {{"message": "write two: no space"}}}}), file=sys.stderr)
        sys.exit(1)
"""


class Bed:
    """A repository with one run, and a place that takes it. statements: each with its database."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.said, self.statements = folder, list[dict[str, Any]](), list[tuple[str, str]]()
        self.tables = dict(TABLES)
        self.client_rows = 1
        package.program(folder / "restic", PROGRAM.format(python=sys.executable, here=str(folder)))
        package.program(
            folder / "pg_restore", f'#!/bin/sh\nset -e\ncat > "{folder}/$PGDATABASE.new"\n'
            f'echo "$@" > "{folder}/options"\nmv "{folder}/$PGDATABASE.new" "{folder}/$PGDATABASE.taken"\n',
        )  # fmt: skip
        monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
        self.files = {"document_storage/one": b"first", "document_storage/two": b"second", "other": b"x"}
        for name, content in self.files.items():
            self.place(folder / "f" / ROOT.lstrip("/") / name, content)
        for name in ("identity", "dms"):
            self.place(folder / name[0] / "database" / f"{name}.dump", DUMP)
        self.manifest: dict[str, Any] = {
            "tenant": "olpe",
            "run": "r1",
            "parts": [self.part("database/identity"), self.part("database/dms"), self.part("files")],
            "databases": {name: {"tables": TABLES, "large_objects": 2} for name in ("identity", "dms")},
            "files": {"files": 3, "bytes": 12, "missing": 0},
        }

    def place(self, path: Path, content: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def part(self, name: str) -> dict[str, Any]:
        snapshot = name.rpartition("/")[2][0]
        return {"name": name, "snapshot": snapshot, "bytes": len(DUMP), "sha256": hashlib.sha256(DUMP).hexdigest()}

    def perform(self, **order: Any) -> bool:
        manifest = self.folder / "manifest.json"
        manifest.write_text(json.dumps(self.manifest))
        access = {name: SETTINGS.Access(name, "h", "1", name, SECRET, "/ca.crt") for name in ("identity", "dms")}
        settings = SETTINGS.Settings(
            "olpe", "2026.1", {"PATH": "/usr/bin:/bin"}, list(access.values()), Path(ROOT), [], self.folder, self.folder
        )
        given = {"manifest": manifest, "parts": (), "databases": {}, "folder": self.folder / "volume", "sample": 10}
        made = RESTORE.Order(**(given | order))
        program, say = str(self.folder / "restic"), lambda line: self.said.append(json.loads(line))
        return bool(RESTORE.Restore(settings, made, self.connect, RuntimeError, say, program).perform())

    def connect(self, **parameters: Any) -> Database:
        assert parameters["sslmode"] == "verify-full"
        return Database(self, parameters["dbname"])

    def result(self, part: str) -> dict[str, Any]:
        return next(each for each in self.said if each["part"] == part)


class Database(package.Connection):
    """A database that has its tables once it has taken a dump."""

    def __init__(self, bed: Bed, name: str) -> None:
        super().__init__(name, [], [])
        self.bed, self.rowcount = bed, bed.client_rows

    def set_session(self, **_: Any) -> None:
        raise AssertionError("a restore writes")

    def execute(self, query: str, values: tuple[Any, ...] = ()) -> None:
        self.bed.statements.append((self.name, query))
        assert SECRET not in query
        if query.startswith("SELECT schemaname"):
            there = (self.bed.folder / f"{self.name}.taken").exists()
            self.rows = [tuple(name.split(".")) for name in self.bed.tables] if there else []
        elif query.startswith("SELECT count(*), coalesce"):
            name = query.split('FROM "')[1].split('" t')[0].replace('"."', ".").replace('""', '"')
            self.rows = [(self.bed.tables[name]["rows"], self.bed.tables[name]["digest"])]
        elif query.startswith("SELECT file"):
            assert values == ("r1",)
            stored = {name.partition("/")[2]: text for name, text in self.bed.files.items() if "/" in name}
            self.rows = [(name, hashlib.sha256(text).hexdigest()) for name, text in stored.items()]
        elif not query.startswith(("ANALYZE", "UPDATE")):
            super().execute(query)


@pytest.fixture
def bed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bed:
    return Bed(tmp_path, monkeypatch)


def test_everything_is_put_back_and_compared(bed: Bed) -> None:
    assert bed.perform()
    assert [(each["part"], each["result"]) for each in bed.said] == [
        ("database/identity", "pass"), ("database/dms", "pass"), ("files", "pass"),
    ]  # fmt: skip
    assert (bed.folder / "identity.taken").read_bytes() == DUMP
    assert "--single-transaction" in (bed.folder / "options").read_text()
    assert (bed.folder / "volume" / "document_storage" / "two").read_bytes() == b"second"
    assert bed.result("files")["checked"] == 2
    assert bed.result("database/dms")["rows"] == 6
    # A second time everything is there, and only compared.
    (bed.folder / "options").unlink()
    assert bed.perform()
    assert not (bed.folder / "options").exists()


def test_only_what_is_asked_for_and_where(bed: Bed) -> None:
    assert bed.perform(parts=("database/dms",), databases={"dms": "dms_beside"})
    assert [path.name for path in bed.folder.glob("*.taken")] == ["dms_beside.taken"]
    assert not bed.perform(parts=("database/portal",))
    assert "no such part" in bed.result("database/portal")["text"]


def test_a_database_that_holds_something_else_is_not_touched(bed: Bed) -> None:
    bed.place(bed.folder / "dms.taken", b"what people wrote")
    bed.tables = TABLES | {"public.users": {"rows": 9, "digest": "8"}}
    assert not bed.perform(parts=("database/dms",))
    assert "public.users (9 rows, 3 saved)" in bed.result("database/dms")["text"]
    assert (bed.folder / "dms.taken").read_bytes() == b"what people wrote"


def test_a_damaged_pack_is_told_and_the_other_parts_are_put_back(bed: Bed) -> None:
    """pg_restore is ended before it hears of an end: half a dump is none."""
    (bed.folder / "damaged").touch()
    assert not bed.perform()
    assert "pack is damaged" in bed.result("database/dms")["text"]
    assert [each["part"] for each in bed.said] == ["database/identity", "database/dms", "files"]
    assert not (bed.folder / "dms.taken").exists()


@pytest.mark.parametrize(
    ("plant", "told"),
    [
        (lambda bed: bed.manifest["parts"][1].update(sha256="0" * 64), "SHA-256 or length"),
        (lambda bed: bed.manifest["parts"][1].update(bytes=7), "SHA-256 or length"),
        (lambda bed: bed.tables.pop("public.users"), "public.users (no table rows, 3 saved)"),
        (lambda bed: bed.tables.update({"public.more": {"rows": 1, "digest": "1"}}), "public.more (1 rows"),
        (lambda bed: bed.manifest["databases"]["dms"].update(large_objects=3), "2 large objects, 3 were saved"),
    ],
)
def test_a_dump_that_is_not_what_was_saved(bed: Bed, plant: Any, told: str) -> None:
    plant(bed)
    assert not bed.perform(parts=("database/dms",))
    assert told in bed.result("database/dms")["text"]


@pytest.mark.parametrize(
    ("plant", "told"),
    [
        (lambda bed: bed.files.update({"document_storage/lost": b"?"}), "1 documents have no file"),
        (lambda bed: bed.files.update({"document_storage/one": b"other"}), "1 documents have another content: one"),
        (lambda bed: bed.manifest["files"].update(files=4), "3 files with 12 bytes; the manifest says 4 with 12"),
        (lambda bed: bed.manifest["files"].update(bytes=13), "the manifest says 3 with 13"),
    ],
)
def test_files_that_are_not_what_was_saved(bed: Bed, plant: Any, told: str) -> None:
    plant(bed)
    assert not bed.perform(parts=("files",))
    assert told in bed.result("files")["text"]


def test_a_file_that_restic_told_of_and_is_not_there(bed: Bed) -> None:
    bed.place(bed.folder / "f" / ROOT.lstrip("/") / "lost", b"?")
    assert not bed.perform(parts=("files",))
    assert "1 files are missing or of another length: lost" in bed.result("files")["text"]


def test_what_restic_complains_of_is_told_in_words(bed: Bed) -> None:
    (bed.folder / "full").touch()
    assert not bed.perform(parts=("files",))
    assert bed.result("files")["text"].endswith("restic restore: code 1: write two: no space")


def test_a_document_that_had_no_file_when_it_was_saved_is_no_fault(bed: Bed) -> None:
    bed.files["document_storage/lost"] = b"?"
    bed.manifest["files"]["missing"] = 1
    assert bed.perform(parts=("files",))


def test_files_wait_for_the_rows_they_are_compared_with(bed: Bed) -> None:
    assert bed.perform(parts=("files", "database/identity", "database/dms"))
    assert [each["part"] for each in bed.said] == ["files", "database/identity", "database/dms"]
    assert bed.result("files")["checked"] == 2
    of_documents = [query for name, query in bed.statements if name == "dms"]
    read = next(place for place, query in enumerate(of_documents) if query.startswith("SELECT file"))
    assert "ANALYZE" in of_documents[:read]


def test_many_large_objects_do_not_fit_into_one_transaction(bed: Bed) -> None:
    bed.manifest["databases"]["dms"]["large_objects"] = 5000
    bed.perform(parts=("database/dms",))
    assert "--single-transaction" not in (bed.folder / "options").read_text()


def test_the_first_client_gets_the_secret_of_its_new_place(bed: Bed) -> None:
    assert bed.perform(parts=("database/identity",), client=("einklang-setup", SECRET))
    assert any(query.startswith("UPDATE client SET secret = %s") for _, query in bed.statements)
    bed.client_rows = 0
    assert not bed.perform(parts=("database/identity",), client=("einklang-setup", SECRET))
    assert "no client einklang-setup" in bed.said[-1]["text"]
    assert SECRET not in repr(RESTORE.Order(Path("m"), (), {}, None, 1, ("a", SECRET)))


def test_a_run_of_another_tenant_is_refused(bed: Bed) -> None:
    bed.manifest["tenant"] = "attendorn"
    with pytest.raises(RESTIC.Failed, match="of attendorn, not of olpe"):
        bed.perform()


def test_two_folders_change_places(tmp_path: Path) -> None:
    folder, new, kept = (tmp_path / name for name in ("store", "new", "kept"))
    folder.mkdir()
    (folder / "old").touch()
    new.mkdir()
    assert RESTORE.swap(folder, new, kept) == "new is store now"
    assert (kept / "old").exists()
    assert list(folder.iterdir()) == []
    assert RESTORE.swap(folder, new, kept) == "already so"
    new.mkdir()
    with pytest.raises(RESTIC.Failed, match="is there already"):
        RESTORE.swap(folder, new, kept)


def test_a_word_that_the_image_does_not_know(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg2", ModuleType("psycopg2"))  # only the image has it
    monkeypatch.setattr(sys, "argv", ["einklang_backup", "restored"])
    assert package.load("__main__").main() == 1
    assert "does not know restored" in capsys.readouterr().out


def test_an_order_is_read_from_the_environment() -> None:
    environ = {"RESTORE_MANIFEST": "/m", "RESTORE_PARTS": "files database/dms", "RESTORE_DATABASES": "dms=beside"}
    found = RESTORE.Order.from_environment(environ)
    assert (found.parts, found.databases, found.folder) == (("files", "database/dms"), {"dms": "beside"}, None)
    assert (found.manifest, found.client) == (Path("/m"), None)
    with pytest.raises(KeyError):
        RESTORE.Order.from_environment({})
