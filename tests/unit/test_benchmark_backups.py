"""The benchmark of the backup site: what it computes from what it measured, and the data that it makes."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.benchmarks import backups
from tests.benchmarks.backups import Round

ROUNDS = [
    Round(1, "first", 9.0, 1.0, 1.0, 1.0, 1.0, 1),
    Round(1, "1 % changed", 9.0, 1.0, 0.0, 1.0, 1.0, 1),
    Round(10, "first", 110.0, 1010.0, 500.0, 1.0, 1.0, 1),
    Round(10, "1 % changed", 10.0, 1010.0, 10.0, 1.0, 1.0, 1),
]


def test_the_window_comes_from_what_a_run_costs_and_from_what_is_new() -> None:
    """A second a run, 0.1 s a MB: 72 runs with 500 MB each take 72 * 51 s."""
    night, first = backups.window_hours(ROUNDS)
    assert night == pytest.approx(72 * 51 / 3600)
    assert first == pytest.approx(72 * 5001 / 3600)
    assert "72 tenants of 50 GB, 2 at once: 1.0 h a night" in backups.table(ROUNDS)


def test_a_changed_part_is_one_percent(tmp_path: Path) -> None:
    source = random.Random(1)
    backups._write(tmp_path, range(backups.FILES), source)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    backups._write(tmp_path, [3], source)
    after = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert [name for name in before if before[name] != after[name]] == ["0003"]
    assert len(before) == backups.FILES
