"""Tracked files hold no addresses of registries, paths of one machine, keys or leftovers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.architecture.guards import hygiene
from tests.architecture.guards.project import ROOT, Finding, expect_none

GUARDS = [
    hygiene.registries,
    hygiene.machine_paths,
    hygiene.secrets,
    hygiene.leftovers,
    hygiene.executables,
    hygiene.languages,
    hygiene.licence,
]


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.__name__)
def test_hygiene(guard: Callable[[Path], Iterator[Finding]]) -> None:
    expect_none(guard(ROOT))
