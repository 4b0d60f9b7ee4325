"""The layout of the design: what stands where, and how large it may grow."""

from __future__ import annotations

import ast
import fnmatch
import re
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.guards.project import CODE, Finding, files, imports, module_name, python

MODULE_LINES = 400
FUNCTION_LINES = 60
FILE_BYTES = 500_000

TOP_LEVEL_FILES = frozenset(
    {
        ".gitignore",
        ".gitlab-ci.yml",
        "CONTRIBUTING.md",
        "LICENSE",
        "Makefile",
        "Pulumi.yaml",
        "README.md",
        "SECURITY.md",
        "publiccode.yml",
        "pyproject.toml",
        "requirements.lock",
    }
)
# What a folder may hold, as patterns of paths below it. `*` crosses folders.
FOLDERS = {
    ".ci": ("run", "requests/*"),
    ".github": ("CODEOWNERS", "PULL_REQUEST_TEMPLATE.md", "actionlint.yaml", "workflows/*.yml"),
    ".gitlab": ("CODEOWNERS", "merge_request_templates/*.md"),
    ".forgejo": ("CODEOWNERS", "PULL_REQUEST_TEMPLATE.md", "workflows/*.yml"),
    "stacks": ("*.py",),
    "modules": ("*.py",),
    "einklang": ("*.py",),
    "standards": ("*.yaml", "README.md"),
    "services": ("*.yaml", "README.md"),
    "tenants": ("*.yaml", "README.md", "tenant.schema.json", "logos/*.svg", "logos/*.png"),
    "templates": ("*.j2",),
    "images": ("*",),
    "toolchain": ("README.md", "toolchain.yaml", "*/go.mod", "*/go.sum", "*/*.go"),
    "tests": ("*.py", "golden/*.json", "golden/*.yaml", "golden/*.txt", "*/data/*"),
    "docs": ("*.md", "*.png", "*.svg"),
}
_TOKEN = re.compile(r"^einklang:[a-z_]+:[A-Z][A-Za-z0-9]*$")


def misplaced(root: Path) -> Iterator[Finding]:
    """Files where the design has no place for them."""
    for path in files(root):
        if len(path.parts) == 1:
            if path.name not in TOP_LEVEL_FILES:
                yield Finding(str(path), 1, "top level", "the design has no such file at the top")
        elif path.parts[0] not in FOLDERS:
            yield Finding(str(path), 1, "top level", f"the design has no folder {path.parts[0]}/")
        elif not _fits(path):
            allowed = ", ".join(FOLDERS[path.parts[0]])
            yield Finding(str(path), 1, "folder", f"{path.parts[0]}/ holds only {allowed}")


def _fits(path: Path) -> bool:
    below = str(Path(*path.parts[1:]))
    return any(fnmatch.fnmatchcase(below, pattern) for pattern in FOLDERS[path.parts[0]])


def too_large(root: Path) -> Iterator[Finding]:
    """Files, modules and functions over their budget."""
    for path in files(root):
        size = (root / path).stat().st_size
        if size > FILE_BYTES:
            yield Finding(str(path), 1, "file size", f"{size:,} bytes; at most {FILE_BYTES:,}")
    for path, tree in python(root):
        lines = len((root / path).read_text(encoding="utf-8").splitlines())
        if lines > MODULE_LINES:
            yield Finding(str(path), 1, "module length", f"{lines} lines; at most {MODULE_LINES}")
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > FUNCTION_LINES:
                    text = f"{node.name} has {length} lines; at most {FUNCTION_LINES}"
                    yield Finding(str(path), node.lineno, "function length", text)


def uncollected_tests(root: Path) -> Iterator[Finding]:
    """Tests that pytest would pass over, and test modules whose names collide."""
    homes: dict[str, Path] = {}
    for path, tree in python(root):
        named = path.name.startswith("test_")
        if named and path.parts[0] != "tests":
            yield Finding(str(path), 1, "test place", "tests stand below tests/")
        elif named:
            if not any(_is_test(node) for node in ast.walk(tree)):
                yield Finding(str(path), 1, "test name", "a test_*.py without a test")
            if not (root / path.parent / "__init__.py").is_file() and homes.setdefault(path.name, path) != path:
                text = f"same name as {homes[path.name]}, and no __init__.py tells them apart"
                yield Finding(str(path), 1, "test name", text)
        elif path.parts[0] == "tests" and path.name != "conftest.py":
            yield from _misnamed(path, tree)


