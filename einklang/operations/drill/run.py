"""One drill: choose a run, rebuild the tenant beside itself, look, measure, keep the evidence, remove everything."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from pydantic import ValidationError

from einklang.clients.forward import forwarded
from einklang.clients.keycloak import Keycloak
from einklang.clients.kubernetes import Kubernetes
from einklang.clients.restic import Restic
from einklang.clients.visitor import Visitor
from einklang.errors import EinklangError
from einklang.model.drill import Drill, DrillCheck
from einklang.model.resolved import ResolvedTenant
from einklang.operations import identity, seal
from einklang.operations.backup import evidence
from einklang.operations.backup.access import of_tenant
from einklang.operations.backup.repository import expected_parts
from einklang.operations.drill import trying
from einklang.operations.drill.scratch import Scratch
from einklang.operations.restore.choosing import Chosen, choose
from einklang.operations.restore.job import Order, Restorer
from einklang.progress import Progress
from einklang.settings import Settings

STEPS = 5
RESTORE_SECONDS = 4 * 3600.0
_DOCUMENTS_TABLE = "public.documents_document"
_DMS = "deployment/dms"


@dataclass(frozen=True)
class Tools:
    """Programs and places. environment: in which `pulumi` works on the tenants' stacks."""

    settings: Settings
    kubernetes: Kubernetes
    kubectl: Path
    kubeconfig: Path
    restic: Path
    environment: Mapping[str, str]
    progress: Progress


@dataclass
class _Record:
    """What a drill has found so far."""

    now: Callable[[], datetime]
    checks: list[DrillCheck] = field(default_factory=list)
    chosen: Chosen | None = None
    ready: datetime | None = None

    @property
    def well(self) -> bool:
        return all(check.result == "pass" for check in self.checks)

    @contextmanager
    def check(self, name: str) -> Iterator[dict[str, int]]:
        """What goes wrong in the block is a failed check, not an end; the block may fill in what it counted."""
        begun, facts = self.now(), dict[str, int]()
        result, text = "pass", ""
        try:
            yield facts
        except EinklangError as error:
            result, text = "fail", str(error)
        self.add(name, result, text, (self.now() - begun).total_seconds(), facts)

    def add(self, name: str, result: str, text: str, seconds: float, facts: Mapping[str, int]) -> None:
        self.checks.append(
            DrillCheck.model_validate(
                {"name": name, "result": result, "text": text, "seconds": round(seconds, 1), "facts": dict(facts)}
            )
        )


def drill(
    tools: Tools,
    resolved: ResolvedTenant,
    now: Callable[[], datetime],
    *,
    at: datetime | None = None,
    sample: int = 5,
) -> Drill:
    """Rehearse the recovery of one tenant. What fails is in the result; its evidence is at the backup site.

    now: clock (UTC). at: the newest run that there was at that time. sample: documents that the guest reads.
    Raises UserError where there is no backup to rehearse, ClientError where the site or the cluster does not answer.
    """
    tenant, begun, record = resolved.tenant, now(), _Record(now)
    with tempfile.TemporaryDirectory(prefix="einklang-") as folder:
        access = of_tenant(tools.kubernetes, tenant, Path(folder))
        repository = Restic(tools.restic, access)
        with tools.progress.step("the newest run is chosen", 1, STEPS), record.check("complete"):
            record.chosen = choose(repository, tenant.id, expected_parts(tenant), at)
        if record.chosen:
            _rehearse(tools, resolved, record, record.chosen, sample)
        found = _told(resolved, record, begun, now())
        key = seal.key(tools.settings.audit_key)
        snapshot = evidence.keep(found, tenant.name, tools.kubernetes, repository, key)
        _note(tools.settings, tenant.id).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _note(tools.settings, tenant.id).write_text(found.model_dump_json(indent=1) + "\n", encoding="utf-8")
        tools.progress.note(f"evidence {snapshot[:8]} is kept in {access.repository}")
    return found


def noted(settings: Settings, tenant: str) -> Drill | None:
    """The newest drill that this machine made, for `einklang status`; what counts is the evidence at the site."""
    try:
        return Drill.model_validate_json(_note(settings, tenant).read_text(encoding="utf-8"))
    except (OSError, ValidationError):
        return None


