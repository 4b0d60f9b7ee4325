"""PDF of the audit's pages."""

from __future__ import annotations

import sys

import pytest

from einklang.clients import paper
from einklang.errors import ClientError


def test_a_page_becomes_a_pdf() -> None:
    assert paper.pdf("<html lang='de'><title>Olpe</title><h1>Trennung</h1></html>").startswith(b"%PDF-")


@pytest.mark.parametrize("address", ["http://127.0.0.1:1/planted.png", "file:///etc/hostname"])
def test_nothing_is_fetched(address: str) -> None:
    with pytest.raises(ClientError, match="elsewhere"):
        paper.pdf(f"<img src='{address}'><p>x")


def test_a_machine_without_pango_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        def find_spec(self, name: str, *_: object) -> None:
            if name == "weasyprint":
                raise OSError("cannot load library 'libpango-1.0-0'")

    monkeypatch.delitem(sys.modules, "weasyprint", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Broken(), *sys.meta_path])
    with pytest.raises(ClientError, match="Pango"):
        paper.pdf("<p>x")
