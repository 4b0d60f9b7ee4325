"""Debian's root file systems: sources, pins and manifests; mmdebstrap itself is left to the live tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from einklang.clients import debian, process
from einklang.clients.containment import CONTAINED, environment
from einklang.clients.debian import Package
from einklang.errors import UserError

MANIFEST = """Package: bash
Version: 5.2.15-2+b13
Description: shell
 Package: not this
SHA256: aaa

Package: virtual
Version: 1

Package: libc6
Version: 2.36
SHA256: bbb
"""


def test_manifest_is_read_by_package() -> None:
    assert debian.parse_manifest(MANIFEST) == {
        "bash": Package("bash", "5.2.15-2+b13", "aaa"),
        "libc6": Package("libc6", "2.36", "bbb"),
    }


def test_pins_are_preferences_above_everything_installed() -> None:
    text = debian.preferences([Package("libc6", "2.36", "b"), Package("bash", "5", "a")])
    assert text.split("\n\n")[0] == "Package: bash\nPin: version 5\nPin-Priority: 1001"
    assert text.index("bash") < text.index("libc6")


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("sources.list.d/debian.sources", "Types: deb\nSuites: bookworm bookworm-updates\n"),
        ("sources.list", "deb http://mirror.example/debian bookworm main\n"),
    ],
)
def test_sources_are_those_of_the_machine(tmp_path: Path, file: str, text: str) -> None:
    path = tmp_path / file
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    assert debian.sources("bookworm", None, tmp_path) == path


def test_another_suite_is_no_source(tmp_path: Path) -> None:
    (tmp_path / "sources.list").write_text("deb http://mirror.example/debian bookworm-backports main\n")
    with pytest.raises(UserError, match="no Debian bookworm"):
        debian.sources("bookworm", None, tmp_path)


def test_the_setting_comes_first(tmp_path: Path) -> None:
    assert debian.sources("bookworm", "/x/y.sources", tmp_path) == Path("/x/y.sources")


def test_a_root_is_made_contained_pinned_and_without_apt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[str]] = []

    def run(argv: list[str], *, env: dict[str, str], log: Path) -> None:
        del log
        seen.append(argv)
        assert env["SOURCE_DATE_EPOCH"] == "7"
        (Path(env["TMPDIR"]) / "manifest").write_text(MANIFEST)
        assert "Pin: version 5\n" in (Path(env["TMPDIR"]) / "preferences").read_text()

    monkeypatch.setattr(process, "run", run)
    found = debian.make_root(
        "bookworm",
        ["bash"],
        tmp_path / "root.tar",
        mirror=Path("/sources"),
        pins=[Package("bash", "5", "a")],
        epoch=7,
        before=Path("/before.sh"),
        after=None,
        log=tmp_path / "log",
    )
    assert set(found) == {"bash", "libc6"}
    (argv,) = seen
    assert argv[: len(CONTAINED)] == list(CONTAINED)
    assert "--variant=essential" in argv
    assert any(word.startswith("--essential-hook=sh /before.sh") for word in argv)
    assert argv[-3:] == ["bookworm", str(tmp_path / "root.tar"), "/sources"]
    assert list(tmp_path.iterdir()) == []


def test_only_what_a_program_needs_is_passed_on() -> None:
    seen = environment(
        {"TMPDIR": "/t"},
        {"PATH": "/bin", "PYTHONPYCACHEPREFIX": "/x", "https_proxy": "p", "NO_PROXY": "n", "KUBECONFIG": "k"},
    )
    assert seen == {"PATH": "/bin", "https_proxy": "p", "NO_PROXY": "n", "LC_ALL": "C.UTF-8", "TMPDIR": "/t"}
