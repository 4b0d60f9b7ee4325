"""`make bench`: the figures of docs/operators/performance.md, measured on the running cluster.

Nothing here asserts a time: a benchmark on a shared machine that fails at random would soon be ignored.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from einklang.operations.local import toolchain
from einklang.operations.local.toolchain_declaration import Purpose
from einklang.progress import Lines
from einklang.settings import Settings
from tests.benchmarks import backups, fleet, report, restore, startup, tenant
from tests.benchmarks.measure import Result
from tests.live import load
from tests.live import stage as staging
from tests.live.stage import Stage

LOAD_SECONDS = 120
NO_CLUSTER = "no local cluster is running; start one by: make up"


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print. Returns the exit code."""
    options = _options(argv)
    if options.parts in (["requests"], ["backup"]):
        with tempfile.TemporaryDirectory(prefix="einklang-benchmark-") as name:
            print(_alone(options.parts[0], Path(name), options.runs))
        return 0
    settings, environ = Settings.from_environment(os.environ), dict(os.environ)
    reason = staging.why_not()
    if reason or not staging.running(settings, environ):
        print(reason or NO_CLUSTER, file=sys.stderr)
        return 1
    stage = staging.bring_up(settings, environ, from_nothing=False)
    first: dict[str, Result] = {}
    cases: dict[str, dict[str, Result]] = {}
    machine = _machine()
    with tempfile.TemporaryDirectory(prefix="einklang-benchmark-") as name:
        folder = Path(name)
        if "startup" in options.parts:
            _say("start-up, imports and a program without resources")
            (folder / "empty").mkdir()
            first.update(startup.measure(stage, folder / "empty", options.runs))
        if "tenant" in options.parts:
            helm = toolchain.ensure(settings, Lines(), {Purpose.BENCHMARKS}).binary("helm")
            for case, tool, result in tenant.measure(stage, folder, helm, options.runs, _say):
                cases.setdefault(case, {})[tool] = result
                _say(f"{tool}: {case}: {result.figure.wall_seconds:.2f} s")
        crowds = _load(stage) if "load" in options.parts else []
        if "restore" in options.parts:
            print(restore.table(restore.measure(stage, folder, options.runs, _say)), end="\n\n")
    _print(options.json, machine, first, cases)
    if crowds:
        print(load.table(crowds))
    return 1 if any(crowd.errors for crowd in crowds) else 0


def _alone(part: str, folder: Path, runs: int) -> str:
    """The table of a part that needs no cluster."""
    if part == "requests":
        return fleet.table(fleet.measure(folder, runs, _say))
    return backups.table(backups.measure(folder, _say))


def _load(stage: Stage) -> list[load.Crowd]:
    """Two minutes of visitors and clerks. An error makes the command fail: a page that is none is no figure."""
    _say(f"{load.VISITORS} visitors and {load.CLERKS} clerks for {LOAD_SECONDS} seconds")
    crowds = load.run(stage, stage.tenants[0], LOAD_SECONDS)
    for error in [error for crowd in crowds for error in crowd.errors][:10]:
        _say(f"error: {error}")
    return crowds


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="runs of each quick case; the median counts")
    parser.add_argument("--json", type=Path, help="write the figures to this file as well")
    parts = "startup, tenant (default: both), load, restore; or requests or backup alone, which need no cluster"
    parser.add_argument("parts", nargs="*", default=["startup", "tenant"], help=parts)
    return parser.parse_args(argv)


def _machine() -> dict[str, Any]:
    return {
        "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30),
        "system": f"{platform.system()} {platform.release()}",
        "load_before": round(os.getloadavg()[0], 1),
        "date": time.strftime("%Y-%m-%d"),
    }


def _say(text: str) -> None:
    print(f"measuring: {text}", file=sys.stderr, flush=True)


def _print(target: Path | None, machine: dict[str, Any], first: dict[str, Result], cases: report.Cases) -> None:
    if target:
        target.write_text(json.dumps(report.as_data(machine, first, cases), indent=2, ensure_ascii=False) + "\n")
    print(", ".join(f"{key} {value}" for key, value in machine.items()), end="\n\n")
    if first:
        print(report.startup_table(first), end="\n\n")
    if cases:
        print(report.tenant_table(cases))


if __name__ == "__main__":
    sys.exit(main())
