"""One document out of a backup: found in the dump of the database, brought by restic, compared."""

from __future__ import annotations

import hashlib
import json
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from click.testing import CliRunner

from einklang.cli import main
from einklang.cli import restore as command
from einklang.errors import CheckError, UserError
from einklang.operations.restore import document as documents
from einklang.operations.restore import job as jobs
from einklang.operations.restore.document import Stored, fetch, names
from einklang.progress import Silent
from tests.components import test_backup as declared
from tests.components.recording import one
from tests.unit import backup_package as package
from tests.unit.test_backup_planning import identifier
from tests.unit.test_restore import LATE, Repository, chosen

DOCUMENT, RESTIC = package.load("document"), package.load("restic")
FILES = identifier(LATE, "files")
COPY = """\
-- PostgreSQL database dump
SET client_encoding = 'UTF8';
COPY public.documents_document (id, uuid, label, description, in_trash) FROM stdin;
7\ta\tAntrag\\tauf\\nBaumschutz\t\\N\tf
8\tb\tantrag auf Akteneinsicht\t\tt
9\tc\tAntrag\t\\\\\tf
\\.
COPY public.documents_documentfile (id, document_id, "timestamp", filename, file, checksum) FROM stdin;
71\t7\t2026-11-02 10:00:00+00\tneu.pdf\tstore-71\tbb
70\t7\t2026-11-01 10:00:00+00\talt.pdf\tstore-70\taa
90\t9\t2026-11-01 10:00:00+00\t\\N\tstore-90\tcc
\\.
"""


