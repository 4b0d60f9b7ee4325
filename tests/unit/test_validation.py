"""From a model's complaints to problems."""

from __future__ import annotations

import pytest
from pydantic import Field

from einklang.inventory.reader import parse
from einklang.inventory.validation import keys_at, nearest, validated
from einklang.model.base import Model
from einklang.model.standard import Standard
from einklang.model.tenant import Tenant


class _Even(Model):
    number: int = Field(multiple_of=2)


def test_complaint_of_a_kind_without_a_text_of_its_own() -> None:
    document = parse("x.yaml", b"number: 3\n")
    assert validated(document, _Even) is None
    assert [(p.code.value, p.key, p.found) for p in document.problems] == [("other", "number", "3")]


@pytest.mark.parametrize(
    ("path", "some"),
    [
        ((), "hostnames"),
        (("backup",), "class"),
        (("contacts", "security"), "phone"),
        (("exceptions", 0), "expires"),
    ],
)
def test_keys_at_a_path(path: tuple[str | int, ...], some: str) -> None:
    assert some in keys_at(Tenant, path)


def test_keys_in_a_mapping() -> None:
    assert "population_below" in keys_at(Standard, ("size_classes", "M"))
    assert keys_at(Tenant, ("name",)) == []


@pytest.mark.parametrize(
    ("word", "choice"), [("populaton", "population"), ("AGS", "ags"), ("xyz", ""), ("population" * 10, "")]
)
def test_nearest(word: str, choice: str) -> None:
    assert nearest(word, ["ags", "ars", "population"]) == choice
