"""The benchmark of the way back: its table."""

from __future__ import annotations

from tests.benchmarks import restore
from tests.benchmarks.restore import Row


def test_the_table_has_the_ratio_of_each_size() -> None:
    shown = restore.table([Row(8.4, 9.0, 3.0), Row(1008.0, 30.0, 20.0)])
    assert "| 8 | 9.0 | 3.0 | 3.0 times |" in shown
    assert "| 1008 | 30.0 | 20.0 | 1.5 times |" in shown
