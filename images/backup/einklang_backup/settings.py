"""What a run is told by its environment (modules/backup_job.py)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_OF_RESTIC = ("RESTIC_", "AWS_", "PATH", "GO", "TMPDIR")


@dataclass(frozen=True)
class Access:
    """How one application's database is reached: by the application's own role, over TLS."""

    name: str
    host: str
    port: str
    user: str
    password: str = field(repr=False)
    authority: str

    def parameters(self) -> dict[str, str]:
        """For libpq, by the names of its environment variables; a password stands in no command line."""
        return {
            "PGHOST": self.host,
            "PGPORT": self.port,
            "PGDATABASE": self.name,
            "PGUSER": self.user,
            "PGPASSWORD": self.password,
            "PGSSLMODE": "verify-full",
            "PGSSLROOTCERT": self.authority,
        }


@dataclass(frozen=True)
class Settings:
    """restic: variables for restic (repository, passwords, authority, cache). databases: one an application.

    files: the volume of the documents, None where the tenant has none. left_out: below it what can be made again.
    documents: folder of the configuration (`tenant.json`, `standard.json`). work: for what is written on the way.
    """

    tenant: str
    standard: str
    restic: Mapping[str, str] = field(repr=False)
    databases: Sequence[Access]
    files: Path | None
    left_out: Sequence[str]
    documents: Path
    work: Path

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Settings:
        """Read it. Raises KeyError with the name of what is missing."""
        files = environ.get("BACKUP_FILES")
        return cls(
            tenant=environ["BACKUP_TENANT"],
            standard=environ["BACKUP_STANDARD"],
            restic={name: value for name, value in environ.items() if name.startswith(_OF_RESTIC)},
            databases=[_access(name, environ) for name in environ["BACKUP_DATABASES"].split()],
            files=Path(files) if files else None,
            left_out=environ.get("BACKUP_LEFT_OUT", "").split(),
            documents=Path(environ["BACKUP_DOCUMENTS"]),
            work=Path(environ["BACKUP_WORK"]),
        )


def _access(name: str, environ: Mapping[str, str]) -> Access:
    key = f"BACKUP_{name.upper()}"
    return Access(
        name=name,
        host=environ["BACKUP_DATABASE_HOST"],
        port=environ["BACKUP_DATABASE_PORT"],
        user=environ[f"{key}_USER"],
        password=environ[f"{key}_PASSWORD"],
        authority=environ["BACKUP_DATABASE_CA"],
    )
