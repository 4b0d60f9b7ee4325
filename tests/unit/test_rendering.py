"""Rendering: strict about names, clear about the place."""

from __future__ import annotations

from pathlib import Path

import pytest

from einklang.errors import UserError
from einklang.rendering import render


def test_renders_what_it_is_given(tmp_path: Path) -> None:
    (tmp_path / "greeting.j2").write_text('{"to": {{ name | tojson }}}\n')
    assert render(tmp_path, "greeting.j2", name='"Olpe"') == '{"to": "\\"Olpe\\""}\n'


@pytest.mark.parametrize(
    ("text", "word"),
    [("{{ missing }}", "missing"), ("{% if %}", "Expected"), ("{{ given.missing }}", "missing")],
)
def test_names_the_template_that_is_wrong(tmp_path: Path, text: str, word: str) -> None:
    (tmp_path / "wrong.j2").write_text(text)
    with pytest.raises(UserError, match=r"wrong\.j2") as raised:
        render(tmp_path, "wrong.j2", given={})
    assert word in raised.value.message


def test_names_a_template_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"nowhere\.j2"):
        render(tmp_path, "nowhere.j2")
