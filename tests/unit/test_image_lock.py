"""Lock files: what they hold, and what differs from them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from einklang.clients.debian import Package
from einklang.errors import ClientError, UserError
from einklang.operations.local import image_lock
from einklang.operations.local.image_lock import Lock, differences

BASH = Package("bash", "5.2.15-2+b13", "a" * 64)
LIBC = Package("libc6", "2:2.36-9~deb12u4", "b" * 64)
LOCK = Lock(date(2026, 11, 23), {"bash": BASH, "libc6": LIBC})


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "debian.lock"
    image_lock.write(path, LOCK)
    assert image_lock.read(path) == LOCK
    assert [entry.name for entry in tmp_path.iterdir()] == ["debian.lock"]


def test_lines_are_sorted_and_end_with_a_newline(tmp_path: Path) -> None:
    path = tmp_path / "debian.lock"
    image_lock.write(path, Lock(LOCK.locked, {"libc6": LIBC, "bash": BASH}))
    text = path.read_text()
    assert text.index("bash=") < text.index("libc6=")
    assert text.endswith("\n")


def test_the_day_is_the_build_date() -> None:
    assert LOCK.epoch == 1795392000


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("bash=1 " + "a" * 64 + "\n", "no line `# locked"),
        ("# locked: 2026-11-23\nbash\n", "debian.lock:2"),
        ("# locked: 2026-11-23\n\nbash=1 abc\n", "debian.lock:3"),
        ("# locked: 2026-11-23\nBash=1 " + "a" * 64 + "\n", "debian.lock:2"),
        ("", "no line `# locked"),
    ],
)
def test_a_broken_lock_is_refused_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "debian.lock"
    path.write_text(text)
    with pytest.raises(UserError, match=message) as caught:
        image_lock.read(path)
    assert caught.value.remedy == "einklang images lock"


def test_a_missing_lock_names_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="No such file") as caught:
        image_lock.read(tmp_path / "debian.lock")
    assert caught.value.remedy == "einklang images lock"


def test_nothing_differs_from_itself() -> None:
    assert differences(LOCK.packages, LOCK.packages) == []


def test_another_version_and_a_new_package_are_told() -> None:
    found = {"bash": Package("bash", "6", "c" * 64), "new": Package("new", "1", "d" * 64)}
    assert differences(LOCK.packages, found) == ["bash is 6, locked is 5.2.15-2+b13", "new 1 is not in the lock"]


def test_another_content_of_the_same_version_is_refused() -> None:
    with pytest.raises(ClientError, match=r"bash 5\.2\.15-2"):
        differences(LOCK.packages, {"bash": Package("bash", BASH.version, "c" * 64)})
