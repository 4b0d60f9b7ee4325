"""The audit: look at tenants, judge what was seen, and say it as data. Nothing is changed by it.

observed: what checks see. checks: the checks. registry: what a check is. judge: from both to findings. collect: from a
running cluster. reports: findings as terminal text, JUnit XML, HTML, OSCAL, CSV. seal: hashes and signature.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from einklang.model.control import Catalogue
from einklang.model.evidence import Audit
from einklang.model.finding import Finding
from einklang.model.resolved import ResolvedTenant
from einklang.operations.audit import collect
from einklang.operations.audit.checks import ALL
from einklang.operations.audit.collect import Access
from einklang.operations.audit.judge import judge
from einklang.operations.audit.observed import Cluster, NotObservedError, Observed
from einklang.operations.audit.registry import Source
from einklang.progress import Progress

__all__ = ["ALL", "Access", "Source", "run"]


def run(
    tenants: Sequence[ResolvedTenant],
    access: Access,
    catalogues: Mapping[str, Catalogue],
    sources: Collection[Source],
    clock: Callable[[], datetime],
    progress: Progress,
    *,
    jobs: int,
    versions: Mapping[str, str],
    document: Callable[[Observed, Sequence[Finding]], None] = lambda *_: None,
) -> Audit:
    """Audit the tenants, `jobs` at a time. Raises ClientError where the cluster cannot be read at all.

    document: is given what was observed of each tenant and what was found, to write about it.
    """
    started, number, lock, total = clock(), iter(range(2, len(tenants) + 2)), threading.Lock(), len(tenants) + 1
    with progress.step("objects of the cluster", 1, total):
        seen, user = collect.cluster(access.client), access.client.user()

    def one(resolved: ResolvedTenant) -> tuple[Finding, ...]:
        with lock:
            mine = next(number)
        with progress.step(resolved.tenant.id, mine, total):
            observed = collect.tenant(resolved, seen, access, clock(), sources)
            findings = judge(observed, ALL.values(), catalogues, sources)
            try:
                document(observed, findings)
            except (NotObservedError, AttributeError, KeyError, TypeError, ValueError) as error:
                # Objects of a cluster can have any shape: what cannot be written about is still judged.
                progress.note(f"{resolved.tenant.id}: no further documents: {type(error).__name__}: {error}")
            return findings

    with ThreadPoolExecutor(jobs) as pool:
        found = [finding for findings in pool.map(one, tenants) for finding in findings]
    return Audit(
        started=started,
        ended=clock(),
        cluster=_name(seen),
        identity=user,
        versions={**versions, "kubernetes": seen.version},
        tenants={each.tenant.id: each.tenant.name for each in tenants},
        findings=tuple(found),
    )


def _name(seen: Cluster) -> str:
    """The cluster's identity: that of its namespace kube-system never changes."""
    for each in seen.of_kind("Namespace"):
        if each["metadata"]["name"] == "kube-system":
            return str(each["metadata"]["uid"])
    return "unbekannt"
