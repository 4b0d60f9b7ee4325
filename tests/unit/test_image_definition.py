"""What an image is declared as, in which order images are built, and what their keys follow."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from einklang.errors import UserError
from einklang.operations.local import image_definition, image_lock, toolchain_declaration
from einklang.operations.local.image_definition import Definition, keys, load, load_all, with_bases
from einklang.settings import PROJECT_ROOT
from tests.unit.image_samples import image, toolchain

DIGEST = "a" * 64
REAL = load_all(PROJECT_ROOT / "images")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Three images: `top` and `other`, both on `base`; `other` only copies from it."""
    image(tmp_path, "base", 'debian = ["bash"]\n')
    image(tmp_path, "other", 'programs = ["tool"]\n', "FROM scratch\nCOPY --from=localhost/base /a /a\n")
    image(tmp_path, "a-top", 'sources = ["einklang/x.py"]\n', "FROM localhost/base AS one\nFROM localhost/base\n")
    (tmp_path / "einklang").mkdir()
    (tmp_path / "einklang" / "x.py").write_text("x = 1\n")
    return tmp_path


def all_keys(root: Path, key: str = "0123456789abcdef") -> dict[str, str]:
    return keys(load_all(root / "images").values(), toolchain(root / "toolchain", "tool", key=key))


def changed(before: dict[str, str], after: dict[str, str]) -> set[str]:
    return {name for name in before if before[name] != after[name]}


def test_bases_come_first_and_are_found_in_the_recipe(root: Path) -> None:
    definitions = load_all(root / "images")
    assert list(definitions) == ["base", "a-top", "other"]
    assert {name: definition.bases for name, definition in definitions.items()} == {
        "base": (),
        "a-top": ("base",),
        "other": ("base",),
    }
    assert [definition.name for definition in with_bases(definitions, ["other"])] == ["base", "other"]


def test_tag_is_name_and_version(root: Path) -> None:
    assert load(root / "images" / "base").tag == "base:1"


def test_key_is_stable_and_unlike_others(root: Path) -> None:
    first = all_keys(root)
    assert first == all_keys(root)
    assert len(set(first.values())) == 3
    assert all(re.fullmatch(r"[0-9a-f]{16}", key) for key in first.values())


def test_key_follows_every_file_and_its_permission(root: Path) -> None:
    before = all_keys(root)
    script = root / "images" / "other" / "after-packages.sh"
    script.write_text("#!/bin/sh\n")
    added = all_keys(root)
    assert changed(before, added) == {"other"}
    script.chmod(0o755)
    assert changed(added, all_keys(root)) == {"other"}


def test_key_follows_the_base(root: Path) -> None:
    before = all_keys(root)
    (root / "images" / "base" / "debian.lock").write_text("# locked: 2026-01-01\n")
    assert changed(before, all_keys(root)) == {"base", "a-top", "other"}


def test_key_follows_sources_and_programs(root: Path) -> None:
    before = all_keys(root)
    assert changed(before, all_keys(root, key="fedcba9876543210")) == {"other"}
    (root / "einklang" / "x.py").write_text("x = 2\n")
    assert changed(before, all_keys(root)) == {"a-top"}


def test_key_follows_the_builder(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = all_keys(root)
    monkeypatch.setattr(image_definition, "BUILDER", "another")
    assert changed(before, all_keys(root)) == {"base", "a-top", "other"}


def test_a_name_cannot_flow_into_the_next_file(root: Path) -> None:
    """Labels and lengths stand between the parts of a key."""
    folder = root / "images" / "other"
    (folder / "a").write_text("b")
    first = all_keys(root)["other"]
    (folder / "a").unlink()
    (folder / "ab").write_text("")
    assert all_keys(root)["other"] != first


@pytest.mark.parametrize(
    ("declaration", "recipe", "message"),
    [
        ("unknown = 1\n", "FROM scratch\n", "unknown"),
        ('debian = ["Bash"]\n', "FROM scratch\n", "debian"),
        ('debian = "bash"\n', "FROM scratch\n", "debian"),
        ('programs = ["../tool"]\n', "FROM scratch\n", "programs"),
        ('sources = ["../secret"]\n', "FROM scratch\n", "sources"),
        ('sources = ["/etc/passwd"]\n', "FROM scratch\n", "sources"),
        ('[[maven]]\nartifact = "a:b:1:zip"\nsha256 = "short"\n', "FROM scratch\n", "sha256"),
        (f'[[maven]]\nartifact = "a:b"\nsha256 = "{DIGEST}"\n', "FROM scratch\n", "artifact"),
        ("= 1\n", "FROM scratch\n", "image.toml"),
        ("", "FROM debian:12\n", "FROM debian:12"),
        ("", "FROM registry.example/debian\n", "registry.example"),
        ("", "FROM localhost/missing\n", "no image missing"),
        ("", "FROM localhost/sample\n", "circle"),
    ],
)
def test_a_mistake_is_refused(tmp_path: Path, declaration: str, recipe: str, message: str) -> None:
    image(tmp_path, "sample", declaration, recipe)
    with pytest.raises(UserError, match=message):
        load_all(tmp_path / "images")


def test_a_missing_recipe_is_named(tmp_path: Path) -> None:
    (image(tmp_path, "sample") / "Containerfile").unlink()
    with pytest.raises(UserError, match="Containerfile: No such file"):
        load_all(tmp_path / "images")


def test_an_unknown_name_gets_the_known_ones(root: Path) -> None:
    with pytest.raises(UserError, match=r"no image nix\n.*a-top, base, other"):
        with_bases(load_all(root / "images"), ["nix"])


@pytest.mark.parametrize("definition", REAL.values(), ids=REAL)
def test_every_image_of_ours_is_complete(definition: Definition) -> None:
    recipe = (definition.folder / "Containerfile").read_text()
    users = re.findall(r"^USER (\S+)$", recipe, re.MULTILINE)
    assert users, "without USER it would run as root"
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", users[-1]), "the last USER is a number other than 0, with a group"
    for program in definition.declared.programs:
        assert f"bin/{program} " in recipe
    for _, source in definition.source_files:
        assert source.is_file()
    assert ("ADD rootfs.tar /" in recipe) == bool(definition.declared.debian) == definition.lock.exists()
    if definition.lock.exists():
        assert image_lock.read(definition.lock).packages


def test_versions_of_programs_are_those_of_the_toolchain() -> None:
    programs = toolchain_declaration.load(PROJECT_ROOT / "toolchain").programs
    for name in ("coredns", "traefik", "cloudnative-pg", "local-path-provisioner"):
        assert f"v{REAL[name].declared.version}" == programs[name].version
