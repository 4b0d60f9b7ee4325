"""The way back of a tenant's data: Einklang's restore beside `restic restore` and `pg_restore`, on the running cluster.

Both restore the same run of the stage's last tenant, one after the other. Einklang's time is all of it: the start of
its Job, the data, and every comparison with the run's manifest.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from einklang.model.tenant import Tenant
from einklang.operations.backup.repository import Site
from einklang.operations.local.site import SiteFolders
from einklang.operations.restore.choosing import Chosen
from einklang.operations.restore.job import Order, Restorer, require
from tests.live import plainly, test_backups
from tests.live.postgres import sql
from tests.live.stage import Stage

ADDED_MB = (0, 100, 1000)
"""What the tenant gets beyond what it has, before its run: nine parts of ten as documents, one as rows of a table."""
_ROW_BYTES, _FILE_MB = 1000, 1
_ROOT = "/var/lib/dms"
_DOCUMENTS, _BESIDE = f"{_ROOT}/document_storage/benchmark", f"{_ROOT}/.restore-benchmark"
_TABLE = "benchmark"


@dataclass(frozen=True)
class Row:
    """Of one run with so many MB: medians of the seconds."""

    megabytes: float
    seconds: float
    plain_seconds: float


def measure(stage: Stage, folder: Path, runs: int, say: Callable[[str], None]) -> list[Row]:
    """Each size. What was put into the tenant goes at the end, also after a failure; its runs stay at the site."""
    tenant = stage.tenants[-1]
    site = Site(SiteFolders(stage.settings.backup_site), stage.program("restic"))
    access = stage.accesses(folder)[tenant.id]
    rows = []
    for added in ADDED_MB:
        with _filled(stage, tenant, added):
            say(f"{tenant.id} with {added} MB more: a run of the backup")
            test_backups.run(stage, tenant)
        end = site.seen(tenant).concluded()[0]
        chosen = Chosen(site.manifest(tenant.id, end))
        ours, plain = list[float](), list[float]()
        for number in range(runs):
            target = folder / f"{added}-{number}"
            plain.append(plainly.restore(stage, tenant, site.restic, access, chosen.manifest, target))
            ours.append(_restored(stage, tenant, chosen))
            say(f"{ours[-1]:.1f} s; restic and pg_restore alone {plain[-1]:.1f} s")
        rows.append(Row(chosen.bytes / 1e6, statistics.median(ours), statistics.median(plain)))
    return rows


def table(rows: Sequence[Row]) -> str:
    """As Markdown, one line a size."""
    lines = ["| MB | einklang, s | restic and pg_restore, s | einklang takes |", "|---|---|---|---|"]
    for row in rows:
        ratio = row.seconds / row.plain_seconds
        lines.append(f"| {row.megabytes:.0f} | {row.seconds:.1f} | {row.plain_seconds:.1f} | {ratio:.1f} times |")
    return "\n".join(lines)


def _restored(stage: Stage, tenant: Tenant, chosen: Chosen) -> float:
    """Seconds of a restore beside what is there."""
    targets = {name: f"{name}_{_TABLE}" for name in chosen.manifest.databases}
    _make(stage, tenant, targets)
    try:
        restorer = Restorer(stage.kubernetes, tenant.namespace)
        began = time.monotonic()
        results = require(restorer.restore(Order(chosen, databases=targets, folder=_BESIDE, beside=True)))
        seconds = time.monotonic() - began
        assert len(results) == len(chosen.manifest.parts)
    finally:
        drops = [f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)' for name in targets.values()]
        sql(stage, tenant, "postgres", *drops)
        _in_documents(stage, tenant, f"rm -rf {_BESIDE}")
    return seconds


def _make(stage: Stage, tenant: Tenant, targets: dict[str, str]) -> None:
    for name, target in targets.items():
        drop, create = f'DROP DATABASE IF EXISTS "{target}" WITH (FORCE)', f'CREATE DATABASE "{target}" OWNER "{name}"'
        sql(stage, tenant, "postgres", drop, f"{create} TEMPLATE template0")


@contextmanager
def _filled(stage: Stage, tenant: Tenant, megabytes: int) -> Iterator[None]:
    """In the block the tenant has so much more, of which nothing can be compressed or found twice."""
    files, rows = megabytes * 9 // 10 // _FILE_MB, megabytes * 1_000_000 // 10 // _ROW_BYTES
    noise = f"string_agg(md5(random()::text || n || m), '') FROM generate_series(1, {_ROW_BYTES // 32}) m"
    table = f"CREATE TABLE {_TABLE} AS SELECT n, (SELECT {noise}) AS text FROM generate_series(1, {rows}) n"  # noqa: S608 - figures of our own
    written = f"for n in $(seq {files}); do head -c {_FILE_MB}000000 /dev/urandom > {_DOCUMENTS}/$n; done"
    try:
        if megabytes:
            _in_documents(stage, tenant, f"mkdir -p {_DOCUMENTS} && {written}")
            sql(stage, tenant, "dms", table, f"ALTER TABLE {_TABLE} OWNER TO dms")
        yield
    finally:
        _in_documents(stage, tenant, f"rm -rf {_DOCUMENTS}")
        sql(stage, tenant, "dms", f"DROP TABLE IF EXISTS {_TABLE}")


def _in_documents(stage: Stage, tenant: Tenant, command: str) -> None:
    where = ["exec", "-n", tenant.namespace, "deployment/dms", "-c", "web", "--"]
    stage.kubectl(*where, "sh", "-ec", command, timeout=600)
