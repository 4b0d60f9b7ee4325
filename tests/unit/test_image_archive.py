"""Reading OCI archives: layers, replacements, whiteouts, and what one adds to another."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from einklang.operations.local import image_archive
from tests.unit.image_samples import archive, layer


def contents(path: Path) -> dict[str, bytes]:
    return image_archive.collect(path, bool, lambda _, stream: stream.read() if stream else b"")


def test_higher_layers_replace_and_whiteouts_remove(tmp_path: Path) -> None:
    lower = layer({"etc/a": b"1", "etc/b": b"2", "opt/x/y": b"3", "opt/xx": b"4", "var/l/m": b"5"})
    upper = layer({"etc/a": b"9", "etc/.wh.b": b"", "opt/.wh.x": b"", "var/.wh..wh..opq": b"", "var/new": b"6"})
    path = archive(tmp_path / "image.tar", [lower, upper])
    assert contents(path) == {"etc/a": b"9", "opt/xx": b"4", "var/new": b"6"}


def test_only_what_is_wanted_is_read(tmp_path: Path) -> None:
    path = archive(tmp_path / "image.tar", [layer({"./a": b"1", "b": b"2"})])
    assert image_archive.collect(path, lambda name: name == "a", lambda member, _: member.size) == {"a": 1}


def test_configuration_layers_and_digest(tmp_path: Path) -> None:
    path = archive(tmp_path / "image.tar", [layer({"a": b"1"}), layer({"b": b"1"})], {"User": "1000:1000"})
    assert image_archive.configuration(path)["config"] == {"User": "1000:1000"}
    assert len(image_archive.layers(path)) == 2
    assert image_archive.digest(path).startswith("sha256:")


def addition(tmp_path: Path, root: bytes, base: bytes | None, without: tuple[str, ...] = ()) -> list[str]:
    source, target = tmp_path / "root.tar", tmp_path / "addition.tar"
    source.write_bytes(root)
    below = archive(tmp_path / "base.tar", [base]) if base is not None else None
    image_archive.write_addition(source, target, below, without)
    with tarfile.open(target) as tar:
        return tar.getnames()


def test_only_the_difference_is_added(tmp_path: Path) -> None:
    root = layer({"./same": b"1", "./other": b"2", "./new": b"3"})
    assert addition(tmp_path, root, layer({"same": b"1", "other": b"1"})) == ["./other", "./new"]


def test_content_stays_whole(tmp_path: Path) -> None:
    addition(tmp_path, layer({"./new": b"content"}), layer({}))
    with tarfile.open(tmp_path / "addition.tar") as tar:
        stream = tar.extractfile("./new")
        assert stream is not None
        assert stream.read() == b"content"


@pytest.mark.parametrize("attribute", [{"mode": 0o755}, {"uid": 26}, {"gid": 26}])
def test_permissions_and_owners_count(tmp_path: Path, attribute: dict[str, int]) -> None:
    assert addition(tmp_path, layer({"a": b"1"}, **attribute), layer({"a": b"1"})) == ["a"]


def test_the_kind_in_the_mode_does_not_count(tmp_path: Path) -> None:
    assert addition(tmp_path, layer({"a": b"1"}, mode=0o644), layer({"a": b"1"}, mode=0o100644)) == []


def test_without_a_base_everything_but_the_left_out_folders(tmp_path: Path) -> None:
    root = layer({"./etc/apt/sources.list": b"", "./etc/aptitude": b"", "./var/lib/apt/lists": b""})
    assert addition(tmp_path, root, None, ("etc/apt", "var/lib/apt")) == ["./etc/aptitude"]


@pytest.mark.parametrize(("name", "expected"), [("./a/b", "a/b"), ("/a/b/", "a/b"), (".", ""), (".hidden", ".hidden")])
def test_paths_are_compared_in_one_form(name: str, expected: str) -> None:
    assert image_archive.normal(name) == expected
