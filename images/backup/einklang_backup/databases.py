"""One database in one moment: what is counted and what is dumped come from the same snapshot of PostgreSQL.

Source: PostgreSQL 15, "Snapshot Synchronization Functions" (pg_export_snapshot), and pg_dump's `--snapshot`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from einklang_backup.settings import Access

Connect = Callable[..., Any]
# How values are written is part of a row's digest: the same here and in whoever compares.
FORMS = (
    "SET TIME ZONE 'UTC'; SET datestyle = 'ISO, YMD'; SET intervalstyle = 'iso_8601'; "
    "SET extra_float_digits = 1; SET bytea_output = 'hex'"
)
_TABLES = (
    "SELECT schemaname, tablename FROM pg_catalog.pg_tables "
    "WHERE schemaname NOT IN ('pg_catalog', 'information_schema') AND schemaname NOT LIKE 'pg\\_temp\\_%' ORDER BY 1, 2"
)
"""Not those that another session has for itself: nobody else may read them, and no dump holds them."""
# The sum does not depend on the order of rows; 60 bits of each row's MD5 tell rows apart: chance, no attacker.
TABLE_DIGEST = (
    "SELECT count(*), coalesce(sum(('x' || substr(md5(t::text), 1, 15))::bit(60)::bigint), 0)::text FROM {} t"
)
_ROLES = (
    "SELECT rolname, rolcanlogin, rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls "
    "FROM pg_catalog.pg_roles WHERE rolname NOT LIKE 'pg\\_%' ORDER BY 1"
)
_DOCUMENTS = "SELECT file FROM documents_documentfile ORDER BY id"


class Frozen:
    """A database as it is at one moment, as long as the connection is open."""

    def __init__(self, access: Access, connection: Any) -> None:
        self.access, self._connection = access, connection
        self.snapshot, self.moment, self.version = self._rows(
            "SELECT pg_export_snapshot(), to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), "
            "current_setting('server_version')"
        )[0]

    def facts(self) -> dict[str, Any]:
        """What a restored copy has to show: tables with rows and digest, large objects, roles, size."""
        tables = {}
        for schema, table in self._rows(_TABLES):
            rows, digest = self._rows(TABLE_DIGEST.format(f"{_quoted(schema)}.{_quoted(table)}"))[0]
            tables[f"{schema}.{table}"] = {"rows": int(rows), "digest": digest}
        names = ("login", "superuser", "create_role", "create_database", "replication", "bypass_security")
        return {
            "moment": self.moment,
            "server_version": self.version,
            "bytes": int(self._rows("SELECT pg_database_size(current_database())")[0][0]),
            "tables": tables,
            "large_objects": int(self._rows("SELECT count(*) FROM pg_catalog.pg_largeobject_metadata")[0][0]),
            "roles": {
                row[0]: [name for name, has in zip(names, row[1:], strict=True) if has] for row in self._rows(_ROLES)
            },
        }

    def documents(self) -> list[str]:
        """Of the document management: the name of each document's file in the store."""
        return [str(row[0]) for row in self._rows(_DOCUMENTS)]

    def dump_command(self) -> list[str]:
        """pg_dump at this moment, not compressed: restic finds what is unchanged, and compresses the rest."""
        return ["pg_dump", "--format=custom", "--compress=0", f"--snapshot={self.snapshot}", "--no-password"]

    def _rows(self, query: str) -> list[tuple[Any, ...]]:
        with self._connection.cursor() as cursor:
            cursor.execute(query)
            return list(cursor.fetchall())


@contextmanager
def frozen(access: Access, connect: Connect) -> Iterator[Frozen]:
    """Begin a transaction that sees the database as it is now, and end it without a change."""
    connection = opened(access, connect, isolation_level="REPEATABLE READ", readonly=True)
    try:
        yield Frozen(access, connection)
    finally:
        connection.close()


def opened(access: Access, connect: Connect, **session: Any) -> Any:
    """A connection that writes values in the forms of digests. session: for `set_session`."""
    connection = connect(
        host=access.host,
        port=access.port,
        dbname=access.name,
        user=access.user,
        password=access.password,
        sslmode="verify-full",
        sslrootcert=access.authority,
        connect_timeout=30,
        application_name="einklang-backup",
    )
    try:
        if session:
            connection.set_session(**session)
        with connection.cursor() as cursor:
            cursor.execute(FORMS)
    except BaseException:
        connection.close()
        raise
    return connection


def patient(
    connect: Connect,
    error: type[Exception],
    seconds: float,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Connect:
    """The same, tried again for some time: of a pod that has just begun, the database's firewall knows nothing yet."""

    def again(**parameters: Any) -> Any:
        deadline = clock() + seconds
        while True:
            try:
                return connect(**parameters)
            except error:
                if clock() > deadline:
                    raise
            sleep(1.0)

    return again


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
