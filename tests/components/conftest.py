"""`--accept-golden` writes the golden files anew."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from tests.components import golden
from tests.components.recording import Declared


def pytest_addoption(parser: pytest.Parser) -> None:
    """Known where tests/components is named on the command line, as `make golden` does."""
    parser.addoption("--accept-golden", action="store_true", help="write tests/golden anew")


@pytest.fixture
def expect_golden(pytestconfig: pytest.Config) -> Callable[[str, Sequence[Declared]], None]:
    """Compares what was declared with a golden file."""
    accept = bool(pytestconfig.getoption("--accept-golden", default=False))
    return lambda case, declared: golden.expect(case, declared, accept=accept)
