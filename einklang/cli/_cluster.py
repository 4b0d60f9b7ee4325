"""The cluster as the operators see it."""

from __future__ import annotations

import os

from einklang.clients.kubernetes import Kubernetes
from einklang.operations import environment
from einklang.operations.local import toolchain
from einklang.progress import Lines
from einklang.settings import Settings


def operators(settings: Settings) -> Kubernetes:
    """With the toolchain's kubectl and the operators' own rights; starts nothing."""
    kubectl = toolchain.ensure(settings, Lines()).binary("kubectl")
    return Kubernetes(kubectl, environment.kubeconfig(settings, os.environ))