def _note(settings: Settings, tenant: str) -> Path:
    return settings.home / "drills" / f"{tenant}.json"


def _rehearse(
    tools: Tools,
    resolved: ResolvedTenant,
    record: _Record,
    chosen: Chosen,
    sample: int,
) -> None:
    scratch = Scratch(tools.settings, tools.kubernetes, tools.environment, resolved.tenant)
    with scratch.clean():
        with tools.progress.step(f"{scratch.namespace} is made", 2, STEPS), record.check("place"):
            scratch.make()
        if record.well:
            with tools.progress.step("the data is restored and compared", 3, STEPS):
                _restore(tools, scratch, record, chosen)
        if record.well:
            with tools.progress.step("the applications start on it", 4, STEPS), record.check("start"):
                scratch.start()
        if record.well:
            with tools.progress.step("somebody logs in and reads", 5, STEPS):
                _use(tools, resolved, scratch.namespace, record, sample)
        if record.well:
            record.ready = record.now()


def _restore(tools: Tools, scratch: Scratch, record: _Record, chosen: Chosen) -> None:
    try:
        restorer = Restorer(tools.kubernetes, scratch.namespace)
        results = restorer.restore(Order(chosen, adopt=True), timeout_seconds=RESTORE_SECONDS)
    except EinklangError as error:
        record.add("restore", "fail", str(error), 0, {})
        return
    for result in results:
        told = "pass" if result.passed else "fail"
        record.add(result.part or "restore", told, result.text, result.seconds, result.facts)
    compared = {result.part for result in results}
    missing = [part.name for part in chosen.manifest.parts if part.name not in compared]
    if missing:
        record.add("restore", "fail", f"nothing was said of {', '.join(missing)}", 0, {})


def _use(tools: Tools, resolved: ResolvedTenant, namespace: str, record: _Record, sample: int) -> None:
    tenant = resolved.tenant
    home = f"https://{tenant.hostnames.dms}/"
    target = home if tenant.modules.dms.enabled else f"https://{tenant.hostnames.identity}/realms/{tenant.id}/account/"
    with record.check("login") as _, ExitStack() as stack:
        keycloak, ways = stack.enter_context(_ways(tools, resolved, namespace))
        visitor = Visitor(ways)
        trying.log_in(visitor, trying.invite(keycloak, tenant), target)
        if tenant.modules.dms.enabled and record.chosen:
            with record.check("documents") as facts:
                expected = _expected_documents(record.chosen)
                facts |= trying.read_documents(visitor, home, expected, sample)


def _expected_documents(chosen: Chosen) -> int:
    """What the backup holds, by its manifest."""
    return chosen.manifest.databases["dms"].tables[_DOCUMENTS_TABLE].rows


@contextmanager
def _ways(tools: Tools, resolved: ResolvedTenant, namespace: str) -> Iterator[tuple[Keycloak, Mapping[str, str]]]:
    """Keycloak as its technical client, and the sites by their names; through forwarded ports alone."""
    names = resolved.tenant.hostnames
    targets = {names.identity: identity.TARGET}
    if resolved.tenant.modules.dms.enabled:
        targets[names.dms] = _DMS
    with ExitStack() as stack:
        client = identity.connected(tools.kubectl, tools.kubeconfig, resolved.tenant, namespace)
        keycloak = stack.enter_context(client)
        ways = {}
        for name, target in targets.items():
            way = forwarded(tools.kubectl, tools.kubeconfig, namespace, target, identity.PORT)
            ways[name] = stack.enter_context(way)
        yield keycloak, ways


def _told(resolved: ResolvedTenant, record: _Record, begun: datetime, ended: datetime) -> Drill:
    chosen = record.chosen
    return Drill(
        tenant=resolved.tenant.id,
        standard=resolved.standard.version,
        run=chosen.manifest.run if chosen else "",
        moment=chosen.moment if chosen else None,
        bytes=chosen.bytes if chosen else 0,
        begun=begun,
        ready=record.ready,
        ended=ended,
        checks=tuple(record.checks),
    )
