"""The fleet that the benchmark of requests makes is valid, and one of it is changed."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

from einklang import inventory
from einklang.clients.git import Git
from tests.benchmarks import fleet
from tests.benchmarks.measure import Figure, Result


def test_a_fleet_of_valid_tenants_with_one_change(tmp_path: Path) -> None:
    root = fleet.checkout(tmp_path / "fleet", 30)
    assert len(inventory.load(root, today=date(2026, 11, 23)).tenants) == 30
    reader = Git(root, os.environ)
    assert reader.changed(reader.commit("HEAD"), None) == [f"tenants/{fleet.TENANT}.yaml"]


def test_the_largest_fleet_repeats_no_key() -> None:
    files = [fleet.tenant_file(number) for number in range(1, fleet.FLEET + 1)]
    assert len({line for text in files for line in text.splitlines() if line.startswith("ags:")}) == fleet.FLEET


def test_the_table_has_a_line_a_case() -> None:
    told = fleet.table({"case": Result(Figure(1.234, 0.5, 30.0), 5)})
    assert told.splitlines()[-1] == "| case | 1.23 | 0.50 | 30 | 5 |"
