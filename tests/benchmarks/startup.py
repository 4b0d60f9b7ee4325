"""What a run costs before it speaks to a cluster: imports, the CLI, a program without resources."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.measure import Result, once, repeat
from tests.live.stage import Stage

_STACK = "empty"
_PROGRAM = {
    "Pulumi.yaml": "name: empty\nruntime: python\n",
    "__main__.py": "import pulumi\n",
}


def measure(stage: Stage, folder: Path, runs: int) -> Iterator[tuple[str, Result]]:
    """Yield each case's name with its result. folder: an empty one, for a project and a state of its own."""
    environ = {**stage.environment, "PULUMI_BACKEND_URL": f"file://{folder}"}
    root = stage.settings.root

    def python(*argv: str) -> Result:
        return repeat(["python", *argv], environ, root, runs=runs)

    yield "python: start", python("-c", "pass")
    yield "python: import of Pulumi's SDK", python("-c", "import pulumi")
    yield "python: import of the program", python("-c", "import stacks.platform, stacks.tenant")
    yield "python: `pip list`, which the official language host runs each time", python("-m", "pip", "list", "-v")
    yield "pulumi: `pulumi version`", repeat(["pulumi", "version"], environ, root, runs=runs)
    for name, text in _PROGRAM.items():
        (folder / name).write_text(text)
    once(["pulumi", "stack", "init", _STACK], environ, folder)
    empty = ["pulumi", "up", "--yes", "--skip-preview", "--stack", _STACK]
    yield "pulumi: `pulumi up` of a program without resources", repeat(empty, environ, folder, runs=runs)
