"""What `pulumi up` imports before it does anything: a large part of a run that changes nothing.

No time is asserted: the modules are that would bring a second back (docs/operators/performance.md).
"""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

PROGRAM = "import stacks.platform, stacks.tenant"
# The packages of pulumi_kubernetes' API groups are there at once, what is below them only when somebody uses it.
HEAVY = {
    "the generated classes of Kubernetes": r"pulumi_kubernetes\.\w+\.\w+",
    "the toolkit's upper half": r"einklang\.(cli|operations|clients|planning)",
    "a command line, terminal tables, HTTP": r"click|rich|httpx|requests",
    "installers and test tools": r"pip|setuptools|pytest|jsonschema|mypy",
}


def modules(statement: str) -> list[str]:
    """The modules that are loaded after a statement, in a process of its own."""
    printed = subprocess.check_output(
        [sys.executable, "-c", f"import sys\n{statement}\nprint(*sys.modules, sep='\\n')"], text=True
    )
    return printed.split()


@pytest.fixture(scope="module")
def loaded() -> list[str]:
    return modules(PROGRAM)


@pytest.mark.parametrize("heavy", HEAVY.values(), ids=HEAVY.keys())
def test_program_does_without(loaded: list[str], heavy: str) -> None:
    assert [module for module in loaded if re.fullmatch(heavy, module)] == []


@pytest.mark.parametrize(
    ("heavy", "planted"),
    [
        ("the generated classes of Kubernetes", "from pulumi_kubernetes.core.v1 import Namespace"),
        ("the toolkit's upper half", "import einklang.clients.process"),
        ("a command line, terminal tables, HTTP", "import rich.table"),
        ("installers and test tools", "import jsonschema"),
    ],
)
def test_planted_imports_are_seen(heavy: str, planted: str) -> None:
    assert any(re.fullmatch(HEAVY[heavy], module) for module in modules(planted))
