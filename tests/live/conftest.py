"""Fixtures of the live tests, and the rule that a live test that cannot run is a failure in CI."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from einklang.settings import Settings
from tests.live import stage as staging
from tests.live.stage import Stage

HERE = Path(__file__).parent
LEFT_OUT = pytest.StashKey[str]()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what is below this folder as live; leave it out, with the reason, where it cannot run."""
    live = [item for item in items if HERE in item.path.parents]
    reason = staging.why_not()
    for item in live:
        item.add_marker(pytest.mark.live)
        if reason and not Settings.from_environment(os.environ).ci:
            item.add_marker(pytest.mark.skip(reason=reason))
    if reason and live:
        config.stash[LEFT_OUT] = f"{len(live)} live tests left out: {reason}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say which tests were left out and why, and what the stage measured."""
    if LEFT_OUT in config.stash:
        terminalreporter.write_line(config.stash[LEFT_OUT], yellow=True)


@pytest.fixture(scope="session")
def stage(pytestconfig: pytest.Config) -> Iterator[Stage]:
    """The running stage; started here, and taken away at the end, where none runs."""
    reason = staging.why_not()
    if reason:
        pytest.fail(f"live tests cannot run in CI: {reason}")
    settings, environ = Settings.from_environment(os.environ), dict(os.environ)
    reporter = pytestconfig.pluginmanager.getplugin("terminalreporter")
    capture = pytestconfig.pluginmanager.getplugin("capturemanager")
    found = staging.running(settings, environ)
    with capture.global_and_fixture_disabled():
        reporter.write_line("")
        if found:
            ready = staging.bring_up(settings, environ, from_nothing=False)
        else:
            settings = staging.own_home(settings)
            staging.take_away(settings, environ)
            ready = staging.bring_up(settings, environ, from_nothing=True)
            reporter.write_line(f"stage from nothing: {ready.from_nothing_seconds:.0f} s")
    try:
        yield ready
    finally:
        if not found:
            staging.take_away(settings, environ)


@pytest.fixture(scope="session")
def tenants(stage: Stage) -> tuple[object, ...]:
    """The two running tenants."""
    return stage.tenants


@pytest.fixture
def project(stage: Stage, tmp_path: Path) -> Path:
    """A project root whose tenants and standards may be changed."""
    return staging.project_copy(stage.settings.root, tmp_path / "project", ("tenants", "standards"))
