"""A tenant's database server, asked as PostgreSQL's own superuser inside its pod."""

from __future__ import annotations

from einklang.model.tenant import Tenant
from tests.live.stage import Stage


def sql(stage: Stage, tenant: Tenant, database: str, *statements: str) -> list[str]:
    """The lines that the last statement gives, columns separated by `|`."""
    where = ["exec", "-i", "-n", tenant.namespace, "database-1", "-c", "postgres", "--"]
    psql = ["psql", "-U", "postgres", "-d", database, "-qAt", "-v", "ON_ERROR_STOP=1", "-f", "-"]
    done = stage.kubectl(*where, *psql, stdin=";\n".join(statements) + ";\n")
    return list(done.stdout.splitlines())


def checksums(stage: Stage, tenant: Tenant) -> set[str]:
    """SHA-256 of the files that the DMS has taken in; empty for one whose worker is not there yet."""
    return set(sql(stage, tenant, "dms", "SELECT checksum FROM documents_documentfile"))
