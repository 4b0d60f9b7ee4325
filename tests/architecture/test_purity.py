"""Importing the project does nothing, and what depends on the moment is a parameter."""

from __future__ import annotations

from tests.architecture.guards import purity
from tests.architecture.guards.project import ROOT, expect_none


def test_clock_and_randomness_are_parameters() -> None:
    expect_none(purity.clocks(ROOT))


def test_only_clients_open_connections() -> None:
    expect_none(purity.network(ROOT))


def test_no_io_at_import() -> None:
    expect_none(purity.import_effects(ROOT))


def test_validate_starts_without_what_it_does_not_need() -> None:
    heavy = ("rich", "httpx", "cryptography", "jinja2", "pulumi", "pulumi_kubernetes")
    expect_none(purity.heavy_start(ROOT, "validate", heavy))