def _misnamed(path: Path, tree: ast.Module) -> Iterator[Finding]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and re.match(r"test_|Test[A-Z]", node.name):
            yield Finding(str(path), node.lineno, "test name", f"{node.name}: the file is not called test_*.py")


def _is_test(node: ast.AST) -> bool:
    return isinstance(node, ast.FunctionDef) and node.name.startswith("test_")


def components(root: Path) -> Iterator[Finding]:
    """modules/: one component a file; its type token says where it is; it registers its outputs."""
    seen: dict[str, str] = {}
    for path, tree in python(root, "modules", "stacks"):
        found = [node for node in tree.body if isinstance(node, ast.ClassDef) and _is_component(node)]
        for node in found[1:]:
            yield Finding(str(path), node.lineno, "one component a file", f"{node.name} wants a file of its own")
        for node in found:
            yield from _component(path, node, seen)


def _is_component(node: ast.ClassDef) -> bool:
    return any(ast.unparse(base).rpartition(".")[2] == "ComponentResource" for base in node.bases)


def _component(path: Path, node: ast.ClassDef, seen: dict[str, str]) -> Iterator[Finding]:
    where, line = str(path), node.lineno
    if path.parts[0] != "modules":
        yield Finding(where, line, "component place", f"{node.name}: components stand in modules/")
    tokens = [
        value.value
        for value in ast.walk(node)
        if isinstance(value, ast.Constant) and isinstance(value.value, str) and _TOKEN.match(value.value)
    ]
    if len(tokens) != 1 or not tokens[0].endswith(f":{node.name}"):
        yield Finding(where, line, "type token", f"{node.name} needs one token einklang:<module>:{node.name} in clear")
    for token in tokens:
        if token in seen:
            yield Finding(where, line, "type token", f"{token} is taken by {seen[token]}")
        seen[token] = where
    if not any(isinstance(child, ast.Attribute) and child.attr == "register_outputs" for child in ast.walk(node)):
        yield Finding(where, line, "outputs", f"{node.name} never calls register_outputs")


def untested(root: Path) -> Iterator[Finding]:
    """Modules with logic that no test imports, by themselves or through the package whose plumbing they are."""
    reached = _imported_by_tests(root)
    internal = {module_name(path): (path, tree) for path, tree in python(root, *CODE)}
    frontier = [name for name in internal if name in reached]
    while frontier:
        name = frontier.pop()
        path, tree = internal[name]
        for _, target in imports(tree, name, package=path.name == "__init__.py"):
            if target in internal and target not in reached and _tested_through(target, name, path):
                reached.add(target)
                frontier.append(target)
    for name, (path, tree) in internal.items():
        if name not in reached and _has_logic(tree):
            yield Finding(str(path), 1, "no test", f"no test imports {name}")


def _tested_through(target: str, module: str, path: Path) -> bool:
    """Plumbing is tested through its own package, models also through the loader and the verbs that show them."""
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    shown = target.startswith("einklang.model.") and package in {"einklang.inventory", "einklang.cli"}
    return shown or target.startswith(f"{package}.")


def _imported_by_tests(root: Path) -> set[str]:
    named: set[str] = set()
    for path, tree in python(root, "tests"):
        targets = {target for _, target in imports(tree, module_name(path), package=path.name == "__init__.py")}
        named |= targets
        if "einklang.cli" not in targets and "live" not in path.parts:
            continue
        words = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant))
        named.update(f"einklang.cli.{word}" for word in words if isinstance(word, str))
    return named


def _has_logic(tree: ast.Module) -> bool:
    return any(isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) for node in ast.walk(tree))
