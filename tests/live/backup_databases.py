"""A tenant's databases and documents without a cluster: PostgreSQL on loopback, and the image's own package."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psycopg2

from einklang.operations.local import packages, pki
from einklang.progress import Silent
from einklang.settings import Settings
from tests.live.backup_place import Place
from tests.unit import backup_package as package

APPLICATIONS = ("identity", "portal", "dms")
_STORE = "document_storage"


def programs() -> Path | None:
    """The folder of the newest PostgreSQL of the machine, None where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


@dataclass(frozen=True)
class Databases:
    """Running, with TLS. folder: it has `tls/ca.crt`. bin: PostgreSQL's programs."""

    folder: Path
    bin: Path
    port: int
    password: str

    def fill(self, database: str, rows: int, row_bytes: int = 1000) -> None:
        """A table of so many rows of text that no compression makes small."""
        with psycopg2.connect(**self._parameters(database)) as connection, connection.cursor() as cursor:
            cursor.execute("CREATE TABLE IF NOT EXISTS letters (id int PRIMARY KEY, content text)")
            cursor.execute(
                "INSERT INTO letters SELECT i, (SELECT string_agg(md5(n::text || random()::text || i::text), '') "
                "FROM generate_series(1, %s) n) FROM generate_series(1, %s) i",
                (row_bytes // 32, rows),
            )
        connection.close()

    def documents(self, folder: Path, count: int, size: int) -> None:
        """Files of so many bytes in the store, and a row for each."""
        store = folder / _STORE
        store.mkdir(parents=True, exist_ok=True)
        names = [secrets.token_hex(8) for _ in range(count)]
        for name in names:
            (store / name).write_bytes(os.urandom(size))
        with psycopg2.connect(**self._parameters("dms")) as connection, connection.cursor() as cursor:
            cursor.execute("CREATE TABLE IF NOT EXISTS documents_documentfile (id serial, file text)")
            cursor.executemany("INSERT INTO documents_documentfile (file) VALUES (%s)", [(name,) for name in names])
        connection.close()

    def _parameters(self, database: str) -> dict[str, str | int]:
        return {"host": "127.0.0.1", "port": self.port, "dbname": database, "user": database, "password": self.password}


@contextmanager
def running() -> Iterator[Databases]:
    """One server with a database and a role for each application; PostgreSQL refuses to run as root."""
    if programs() is None:
        packages.ensure(packages.DATABASE, Settings.from_environment(os.environ), Silent())
    folder, where = Path(tempfile.mkdtemp(prefix="einklang-databases-", dir="/tmp")), programs()
    assert where, "PostgreSQL is installed, and has no initdb"
    databases = Databases(folder, where, _free_port(), secrets.token_hex(8))
    user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
    try:
        _initialise(databases, user)
        options = (
            f"-c port={databases.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c ssl=on"
        )
        files = f"-c ssl_cert_file={folder}/server.crt -c ssl_key_file={folder}/server.key -c fsync=off"
        _as(
            user,
            [where / "pg_ctl", "-D", folder / "data", "-w", "-l", folder / "log", "-o", f"{options} {files}", "start"],
        )
        try:
            for name in APPLICATIONS:
                role = f"CREATE ROLE {name} LOGIN PASSWORD '{databases.password}'"
                for statement in (role, f"CREATE DATABASE {name} OWNER {name}"):
                    psql = [where / "psql", "-h", folder, "-p", str(databases.port), "-d", "postgres", "-qc", statement]
                    _as(user, psql)
            yield databases
        finally:
            _as(user, [where / "pg_ctl", "-D", folder / "data", "-m", "immediate", "stop"])
    finally:
        shutil.rmtree(folder)


def _initialise(databases: Databases, user: str) -> None:
    folder = databases.folder
    pki.ensure_server(folder / "tls", "Einklang test databases", ["127.0.0.1"], datetime.now(UTC))
    for name in ("server.crt", "server.key"):
        shutil.copy(folder / "tls" / name, folder / name)
        (folder / name).chmod(0o600)
    for path in (folder, folder / "server.crt", folder / "server.key"):
        shutil.chown(path, user)
    _as(user, [databases.bin / "initdb", "-D", folder / "data", "-A", "trust", "-E", "UTF8", "--no-sync"])


def _as(user: str, argv: Sequence[str | Path]) -> None:
    me = pwd.getpwuid(os.geteuid()).pw_name
    # pg_ctl's server keeps what it inherits: no pipe, or nobody would see the end of it.
    subprocess.run(argv, user=user if user != me else None, cwd="/", check=True, timeout=120, stdout=subprocess.DEVNULL)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@dataclass(frozen=True)
class Tenant:
    """What a run of one tenant has: its site, its databases, its documents. work: what it may write to."""

    name: str
    place: Place
    databases: Databases
    files: Path
    work: Path

    def environment(self) -> dict[str, str]:
        """As modules/backup_job.py makes it."""
        path = f"{self.databases.bin}:{self.place.restic.parent}:/usr/bin:/bin"
        return {
            "PATH": path,
            "PYTHONPATH": str(package.FOLDER),
            "PYTHONDONTWRITEBYTECODE": "1",
            "TMPDIR": str(self.work),
            "BACKUP_TENANT": self.name,
            "BACKUP_STANDARD": "2026.1",
            "BACKUP_DATABASES": " ".join(APPLICATIONS),
            "BACKUP_DATABASE_HOST": "127.0.0.1",
            "BACKUP_DATABASE_PORT": str(self.databases.port),
            "BACKUP_DATABASE_CA": str(self.databases.folder / "tls" / "ca.crt"),
            "BACKUP_DOCUMENTS": str(self.configuration()),
            "BACKUP_WORK": str(self.work),
            "BACKUP_FILES": str(self.files),
            "RESTIC_CACHE_DIR": str(self.work / "cache"),
            **{f"BACKUP_{name.upper()}_USER": name for name in APPLICATIONS},
            **{f"BACKUP_{name.upper()}_PASSWORD": self.databases.password for name in APPLICATIONS},
            **self.place.access(self.name).environment(),
        }

    def configuration(self) -> Path:
        """Of the tenant, as the ConfigMap has it."""
        folder = self.databases.folder / "configuration"
        folder.mkdir(exist_ok=True)
        for name in ("tenant", "standard"):
            (folder / f"{name}.json").write_text("{}")
        return folder

    def begin(self, more: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
        """Start a run, in a process group of its own, as a pod is."""
        return subprocess.Popen(
            [sys.executable, "-m", "einklang_backup"],
            env={**self.environment(), **(more or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, timeout_seconds: float = 180) -> tuple[int, str, float]:
        """A run to its end: code, what it said, seconds."""
        began, child = time.monotonic(), self.begin()
        said, _ = child.communicate(timeout=timeout_seconds)
        return child.returncode, said, time.monotonic() - began
