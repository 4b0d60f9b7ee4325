"""The stage of the live tests: a cluster, the platform and two tenants that `einklang up` made.

Where a local cluster runs already, it is used and left as it is. Where none runs, the stage starts one with a home
folder of its own, from nothing, and takes everything away at the end.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from einklang import inventory
from einklang.clients.kubernetes import Kubernetes
from einklang.clients.restic import Access
from einklang.model.tenant import Tenant
from einklang.operations.backup.access import of_tenant
from einklang.settings import PROJECT_ROOT, Settings

EINKLANG = Path(sys.executable).parent / "einklang"
TENANTS = ("olpe", "attendorn")
GATEWAY = "127.0.0.1"


def why_not() -> str | None:
    """Why this machine cannot run the embedded cluster; None where it can."""
    if sys.platform != "linux":
        return f"the embedded cluster needs Linux, this is {sys.platform}"
    if os.geteuid() != 0:
        return "the embedded cluster needs root (kubelet, containerd, firewall)"
    return None


@dataclass(frozen=True)
class Stage:
    """A running cluster and how to speak to it.

    environment: the whole environment in which `pulumi`, `kubectl` and `einklang` work on it. from_nothing_seconds:
    how long `einklang up` took where the stage started the cluster itself.
    """

    settings: Settings
    environment: Mapping[str, str]
    tenants: tuple[Tenant, ...]
    from_nothing_seconds: float | None = None

    def run(self, *argv: str, check: bool = True, timeout: float = 900, **environment: str) -> Any:
        """Run a program in the stage's environment; `subprocess.CompletedProcess` with text."""
        done = subprocess.run(
            argv,
            env={**self.environment, **environment},
            cwd=self.settings.root,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        if check and done.returncode != 0:
            raise AssertionError(f"{' '.join(argv)}: code {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done

    def program(self, name: str) -> Path:
        """Where a program of the toolchain is."""
        return Path(self.run("which", name).stdout.strip())

    @property
    def kubernetes(self) -> Kubernetes:
        """The cluster, as the toolkit's own parts speak to it."""
        return Kubernetes(self.program("kubectl"), Path(self.environment["KUBECONFIG"]))

    def accesses(self, scratch: Path) -> dict[str, Access]:
        """What opens each tenant's backups, as it stands in its namespace. scratch: an existing folder."""
        kubernetes = self.kubernetes
        return {tenant.id: of_tenant(kubernetes, tenant, scratch) for tenant in self.tenants}

    def kubectl(self, *argv: str, stdin: str | None = None, check: bool = True, timeout: float = 120) -> Any:
        """Run kubectl as the operator; `subprocess.CompletedProcess` with text."""
        done = subprocess.run(
            ["kubectl", *argv],
            env=dict(self.environment),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        if check and done.returncode != 0:
            raise AssertionError(f"kubectl {' '.join(argv)}: code {done.returncode}\n{done.stderr}")
        return done

    def get(self, *argv: str) -> Any:
        """`kubectl get … -o json` as parsed JSON."""
        return json.loads(self.kubectl("get", *argv, "-o", "json").stdout)

    def with_root(self, root: Path) -> Stage:
        """The same cluster and state with another project root (other tenants, standards or templates)."""
        return replace(
            self,
            settings=replace(self.settings, root=root),
            environment={**self.environment, "EINKLANG_ROOT": str(root)},
        )


def running(settings: Settings, environ: Mapping[str, str]) -> bool:
    """True where the local cluster of `settings` is up and well."""
    status = subprocess.run(
        [EINKLANG, "local", "status", "--json"], env=dict(environ), capture_output=True, check=False
    )
    return settings.kubeconfig.exists() and status.returncode == 0


def own_home(settings: Settings) -> Settings:
    """Settings of a stage that starts its cluster itself: the same cache; a home and a project root of its own.

    Pulumi writes a stack's configuration beside Pulumi.yaml, with the salt of the home's passphrase: the checkout's
    stays untouched.
    """
    home = settings.cache / "test-home"
    return replace(settings, home=home, site=None, root=home / "project")


def bring_up(settings: Settings, environ: Mapping[str, str], *, from_nothing: bool) -> Stage:
    """`make up` of the sample tenants, its progress on this process's stderr."""
    if from_nothing:
        project_copy(PROJECT_ROOT, settings.root, ("tenants", "standards", "services"))
    base = _environment(settings, environ)
    start = time.monotonic()
    done = subprocess.run(
        ["make", "--no-print-directory", "up", f"TENANTS={' '.join(TENANTS)}"], env=base, cwd=PROJECT_ROOT, check=False
    )
    if done.returncode != 0:
        raise AssertionError(f"make up ended with code {done.returncode}; its output stands above")
    seconds = time.monotonic() - start
    variables = json.loads(subprocess.check_output([EINKLANG, "env", "--json"], env=base, text=True))
    loaded = inventory.load(settings.root, today=date.today())
    return Stage(
        settings=settings,
        environment={**base, **variables},
        tenants=tuple(loaded.tenants[name] for name in TENANTS),
        from_nothing_seconds=seconds if from_nothing else None,
    )


def take_away(settings: Settings, environ: Mapping[str, str]) -> None:
    """`make down` of the stage's own cluster, and removal of its data."""
    base = _environment(settings, environ)
    subprocess.run(["make", "--no-print-directory", "down"], env=base, cwd=PROJECT_ROOT, check=True)
    subprocess.run([EINKLANG, "local", "clean", "--backups", "--yes"], env=base, check=True)
    shutil.rmtree(settings.home, ignore_errors=True)


def _environment(settings: Settings, environ: Mapping[str, str]) -> dict[str, str]:
    # What `make env` gave the developer's shell belongs to another home.
    kept = {name: value for name, value in environ.items() if not name.startswith("PULUMI_") and name != "KUBECONFIG"}
    return {
        **kept,
        "EINKLANG_HOME": str(settings.home),
        "EINKLANG_BACKUP_SITE": str(settings.backup_site),
        "EINKLANG_CACHE": str(settings.cache),
        "EINKLANG_ROOT": str(settings.root),
    }


def project_copy(root: Path, target: Path, replaced: Sequence[str] = ("tenants",)) -> Path:
    """A project root at `target` whose parts point to `root`, except the `replaced` folders, which are copied.

    Tests change tenants, standards or templates there without touching the checkout.
    """
    target.mkdir(parents=True, exist_ok=True)
    for part in (
        "Pulumi.yaml",
        "einklang",
        "stacks",
        "modules",
        "tenants",
        "standards",
        "templates",
        "services",
        "images",
        "toolchain",
    ):
        source, copy = root / part, target / part
        if part in replaced:
            shutil.copytree(source, copy)
        elif source.exists():
            copy.symlink_to(source)
    return target
