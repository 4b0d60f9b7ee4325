"""What `drill` and `restore` have in common: the way to the cluster."""

from __future__ import annotations

import os

from einklang.clients.kubernetes import Kubernetes
from einklang.operations import environment
from einklang.operations.drill.run import Tools
from einklang.operations.local import toolchain
from einklang.progress import Lines
from einklang.settings import Settings


def tools(settings: Settings) -> Tools:
    """The programs, the cluster and Pulumi's environment; starts nothing."""
    progress = Lines()
    programs = toolchain.ensure(settings, progress)
    environment.prepare_state(settings, programs)
    kubectl, kubeconfig = programs.binary("kubectl"), environment.kubeconfig(settings, os.environ)
    return Tools(
        settings=settings,
        kubernetes=Kubernetes(kubectl, kubeconfig),
        kubectl=kubectl,
        kubeconfig=kubeconfig,
        restic=programs.binary("restic"),
        environment=environment.environment(settings, programs, os.environ),
        progress=progress,
    )
