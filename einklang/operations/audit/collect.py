"""From a running cluster to what checks see. The only part of the audit that asks anybody anything."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from einklang.clients import inside, outside, web
from einklang.clients.inside import Place, PodFacts
from einklang.clients.kubernetes import Kubernetes
from einklang.clients.outside import SiteFacts, Way
from einklang.errors import ClientError, EinklangError
from einklang.model.resolved import ResolvedTenant
from einklang.model.tenant import Status
from einklang.operations.audit import saved, vulnerabilities
from einklang.operations.audit.observed import TENANT_LABEL, WORKLOAD_LABEL, Cluster, Crossings, Observed, Saved
from einklang.operations.audit.paths import all_of
from einklang.operations.audit.registry import Source
from einklang.operations.audit.saved import Backups
from einklang.operations.audit.vulnerabilities import Database

AUDITOR = "system:serviceaccount:einklang-audit:auditor"
"""The platform's identity for audits: reads objects, no Secrets, changes nothing (modules/auditor.py)."""
KINDS = (
    "namespaces", "pods", "services", "configmaps", "serviceaccounts", "resourcequotas", "limitranges",
    "persistentvolumeclaims", "persistentvolumes", "storageclasses.storage.k8s.io", "deployments.apps",
    "statefulsets.apps", "daemonsets.apps", "jobs.batch", "cronjobs.batch", "networkpolicies.networking.k8s.io",
    "roles.rbac.authorization.k8s.io", "rolebindings.rbac.authorization.k8s.io",
    "clusterroles.rbac.authorization.k8s.io", "clusterrolebindings.rbac.authorization.k8s.io",
    "gateways.gateway.networking.k8s.io", "httproutes.gateway.networking.k8s.io",
    "referencegrants.gateway.networking.k8s.io", "validatingadmissionpolicies.admissionregistration.k8s.io",
    "validatingadmissionpolicybindings.admissionregistration.k8s.io",
)  # fmt: skip
_TRANSFORMED = re.compile(
    r'^apiserver_storage_transformation_operations_total\{[^}]*resource="secrets",status="OK"'
    r'[^}]*transformer_prefix="([^"]+)"',
    re.MULTILINE,
)
_NEIGHBOURS = 2
"""Other tenants that each tenant's pods try to reach: the next ones in the order of their names, so all are tried."""
_PARALLEL = 4


@dataclass(frozen=True)
class Listed:
    """sboms: folder with the images' SBOMs. database: of known vulnerabilities."""

    sboms: Path
    database: Database


@dataclass(frozen=True)
class Access:
    """How to reach what is audited.

    kubeconfig: for looking into pods, with the operators' rights. way: to the sites. backups, listed: None looks at
    none.
    """

    client: Kubernetes
    kubeconfig: Path
    way: Way
    backups: Backups | None = None
    listed: Listed | None = None


def cluster(client: Kubernetes) -> Cluster:
    """All objects that the checks need, and what the API server says of itself. Raises ClientError."""
    try:
        objects = client.everything(KINDS)
    except ClientError as error:
        remedy = "apply the stack platform, which provides the audit identity, or read --as-myself"
        raise ClientError(error.message, remedy=remedy if "forbidden" in error.message else error.remedy) from error
    server, authority = client.server()
    return Cluster(
        objects,
        json.loads(client.raw("/version"))["gitVersion"],
        _encryption(client),
        web.unknown_status(f"{server}/api/v1/namespaces", authority),
    )


def _encryption(client: Kubernetes) -> tuple[str, ...] | None:
    try:
        return transformers(client.raw("/metrics"))
    except ClientError:
        return None


def transformers(metrics: str) -> tuple[str, ...]:
    """The transformers that Secrets went through, from the API server's own counts."""
    return tuple(sorted(set(_TRANSFORMED.findall(metrics))))


def tenant(
    resolved: ResolvedTenant, seen: Cluster, access: Access, now: datetime, sources: Collection[Source]
) -> Observed:
    """One tenant. What cannot be looked at becomes a trouble, and so an error of each check that needs it."""
    troubles: dict[str, str] = {}
    sites: Sequence[SiteFacts] | None = None
    pods: Sequence[PodFacts] | None = None
    crossings: Crossings | None = None
    if Source.OUTSIDE in sources:
        try:
            sites = _sites(resolved, access.way)
        except ClientError as error:
            troubles[Source.OUTSIDE] = str(error)
    if Source.INSIDE in sources:
        try:
            pods, crossings = _twice(lambda now: _inside(resolved, now, access.kubeconfig), seen, access.client)
        except ClientError as error:
            troubles[Source.INSIDE] = str(error)
    found = _saved(resolved, seen, access, now, troubles) if Source.BACKUPS in sources else None
    observed = Observed(resolved, seen, now, sites, pods, crossings, found, None, troubles)
    if Source.PACKAGES not in sources or not access.listed:
        return observed
    known = vulnerabilities.look(observed, access.listed.sboms, access.listed.database)
    return replace(observed, vulnerabilities=known)


def _saved(
    resolved: ResolvedTenant, seen: Cluster, access: Access, now: datetime, troubles: dict[str, str]
) -> Saved | None:
    others = [name.removeprefix("tenant-") for name in neighbours(seen, resolved.tenant.namespace)]
    try:
        if access.backups:
            return saved.look(resolved, others, access.backups, now)
        troubles[Source.BACKUPS] = "kein Weg zum Ziel der Sicherungen"
    except EinklangError as error:
        troubles[Source.BACKUPS] = str(error)
    return None


