"""Without any wrapper: what the README promises to those who type `pulumi` and `kubectl` themselves."""

from __future__ import annotations

import os
import subprocess

import pytest

from tests.live.stage import EINKLANG, Stage

BARE = (
    "HOME",
    "EINKLANG_HOME",
    "EINKLANG_CACHE",
    "EINKLANG_BACKUP_SITE",
    "EINKLANG_ROOT",
    "XDG_CACHE_HOME",
    "XDG_DATA_HOME",
)


def bash(stage: Stage, script: str) -> str:
    """Run a script in a shell that knows neither the toolchain nor the virtual environment; its output."""
    bare = {name: stage.environment[name] for name in BARE if name in stage.environment}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        env={"PATH": os.environ.get("PATH", os.defpath), "TERM": "dumb", **bare},
        cwd=stage.settings.root,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, f"{script}: code {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def ready(stage: Stage) -> str:
    """The line that a newcomer types first."""
    return f'eval "$({EINKLANG} env)"; '


def test_plain_pulumi_works_on_a_tenants_stack(stage: Stage, ready: str) -> None:
    """`pulumi stack select olpe && pulumi preview`: no login, no passphrase, no option."""
    told = bash(stage, ready + "pulumi stack select olpe && pulumi preview && pulumi stack output")
    assert "unchanged" in told
    assert "https://id.olpe.example/" in told


def test_every_stack_is_listed(stage: Stage, ready: str) -> None:
    """`pulumi stack ls` names the platform and the tenants."""
    told = bash(stage, ready + "pulumi stack ls")
    assert [name for name in ("platform", "olpe", "attendorn") if name not in told] == []


def test_plain_kubectl_works(stage: Stage, ready: str) -> None:
    """`kubectl` is on the path and knows the cluster."""
    told = bash(stage, ready + "kubectl get namespaces -l einklang/tenant -o name")
    assert {"namespace/tenant-olpe", "namespace/tenant-attendorn"} <= set(told.split())


def test_the_bare_shell_has_neither(stage: Stage) -> None:
    """The counter-proof: without the first line there is no `pulumi`, unless the machine has one installed."""
    found = bash(stage, "command -v pulumi kubectl || true").split()
    assert [path for path in found if str(stage.settings.cache) in path] == []
