"""A tenant's database server, asked as PostgreSQL's own superuser: inside its pod, which only operators may enter."""

from __future__ import annotations

from einklang.clients.kubernetes import Kubernetes
from einklang.errors import ClientError


def superuser(kubernetes: Kubernetes, namespace: str, database: str, statements: str, *options: str) -> list[str]:
    """The lines of the last answer. Statements go by standard input, so nothing stands in an argument.

    options: of psql. Raises ClientError where there is no primary, or a statement fails.
    """
    found = kubernetes.get("pods", "-n", namespace, "-l", "cnpg.io/instanceRole=primary")["items"]
    if not found:
        raise ClientError(f"{namespace}: the database has no primary")
    psql = ["psql", "-U", "postgres", "-d", database, "-qAt", "-v", "ON_ERROR_STOP=1", *options, "-f", "-"]
    pod = f"pod/{found[0]['metadata']['name']}"
    return kubernetes.execute(namespace, pod, "postgres", *psql, stdin=statements).splitlines()
