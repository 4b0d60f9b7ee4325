"""What `drill` and `restore` have in common: the way to the cluster, and how a time is given."""

from __future__ import annotations

import os
from datetime import UTC, datetime

import click

from einklang.clients.kubernetes import Kubernetes
from einklang.operations import environment
from einklang.operations.drill.run import Tools
from einklang.operations.local import toolchain
from einklang.progress import Lines
from einklang.settings import Settings


class _Time(click.ParamType):
    """A date, or a date and time; without a zone it is UTC."""

    name = "time"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Read it."""
        if isinstance(value, datetime):
            return value
        try:
            found = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is no time; such as 2026-11-23 or 2026-11-23T20:00", param, ctx)
        return found if found.tzinfo else found.replace(tzinfo=UTC)


AT = _Time()


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
