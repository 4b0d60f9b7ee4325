"""Distribution packages: installed where they are missing, with a clear word where that cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest

from einklang.errors import ClientError, UserError
from einklang.operations.local import packages
from einklang.progress import Silent
from einklang.settings import Settings

WANTED = {"einklang-there": "there", "einklang-missing": "missing", "einklang-absent": "absent"}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path, tmp_path / "cache", tmp_path / "home")


def program(folder: Path, name: str, script: str = "exit 0") -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


def path(folder: Path) -> dict[str, str]:
    return {"PATH": f"{folder}:/usr/bin:/bin"}


def test_only_what_is_missing_is_installed(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path / "bin", "einklang-there")
    program(tmp_path / "bin", "apt-get", 'echo "$DEBIAN_FRONTEND $*"')
    monkeypatch.setenv("PATH", path(tmp_path / "bin")["PATH"])
    packages.ensure(WANTED, settings, Silent(), path(tmp_path / "bin"))
    assert (settings.logs / "packages.log").read_text().splitlines() == [
        "noninteractive -qq update",
        "noninteractive -qq install -y --no-install-recommends absent missing",
    ]


def test_nothing_missing_calls_nobody(tmp_path: Path, settings: Settings) -> None:
    program(tmp_path / "bin", "einklang-there")
    packages.ensure({"einklang-there": "there"}, settings, Silent(), path(tmp_path / "bin"))
    assert not settings.logs.exists()


def test_a_system_without_apt_is_told_the_names(tmp_path: Path, settings: Settings) -> None:
    with pytest.raises(UserError, match="missing: absent, missing, there"):
        packages.ensure(WANTED, settings, Silent(), {"PATH": str(tmp_path)})


def test_a_failure_names_the_log(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path / "bin", "apt-get", "echo no such package; exit 100")
    monkeypatch.setenv("PATH", path(tmp_path / "bin")["PATH"])
    with pytest.raises(ClientError, match=r"packages\.log\n  no such package"):
        packages.ensure(WANTED, settings, Silent(), path(tmp_path / "bin"))
