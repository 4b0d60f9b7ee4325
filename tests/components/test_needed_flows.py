"""The allowlist is what the workloads need: derived from what they are told, not from the list itself.

A workload needs a connection to every address within its namespace that its variables, arguments or mounted documents
name. Besides that: routes (the gateway's connections), back-channel logout (the identity service's), replicas, and
what CloudNativePG documents for its operator and its instances.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from modules import labels
from modules.network_policies import DATABASE_OPERATOR_NAMESPACE, GATEWAY_NAMESPACE
from tests.components import cases, programs
from tests.components.recording import API_SERVER, Declared, objects, one, record

Connection = tuple[str, str, int]
"""Source workload, target workload, port of the target's pods."""

GATEWAY, OPERATOR, API, SITE = "gateway", "database operator", "API server", "backup site"
CLUSTER_NEEDS = {(OPERATOR, "database", 8000), (OPERATOR, "database", 5432), ("database", API, 6443)}
"""CloudNativePG, "Security", exposed ports; its instance manager reads its Cluster from the API server."""
REPLICATION = {("database", "database", 5432), ("database", "database", 8000)}


@cache
def declared(size: str) -> tuple[Declared, ...]:
    return tuple(record(programs.tenant(cases.tenant(size))))


def services(size: str) -> dict[tuple[str, int], Connection]:
    """(name, port of the Service) -> whose pods and which port stand behind it."""
    found = {("database-rw", 5432): ("", "database", 5432)}
    for each in objects(declared(size), "Service"):
        target = each.manifest["spec"]["selector"][labels.WORKLOAD]
        for port in each.manifest["spec"]["ports"]:
            found[each.key[2], port["port"]] = ("", target, _port(size, target, port["targetPort"]))
    return found


def _port(size: str, workload: str, target: int | str) -> int:
    if isinstance(target, int):
        return target
    (template,) = [template for name, template in templates(size) if name == workload]
    named = {port["name"]: port["containerPort"] for port in template["containers"][0]["ports"]}
    return int(named[target])


def templates(size: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Workload and pod of everything that makes pods."""
    for each in objects(declared(size)):
        if each.kind in {"Deployment", "Job", "CronJob"}:
            spec = each.manifest["spec"]
            template = spec.get("jobTemplate", {}).get("spec", spec)["template"]
            yield template["metadata"]["labels"][labels.WORKLOAD], template["spec"]


def told(size: str, pod: dict[str, Any]) -> str:
    """Everything that a pod's containers read of us and that is no secret. `A_HOST` and `A_PORT` stand as host:port."""
    lines = []
    for container in pod["containers"]:
        values = {each["name"]: each.get("value", "") for each in container.get("env", [])}
        lines += [*values.values(), *container.get("args", []), *container.get("command", [])]
        for name, host in values.items():
            if name.endswith("HOST"):
                lines.append(f"{host}:{values.get(name.removesuffix('HOST') + 'PORT', '')}")
    for volume in pod.get("volumes", []):
        if "configMap" in volume:
            manifest = one(declared(size), "ConfigMap", volume["configMap"]["name"]).manifest
            lines += [str(value) for value in manifest.get("data", {}).values()]
    return "\n".join(lines)


def addresses(size: str, text: str) -> set[tuple[str, int]]:
    """The Services that a text names with their port."""
    known = services(size)
    return {(name, port) for name, port in known if re.search(rf"(?<![\w.-]){name}:{port}(?!\d)", text)}


def needed(size: str) -> set[Connection]:
    known, found = services(size), set(CLUSTER_NEEDS)
    realms = one(declared(size), "ConfigMap", "identity-realms").manifest["data"]
    logouts = {
        client.get("attributes", {}).get("backchannel.logout.url", "")
        for client in json.loads(realms["realm.json"])["clients"]
    }
    for workload, pod in templates(size):
        text = told(size, pod)
        for url in logouts if workload == "identity-setup" else ():
            # The job writes these addresses into the realm: it is the identity service that calls them.
            text = text.replace(url, "") if url else text
        found |= {(workload, *known[address][1:]) for address in addresses(size, text)}
        if re.search(rf"^{re.escape(cases.SITE.url)}", text, re.MULTILINE):
            found.add((workload, SITE, cases.SITE.port))
    found |= {("identity", *known[address][1:]) for address in addresses(size, "\n".join(logouts))}
    for route in objects(declared(size), "HTTPRoute"):
        for rule in route.manifest["spec"]["rules"]:
            found |= {(GATEWAY, *known[each["name"], each["port"]][1:]) for each in rule.get("backendRefs", [])}
    identity = one(declared(size), "Deployment", "identity").manifest["spec"]
    if identity["replicas"] > 1:
        # JGroups over TCP: Keycloak, "Configuring distributed caches", ports.
        found |= {("identity", "identity", 7800), ("identity", "identity", 57800)}
    if one(declared(size), "Cluster", "database").manifest["spec"]["instances"] > 1:
        found |= REPLICATION
    return found


def allowed(size: str, direction: str) -> set[Connection]:
    """What the NetworkPolicies let pass, read from one direction; the name service, asked by all, is left out."""
    found = set()
    for each in objects(declared(size), "NetworkPolicy"):
        spec = each.manifest["spec"]
        own = spec["podSelector"].get("matchLabels", {}).get(labels.WORKLOAD, "")
        for rule in spec[direction]:
            (peer,) = rule["from" if direction == "ingress" else "to"]
            other = _who(peer)
            pair = (other, own) if direction == "ingress" else (own, other)
            found |= {(*pair, port["port"]) for port in rule["ports"] if other}
    return found


def _who(peer: dict[str, Any]) -> str:
    if "ipBlock" in peer:
        api = f"{API_SERVER['endpoints'][0]['addresses'][0]}/32"  # type: ignore[index]
        return {api: API, cases.SITE.networks[0]: SITE}[peer["ipBlock"]["cidr"]]
    namespace = peer.get("namespaceSelector", {}).get("matchLabels", {}).get("kubernetes.io/metadata.name", "")
    outside = {GATEWAY_NAMESPACE: GATEWAY, DATABASE_OPERATOR_NAMESPACE: OPERATOR, "kube-system": ""}
    return outside[namespace] if namespace else str(peer["podSelector"]["matchLabels"][labels.WORKLOAD])


@pytest.mark.parametrize("size", cases.POPULATIONS)
def test_allowed_is_what_is_needed_and_nothing_else(size: str) -> None:
    """Both ends agree; a surplus connection fails, a missing one as well."""
    inward = {each for each in needed(size) if each[1] not in {API, SITE}}
    outward = {each for each in needed(size) if each[0] not in {GATEWAY, OPERATOR}}
    assert allowed(size, "ingress") == inward
    assert allowed(size, "egress") == outward


def test_a_surplus_flow_would_be_seen() -> None:
    """The counter-proof: what replicas need is surplus where there is one."""
    assert needed("M") < needed("L")
    assert ("front", "portal", 8080) in needed("M")
    assert ("portal", "dms", 8080) not in needed("L")
