"""Packages of Python and npm: checked by hash, nothing of them is run, nothing of this machine stays in them."""

from __future__ import annotations

import base64
import hashlib
import io
import tarfile
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import pytest

from einklang.clients import npm, process, uv
from einklang.errors import ClientError

Run = Callable[[list[str]], None]


@pytest.fixture
def programs(monkeypatch: pytest.MonkeyPatch) -> Callable[[Run], list[list[str]]]:
    """Put a function in the place of every program; returns the argument lists that it got."""

    def replace(act: Run) -> list[list[str]]:
        calls: list[list[str]] = []

        def run(argv: Sequence[object], **_: object) -> process.Finished:
            calls.append([str(word) for word in argv])
            act(calls[-1])
            return process.Finished(0, "", "")

        monkeypatch.setattr(process, "run", run)
        return calls

    return replace


def archive(names: Sequence[str]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name in names:
            member = tarfile.TarInfo(name)
            member.size = 1
            tar.addfile(member, io.BytesIO(b"x"))
    return buffer.getvalue()


def packed(content: bytes) -> Run:
    def act(argv: list[str]) -> None:
        folder = next(word.partition("=")[2] for word in argv if word.startswith("--pack-destination="))
        (Path(folder) / "jquery-3.4.1.tgz").write_bytes(content)

    return act


def integrity(content: bytes) -> str:
    return "sha512-" + base64.b64encode(hashlib.sha512(content).digest()).decode()


def test_an_npm_package_is_unpacked_without_its_outer_folder(
    programs: Callable[[Run], list[list[str]]], tmp_path: Path
) -> None:
    content = archive(["package/package.json", "package/dist/jquery.js"])
    calls = programs(packed(content))
    npm.fetch("jquery@3.4.1", integrity(content), tmp_path / "jquery", tmp_path, tmp_path / "log")
    found = sorted(str(path.relative_to(tmp_path / "jquery")) for path in (tmp_path / "jquery").rglob("*.js*"))
    assert found == ["dist/jquery.js", "package.json"]
    assert "--ignore-scripts" in calls[0]
    npm.fetch("jquery@3.4.1", integrity(content), tmp_path / "again", tmp_path, tmp_path / "log")


def test_an_npm_package_with_another_content_is_refused(
    programs: Callable[[Run], list[list[str]]], tmp_path: Path
) -> None:
    programs(packed(archive(["package/evil.js"])))
    with pytest.raises(ClientError, match="checksum"):
        npm.fetch("jquery@3.4.1", integrity(b"other"), tmp_path / "jquery", tmp_path, tmp_path / "log")
    assert not (tmp_path / "jquery").exists()


def test_an_npm_package_stays_in_its_folder(programs: Callable[[Run], list[list[str]]], tmp_path: Path) -> None:
    content = archive(["package/../../evil.js"])
    programs(packed(content))
    with pytest.raises(tarfile.OutsideDestinationError):
        npm.fetch("jquery@3.4.1", integrity(content), tmp_path / "a" / "jquery", tmp_path, tmp_path / "log")


def test_python_packages_come_as_wheels_with_hashes_and_without_scripts(
    programs: Callable[[Run], list[list[str]]], tmp_path: Path
) -> None:
    def act(_: list[str]) -> None:
        (tmp_path / "tree" / "bin").mkdir(parents=True)
        (tmp_path / "tree" / "bin" / "gunicorn").write_text("#!/here/python\n")
        (tmp_path / "tree" / ".lock").touch()
        (tmp_path / "tree" / "gunicorn").mkdir()

    calls = programs(act)
    uv.install(tmp_path / "python.lock", tmp_path / "tree", ["docopt"], date(2026, 2, 15), tmp_path / "log")
    (argv,) = calls
    line = " ".join(argv)
    assert "--require-hashes --no-deps --only-binary :all: --no-binary docopt" in line
    assert "--python-version 3.11" in line
    assert "--exclude-newer 2026-02-15" in line
    assert [path.name for path in (tmp_path / "tree").iterdir()] == ["gunicorn"]


def test_a_lock_is_resolved_with_hashes_and_names_no_index(
    programs: Callable[[Run], list[list[str]]], tmp_path: Path
) -> None:
    def act(argv: list[str]) -> None:
        Path(argv[argv.index("--output-file") + 1]).write_text("plone==6.1.4 --hash=sha256:1\n")

    calls = programs(act)
    found = uv.resolve(["Plone==6.1.4"], ["python-ldap; sys_platform == 'never'"], None, tmp_path, tmp_path / "log")
    assert found == "plone==6.1.4 --hash=sha256:1\n"
    assert {"--generate-hashes", "--no-header", "--no-annotate"} < set(calls[0])
    assert not [word for word in calls[0] if "index" in word]
    assert (tmp_path / "overrides.in").read_text() == "python-ldap; sys_platform == 'never'\n"
