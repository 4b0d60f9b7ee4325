"""Requests in a large fleet: `einklang validate` of all files, `einklang plan` of one changed tenant. No cluster."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from einklang.settings import PROJECT_ROOT
from tests.benchmarks.measure import Figure, Result, median, run

FLEET = 1000
TENANT = "gemeinde-0001"
_DISTRICTS = ("05966", "05958")
_EINKLANG = str(Path(sys.executable).parent / "einklang")
_NAME = "einklang-benchmark"
_GIT = {
    "GIT_AUTHOR_NAME": _NAME,
    "GIT_AUTHOR_EMAIL": "benchmark@example.org",
    "GIT_COMMITTER_NAME": _NAME,
    "GIT_COMMITTER_EMAIL": "benchmark@example.org",
}


def measure(folder: Path, runs: int, say: Callable[[str], None]) -> dict[str, Result]:
    """Case -> figures. The start of the program is part of each of them.

    The sizes take turns, so that what else runs on the machine slows both down alike.
    """
    roots = {size: checkout(folder / str(size), size) for size in (1, FLEET)}
    results: dict[str, Result] = {}
    for title, command in (("`einklang validate`", _validate), ("`einklang plan` of one changed tenant", _plan)):
        say(title)
        figures: dict[int, list[Figure]] = {size: [] for size in roots}
        for number in range(runs + 1):
            for size, root in roots.items():
                figure = run(command(root), dict(os.environ), root)
                if number:  # the first run fills the caches
                    figures[size].append(figure)
        results |= {f"{title}, fleet of {size}": Result(median(figures[size]), runs) for size in roots}
    return results


def table(results: Mapping[str, Result]) -> str:
    """As Markdown."""
    lines = ["| case | seconds | CPU seconds | peak MiB | runs |", "|---|---|---|---|---|"]
    for case, result in results.items():
        figure = result.figure
        told = f"{figure.wall_seconds:.2f} | {figure.cpu_seconds:.2f} | {figure.peak_mib:.0f}"
        lines.append(f"| {case} | {told} | {result.runs} |")
    return "\n".join(lines)


def _validate(root: Path) -> list[str]:
    return [_EINKLANG, "validate", "--root", str(root)]


def _plan(root: Path) -> list[str]:
    """Exit code 2 is what is expected of it: there are changes."""
    return ["bash", "-c", f"{_EINKLANG} plan --offline --root {root} > {root.parent}/plan; test $? -eq 2"]


def checkout(folder: Path, size: int) -> Path:
    """A repository with so many tenants; one of them is changed and not committed."""
    folder.mkdir(parents=True)
    for name in ("standards", "services"):
        shutil.copytree(PROJECT_ROOT / name, folder / name)
    (folder / "tenants").mkdir()
    for number in range(1, size + 1):
        (folder / "tenants" / f"gemeinde-{number:04}.yaml").write_text(tenant_file(number), encoding="utf-8")
    environ = {**os.environ, **_GIT}
    for argv in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "Fleet"]):
        subprocess.run(["git", "-C", str(folder), *argv], env=environ, check=True)
    changed = folder / "tenants" / f"{TENANT}.yaml"
    changed.write_text(changed.read_text(encoding="utf-8").replace("#1a5c8e", "#224422"), encoding="utf-8")
    return folder


def tenant_file(number: int) -> str:
    """A valid file of a municipality that shares nothing with any other."""
    sample = (PROJECT_ROOT / "tenants" / "olpe.yaml").read_text(encoding="utf-8")
    name = f"gemeinde-{number:04}"
    district, last = _DISTRICTS[(number - 1) // 900], (number - 1) % 900 + 1
    replaced: Mapping[str, str] = {
        "id: olpe": f"id: {name}",
        "name: Olpe": f"name: Gemeinde {number}",
        '"05966024"': f'"{district}{last:03}"',
        'ars: "059660024024"\n': "",
        "olpe.example": f"{name}.example",
        "  logo: logos/olpe.svg\n": "",
    }
    for old, new in replaced.items():
        sample = sample.replace(old, new)
    return sample
