"""`einklang local`: what it shows, and that nothing is removed by mistake."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from einklang.cli import main
from einklang.errors import UserError
from einklang.operations.local import cluster, components, machine
from einklang.operations.local.state import ComponentStatus, Status

STARTED = datetime(2026, 3, 1, 12, tzinfo=UTC)
WELL = Status(tuple(ComponentStatus(name, 7, STARTED) for name in components.NAMES), node=True, name_service=True)
ILL = Status((ComponentStatus("containerd", None, None), *WELL.components[1:]), node=False, name_service=False)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EINKLANG_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("EINKLANG_CACHE", str(tmp_path / "cache"))
    return tmp_path / "home"


def run(*words: str) -> Result:
    return CliRunner().invoke(main, ["local", *words])


@pytest.mark.parametrize(("found", "code"), [(WELL, 0), (ILL, 1)])
def test_status_as_table_and_json(monkeypatch: pytest.MonkeyPatch, found: Status, code: int) -> None:
    monkeypatch.setattr(cluster, "status", lambda _: found)
    table, data = run("status"), run("status", "--json")
    assert (table.exit_code, data.exit_code) == (code, code)
    assert all(name in table.output for name in (*components.NAMES, "node", "name service"))
    parsed = json.loads(data.output)
    assert parsed["well"] is found.well
    assert [one["name"] for one in parsed["components"]] == [one.name for one in found.components]
    assert parsed["components"][1]["since"] == "2026-03-01T12:00:00+00:00"


def test_status_of_nothing(home: Path) -> None:
    assert run("status").exit_code == 1
    assert not home.exists()


def test_down_of_nothing_does_nothing(home: Path) -> None:
    done = run("down")
    assert (done.exit_code, done.output) == (0, "")
    assert not home.exists()


def test_clean_shows_first_and_removes_with_yes(home: Path) -> None:
    read_only = home.parent / "cache" / "go-mod" / "module"
    for folder in (home / "cluster" / "etcd", home / "pulumi", read_only):
        folder.mkdir(parents=True)
    (read_only / "file").touch(0o444)
    read_only.chmod(0o555)
    shown = run("clean", "--caches")
    assert [line.rpartition("/")[2] for line in shown.output.splitlines()[:-1]] == ["go-mod", "cluster", "pulumi"]
    assert "nothing was removed" in shown.output and home.exists()
    assert run("clean", "--yes").exit_code == 0
    assert not home.exists() and read_only.exists()
    assert run("clean", "--caches", "--yes").exit_code == 0
    assert not read_only.parent.parent.exists()
    assert "there is nothing to remove" in run("clean").output


def test_clean_refuses_while_the_cluster_is_up(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "cluster").mkdir(parents=True)
    monkeypatch.setattr(machine, "is_ours", lambda _: True)
    refused = run("clean", "--yes")
    assert refused.exit_code == 1 and "einklang local down" in refused.output
    assert (home / "cluster").exists()


def test_a_conflict_is_an_error_with_a_remedy(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def conflict(*arguments: object) -> None:
        raise UserError("another local cluster is up on this machine: elsewhere", remedy="stop it first")

    monkeypatch.setattr(cluster, "up", conflict)
    monkeypatch.setattr("einklang.operations.local.toolchain.ensure", lambda *_: None)
    done = run("up")
    assert done.exit_code == 1 and "remedy: stop it first" in done.output
    assert not home.exists()


def test_help_names_the_four_verbs() -> None:
    program = Path(sys.executable).with_name("einklang")
    done = subprocess.run([program, "local", "--help"], capture_output=True, text=True, check=True)
    assert all(f"  {verb}" in done.stdout for verb in ("up", "down", "status", "clean"))
