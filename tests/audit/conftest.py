"""`pytest tests/audit --tenant olpe [--tenant …] [--only objects] [--as-myself]`: a running cluster, nothing changed.

One test a tenant and check. The checks, what they look at and how they are judged are those of `einklang audit`
(docs/adr/0017); this is another way to run and to select them (`-k`, `-x`, plugins of pytest).
"""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from typing import Any

import pytest

from einklang import inventory
from einklang.cli import audit as command
from einklang.model.finding import Finding
from einklang.operations import audit
from einklang.operations.audit import Source
from einklang.operations.audit.registry import USUAL
from einklang.progress import Silent
from einklang.settings import Settings

FINDINGS = pytest.StashKey[dict[str, dict[str, Finding]]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("audit")
    group.addoption("--tenant", action="append", default=[], help="Audit this tenant (several times for several).")
    group.addoption("--only", action="append", default=[], choices=list(Source), help="Look there only.")
    group.addoption("--as-myself", action="store_true", help="Read objects as the kubeconfig's user.")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test for each tenant and each check whose facts this run looks at."""
    if {"tenant", "name"} <= set(metafunc.fixturenames):
        tenants = metafunc.config.getoption("--tenant", default=[])
        sources = metafunc.config.getoption("--only", default=[]) or USUAL
        names = [check.name for check in audit.ALL.values() if check.source in sources]
        metafunc.parametrize(("tenant", "name"), [(tenant, name) for tenant in tenants for name in names])


@pytest.fixture
def finding(pytestconfig: pytest.Config, tenant: str, name: str) -> Finding:
    """What the check found at the tenant; the first test of a run looks at all of them."""
    if FINDINGS not in pytestconfig.stash:
        pytestconfig.stash[FINDINGS] = _look(pytestconfig)
    return pytestconfig.stash[FINDINGS][tenant][name]


def _look(config: Any) -> dict[str, dict[str, Finding]]:
    settings = Settings.from_environment(os.environ)
    found = inventory.load(settings.root, today=date.today())
    sources = [Source(name) for name in config.getoption("--only")] or list(USUAL)
    done = audit.run(
        [found.resolve(name) for name in config.getoption("--tenant")],
        command.access(settings, sources, as_myself=config.getoption("--as-myself")),
        inventory.controls(settings.root),
        sources,
        lambda: datetime.now(UTC),
        Silent(),
        jobs=2,
        versions={},
    )
    return {tenant: {each.check: each for each in done.of(tenant)} for tenant in done.tenants}
