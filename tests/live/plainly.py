"""What a user would do without Einklang to get a run's data back: `restic restore`, and `restic dump | pg_restore`."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

from einklang.clients.restic import Access
from einklang.model.backup import FILES_PART, Manifest
from einklang.model.tenant import Tenant
from tests.live.postgres import sql
from tests.live.stage import Stage

_SCRATCH = "plainly"
_AT_MOST_SECONDS = 900


def restore(stage: Stage, tenant: Tenant, program: Path, access: Access, manifest: Manifest, folder: Path) -> float:
    """Seconds that it takes, part by part: files into the folder, each database into one that goes at once.

    program: restic. access: to the tenant's repository.
    """
    environment = {**stage.environment, **access.environment()}
    restic, seconds = [str(program), "--no-cache"], 0.0
    for part in manifest.parts:
        began = time.monotonic()
        if part.name == FILES_PART:
            argv = [*restic, "restore", "--no-lock", "--quiet", part.snapshot, "--target", str(folder)]
            subprocess.run(argv, env=environment, check=True, capture_output=True, timeout=_AT_MOST_SECONDS)
            seconds += time.monotonic() - began
            continue
        sql(stage, tenant, "postgres", f"DROP DATABASE IF EXISTS {_SCRATCH}", f"CREATE DATABASE {_SCRATCH}")
        began = time.monotonic()
        source = [*restic, "dump", "--no-lock", part.snapshot, f"/{part.name}.dump"]
        target = ["kubectl", "exec", "-i", "-n", tenant.namespace, "database-1", "-c", "postgres", "--"]
        target += ["pg_restore", "-U", "postgres", "-d", _SCRATCH, "--no-owner", "--exit-on-error"]
        with subprocess.Popen(source, env=environment, stdout=subprocess.PIPE) as dump:
            subprocess.run(target, env=dict(stage.environment), stdin=dump.stdout, check=True, timeout=_AT_MOST_SECONDS)
        assert dump.returncode == 0
        seconds += time.monotonic() - began
        sql(stage, tenant, "postgres", f"DROP DATABASE {_SCRATCH} WITH (FORCE)")
    return seconds
