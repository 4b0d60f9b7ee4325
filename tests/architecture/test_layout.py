"""The repository has the layout of the design, and its parts stay small."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.architecture.guards import layout
from tests.architecture.guards.project import ROOT, Finding, expect_none

GUARDS = [layout.misplaced, layout.too_large, layout.uncollected_tests, layout.components, layout.untested]


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.__name__)
def test_layout(guard: Callable[[Path], Iterator[Finding]]) -> None:
    expect_none(guard(ROOT))
