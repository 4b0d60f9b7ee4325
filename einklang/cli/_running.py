"""What the verbs that look at tenants, or bring them up, have in common: toolchain, environment, engine."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from einklang.clients.kubernetes import Kubernetes
from einklang.clients.outside import Way
from einklang.clients.pulumi import PulumiEngine
from einklang.operations import environment
from einklang.operations.backup.protect import Protection
from einklang.operations.local import cluster, manifests, toolchain
from einklang.operations.local.toolchain import Toolchain
from einklang.progress import Progress
from einklang.settings import Settings


@dataclass(frozen=True)
class Running:
    """The way to the running system. local: it is the embedded cluster."""

    engine: PulumiEngine
    programs: Toolchain
    kubeconfig: Path
    local: bool


@dataclass(frozen=True)
class Ready:
    """The way to a cluster that runs, and what keeps its tenants' backups."""

    engine: PulumiEngine
    kubernetes: Kubernetes
    protection: Protection
    way: Way


def ready(settings: Settings, programs: Toolchain, progress: Progress) -> Ready:
    """Bring the local cluster up where no other is named, and give the way to it."""
    manifests.place(settings, programs)
    if environment.uses_local_cluster(settings, os.environ):
        cluster.up(settings, programs, progress)
    environment.prepare_state(settings, programs)
    variables = environment.environment(settings, programs, os.environ)
    engine = PulumiEngine(settings.root, variables, settings.logs)
    kubernetes = Kubernetes(programs.binary("kubectl"), Path(variables["KUBECONFIG"]))
    protection = Protection(settings, kubernetes, engine, programs.binary("restic"))
    return Ready(engine, kubernetes, protection, environment.way(settings, os.environ))


def running(settings: Settings, progress: Progress, *, root: Path | None = None) -> Running:
    """Find the toolchain and the state; starts nothing. root: the project that Pulumi runs, else the checkout."""
    programs = toolchain.ensure(settings, progress)
    environment.prepare_state(settings, programs)
    variables = environment.environment(settings, programs, os.environ)
    project = root or settings.root
    engine = PulumiEngine(project, {**variables, "EINKLANG_ROOT": str(project)}, settings.logs)
    kubeconfig = environment.kubeconfig(settings, os.environ)
    return Running(engine, programs, kubeconfig, environment.uses_local_cluster(settings, os.environ))
