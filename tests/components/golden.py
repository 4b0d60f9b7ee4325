"""Golden files: what a component declares, as YAML under tests/golden, compared and accepted."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.components.recording import Declared

FOLDER = Path(__file__).parents[1] / "golden"
ACCEPT = "make golden"


def expect(case: str, declared: Sequence[Declared], *, accept: bool) -> None:
    """Compare with tests/golden/<case>.yaml; with `accept`, write it. A failure prints the difference."""
    path, found = FOLDER / f"{case}.yaml", text(declared)
    if accept:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(found, encoding="utf-8")
    difference = compare(path.read_text(encoding="utf-8") if path.exists() else "", found, path.name)
    if difference:
        pytest.fail(f"{difference}\nIf this is what you want: {ACCEPT}", pytrace=False)


def compare(expected: str, found: str, name: str) -> str:
    """The unified difference; empty where there is none."""
    pair = (expected.splitlines(), found.splitlines())
    return "\n".join(difflib.unified_diff(*pair, f"golden/{name}", "declared now", lineterm=""))


def text(declared: Sequence[Declared]) -> str:
    """One YAML document a resource, sorted; no secret values (they are replaced when they are recorded)."""
    documents = [_document(each) for each in declared]
    return yaml.safe_dump_all(documents, sort_keys=True, allow_unicode=True, width=120, explicit_start=True)


def outline(declared: Declared) -> Declared:
    """The resource with kind and name alone."""
    kept = {"kind": declared.kind, "metadata": {"name": declared.key[2]}} if declared.kind else {}
    return replace(declared, manifest=kept)


def _document(declared: Declared) -> dict[str, Any]:
    told = {
        "type": _short(declared.urn),
        "name": declared.name,
        "provider": declared.provider,
        "protect": declared.protect,
        "retain_on_delete": declared.retain,
        "deleted_with": declared.deleted_with.rpartition("::")[2],
        "ignore_changes": list(declared.ignore_changes),
    }
    document: dict[str, Any] = {"pulumi": {key: value for key, value in told.items() if value}}
    return {**document, "object": declared.manifest} if declared.manifest else document


def _short(urn: str) -> str:
    """Types of the parents and the resource, without the stack's."""
    return urn.split("::")[2].removeprefix("pulumi:pulumi:Stack$")