def _twice(
    look: Callable[[Cluster], tuple[list[PodFacts], Crossings]], seen: Cluster, client: Kubernetes
) -> tuple[list[PodFacts], Crossings]:
    """Look again, at the pods that are there then: during a rollout some end while they are looked at."""
    try:
        return look(seen)
    except ClientError:
        return look(Cluster(client.everything(["namespaces", "pods", "services"])))


def _sites(resolved: ResolvedTenant, way: Way) -> list[SiteFacts]:
    chosen = resolved.tenant
    if chosen.status is Status.SUSPENDED:
        raise ClientError(f"{chosen.id} ruht: seine Seiten sind abgeschaltet")
    names = {"identity": chosen.hostnames.identity}
    names |= {
        name: getattr(chosen.hostnames, name) for name in ("portal", "dms") if getattr(chosen.modules, name).enabled
    }
    with ThreadPoolExecutor(_PARALLEL) as pool:
        asked = [pool.submit(outside.look, host, name, all_of(name, chosen.id), way) for name, host in names.items()]
        return [each.result() for each in asked]


def _inside(resolved: ResolvedTenant, seen: Cluster, kubeconfig: Path) -> tuple[list[PodFacts], Crossings]:
    namespace = resolved.tenant.namespace
    places = [_place(namespace, pod) for pod in _ready(seen, namespace)]
    others = neighbours(seen, namespace)
    targets = [target for other in others for target in listening(seen, other)]
    own = [(each["spec"]["clusterIP"], 5432) for each in seen.within(namespace, "Service") if _is_database(each)]
    with ThreadPoolExecutor(_PARALLEL) as pool:
        looked_at = [pool.submit(_look, kubeconfig, place) for place in places]
        tried = [pool.submit(_connect, kubeconfig, place, [*targets, *own]) for place in places]
        crossed = _crossed(places, [each.result() for each in tried], targets, own)
        return [each.result() for each in looked_at], replace(crossed, others=len(others))


def _look(kubeconfig: Path, place: Place) -> PodFacts:
    """A job's pod may end while it is looked at; that one is then left out, and said to be."""
    try:
        return inside.look(kubeconfig, place)
    except ClientError:
        if not place.of_job:
            raise
        return PodFacts(place.pod, place.workload, unreached="the job ended")


def _connect(kubeconfig: Path, place: Place, targets: Sequence[tuple[str, int]]) -> tuple[tuple[str, int], ...] | None:
    try:
        return inside.connect(kubeconfig, place, targets)
    except ClientError:
        if not place.of_job:
            raise
        return None


def _crossed(
    places: Sequence[Place],
    answers: Sequence[tuple[tuple[str, int], ...] | None],
    targets: Sequence[tuple[str, int]],
    own: Sequence[tuple[str, int]],
) -> Crossings:
    able = [(place, answer) for place, answer in zip(places, answers, strict=True) if answer is not None]
    opened = [
        f"{place.pod} -> {address}:{port}" for place, answer in able for address, port in answer
        if (address, port) not in own
    ]  # fmt: skip
    allowed = sum(target in own for _, answer in able for target in answer)
    return Crossings(len(able) * len(targets), tuple(opened), allowed)


def _ready(seen: Cluster, namespace: str) -> list[Mapping[str, Any]]:
    """The running pods whose containers are all ready."""
    return [
        pod
        for pod in seen.within(namespace, "Pod")
        if pod.get("status", {}).get("phase") == "Running"
        and all(each.get("ready") for each in pod["status"].get("containerStatuses") or [{}])
    ]


def _place(namespace: str, pod: Mapping[str, Any]) -> Place:
    workload = (pod["metadata"].get("labels") or {}).get(WORKLOAD_LABEL, "")
    of_job = any(owner["kind"] == "Job" for owner in pod["metadata"].get("ownerReferences") or [])
    return Place(namespace, pod["metadata"]["name"], pod["spec"]["containers"][0]["name"], workload, of_job)


def _is_database(service: Mapping[str, Any]) -> bool:
    return bool(service["metadata"]["name"] == "database-rw" and service["spec"].get("clusterIP", "None") != "None")


def neighbours(seen: Cluster, namespace: str) -> list[str]:
    """The next tenants in the order of their names, round the end; none where there is no other."""
    names = sorted(
        each["metadata"]["name"]
        for each in seen.of_kind("Namespace")
        if TENANT_LABEL in (each["metadata"].get("labels") or {})
    )
    if namespace not in names:
        return names[:_NEIGHBOURS]
    at = names.index(namespace)
    return (names[at + 1 :] + names[:at])[:_NEIGHBOURS]


def listening(seen: Cluster, namespace: str) -> list[tuple[str, int]]:
    """Addresses and ports of ready pods and of services: what would answer if the network let it."""
    pods = [
        (pod["status"]["podIP"], port["containerPort"])
        for pod in _ready(seen, namespace)
        for container in pod["spec"]["containers"]
        for port in container.get("ports") or []
        if port.get("protocol", "TCP") == "TCP"
    ]
    services = [
        (each["spec"]["clusterIP"], port["port"])
        for each in seen.within(namespace, "Service")
        if each["spec"].get("clusterIP", "None") != "None"
        for port in each["spec"].get("ports") or []
    ]
    return sorted({*pods, *services})
