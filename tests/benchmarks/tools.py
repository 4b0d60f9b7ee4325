"""Three ways to bring the same objects into a cluster and to wait until they work."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.objects import Manifest, Readiness, readiness, text

_WAIT_SECONDS = 600
_CHART = """\
apiVersion: v2
name: tenant
version: 0.1.0
"""
# The objects are taken as they are: nothing in them is a template.
_TEMPLATE = '{{ .Files.Get "objects.yaml" }}\n'

Command = Sequence[str]


def pulumi(stack: str) -> Command:
    """`pulumi up`, as `einklang up` runs it: without the preview, of which it would be no comparison."""
    return ["pulumi", "up", "--yes", "--skip-preview", "--stack", stack]


@dataclass(frozen=True)
class Files:
    """The objects of one state of the tenant, as the other tools read them. folder: one of its own."""

    folder: Path
    manifests: Sequence[Manifest]

    def write(self) -> None:
        """Write a plain file and a chart; the folder is for the owner's eyes, as the objects hold secrets."""
        (self.folder / "chart" / "templates").mkdir(parents=True, mode=0o700)
        (self.folder / "objects.yaml").write_text(text(self.manifests))
        (self.folder / "chart" / "Chart.yaml").write_text(_CHART)
        (self.folder / "chart" / "objects.yaml").write_text(text(self.manifests))
        (self.folder / "chart" / "templates" / "objects.yaml").write_text(_TEMPLATE)

    def kubectl(self) -> Command:
        """`kubectl apply --server-side`, then `kubectl wait` for what Pulumi waits for."""
        apply = ["kubectl", "apply", "--server-side", "--filename", str(self.folder / "objects.yaml")]
        waits = [_wait(ready) for ready in readiness(self.manifests)]
        return ["sh", "-ec", "\n".join(shlex.join(command) for command in (apply, *waits))]

    def helm(self, release: str) -> Command:
        """`helm upgrade --install` that waits; the release's record stands in the namespace `default`."""
        waiting = ["--wait", "--wait-for-jobs", "--timeout", f"{_WAIT_SECONDS}s"]
        return ["helm", "upgrade", "--install", release, str(self.folder / "chart"), "--namespace", "default", *waiting]


def _wait(ready: Readiness) -> Command:
    place = ["--namespace", ready.namespace, f"--timeout={_WAIT_SECONDS}s"]
    target = f"{ready.kind}/{ready.name}"
    if ready.condition is None:
        return ["kubectl", "rollout", "status", target, *place]
    return ["kubectl", "wait", f"--for={ready.condition}", target, *place]


def environment(environ: Mapping[str, str], helm: Path) -> dict[str, str]:
    """The environment with helm on the PATH."""
    return {**environ, "PATH": f"{helm.parent}:{environ['PATH']}"}
