"""One tenant's recovery: held back, its data put in and compared, then everything started on it (docs/adr/0020).

Each step is remembered when it is done and can be repeated until then. Nothing is put into a database on which an
application has started.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from einklang.clients.kubernetes import Kubernetes, job_end, wait
from einklang.clients.outside import Way
from einklang.clients.pulumi import PulumiEngine
from einklang.errors import CheckError, ClientError, EinklangError, UserError
from einklang.model.recovery import RecoveryStandard
from einklang.model.tenant import Status, Tenant
from einklang.operations.backup.access import of_tenant
from einklang.operations.backup.protect import Protection
from einklang.operations.recover import rotation
from einklang.operations.recover.journal import BEGUN, DONE, RESTORED, Journal, Progressed, finished, restarted
from einklang.operations.recover.sources import Source, secrets
from einklang.operations.restore.database import superuser
from einklang.operations.restore.job import Order, Restorer, Result, require
from einklang.operations.up import public_urls, wait_until_reachable
from einklang.planning.recovery import FAILED, PRESENT, RECOVERED, Outcome, Task, parts_in_order
from einklang.progress import Progress

HOLD, SAVED_SECRETS = "EINKLANG_HOLD", "EINKLANG_SAVED_SECRETS"
_DATABASE = "database/"
# What the record in a namespace says while it is held (modules/tenant.py).
_HELD = "held"
_PORTAL_KEYS_SECONDS = 300.0


@dataclass(frozen=True)
class Tools:
    """The way to the new cluster. now: the time of day, UTC. clock: seconds."""

    engine: PulumiEngine
    kubernetes: Kubernetes
    protection: Protection
    way: Way
    progress: Progress
    now: Callable[[], datetime]
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True)
class Wanted:
    """A tenant and where it comes back from. source: None where task.problem says why not."""

    tenant: Tenant
    task: Task
    order: RecoveryStandard
    source: Source | None = field(repr=False)


class TenantRecovery:
    """The steps of one tenant."""

    def __init__(self, tools: Tools, journal: Journal, wanted: Wanted, source: Source) -> None:
        self._tools, self._journal, self._wanted, self._source = tools, journal, wanted, source
        self._tenant, self._id = wanted.tenant, wanted.tenant.id
        self._known = restarted(journal.of(self._id), wanted.task.run)

    def perform(self) -> Outcome:
        """All that is not done yet. Raises what says why a step failed; the next attempt goes on there."""
        began = self._tools.clock()
        if self._known.phase == BEGUN:
            self._remember(self._known)
            self._hold()
            self._restore()
        self._start()
        return self._conclude(began)

    def _hold(self) -> None:
        """The namespace with its database and volumes; no application, no set-up, no run of the backup."""
        tools, tenant = self._tools, self._tenant
        if tools.kubernetes.find("namespace", tenant.namespace) is None and self._id in tools.engine.stacks():
            # What it says is there went with the cluster.
            tools.engine.forget(self._id)
        saved = {} if self._journal.rotate else secrets(tools.engine, self._source)
        if not saved and not self._journal.rotate:
            self._note("no state was saved: its secrets are made new")
        tools.engine.up(self._id, more={HOLD: "1", SAVED_SECRETS: json.dumps(saved)})
        with tempfile.TemporaryDirectory(prefix="einklang-") as scratch:
            access = of_tenant(tools.kubernetes, tenant, Path(scratch))
            for line in tools.protection.let_in(tenant, access, before=self._source.entry.key):
                self._note(f"backup site: {line}")

    def _restore(self) -> None:
        """What is missing, as one Job; each part that is as the manifest says is remembered. Raises CheckError else."""
        parts = parts_in_order(self._source.chosen.manifest, self._wanted.order)
        left = tuple(part for part in parts if part not in self._known.parts)
        began = self._tools.clock()
        restorer = Restorer(self._tools.kubernetes, self._tenant.namespace)
        restorer.clear()
        self._empty([part.removeprefix(_DATABASE) for part in left if part.startswith(_DATABASE)])
        results = restorer.restore(Order(self._source.chosen, parts=left, adopt=True)) if left else []
        passed = [each for each in results if each.passed]
        self._remember(
            replace(
                self._known,
                parts=(*self._known.parts, *(each.part for each in passed)),
                checks=self._known.checks + sum(_compared(each) for each in passed),
                restore_seconds=self._known.restore_seconds + self._tools.clock() - began,
            )
        )
        require(results)
        if missing := [part for part in parts if part not in self._known.parts]:
            raise CheckError(f"the restore says nothing of {', '.join(missing)}")
        if self._journal.rotate:
            for application in [part.removeprefix(_DATABASE) for part in parts if part.startswith(_DATABASE)]:
                if found := rotation.statements(application, self._wanted.order.rotation):
                    self._sql(application, found, "--single-transaction")
        self._remember(replace(self._known, phase=RESTORED))

    def _empty(self, databases: list[str]) -> None:
        """What an interrupted attempt has left goes: half a database must not pass for a whole one."""
        if databases:
            again = 'DROP DATABASE IF EXISTS "{0}" WITH (FORCE);\nCREATE DATABASE "{0}" OWNER "{0}";'
            self._sql("postgres", "\n".join(again.format(name) for name in databases))

    def _sql(self, database: str, statements: str, *options: str) -> None:
        superuser(self._tools.kubernetes, self._tenant.namespace, database, statements, *options)

    def _start(self) -> None:
        """Everything else of the tenant, on its data."""
        tools, tenant = self._tools, self._tenant
        tools.engine.up(self._id)
        if tenant.status is not Status.SUSPENDED:
            if self._journal.rotate and tenant.modules.portal.enabled:
                self._new_portal_keys()
            for url in public_urls(tenant).values():
                wait_until_reachable(url, tools.way, tools.clock, tools.sleep)
        for line in tools.protection.protect(tenant):
            self._note(f"backup: {line}")
        if self._journal.rotate:
            with tempfile.TemporaryDirectory(prefix="einklang-") as scratch:
                access = of_tenant(tools.kubernetes, tenant, Path(scratch))
                for line in tools.protection.retire(tenant, access):
                    self._note(f"backup: {line}")

    def _new_portal_keys(self) -> None:
        kubernetes, namespace = self._tools.kubernetes, self._tenant.namespace
        jobs = kubernetes.get("jobs", "-n", namespace)["items"]
        setups = [job for job in jobs if job["metadata"]["name"].startswith(f"{rotation.PORTAL_SETUP}-")]
        if not setups:
            raise ClientError(f"{self._id}: the portal was not set up")
        name = ("job", rotation.PORTAL_KEYS, "-n", namespace)
        kubernetes.delete(*name, wait_seconds=60)
        try:
            kubernetes.apply([rotation.portal_job(setups[-1])])
            wait(
                f"{self._id}: new keys of the portal",
                lambda: _succeeded(kubernetes.get(*name)),
                _PORTAL_KEYS_SECONDS,
                meanwhile=lambda: None,
            )
        finally:
            kubernetes.delete(*name, wait_seconds=60)

    def _conclude(self, began: float) -> Outcome:
        tools, task, journal = self._tools, self._wanted.task, self._journal
        moment = task.moment or journal.begun
        outcome = Outcome(
            self._id,
            RECOVERED,
            run=self._known.run,
            bytes=task.bytes,
            age_seconds=(journal.begun - moment).total_seconds(),
            seconds=self._known.seconds + tools.clock() - began,
            restore_seconds=self._known.restore_seconds,
            ready_seconds=(tools.now() - journal.begun).total_seconds(),
            checks=self._known.checks,
            notes=task.notes,
        )
        journal.put(self._id, finished(self._known, outcome))
        return outcome

    def _remember(self, known: Progressed) -> None:
        self._known = known
        self._journal.put(self._id, known)

    def _note(self, text: str) -> None:
        self._tools.progress.note(f"{self._id}: {text}")


def recover_one(tools: Tools, journal: Journal, wanted: Wanted) -> Outcome:
    """One tenant; an error is its outcome, so that the others go on."""
    known, task = journal.of(wanted.tenant.id), wanted.task
    if known and known.phase == DONE and known.outcome:
        return known.outcome
    if wanted.source is None:
        return Outcome(task.tenant, FAILED, notes=task.notes, error=task.problem)
    try:
        if known is None and _is_there(tools.kubernetes, wanted.tenant):
            return Outcome(task.tenant, PRESENT, notes=("it runs, and this recovery has not made it: left as it is",))
        return TenantRecovery(tools, journal, wanted, wanted.source).perform()
    except EinklangError as error:
        return Outcome(task.tenant, FAILED, run=task.run, bytes=task.bytes, notes=task.notes, error=str(error))


def _is_there(kubernetes: Kubernetes, tenant: Tenant) -> bool:
    """Whether somebody else made it. Raises UserError where that is half done: nobody knows what its data is."""
    namespace = kubernetes.find("namespace", tenant.namespace)
    if namespace is None:
        return False
    if namespace.get("metadata", {}).get("deletionTimestamp"):
        raise UserError(f"the namespace {tenant.namespace} is being deleted", remedy="wait for its end, and repeat")
    record = kubernetes.find("configmap", "tenant", "-n", tenant.namespace)
    if record is None or record["data"]["status"] == _HELD:
        raise UserError(
            f"the namespace {tenant.namespace} is there, half made or held back, and not by this recovery",
            remedy=f"if nothing of it is needed: pulumi destroy --stack {tenant.id}, kubectl delete namespace",
        )
    return True


def _succeeded(job: Mapping[str, Any]) -> bool:
    end = job_end(job)
    if end == "Failed":
        raise ClientError("the portal's keys cannot be made new: its Job failed")
    return bool(end)


def _compared(result: Result) -> int:
    """Comparisons behind a part: its stream's SHA-256 and each table, or the files' number and each document."""
    return 1 + result.facts.get("tables", 0) + result.facts.get("checked", 0)
