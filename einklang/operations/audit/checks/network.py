"""The network as declared: deny by default, one policy a workload, nobody named who is not needed; and the ways in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import ip_network
from typing import Any

from einklang.model.finding import Severity
from einklang.operations.audit.observed import NotObservedError, Observed
from einklang.operations.audit.registry import Source, Verdict, absent, check, counted

_BOTH = {"Ingress", "Egress"}
_UP = "Die Netzregeln mit „pulumi up“ wiederherstellen; Regeln, die Einklang nicht kennt, löschen."
_OWN_NAMESPACE_LABEL = "kubernetes.io/metadata.name"
_SMALL = {4: 24, 6: 64}
"""IP version -> prefix length from which a network counts as named: the API server, a mirror of the association."""


def _policies(observed: Observed) -> list[Mapping[str, Any]]:
    return [{"name": each["metadata"]["name"], **each["spec"]} for each in observed.objects("NetworkPolicy")]


def _selects(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Whether a label selector fits; Kubernetes, LabelSelector."""
    wanted = selector.get("matchLabels") or {}
    if any(labels.get(key) != value for key, value in wanted.items()):
        return False
    return all(_fits(each, labels) for each in selector.get("matchExpressions") or [])


def _fits(expression: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    key, values, operator = expression["key"], expression.get("values") or [], expression["operator"]
    return {
        "In": labels.get(key) in values,
        "NotIn": labels.get(key) not in values,
        "Exists": key in labels,
        "DoesNotExist": key not in labels,
    }[str(operator)]


@check("Im Netz ist alles verboten, was nicht erlaubt ist", severity=Severity.HIGH, remedy=_UP)
def default_deny(observed: Observed) -> Verdict:
    """One policy selects every pod, for both directions, and allows nothing."""
    denying = [
        policy
        for policy in _policies(observed)
        if not policy.get("podSelector")
        and set(policy.get("policyTypes") or []) == _BOTH
        and not policy.get("ingress")
        and not policy.get("egress")
    ]
    open_to_all = [
        f"{policy['name']}: erlaubt allen Pods etwas"
        for policy in _policies(observed)
        if not policy.get("podSelector") and (policy.get("ingress") or policy.get("egress"))
    ]
    bad = open_to_all if denying else ["keine Regel, die alles verbietet", *open_to_all]
    return counted(bad, max(1, len(_policies(observed))), "Netzregeln", "Grundregel verbietet beide Richtungen")


@check("Eigene Netzregeln für jeden Dienst", severity=Severity.MEDIUM, remedy=_UP)
def micro_segmentation(observed: Observed) -> Verdict:
    """Each pod is selected by a policy of its workload alone, for both directions."""
    narrow = [policy for policy in _policies(observed) if policy.get("podSelector")]
    bad, specs = [], observed.specs
    for spec in specs:
        fitting = [policy for policy in narrow if _selects(policy["podSelector"], spec.labels)]
        covered = {kind for policy in fitting for kind in policy.get("policyTypes") or []}
        if covered != _BOTH:
            bad.append(f"{spec.place}: ohne eigene Regel")
    shared = {
        policy["name"]: {spec.workload for spec in specs if _selects(policy["podSelector"], spec.labels)}
        for policy in narrow
    }
    bad += [f"{name}: gilt für {', '.join(sorted(those))}" for name, those in shared.items() if len(those) > 1]
    return counted(bad, len(specs), "Pods", "jeder Dienst mit eigener Regel")


def _peers(policy: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any] | None, Any]]:
    """Direction, peer and ports of every rule; a rule without peers gives None: it allows everybody."""
    for direction, key in (("ingress", "from"), ("egress", "to")):
        for rule in policy.get(direction) or []:
            for peer in rule.get(key) or [None]:
                yield direction, peer, rule.get("ports")


@check("Netzregeln nennen jede Gegenseite", severity=Severity.HIGH, remedy=_UP)
def no_wide_peers(observed: Observed) -> Verdict:
    """No rule for everybody, for large networks or whole namespaces, or for every port; no other tenant is named."""
    platform = {
        each["metadata"]["name"]
        for each in observed.cluster.of_kind("Namespace")
        if "einklang/tenant" not in (each["metadata"].get("labels") or {})
    }
    rules, bad = 0, []
    for policy in _policies(observed):
        for direction, peer, ports in _peers(policy):
            rules += 1
            fault = _fault(peer, platform | {observed.namespace}) or ("" if ports else "jeder Port")
            if fault:
                bad.append(f"{policy['name']} ({direction}): {fault}")
    return counted(bad, rules, "Erlaubte Verbindungen", "Gegenseite und Port genau benannt")


