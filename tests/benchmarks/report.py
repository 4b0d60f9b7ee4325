"""The figures as Markdown and as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from tests.benchmarks.measure import Result

TOOLS = ("pulumi", "helm", "kubectl")
Cases = Mapping[str, Mapping[str, Result]]


def startup_table(results: Mapping[str, Result]) -> str:
    """One line a case."""
    lines = ["| case | seconds | CPU seconds | peak MiB | runs |", "|---|---|---|---|---|"]
    return "\n".join(lines + [f"| {case} | {_figures(result)} | {result.runs} |" for case, result in results.items()])


def tenant_table(cases: Cases) -> str:
    """One line a case and tool; the last column says how many times as long `pulumi up` takes."""
    columns = ("case", "tool", "seconds", "CPU seconds", "peak MiB", "runs", "Pulumi takes")
    lines = [f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
    for case, by_tool in cases.items():
        lines += [
            f"| {case} | {tool} | {_figures(by_tool[tool])} | {by_tool[tool].runs} | {_ratio(by_tool, tool)} |"
            for tool in TOOLS
            if tool in by_tool
        ]
    return "\n".join(lines)


def as_data(machine: Mapping[str, Any], startup: Mapping[str, Result], cases: Cases) -> dict[str, Any]:
    """Everything as plain data. Times in seconds, memory in MiB."""
    return {
        "machine": dict(machine),
        "startup": {case: asdict(result) for case, result in startup.items()},
        "tenant": {case: {tool: asdict(result) for tool, result in by.items()} for case, by in cases.items()},
    }


def _figures(result: Result) -> str:
    figure = result.figure
    return f"{figure.wall_seconds:.2f} | {figure.cpu_seconds:.2f} | {figure.peak_mib:.0f}"


def _ratio(by_tool: Mapping[str, Result], tool: str) -> str:
    if tool == "pulumi" or "pulumi" not in by_tool:
        return ""
    ours, other = by_tool["pulumi"].figure, by_tool[tool].figure
    return f"{ours.wall_seconds / other.wall_seconds:.1f} times as long"
