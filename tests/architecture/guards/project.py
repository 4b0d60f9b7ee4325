"""What a guard looks at, and what it says."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
CODE = ("einklang", "modules", "stacks")
_BINARY = frozenset({".png", ".jpg", ".ico", ".woff2", ".gz"})


@dataclass(frozen=True, order=True)
class Finding:
    """One violation: where, which rule, and what to do."""

    path: str
    line: int
    rule: str
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.rule}: {self.text}"


def expect_none(findings: Iterable[Finding]) -> None:
    """Fail the running test with the findings, sorted, one a line."""
    lines = [str(finding) for finding in sorted(findings)]
    if lines:
        pytest.fail("\n".join(lines), pytrace=False)


def files(root: Path) -> list[Path]:
    """The tracked files below `root` that exist, relative to it; every file where `root` is no checkout."""
    if not (root / ".git").exists():
        return sorted(path.relative_to(root) for path in root.rglob("*") if path.is_file())
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=True).stdout
    return sorted(path for path in map(Path, listed.rstrip("\0").split("\0")) if (root / path).is_file())


def texts(root: Path) -> Iterator[tuple[Path, str]]:
    """Every text file with its content; a file that is not UTF-8 comes with U+FFFD in it."""
    for path in files(root):
        if path.suffix not in _BINARY:
            yield path, (root / path).read_bytes().decode("utf-8", errors="replace")


def python(root: Path, *folders: str) -> Iterator[tuple[Path, ast.Module]]:
    """Every Python file below the folders (default: all), parsed."""
    for path in files(root):
        if path.suffix == ".py" and (not folders or path.parts[0] in folders):
            yield path, ast.parse((root / path).read_text(encoding="utf-8"), str(path))


def module_name(path: Path) -> str:
    """Dotted name of a Python file: `einklang/cli/__init__.py` -> `einklang.cli`."""
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(tree: ast.Module, module: str, *, package: bool) -> Iterator[tuple[int, str]]:
    """Line and dotted name of everything a module imports, wherever in it the import stands."""
    base = module.split(".") if package else module.split(".")[:-1]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            prefix = base[: len(base) - node.level + 1] if node.level else []
            origin = ".".join([*prefix, *([node.module] if node.module else [])])
            yield node.lineno, origin
            yield from ((node.lineno, f"{origin}.{alias.name}") for alias in node.names)
