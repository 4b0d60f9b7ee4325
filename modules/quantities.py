"""Quantities as Kubernetes writes them: with the largest unit that leaves a whole number.

CloudNativePG's webhook writes them so into its objects, and Pulumi would want to change `1000m` back at every run.
Source: k8s.io/apimachinery/pkg/api/resource, canonical form.
"""

from __future__ import annotations


def cpu(millicores: int) -> str:
    """Thousandths of a core: 1500 -> `1500m`, 2000 -> `2`."""
    return f"{millicores}m" if millicores % 1000 else str(millicores // 1000)


def mebibytes(amount: int) -> str:
    """1536 -> `1536Mi`, 2048 -> `2Gi`."""
    return _binary(amount, ("Mi", "Gi", "Ti"))


def gibibytes(amount: int) -> str:
    """50 -> `50Gi`, 1024 -> `1Ti`."""
    return _binary(amount, ("Gi", "Ti", "Pi"))


def _binary(amount: int, units: tuple[str, ...]) -> str:
    unit, *larger = units
    return _binary(amount // 1024, tuple(larger)) if larger and amount % 1024 == 0 else f"{amount}{unit}"
