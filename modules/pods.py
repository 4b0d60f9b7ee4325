"""What the pods of several workloads have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modules import labels


def environment(values: Mapping[str, str], references: Mapping[str, tuple[str, str]]) -> list[dict[str, Any]]:
    """A container's variables. references: variable -> Secret and key that hold its value (SYS.1.6.A8)."""
    return [
        *({"name": name, "value": value} for name, value in values.items()),
        *(
            {"name": name, "valueFrom": {"secretKeyRef": {"name": secret, "key": key}}}
            for name, (secret, key) in references.items()
        ),
    ]


def spread(workload: str) -> list[dict[str, Any]]:
    """Topology constraints: the workload's pods on different nodes, where there are several."""
    return [
        {
            "maxSkew": 1,
            "topologyKey": "kubernetes.io/hostname",
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {"matchLabels": labels.selector(workload)},
        }
    ]
