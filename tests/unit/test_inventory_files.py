"""Folders and files: what is no plain small file in its place is refused, and nothing hangs."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from einklang.inventory import InvalidInventory, files, load
from einklang.model.problem import Problem

from .tenant_folder import GOOD, TODAY, make_root, other, places, problems, write

pytestmark = pytest.mark.timeout(10)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_root(tmp_path / "checkout")


def _codes(found: list[Problem]) -> list[tuple[str, str]]:
    return [(problem.file, problem.code.value) for problem in found]


def test_link_out_of_the_folder(root: Path, tmp_path: Path) -> None:
    outside = tmp_path / "wenden.yaml"
    outside.write_text(other("wenden", "05966028"))
    (root / "tenants" / "wenden.yaml").symlink_to(outside)
    assert _codes(problems(root)) == [("tenants/wenden.yaml", "symlink")]
    assert _codes(problems(root, root / "tenants" / "wenden.yaml")) == [("tenants/wenden.yaml", "symlink")]


def test_link_to_nowhere(root: Path) -> None:
    (root / "tenants" / "wenden.yaml").symlink_to("nowhere.yaml")
    assert _codes(problems(root)) == [("tenants/wenden.yaml", "symlink")]


def test_fifo_does_not_hang(root: Path) -> None:
    os.mkfifo(root / "tenants" / "wenden.yaml")
    assert _codes(problems(root)) == [("tenants/wenden.yaml", "not-a-file")]


def test_socket(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root / "tenants")  # the path of a socket has to be short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("wenden.yaml")
        assert _codes(problems(root)) == [("tenants/wenden.yaml", "not-a-file")]


def test_folder_named_like_a_file(root: Path) -> None:
    (root / "tenants" / "wenden.yaml").mkdir()
    assert _codes(problems(root)) == [("tenants/wenden.yaml", "not-a-file")]


def test_unreadable_file(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(files.os, "open", refuse)
    found = problems(root, root / "tenants" / "olpe.yaml")
    assert [(problem.code.value, problem.found) for problem in found] == [("unreadable", "Permission denied")]


def test_large_file_is_not_read(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = root / "tenants" / "olpe.yaml"
    with path.open("wb") as stream:
        stream.truncate(10 * 1024 * 1024)
    monkeypatch.setattr(files.os, "read", lambda *_: pytest.fail("read"))
    found = problems(root, path)
    assert [(problem.code.value, problem.found, problem.expected) for problem in found] == [
        ("too-large", "10485760", "65536")
    ]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("wenden.yml", "suffix"),
        ("wenden.YAML", "suffix"),
        ("wenden.yaml.bak", "suffix"),
        ("wenden.yaml~", "suffix"),
        ("wenden", "suffix"),
        ("Wenden.yaml", "file-name"),
        ("würgassen.yaml", "file-name"),
        ("bad berleburg.yaml", "file-name"),
    ],
)
def test_wrong_name(root: Path, name: str, code: str) -> None:
    (root / "tenants" / name).write_text(other("wenden", "05966028"))
    assert _codes(problems(root)) == [(f"tenants/{name}", code)]
    assert _codes(problems(root, root / "tenants" / name)) == [(f"tenants/{name}", code)]


def test_hidden_files_and_the_readme_are_no_tenants(root: Path) -> None:
    for name in (".olpe.yaml.swp", "README.md", "tenant.schema.json"):
        (root / "tenants" / name).write_text("x")
    assert problems(root) == []


def test_missing_folder(tmp_path: Path) -> None:
    (tmp_path / "tenants").mkdir()
    assert _codes(problems(tmp_path)) == [("standards", "not-found")]


def test_asked_for_what_is_not_there(root: Path) -> None:
    assert _codes(problems(root, root / "tenants" / "wenden.yaml")) == [("tenants/wenden.yaml", "not-found")]
    assert _codes(problems(root, root / "tenants" / "logos")) == [("tenants/logos", "not-a-file")]


def test_only_the_files_that_were_asked_for(root: Path) -> None:
    write(root, "olpe", GOOD.replace("ring: pilot", "ring: x"))
    wenden = write(root, "wenden", other("wenden", "05966028").replace("status: active", "status: x"))
    assert places(problems(root, wenden)) == [("choice", 9, 9)]
    assert len(problems(root, root / "tenants")) == 2
    assert problems(root, root / "standards") == []


def test_draft_from_elsewhere(root: Path, tmp_path: Path) -> None:
    draft = tmp_path / "olpe.yaml"
    draft.write_text(GOOD.replace("ring: pilot", "ring: broad"))
    assert problems(root, draft) == []
    write(root, "wenden", other("wenden", "05966028"))
    draft.write_text(GOOD.replace("domain: olpe.example", "domain: wenden.example").replace("www.olpe", "www.wenden"))
    found = problems(root, draft)
    assert {problem.file for problem in found} == {draft.as_posix()}
    assert {problem.code.value for problem in found} == {"already-used"}


def test_all_problems_of_all_files_sorted(root: Path) -> None:
    write(root, "olpe", GOOD.replace("ring: pilot", "ring: x").replace("id: olpe", "id: Olpe"))
    write(root, "attendorn", "a: [")
    (root / "standards" / "2026.2.yaml").write_text("version: 2026.2\n")
    with pytest.raises(InvalidInventory) as caught:
        load(root, today=TODAY)
    found = list(caught.value.problems)
    assert found == sorted(found)
    assert {problem.file for problem in found} == {
        "standards/2026.2.yaml",
        "tenants/attendorn.yaml",
        "tenants/olpe.yaml",
    }
    for problem in found:
        assert f"{problem.file}:{problem.line}:{problem.column}" in str(caught.value)


def test_load_and_resolve(root: Path) -> None:
    inventory = load(root, today=TODAY)
    resolved = inventory.resolve("olpe")
    assert (resolved.tenant.name, resolved.tenant.ags, resolved.size.name) == ("Olpe", "05966024", "M")
    assert resolved.tenant.hostnames.all() == ("dms.olpe.example", "id.olpe.example", "www.olpe.example")
    assert resolved.tenant.namespace == "tenant-olpe"
    assert resolved.standard.version == "2026.1"
    assert (resolved.logo or b"").startswith(b"<svg")


def test_unknown_tenant_names_the_known_ones(root: Path) -> None:
    with pytest.raises(Exception, match=r"no tenant 'wenden'[\s\S]*olpe"):
        load(root, today=TODAY).resolve("wenden")
