"""Linters, formatter, types and import rules, with the project's own settings."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.guards.project import ROOT

TOOLS = {
    "ruff check": ["ruff", "check", "--quiet", "."],
    "ruff format": ["ruff", "format", "--check", "--quiet", "."],
    "mypy --strict": ["mypy", "--no-error-summary"],
    "lint-imports": ["lint-imports"],
}


@pytest.mark.parametrize("tool", TOOLS)
def test_style(tool: str) -> None:
    command = [str(Path(sys.executable).parent / TOOLS[tool][0]), *TOOLS[tool][1:]]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    if done.returncode != 0:
        said = done.stdout.rpartition("Broken contracts\n")[2]  # lint-imports says what is well before that
        pytest.fail(f"{' '.join(TOOLS[tool])}\n{said}{done.stderr}", pytrace=False)
