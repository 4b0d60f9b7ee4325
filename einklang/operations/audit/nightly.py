"""The nightly audit in the cluster: whom it looks at, what it prints, and how that comes back (docs/adr/0021).

The Job acts as the audit identity, which can keep nothing anywhere: its log is its only way out. Each line of it is one
JSON object, the audit's head (`{"audit": …, "files": …}`) first, then its findings (`{"finding": …}`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from pydantic import ValidationError

from einklang.clients.kubernetes import Kubernetes, job_end, objects_in
from einklang.errors import ClientError, UserError
from einklang.model.evidence import Audit
from einklang.model.resolved import ResolvedTenant
from einklang.model.standard import Standard
from einklang.model.tenant import Status, Tenant
from einklang.operations.audit.observed import TENANT_LABEL
from einklang.operations.audit.registry import Source

NAMESPACE, NAME = "einklang-audit", "audit"
"""Where its CronJob stands, and what that and its Jobs are called (modules/audit_job.py)."""
SOURCES = (Source.OBJECTS, Source.OUTSIDE)
"""What can be looked at without entering pods and without reading Secrets."""
_DOCUMENTS = "backup"
"""The ConfigMap with a tenant's file and standard as they were applied (modules/backup.py)."""
_DRILL_LABEL = "einklang/drill"
_NOW = "run it once: kubectl create job --from=cronjob/audit -n einklang-audit audit-now"


def tenants(client: Kubernetes) -> list[ResolvedTenant]:
    """The active tenants of the cluster, as they were applied, by id. Raises ClientError where one does not say."""
    spaces = client.get("namespaces", "-l", f"{TENANT_LABEL},!{_DRILL_LABEL}")["items"]
    if not spaces:
        raise ClientError("the cluster has no tenant")
    found = [_applied(client, space["metadata"]["name"]) for space in spaces]
    return sorted((each for each in found if each.tenant.status is Status.ACTIVE), key=lambda each: each.tenant.id)


def _applied(client: Kubernetes, namespace: str) -> ResolvedTenant:
    try:
        data = client.get("configmap", _DOCUMENTS, "-n", namespace)["data"]
        tenant = Tenant.model_validate_json(data["tenant.json"])
        standard = Standard.model_validate_json(data["standard.json"])
    except (ClientError, KeyError, ValidationError) as error:
        raise ClientError(
            f"{namespace} does not say what it was made from: {error}", remedy="apply its stack with a backup site"
        ) from error
    return ResolvedTenant(tenant, standard, standard.size_of(tenant.population))


def digest(resolved: ResolvedTenant) -> str:
    """SHA-256 over what a tenant is judged by: its file and its standard."""
    told = (resolved.tenant.model_dump_json(by_alias=True), resolved.standard.model_dump_json(by_alias=True))
    return hashlib.sha256("\n".join(told).encode()).hexdigest()


@dataclass(frozen=True)
class Nightly:
    """What the cluster found. files: tenant -> digest of what it was judged by."""

    audit: Audit
    files: Mapping[str, str]

    def of(self, wanted: Collection[str]) -> Nightly:
        """Of these tenants only."""
        names = {name: title for name, title in self.audit.tenants.items() if name in wanted}
        findings = tuple(each for each in self.audit.findings if each.tenant in wanted)
        return replace(self, audit=self.audit.model_copy(update={"tenants": names, "findings": findings}))


def lines(found: Nightly) -> Iterator[str]:
    """What the Job prints."""
    head = found.audit.model_dump(mode="json", exclude={"findings"})
    yield json.dumps({"audit": head, "files": found.files, "findings": len(found.audit.findings)}, ensure_ascii=False)
    for finding in found.audit.findings:
        yield json.dumps({"finding": finding.model_dump(mode="json")}, ensure_ascii=False)


def parsed(log: str) -> Nightly:
    """What a Job printed. Raises ClientError where the log holds no audit, or not all of it."""
    told = objects_in(log)
    heads = [each for each in told if "audit" in each]
    findings = [each["finding"] for each in told if "finding" in each]
    if len(heads) != 1 or heads[0].get("findings") != len(findings):
        raise ClientError(f"the nightly audit did not come to its end: {log.strip()[-300:] or 'it printed nothing'}")
    try:
        audit = Audit.model_validate_json(json.dumps({**heads[0]["audit"], "findings": findings}))
        return Nightly(audit, dict(heads[0]["files"]))
    except (KeyError, TypeError, ValueError) as error:
        raise ClientError(f"the nightly audit was made by another version: {error}") from error


def collect(operators: Kubernetes) -> Nightly:
    """What the newest Job that has ended found. operators: may read its log. Raises UserError where none has ended."""
    ended = [each for each in operators.get("jobs", "-n", NAMESPACE)["items"] if job_end(each)]
    if not ended:
        raise UserError("the cluster has made no audit yet", remedy=_NOW)
    newest = max(ended, key=lambda each: str(each["metadata"]["creationTimestamp"]))
    return parsed(operators.logs(f"job/{newest['metadata']['name']}", "-n", NAMESPACE))


def doubts(found: Nightly, wanted: Iterable[ResolvedTenant]) -> list[str]:
    """Where the cluster and this checkout do not speak of the same; one sentence each.

    wanted: the active tenants. Who hides a tenant in the cluster, or softens what it is judged by, is seen by this.
    """
    known = {each.tenant.id: each for each in wanted}
    missing = sorted(set(known) - set(found.audit.tenants))
    strange = sorted(set(found.audit.tenants) - set(known))
    other = sorted(
        name for name in set(known) & set(found.audit.tenants) if found.files.get(name) != digest(known[name])
    )
    return [
        *(f"{name} was not audited: it does not run in this cluster" for name in missing),
        *(f"{name} runs in this cluster, and no active tenant here has that id" for name in strange),
        *(f"{name} was judged by another file or standard than this checkout has" for name in other),
    ]
