"""Quantities in Kubernetes' canonical form."""

from __future__ import annotations

import pytest

from modules.quantities import cpu, gibibytes, mebibytes


@pytest.mark.parametrize(("millicores", "text"), [(50, "50m"), (1000, "1"), (1500, "1500m"), (12000, "12")])
def test_cpu(millicores: int, text: str) -> None:
    assert cpu(millicores) == text


@pytest.mark.parametrize(("amount", "text"), [(512, "512Mi"), (1024, "1Gi"), (1536, "1536Mi"), (1048576, "1Ti")])
def test_mebibytes(amount: int, text: str) -> None:
    assert mebibytes(amount) == text


@pytest.mark.parametrize(("amount", "text"), [(5, "5Gi"), (1000, "1000Gi"), (1024, "1Ti"), (1536, "1536Gi")])
def test_gibibytes(amount: int, text: str) -> None:
    assert gibibytes(amount) == text
