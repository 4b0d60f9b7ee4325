"""What a check sees: recorded facts about one tenant. Nothing in here asks anybody anything.

A check is a pure function of this, so it can be given facts of today's cluster, of last year's, or planted ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from einklang.clients.inside import PodFacts
from einklang.clients.outside import SiteFacts
from einklang.model.resolved import ResolvedTenant

Manifest = Mapping[str, Any]
TENANT_LABEL, WORKLOAD_LABEL = "einklang/tenant", "einklang/workload"
STANDARD_LABEL, HOSTNAMES_ANNOTATION = "einklang/standard", "einklang/hostnames"
DATABASE = "database"
"""The one workload that speaks with the API: CloudNativePG's instance manager."""
_TEMPLATES = ("Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob")


class NotObservedError(Exception):
    """What the check needs was not there to look at; German. Such a check is an error, never a pass."""


@dataclass(frozen=True)
class Spec:
    """The specification of a pod and where it stands: `Pod/front-x`, `Deployment/front`."""

    place: str
    labels: Mapping[str, str]
    content: Manifest

    @property
    def workload(self) -> str:
        """What it is for, as its label says."""
        return self.labels.get(WORKLOAD_LABEL, "")

    def containers(self) -> Iterator[tuple[str, Manifest]]:
        """Place and content of every container, those of the initialisation and of debugging included."""
        for kind in ("initContainers", "containers", "ephemeralContainers"):
            for container in self.content.get(kind) or []:
                yield f"{self.place}/{container['name']}", container


@dataclass(frozen=True)
class Cluster:
    """All objects that the audit identity listed, and what the API server says about itself.

    encryption: names of the transformers that Secrets were written with, None where the server does not tell.
    anonymous_status: HTTP status of a request to the API without any credentials, None where it was not tried.
    """

    objects: Sequence[Manifest]
    version: str = ""
    encryption: tuple[str, ...] | None = None
    anonymous_status: int | None = None

    @cached_property
    def _by_place(self) -> Mapping[tuple[str, str], list[Manifest]]:
        found: dict[tuple[str, str], list[Manifest]] = {}
        for each in self.objects:
            found.setdefault((each["kind"], each["metadata"].get("namespace", "")), []).append(each)
        return found

    def of_kind(self, kind: str) -> list[Manifest]:
        """Every object of a kind, in whatever namespace."""
        return [each for (found, _), items in self._by_place.items() if found == kind for each in items]

    def within(self, namespace: str, kind: str) -> list[Manifest]:
        """The objects of a kind in a namespace; the empty name means the cluster itself."""
        return self._by_place.get((kind, namespace), [])


@dataclass(frozen=True)
class Observed:
    """Facts of one tenant at one time.

    sites, pods_inside, crossings, saved, vulnerabilities: None where this run did not look. troubles: source -> why
    it could not look (German).
    """

    resolved: ResolvedTenant
    cluster: Cluster
    now: datetime
    sites: Sequence[SiteFacts] | None = None
    pods_inside: Sequence[PodFacts] | None = None
    crossings: Crossings | None = None
    saved: Saved | None = None
    vulnerabilities: Vulnerabilities | None = None
    troubles: Mapping[str, str] = field(default_factory=dict)

    @property
    def namespace(self) -> str:
        """The tenant's namespace."""
        return self.resolved.tenant.namespace

    def objects(self, kind: str) -> list[Manifest]:
        """The tenant's objects of a kind."""
        return self.cluster.within(self.namespace, kind)

    def own_namespace(self) -> Manifest:
        """The Namespace object. Raises NotObservedError where it is missing."""
        found = [each for each in self.cluster.of_kind("Namespace") if each["metadata"]["name"] == self.namespace]
        if not found:
            raise NotObservedError(f"der Namensraum {self.namespace} fehlt im Cluster")
        return found[0]

    @cached_property
    def specs(self) -> list[Spec]:
        """Every pod that has not ended and every template of one. Raises NotObservedError where there is none."""
        found = [
            Spec(f"Pod/{pod['metadata']['name']}", pod["metadata"].get("labels") or {}, pod["spec"])
            for pod in self.running
        ]
        for kind in _TEMPLATES:
            found += [_template(kind, each) for each in self.objects(kind)]
        if not found:
            raise NotObservedError(f"im Namensraum {self.namespace} gibt es keinen Pod und keine Vorlage")
        return found

    @property
    def running(self) -> list[Manifest]:
        """The pods that have not ended."""
        return [pod for pod in self.objects("Pod") if pod.get("status", {}).get("phase") not in {"Succeeded", "Failed"}]

    def containers(self) -> list[tuple[str, Manifest, Spec]]:
        """Every container of every specification."""
        return [(place, container, spec) for spec in self.specs for place, container in spec.containers()]

    def config(self, name: str) -> Mapping[str, str]:
        """The content of a ConfigMap. Raises NotObservedError where it is missing."""
        found = [each for each in self.objects("ConfigMap") if each["metadata"]["name"] == name]
        if not found:
            raise NotObservedError(f"die ConfigMap {name} fehlt")
        data: Mapping[str, str] = found[0].get("data") or {}
        return data


@dataclass(frozen=True)
class Crossings:
    """Connection attempts from the tenant's pods. attempts: into other tenants. opened: those that came about.

    own_opened: connections that must come about, as the probe's counter-proof. others: how many tenants were tried.
    """

    attempts: int
    opened: tuple[str, ...] = ()
    own_opened: int = 0
    others: int = 1


@dataclass(frozen=True)
class Saved:
    """The backup site. newest: when the newest complete run arrived there. judged: check, result and text of each.
    rehearsed: when the newest restore drill was of which there is evidence, None where there was none yet.

    key, stranger: what the tenant's key and a random one do at the repository. same_key: tenants with the same key.
    own, anonymous, removal: HTTP statuses of reading with own credentials and with none, and of removing something.
    foreign: other tenants and the status of reading there. judged and statuses: None where nobody could tell.
    """

    repository: str
    newest: str | None
    judged: tuple[tuple[str, str, str], ...] | None
    key: str
    stranger: str
    same_key: tuple[str, ...] = ()
    own: int | None = None
    anonymous: int | None = None
    removal: int | None = None
    foreign: tuple[tuple[str, int], ...] = ()
    rehearsed: str | None = None


@dataclass(frozen=True)
class KnownVulnerability:
    """One package of one image to which an advisory applies. fixed: the version that mends it, empty without one."""

    workloads: str
    image: str
    package: str
    version: str
    identifier: str
    fixed: str


@dataclass(frozen=True)
class Vulnerabilities:
    """newest: last change in the database. packages: how many were compared. unlisted: images without SBOM.

    sourceless: images with Debian packages whose SBOM names no source package.
    """

    newest: str
    packages: int
    known: tuple[KnownVulnerability, ...]
    unlisted: tuple[str, ...] = ()
    sourceless: tuple[str, ...] = ()


def _template(kind: str, each: Manifest) -> Spec:
    spec = each["spec"]["jobTemplate"]["spec"] if kind == "CronJob" else each["spec"]
    template = spec["template"]
    labels = (template.get("metadata") or {}).get("labels") or {}
    return Spec(f"{kind}/{each['metadata']['name']}", labels, template["spec"])
