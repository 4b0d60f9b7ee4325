"""The docs lead somewhere, name commands that exist, and use the project's words."""

from __future__ import annotations

from einklang.cli import main
from tests.architecture import adr_index
from tests.architecture.guards import docs
from tests.architecture.guards.project import ROOT, expect_none


def test_links_lead_somewhere() -> None:
    expect_none(docs.links(ROOT))


def test_named_tests_exist() -> None:
    expect_none(docs.named_tests(ROOT))


def test_commands_exist() -> None:
    expect_none(docs.commands(ROOT, main))


def test_the_map_of_the_docs_is_whole() -> None:
    expect_none(docs.unmapped(ROOT))


def test_the_index_of_decisions_is_right() -> None:
    folder = ROOT / "docs" / "adr"
    expected = adr_index.index(folder)
    assert (folder / "README.md").read_text(encoding="utf-8") == expected, (
        f"write it with: python -m tests.architecture.adr_index\nexpected:\n{expected}"
    )


def test_the_glossary_holds_words_that_are_used() -> None:
    assert len(docs.glossary(ROOT)) > 20
    expect_none(docs.unused_words(ROOT))


def test_words_that_have_a_better_one_are_not_used() -> None:
    expect_none(docs.avoided_words(ROOT))
