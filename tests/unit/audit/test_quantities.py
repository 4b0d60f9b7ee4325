"""Quantities as numbers."""

from __future__ import annotations

from decimal import Decimal

import pytest

from einklang.operations.audit.quantities import amount


@pytest.mark.parametrize(
    ("quantity", "number"),
    [("500m", "0.5"), ("1", "1"), ("1.5", "1.5"), ("2Ki", "2048"), ("3k", "3000"), ("1Gi", str(2**30)), ("18", "18")],
)
def test_a_quantity_is_a_number(quantity: str, number: str) -> None:
    assert amount(quantity) == Decimal(number)


def test_the_same_amount_written_otherwise_is_the_same() -> None:
    assert amount("2") == amount("2000m")
    assert amount("1Gi") == amount("1024Mi")


@pytest.mark.parametrize("text", ["", "m", "ten", "1 Gi", "1KB"])
def test_what_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no quantity"):
        amount(text)