def _fault(peer: Mapping[str, Any] | None, known: set[str]) -> str:
    """What is too wide about one peer, or nothing."""
    if not peer:
        return "jede Gegenseite"
    if "ipBlock" in peer:
        network = ip_network(peer["ipBlock"]["cidr"], strict=False)
        return "" if network.prefixlen >= _SMALL[network.version] else f"Netz {network}"
    pods = peer.get("podSelector")
    if not pods:
        return "alle Pods eines Namensraums"
    if "namespaceSelector" not in peer:
        return ""
    selected = peer["namespaceSelector"] or {}
    name = (selected.get("matchLabels") or {}).get(_OWN_NAMESPACE_LABEL)
    return "" if name in known else f"Namensräume {name or 'aller Mandanten'}"


@check(
    "Dienste nur innerhalb des Clusters",
    severity=Severity.HIGH,
    remedy="Den Service auf ClusterIP ändern; von außen führt nur eine Route des Gateways hinein.",
)
def services_inside(observed: Observed) -> Verdict:
    """No NodePort, no LoadBalancer, no external addresses or names."""
    services = observed.objects("Service")
    bad = [
        f"{each['metadata']['name']}: {each['spec'].get('type')}"
        for each in services
        if each["spec"].get("type", "ClusterIP") != "ClusterIP" or each["spec"].get("externalIPs")
    ]
    return counted(bad, len(services), "Services", "nur innerhalb des Clusters erreichbar")


@check(
    "Nur eigene Adressen",
    severity=Severity.HIGH,
    remedy="Route oder Gateway löschen; Adressen einer Kommune stehen in ihrer Datei.",
)
def own_hostnames(observed: Observed) -> Verdict:
    """Gateways and routes name the tenant's hostnames, lead to its own services, and are open to no other namespace."""
    own, bad, looked_at = set(observed.resolved.tenant.hostnames.all()), [], 0
    for gateway in observed.objects("Gateway"):
        for listener in gateway["spec"]["listeners"]:
            looked_at += 1
            routes = ((listener.get("allowedRoutes") or {}).get("namespaces") or {}).get("from", "Same")
            if listener.get("hostname") not in own or routes != "Same":
                bad.append(f"Gateway {gateway['metadata']['name']}: {listener.get('hostname', '*')}, Routen {routes}")
    for route in observed.objects("HTTPRoute"):
        looked_at += 1
        foreign = [name for name in route["spec"].get("hostnames") or ["*"] if name not in own]
        backends = [ref for rule in route["spec"].get("rules") or [] for ref in rule.get("backendRefs") or []]
        elsewhere = [ref["name"] for ref in backends if ref.get("namespace", observed.namespace) != observed.namespace]
        if foreign or elsewhere:
            bad.append(f"Route {route['metadata']['name']}: {', '.join([*foreign, *elsewhere])}")
    grants = [f"ReferenceGrant {each['metadata']['name']}" for each in observed.objects("ReferenceGrant")]
    return counted(bad + grants, looked_at, "Adressen und Routen", "nur die der Kommune")


@check(
    "Andere Mandanten nicht erreichbar",
    severity=Severity.HIGH,
    remedy="Netzregeln beider Mandanten und das Netz-Plugin des Clusters prüfen: Setzt es Regeln durch?",
    source=Source.INSIDE,
)
def tenants_unreachable(observed: Observed) -> Verdict:
    """Pods try each other tenant's pods and services; an allowed connection proves that the attempts work."""
    crossings = observed.crossings
    if crossings is not None and crossings.others == 0:
        return absent("Im Cluster gibt es keinen anderen Mandanten.")
    if crossings is None or crossings.attempts == 0:
        raise NotObservedError("keine Verbindung zu einem anderen Mandanten konnte versucht werden")
    if not crossings.own_opened:
        raise NotObservedError("auch eine erlaubte Verbindung kam nicht zustande: der Versuch beweist nichts")
    return counted(crossings.opened, crossings.attempts, "Verbindungsversuche", "keiner gelingt")