@pytest.fixture
def restic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A repository with one run, and a pg_restore that prints the tables and has enough before the end."""
    (tmp_path / "copy").write_text(COPY)
    package.program(tmp_path / "restic", f'#!/bin/sh\n[ "$3" = d ] && cat {tmp_path}/dump\n')
    package.program(
        tmp_path / "pg_restore", f'#!/bin/sh\nhead -c 4 | grep -q PGDM || {{ echo "end of file" >&2; exit 1; }}\n'
        f'echo "$@" > {tmp_path}/options; cat {tmp_path}/copy\n',
    )  # fmt: skip
    (tmp_path / "dump").write_bytes(b"PGDM" + b"x" * 300_000)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return RESTIC.Restic({"PATH": "/usr/bin:/bin"}, "olpe", str(tmp_path / "restic"))


def find(restic: Any, wanted: str) -> list[dict[str, Any]]:
    return list(DOCUMENT.find(restic, DOCUMENT.Wanted("d", wanted)))


def test_a_document_by_its_number_with_all_its_files_oldest_first(restic: Any, tmp_path: Path) -> None:
    found = find(restic, "7")
    assert [(each["file"], each["name"], each["sha256"]) for each in found] == [
        (70, "alt.pdf", "aa"),
        (71, "neu.pdf", "bb"),
    ]
    assert {each["label"] for each in found} == {"Antrag\tauf\nBaumschutz"}
    assert found[0] == {
        "document": 7, "label": "Antrag\tauf\nBaumschutz", "file": 70, "name": "alt.pdf", "sha256": "aa",
        "stored": "2026-11-01 10:00:00+00", "path": "store-70",
    }  # fmt: skip
    assert "--table=documents_document " in (tmp_path / "options").read_text()


@pytest.mark.parametrize(
    ("wanted", "documents"),
    [("Antrag", [9]), ("antrag", [7, 9]), ("BAUM", [7]), ("8", []), ("10", []), ("nowhere", [])],
)
def test_by_label_or_a_part_of_it(restic: Any, wanted: str, documents: list[int]) -> None:
    """Of a document without a file there is nothing to bring."""
    assert sorted({each["document"] for each in find(restic, wanted)}) == documents


def test_a_file_without_a_name_gets_the_documents(restic: Any) -> None:
    assert [each["name"] for each in find(restic, "9")] == ["Antrag"]


@pytest.mark.parametrize(
    ("plant", "told"),
    [
        (lambda folder: (folder / "dump").write_bytes(b"PG"), "end of file"),
        (lambda folder: (folder / "dump").unlink(), "pg_restore"),
    ],
)
def test_what_is_not_whole_is_told(restic: Any, tmp_path: Path, plant: Any, told: str) -> None:
    plant(tmp_path)
    with pytest.raises(RESTIC.Failed, match=told):
        find(restic, "7")


def test_the_program_says_what_it_found_and_why_it_could_not(
    restic: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg2", ModuleType("psycopg2"))  # only the image has it
    monkeypatch.setattr(sys, "argv", ["einklang_backup", "find"])
    program = package.load("__main__")
    monkeypatch.setattr(program, "Restic", lambda *_: restic)
    monkeypatch.setattr(program.Settings, "from_environment", lambda _: type("S", (), {"restic": {}, "tenant": "olpe"}))
    monkeypatch.setenv("RESTORE_DUMP", "d")
    monkeypatch.setenv("RESTORE_DOCUMENT", "9")
    assert program.main() == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [each.get("result", each.get("found", {}).get("file")) for each in told] == [90, "pass"]
    monkeypatch.delenv("RESTORE_DOCUMENT")
    assert program.main() == 1
    assert "RESTORE_DOCUMENT" in capsys.readouterr().out


def test_the_job_reads_only_and_has_no_volume() -> None:
    cron_job, run = one(declared.tenant(), "CronJob", "backup").manifest, chosen(Repository())
    with pytest.raises(CheckError, match="lacks database/dms"):
        jobs.finding_job(cron_job, run, "Antrag")
    dump = run.manifest.parts[0].model_copy(update={"name": "database/dms"})
    run = replace(run, manifest=run.manifest.model_copy(update={"parts": (*run.manifest.parts, dump)}))
    made = jobs.finding_job(cron_job, run, "Antrag; rm -rf /")
    container = made["spec"]["template"]["spec"]["containers"][0]
    assert (made["metadata"]["name"], container["args"]) == ("find", ["find"])
    assert {"name": "RESTORE_DOCUMENT", "value": "Antrag; rm -rf /"} in container["env"]
    assert {"name": "RESTORE_DUMP", "value": dump.snapshot} in container["env"]
    assert "files" not in {each["name"] for each in made["spec"]["template"]["spec"]["volumes"]}


def told(number: int, name: str, content: bytes = b"content", document: int = 7) -> Stored:
    return Stored(
        document,
        "Antrag",
        number,
        name,
        "2026-11-01 10:00:00",
        hashlib.sha256(content).hexdigest(),
        FILES,
        f"s-{number}",
    )


class Store:
    """restic with the files of a snapshot."""

    def __init__(self, content: bytes = b"content") -> None:
        self.content = content

    def dump(self, snapshot: str, path: str, target: Path) -> None:
        assert (snapshot, path[: len(documents.STORE)]) == (FILES, documents.STORE)
        target.write_bytes(self.content)


def test_files_are_brought_compared_and_for_their_owner_alone(tmp_path: Path) -> None:
    store: Any = Store()
    paths = fetch(store, [told(1, "a.pdf"), told(2, "b.pdf")], tmp_path / "new")
    assert [path.name for path in paths] == ["a.pdf", "b.pdf"]
    assert {oct(path.stat().st_mode & 0o777) for path in paths} == {"0o600"}
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["a.pdf", "b.pdf"]


def test_one_that_is_not_what_was_stored_leaves_nothing(tmp_path: Path) -> None:
    store: Any = Store(b"other")
    with pytest.raises(CheckError, match=r"a\.pdf is not what was stored"):
        fetch(store, [told(1, "a.pdf")], tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_text("mine")
    store: Any = Store()
    with pytest.raises(UserError, match="there already"):
        fetch(store, [told(1, "a.pdf")], tmp_path)
    assert (tmp_path / "a.pdf").read_text() == "mine"


def test_a_name_is_never_a_path_and_never_two() -> None:
    files = [told(1, "../../etc/passwd"), told(2, "a"), told(3, "a"), told(4, ".."), told(5, "b\n.pdf")]
    assert names(files) == ["passwd", "2-a", "3-a", "4-..", "b.pdf"]
    assert names([told(2, "a"), told(3, "a"), told(5, "2-a")]) == ["2-a", "3-a", "5-2-a"]
    assert len(set(names([told(number, "x" * 300 + ".pdf") for number in range(3)]))) == 3


@pytest.mark.parametrize("name", ["ü" * 200 + ".pdf", "a." + "ü" * 200, "." * 300, "ü" * 255])
def test_a_long_name_is_one_that_a_disk_takes(tmp_path: Path, name: str) -> None:
    store: Any = Store()
    (path,) = fetch(store, [told(1, name)], tmp_path)
    assert path.is_file()
    if name.endswith(".pdf"):
        assert path.suffix == ".pdf"


def test_a_file_without_a_checksum_is_shown_and_not_brought(tmp_path: Path) -> None:
    unknown, store = replace(told(1, "a.pdf"), sha256=None), Store()
    with pytest.raises(CheckError, match=r"a\.pdf: the database has no SHA-256"):
        fetch(store, [told(2, "b.pdf"), unknown], tmp_path)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_the_command_shows_first_and_brings_one_document(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    found = [told(1, "a.pdf"), replace(told(2, "b\x1b[2J.pdf", document=8), sha256=None)]

    class Finder:
        def __init__(self, *_: object) -> None:
            pass

        def find(self, _: object, which: str) -> list[dict[str, Any]]:
            fit = [vars(each) for each in found if which in {"Antrag", str(each.document)}]
            return [{name: each[name] for name in each if name != "snapshot"} for each in fit]

    way = type("Way", (), {"kubernetes": None, "progress": Silent(), "restic": Path("restic")})
    monkeypatch.setattr(command, "tools", lambda _: way)
    monkeypatch.setattr(command, "of_tenant", lambda *_: None)
    monkeypatch.setattr(command, "Restic", lambda *_: Store())
    monkeypatch.setattr(command, "choose", lambda *_: chosen(Repository()))
    monkeypatch.setattr(command, "Restorer", Finder)
    words = ["restore", "olpe", "--document"]
    shown = CliRunner().invoke(main, [*words, "Antrag"])
    assert (shown.exit_code, shown.output.count("Antrag: ")) == (0, 2), shown.output
    assert "no checksum" in shown.output
    assert "\x1b" not in shown.output
    several = CliRunner().invoke(main, [*words, "Antrag", "--output", str(tmp_path)])
    assert (several.exit_code, "fits several documents" in several.output) == (1, True)
    assert "has no document '9'" in CliRunner().invoke(main, [*words, "9"]).output
    assert list(tmp_path.iterdir()) == []
    assert CliRunner().invoke(main, [*words, "7", "--output", str(tmp_path), "--dry-run"]).exit_code == 0
    assert list(tmp_path.iterdir()) == []
    done = CliRunner().invoke(main, [*words, "7", "--output", str(tmp_path)])
    assert done.exit_code == 0, done.output
    assert [path.name for path in tmp_path.iterdir()] == ["a.pdf"]
    assert CliRunner().invoke(main, ["restore", "olpe", "--output", str(tmp_path)]).exit_code == 1
