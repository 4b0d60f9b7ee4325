"""Clock and randomness are parameters, and an import does nothing but import."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.architecture.guards.project import CODE, Finding, imports, module_name, python

# Where the outside world begins: these may look at the clock themselves.
_EDGES = ("einklang.cli", "einklang.clients", "stacks")
_CLOCK = frozenset(
    f"{owner}.{name}"
    for owner, names in {
        "time": ("time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "sleep", "localtime", "gmtime"),
        "datetime.datetime": ("now", "utcnow", "today"),
        "datetime.date": ("today",),
    }.items()
    for name in names
)
_RANDOM = ("random.", "uuid.uuid1", "uuid.uuid4", "os.urandom")
# Keys and passwords come from `secrets`, never from a seed. In these layers nobody makes any.
_KEYLESS = ("einklang.model", "einklang.inventory", "einklang.rendering", "einklang.planning")


def clocks(root: Path) -> Iterator[Finding]:
    """Calls of the clock or of a random source below the edges; as the default of a parameter they are welcome."""
    for path, tree in python(root, *CODE):
        module = module_name(path)
        if _below(module, _EDGES):
            continue
        known = _imported_names(tree)
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            name = _resolved(ast.unparse(node.func), known)
            if name in _CLOCK or name.startswith(_RANDOM):
                yield Finding(str(path), node.lineno, "clock and randomness", f"{name}() has to be a parameter")
            if name.startswith("secrets.") and _below(module, _KEYLESS):
                yield Finding(str(path), node.lineno, "clock and randomness", f"{name}(): this layer makes no keys")


def network(root: Path) -> Iterator[Finding]:
    """Parts of the standard library that open connections, outside the clients; import-linter sees packages only."""
    for path, tree in python(root, *CODE):
        module = module_name(path)
        if _below(module, ("einklang.clients",)):
            continue
        for line, target in imports(tree, module, package=path.name == "__init__.py"):
            if target in {"urllib.request", "urllib.robotparser", "asyncio.subprocess", "multiprocessing"}:
                yield Finding(str(path), line, "network", f"{target} belongs in einklang.clients")


def _below(module: str, packages: tuple[str, ...]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def _imported_names(tree: ast.Module) -> dict[str, str]:
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update({alias.asname or alias.name: alias.name for alias in node.names})
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.update({alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names})
    return names


def _resolved(called: str, known: Mapping[str, str]) -> str:
    head, dot, rest = called.partition(".")
    return known.get(head, "?") + dot + rest


# Runs in a fresh interpreter: imports every module and reports what its own body does to the outside world.
# An event counts when, from where it happens outwards, a frame of the project comes before any import machinery:
# then the module's body did it, not the import of somebody else's module.
_PROBE = r"""
import importlib, json, os, sys
root, names = sys.argv[1], sys.argv[2:]
CODE = tuple(os.path.join(root, folder) + os.sep for folder in ("einklang", "modules", "stacks"))
WATCHED = ("open", "socket.", "subprocess.", "os.", "shutil.", "tempfile.", "glob.", "urllib.", "http.", "ctypes.")
HARMLESS = ("os.putenv", "os.unsetenv", "os.add_dll_directory", "ctypes.seh_exception")
seen = []
def hook(event, arguments):
    if not event.startswith(WATCHED) or event in HARMLESS:
        return
    frame = sys._getframe(1)
    while frame is not None:
        name = frame.f_code.co_filename
        if name.startswith("<frozen importlib"):
            return
        if "/pydantic/plugin/" in name:  # looks for plugins when the first model is declared
            return
        if name.startswith(CODE):
            what = arguments[0] if arguments else ""
            seen.append([os.path.relpath(name, root), frame.f_lineno, event, str(what)])
            return
        frame = frame.f_back
sys.path.insert(0, root)
sys.dont_write_bytecode = True
sys.addaudithook(hook)
broken = []
for name in names:
    try:
        importlib.import_module(name)
    except Exception as error:
        broken.append([name, f"{type(error).__name__}: {error}"])
print(json.dumps({"seen": list(seen), "broken": broken}))
"""


def import_effects(root: Path) -> Iterator[Finding]:
    """Files, sockets and programs that a module touches while it is imported, and modules that cannot be imported."""
    paths = {module_name(path): path for path, _ in python(root, *CODE) if path.stem != "__main__"}
    probe = subprocess.run(
        [sys.executable, "-c", _PROBE, str(root), *sorted(paths)], capture_output=True, text=True, check=False, cwd=root
    )
    if probe.returncode != 0:
        yield Finding(".", 1, "import", f"the probe ended with code {probe.returncode}: {probe.stderr[-500:]}")
        return
    result = json.loads(probe.stdout.splitlines()[-1])
    for where, line, event, what in result["seen"]:
        yield Finding(where, line, "I/O at import", f"{event} {what}")
    for name, error in result["broken"]:
        yield Finding(str(paths[name]), 1, "import", error)


def heavy_start(root: Path, verb: str, heavy: tuple[str, ...]) -> Iterator[Finding]:
    """Heavy packages that `einklang <verb> --help` imports although the verb needs none of them."""
    program = (
        "import sys, json\nfrom einklang.cli import main\n"
        f"try: main(['{verb}', '--help'])\nexcept SystemExit: pass\n"
        f"print(json.dumps([name for name in {list(heavy)!r} if name in sys.modules]))"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=root)
    if run.returncode != 0:
        yield Finding("einklang/cli", 1, "start", f"einklang {verb} --help fails: {run.stderr[-500:]}")
        return
    for name in json.loads(run.stdout.splitlines()[-1]):
        yield Finding(f"einklang/cli/{verb}.py", 1, "start", f"imports {name}, which it does not need")
