"""Buildah's storage is a throw-away: nothing of it stays, not even what a killed run left."""

from __future__ import annotations

from pathlib import Path

from einklang.clients.buildah import Buildah


def test_closing_removes_the_storage_and_may_be_repeated(tmp_path: Path) -> None:
    folder = tmp_path / "storage"
    (folder / "root" / "overlay").mkdir(parents=True)
    buildah = Buildah(folder, tmp_path / "log")
    buildah.close()
    buildah.close()
    assert not folder.exists()
