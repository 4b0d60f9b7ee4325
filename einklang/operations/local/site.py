"""The backup site of the local cluster: a rest-server that only takes, as a process of its own outside the cluster.

It stands for the other place that a real association has (docs/operators/backups.md). Its folder is no part of the
cluster's home: whoever loses or cleans that keeps the backups.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import signal
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from einklang.clients import network
from einklang.clients.kubernetes import wait
from einklang.operations.local import configuration, machine, pki, plan
from einklang.operations.local.processes import Processes
from einklang.operations.local.state import ComponentStatus

NAME = "rest-server"
SHOWN_AS = "backup site"
PORT = 8445
URL = f"rest:https://{plan.NODE_ADDRESS}:{PORT}/"
_WITHIN_SECONDS = 20.0
_STOP_SECONDS = 10.0


@dataclass(frozen=True)
class SiteFolders:
    """Where a site keeps what. repositories: what rest-server serves. keys: the site's own, one a tenant."""

    base: Path

    @property
    def repositories(self) -> Path:
        """One folder a tenant; only rest-server and the site's own commands write here."""
        return self.base / "repositories"

    @property
    def closed(self) -> Path:
        """Repositories at which the site itself works right now: out of rest-server's reach."""
        return self.base / "closed"

    @property
    def foreign(self) -> Path:
        """What was found in repositories and is not theirs: moved away, never removed."""
        return self.base / "foreign"

    def repository(self, tenant: str) -> Path:
        """Where a tenant's repository is now."""
        closed = self.closed / tenant
        return closed if closed.exists() else self.repositories / tenant

    @property
    def accounts(self) -> Path:
        """htpasswd with bcrypt hashes."""
        return self.base / "htpasswd"

    @property
    def keys(self) -> Path:
        """The site's own key of each repository."""
        return self.base / "keys"

    @property
    def tls(self) -> Path:
        """`ca.crt` and `ca.key` of the site's authority; `server.crt` and `server.key`."""
        return self.base / "tls"

    @property
    def log(self) -> Path:
        """What the server says: each request, no content."""
        return self.base / "rest-server.log"


def start(folder: Path, program: Path, now: datetime) -> None:
    """Start it unless it runs as it would be started now; return when it answers.

    Raises UserError where another program has its port, ClientError where it dies, CheckError where it is not there in
    time.
    """
    folders, running = prepare(folder, now), _running(folder)
    argv = arguments(folders, program, plan.NODE_ADDRESS, PORT)
    fingerprint = _fingerprint(folders, argv)
    found = running.find(NAME)
    if found and found.fingerprint != fingerprint:
        running.stop([NAME], _STOP_SECONDS)
        found = None
    if not found:
        machine.refuse_ports(network.listeners(), {SHOWN_AS: [(plan.NODE_ADDRESS, PORT)]})
        running.start(NAME, argv, folders.log, configuration.environment(os.environ), fingerprint)
    wait(
        SHOWN_AS,
        lambda: network.connects(plan.NODE_ADDRESS, PORT),
        _WITHIN_SECONDS,
        meanwhile=lambda: running.require(NAME, folders.log),
    )


def stop(folder: Path) -> None:
    """End it; what it keeps stays. Does nothing where it does not run."""
    if folder.is_dir():
        _running(folder).stop([NAME], _STOP_SECONDS)


def status(folder: Path) -> ComponentStatus:
    """Whether it runs, and since when."""
    found = _running(folder).find(NAME)
    return ComponentStatus(SHOWN_AS, found.pid if found else None, found.since if found else None)


def prepare(folder: Path, now: datetime) -> SiteFolders:
    """Make the folders, the certificates and an empty list of accounts, where they are missing."""
    folders = SiteFolders(folder)
    for path in (folder, folders.repositories, folders.keys):
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
    pki.ensure_server(folders.tls, "Einklang local backup site", [plan.NODE_ADDRESS, "127.0.0.1"], now)
    folders.accounts.touch(mode=0o600)
    return folders


def arguments(folders: SiteFolders, program: Path, address: str, port: int) -> list[str]:
    """A server that takes and gives, and removes or changes nothing; each account sees its own repository."""
    return [
        str(program),
        f"--path={folders.repositories}",
        f"--listen={address}:{port}",
        "--append-only",
        "--private-repos",
        f"--htpasswd-file={folders.accounts}",
        "--tls",
        f"--tls-cert={folders.tls}/server.crt",
        f"--tls-key={folders.tls}/server.key",
        "--tls-min-ver=1.3",
    ]


def _fingerprint(folders: SiteFolders, argv: list[str]) -> str:
    return hashlib.sha256("\n".join([*argv, pki.fingerprint(folders.tls)]).encode()).hexdigest()


def _running(folder: Path) -> Processes:
    return Processes(folder / "records", folder)


def reload(folder: Path) -> None:
    """Let a running server read its accounts now, not within half a minute."""
    found = _running(folder).find(NAME)
    if found:
        with contextlib.suppress(ProcessLookupError):
            os.kill(found.pid, signal.SIGHUP)
