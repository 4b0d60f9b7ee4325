"""The probes of the virus scanner's pod, and the test signatures."""

from __future__ import annotations

import subprocess

import pytest

from einklang.settings import PROJECT_ROOT
from tests.architecture.guards.project import files
from tests.unit.test_dms_programs import Scanner

FOLDER = PROJECT_ROOT / "images" / "clamav"
FOUND = b"stream: Einklang.Test.Question.UNOFFICIAL FOUND\0"


def described() -> dict[str, bytes]:
    """The test signatures: name -> the text that each describes, anywhere in any kind of file."""
    lines = [line.split(":") for line in (FOLDER / "einklang.ndb").read_text().splitlines()]
    assert {(kind, place) for _, kind, place, _ in lines} == {("0", "*")}
    return {name: bytes.fromhex(content) for name, _, _, content in lines}


def check(what: str, port: str) -> subprocess.CompletedProcess[str]:
    argv = ["bash", str(FOLDER / "scanner-check"), what, port]
    return subprocess.run(argv, capture_output=True, text=True, timeout=30, check=False)


@pytest.mark.parametrize(
    ("what", "answer", "code"),
    [
        ("clean", b"stream: OK\0", 0),
        ("clean", FOUND, 1),
        ("clean", b"Error writing to temporary file ERROR\0", 1),
        ("clean", b"", 1),
        ("malware", FOUND, 0),
        ("malware", b"stream: OK\0", 1),
        ("malware", b"stream: Another FOUND\0", 1),
    ],
)
def test_only_the_right_answer_is_health(what: str, answer: bytes, code: int) -> None:
    scanner = Scanner(answer)
    assert check(what, scanner.address.rpartition(":")[2]).returncode == code
    scanner.thread.join(5)
    assert scanner.received == (described()["Einklang.Test.Question"] if what == "malware" else b"a letter")


def test_nobody_there_is_no_health() -> None:
    assert check("clean", "1").returncode != 0


def test_other_words_are_refused() -> None:
    assert check("well", "1").returncode == 2


def test_no_scanner_finds_the_test_text_in_this_repository() -> None:
    text = described()["Einklang.Test.EICAR"]
    assert len(text) == 68
    assert [path for path in files(PROJECT_ROOT) if text in (PROJECT_ROOT / path).read_bytes()] == []
