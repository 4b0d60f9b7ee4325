"""Quantities as Kubernetes writes them (`500m`, `2Gi`, `1`), as numbers that can be compared."""

from __future__ import annotations

import re
from decimal import Decimal

_FORM = re.compile(r"([0-9.]+)(m|k|M|G|T|Ki|Mi|Gi|Ti)?")
_FACTORS = {
    "": Decimal(1),
    "m": Decimal("0.001"),
    **{unit: Decimal(1000) ** power for power, unit in enumerate("kMGT", 1)},
    **{unit: Decimal(1024) ** power for power, unit in enumerate(("Ki", "Mi", "Gi", "Ti"), 1)},
}


def amount(quantity: str) -> Decimal:
    """The number that a quantity stands for. Raises ValueError where it is none."""
    match = _FORM.fullmatch(str(quantity))
    if not match:
        raise ValueError(f"{quantity!r} is no quantity")
    return Decimal(match[1]) * _FACTORS[match[2] or ""]
