"""Plain scalars: where YAML 1.1 and 1.2 differ, nothing is guessed."""

from __future__ import annotations

from datetime import date

import pytest
import yaml

from einklang.inventory.scalars import read_plain, unambiguous


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Olpe", "Olpe"),
        ("true", True),
        ("FALSE", False),
        ("", None),
        ("null", None),
        ("0", 0),
        ("-7", -7),
        ("25036", 25036),
        ("1.5", 1.5),
        ("2027-01-31", date(2027, 1, 31)),
        ("2026.1.2", "2026.1.2"),
        ("+49 2761 83-0", "+49 2761 83-0"),
        ("-", "-"),
        ("1a", "1a"),
        ("nothing", "nothing"),
    ],
)
def test_meaning(text: str, value: object) -> None:
    assert read_plain(text) == (value, None)


@pytest.mark.parametrize(
    "text",
    [
        "y",
        "N",
        "yes",
        "No",
        "ON",
        "off",
        "012",
        "05966024",
        "0x1F",
        "0o17",
        "0b101",
        "1_000",
        "12:30",
        "190:20:30.15",
        "1e3",
        ".5",
        "5.",
        "-.inf",
        ".NaN",
        "+1",
        "9" * 19,
        "2027-1-31",
        "2027-01-31T12:00:00Z",
        "2001-12-14 21:59:43",
    ],
)
def test_refused(text: str) -> None:
    value, code = read_plain(text)
    assert value is None
    assert code is not None


def test_agrees_with_the_parser_on_what_is_accepted() -> None:
    for text in ("Olpe", "true", "0", "-7", "25036", "1.5", "2027-01-31", "a:b", "2026.1.2", "1a", "null"):
        assert read_plain(text)[0] == yaml.safe_load(text)


@pytest.mark.parametrize(
    ("text", "better"),
    [("05966024", '"05966024"'), ("12:30", '"12:30"'), ("25_036", "25036"), ("+5", "5"), ("0x1", "")],
)
def test_what_was_probably_meant(text: str, better: str) -> None:
    assert unambiguous(text) == better
