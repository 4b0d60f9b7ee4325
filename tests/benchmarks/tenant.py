"""One tenant by Pulumi, and the same objects by helm and by kubectl: first run, no change, one changed line."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from tests.benchmarks import objects, tools
from tests.benchmarks.measure import Result, once, repeat
from tests.live.stage import Stage, project_copy

TENANT = "benchmark"
NAMESPACE = f"tenant-{TENANT}"
FIRST, NO_CHANGE = "first run", "no change"
CHANGES = {
    "one line: hostname of the portal": ("hostnames: {portal: www.", "hostnames: {portal: portal."),
    "one line: colour": ('primary: "#1a5c8e"', 'primary: "#1a5c70"'),
}
"""What is changed in the tenant's file, one after the other. The first has the realm reconciled, the second has
Keycloak restarted with another theme as well."""

_FILE = """\
schema: 1
id: benchmark
name: Finnentrop
ags: "05966012"
population: 25036 # not the real one: size M
standard: "2026.1"
ring: pilot
status: active
domain: benchmark.example
hostnames: {portal: www.benchmark.example}
contacts:
  operations: {name: IT-Koordination, email: it@benchmark.example, phone: "+49 30 23125 001"}
  security: {name: Informationssicherheit, email: sicherheit@benchmark.example, phone: "+49 30 23125 001"}
  data_protection: {name: Datenschutz, email: datenschutz@benchmark.example, phone: "+49 30 23125 001"}
branding: {primary: "#1a5c8e", on_primary: "#ffffff"}
languages: [de, en]
modules: {portal: {enabled: true}, dms: {enabled: true}}
services: []
backup: {class: standard}
"""

Measured = Iterator[tuple[str, str, Result]]
Say = Callable[[str], None]


def measure(stage: Stage, folder: Path, helm: Path, runs: int, say: Say) -> Measured:
    """Yield (case, tool, result). folder: an empty one; it gets a project root with the tenant `benchmark`.

    Whatever was made in the cluster and in Pulumi's state is removed at the end, also after a failure.
    """
    stage = stage.with_root(project_copy(stage.settings.root, folder / "project"))
    states: dict[str, tools.Files] = {}
    with _pulumi_tenant(stage):
        yield from _by_pulumi(stage, folder, states, runs, say)
    stage = replace(stage, environment=tools.environment(stage.environment, helm))
    for name in ("kubectl", "helm"):
        with _without_leftovers(stage):
            for case, files in states.items():
                command = files.kubectl() if name == "kubectl" else files.helm(TENANT)
                say(f"{name}: {case}")
                yield case, name, once(command, stage.environment, folder)
                if case == FIRST:
                    say(f"{name}: {NO_CHANGE}")
                    yield NO_CHANGE, name, repeat(command, stage.environment, folder, runs=runs)


def _by_pulumi(stage: Stage, folder: Path, states: dict[str, tools.Files], runs: int, say: Say) -> Measured:
    """Run the cases by Pulumi; put the objects of each state into `states`."""
    file, root = stage.settings.root / "tenants" / f"{TENANT}.yaml", stage.settings.root
    command = tools.pulumi(TENANT)
    for case, (before, after) in {FIRST: ("", ""), **CHANGES}.items():
        file.write_text(file.read_text().replace(before, after) if before else _FILE)
        say(f"pulumi: {case}")
        yield case, "pulumi", once(command, stage.environment, root)
        states[case] = tools.Files(folder / f"state-{len(states)}", _exported(stage))
        states[case].write()
        if case == FIRST:
            say(f"pulumi: {NO_CHANGE}")
            yield NO_CHANGE, "pulumi", repeat(command, stage.environment, root, runs=runs)


def _exported(stage: Stage) -> tuple[objects.Manifest, ...]:
    exported = stage.run("pulumi", "stack", "export", "--show-secrets", "--stack", TENANT).stdout
    return objects.of_state(json.loads(exported))


@contextmanager
def _pulumi_tenant(stage: Stage) -> Iterator[None]:
    """A stack that is new, also after a run that was killed, and that is gone at the end."""
    _destroy(stage)
    stage.run("pulumi", "stack", "init", TENANT)
    try:
        yield
    finally:
        _destroy(stage)


def _destroy(stage: Stage) -> None:
    stacks = json.loads(stage.run("pulumi", "stack", "ls", "--json").stdout)
    if any(stack["name"] == TENANT for stack in stacks):
        stage.run("pulumi", "cancel", "--yes", "--stack", TENANT, check=False)  # a killed run leaves its lock
        stage.run("pulumi", "state", "unprotect", "--all", "--yes", "--stack", TENANT)
        stage.run("pulumi", "destroy", "--yes", "--skip-preview", "--stack", TENANT)
        stage.run("pulumi", "stack", "rm", "--yes", "--stack", TENANT)


@contextmanager
def _without_leftovers(stage: Stage) -> Iterator[None]:
    """Nothing of the tenant in the cluster, before and after."""
    _remove(stage)
    try:
        yield
    finally:
        _remove(stage)


def _remove(stage: Stage) -> None:
    stage.run("helm", "uninstall", TENANT, "--namespace", "default", "--ignore-not-found")
    stage.kubectl("delete", "namespace", NAMESPACE, "--ignore-not-found", timeout=600)
