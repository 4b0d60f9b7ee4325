"""A backup site on loopback, as it runs: rest-server and restic of the toolchain, and tenants that save there."""

from __future__ import annotations

import json
import os
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from einklang.clients.restic import Access, Opened, Restic
from einklang.errors import ClientError
from einklang.model.backup import MANIFEST_PATH, PART_TAG, RUN_TAG
from einklang.model.tenant import Tenant
from einklang.operations.backup import register
from einklang.operations.backup.repository import Site
from einklang.operations.local import site, toolchain
from einklang.operations.local.site import SiteFolders
from einklang.progress import Lines
from einklang.settings import Settings
from tests.components import cases
from tests.unit.test_backup_planning import manifest

NOW = datetime.now(UTC)
KEYS = {"olpe": "key-of-olpe", "attendorn": "key-of-attendorn"}


@dataclass(frozen=True)
class Place:
    """A running site. url: of the server. programs: restic."""

    folders: SiteFolders
    url: str
    restic: Path

    def access(self, tenant: str) -> Access:
        """As the tenant's own runs have it."""
        authority = self.folders.tls / "ca.crt"
        return Access(f"rest:{self.url}/{tenant}/", KEYS[tenant], tenant, f"password-of-{tenant}", authority)

    def repository(self, tenant: str) -> Restic:
        return Restic(self.restic, self.access(tenant))

    def site(self) -> Site:
        return Site(self.folders, self.restic)

    def restic_of(self, tenant: str, *words: str, **changed: str) -> Any:
        """restic as an attacker types it, with the tenant's credentials."""
        environ = {**os.environ, **replace(self.access(tenant), **changed).environment()}
        command = [self.restic, "--no-cache", *words]
        return subprocess.run(command, env=environ, capture_output=True, text=True, check=False, timeout=120)


@contextmanager
def running(folder: Path) -> Iterator[Place]:
    """A site with its tenants, as long as it is needed. folder: an empty one."""
    with serving(folder) as (here, server):
        for tenant in KEYS:
            known = register.registration(tenant, here.access(tenant))
            assert register.accept(here.folders, known, here.restic) == [
                "account written",
                "repository made",
                "the tenant's key added",
            ]
        server.send_signal(signal.SIGHUP)
        _opens(here)
        yield here


@contextmanager
def serving(folder: Path, port: int = 0, more: Sequence[str] = ()) -> Iterator[tuple[Place, subprocess.Popen[bytes]]]:
    """A server at a site's folder, as it is there, and its process. port: 0 for one that is free. more: arguments."""
    programs = toolchain.ensure(Settings.from_environment(os.environ), Lines())
    folders = site.prepare(folder, NOW)
    if not port:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
    argv = site.arguments(folders, programs.binary("rest-server"), "127.0.0.1", port) + list(more)
    with folders.log.open("w") as log, subprocess.Popen(argv, stdout=log, stderr=log) as server:
        try:
            answers(port)
            yield Place(folders, f"https://127.0.0.1:{port}", programs.binary("restic")), server
        finally:
            server.terminate()


def answers(port: int, address: str = "127.0.0.1") -> None:
    for _ in range(100):
        try:
            socket.create_connection((address, port), 1).close()
            return
        except OSError:
            time.sleep(0.1)


def _opens(here: Place) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            assert here.repository("olpe").open() is Opened.YES
            return
        except ClientError:
            assert time.monotonic() < deadline, here.folders.log.read_text()
            time.sleep(0.5)


def run(here: Place, name: str, text: str, tenant: str = "olpe") -> dict[str, str]:
    """A run as the image does it: a part, then the manifest; returns part -> snapshot."""
    repository = here.repository(tenant)
    parts = {
        part: repository.save(text, f"/{part}", [f"{RUN_TAG}{name}", f"{PART_TAG}{part}"], tenant)
        for part in ("database/identity", "files")
    }
    made = manifest(name, rows=1, files=1000, added=0).model_dump(mode="json")
    made["tenant"] = tenant
    for part in made["parts"]:
        part["snapshot"] = parts[part["name"]]
    tags = [f"{RUN_TAG}{name}", f"{PART_TAG}manifest"]
    parts["manifest"] = repository.save(json.dumps(made), MANIFEST_PATH, tags, tenant)
    return parts


def contents(here: Place) -> dict[str, bytes]:
    """Every file of the repository but the locks."""
    folder = here.folders.repositories / "olpe"
    files = [path for path in folder.rglob("*") if path.is_file() and path.parent.name != "locks"]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def request(here: Place, method: str, url: str, user: str, password: str, content: bytes = b"poison") -> httpx.Response:
    trusted = ssl.create_default_context(cafile=str(here.folders.tls / "ca.crt"))
    with httpx.Client(verify=trusted, trust_env=False) as client:
        return client.request(method, url, auth=(user, password), content=content)


def olpe() -> Tenant:
    modules = cases.tenant().tenant.modules
    off = {name: getattr(modules, name).model_copy(update={"enabled": False}) for name in ("portal", "dms")}
    return cases.tenant().tenant.model_copy(update={"modules": modules.model_copy(update=off)})
