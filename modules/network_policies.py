"""NetworkPolicies from the flows: deny everything, then allow each flow at both its ends."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pulumi

from modules import labels
from modules.flows import DNS, Flow, Outside, workloads
from modules.kubernetes import Existing

GATEWAY_NAMESPACE = "einklang-gateway"
DATABASE_OPERATOR_NAMESPACE = "cnpg-system"
Rule = dict[str, Any]


@dataclass(frozen=True)
class ApiServer:
    """Where the API server's endpoints are: addresses and port behind the Service `kubernetes`."""

    addresses: pulumi.Input[list[str]]
    port: pulumi.Input[int]

    def egress(self) -> pulumi.Output[Rule]:
        """The rule that allows connections to it."""
        return pulumi.Output.all(self.addresses, self.port).apply(
            lambda known: {
                "to": [{"ipBlock": {"cidr": f"{address}/{128 if ':' in address else 32}"}} for address in known[0]],
                "ports": [{"protocol": "TCP", "port": int(known[1])}],
            }
        )

    def sources(self) -> pulumi.Output[list[Rule]]:
        """It as the origin of connections."""
        return self.egress().apply(lambda rule: rule["to"])


def api_server(opts: pulumi.ResourceOptions) -> ApiServer:
    """Read where the API server is."""
    found = Existing("discovery.k8s.io/v1", "EndpointSlice", "default/kubernetes", ["endpoints", "ports"], opts)
    return ApiServer(
        found.part("endpoints").apply(
            lambda endpoints: sorted(address for endpoint in endpoints or [] for address in endpoint["addresses"])
        ),
        found.part("ports").apply(lambda ports: ports[0]["port"] if ports else 443),
    )


def name_service() -> Rule:
    """The rule that allows to ask the cluster's name service, and no other."""
    return {
        "to": [
            {
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
                "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
            }
        ],
        "ports": [{"protocol": protocol, "port": DNS} for protocol in ("UDP", "TCP")],
    }


def tenant_policies(namespace: str, tenant: str, api: ApiServer, flows: Iterable[Flow]) -> list[dict[str, Any]]:
    """`default-deny` for all pods of the namespace, and one policy a workload."""
    flows = list(flows)
    deny = policy(namespace, "default-deny", {}, [], [], labels.common(tenant, "guardrails"))
    return [deny, *(_workload_policy(namespace, tenant, name, flows, api) for name in workloads(flows))]


def policy(
    namespace: str, name: str, selected: dict[str, str], ingress: list[Any], egress: list[Any], marks: dict[str, str]
) -> dict[str, Any]:
    """A NetworkPolicy for both directions; an empty list of rules allows nothing."""
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": namespace, "labels": marks},
        "spec": {
            "podSelector": {"matchLabels": selected} if selected else {},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": ingress,
            "egress": egress,
        },
    }


def _workload_policy(namespace: str, tenant: str, name: str, flows: list[Flow], api: ApiServer) -> dict[str, Any]:
    ingress = [{"from": [_peer(flow.source)], "ports": _ports(flow)} for flow in flows if flow.target == name]
    egress: list[Any] = [name_service()]
    for flow in flows:
        if flow.source == name:
            to_api = flow.target is Outside.API_SERVER
            egress.append(api.egress() if to_api else {"to": _targets(flow), "ports": _ports(flow)})
    return policy(namespace, name, labels.selector(name), ingress, egress, labels.common(tenant, name))


def _ports(flow: Flow) -> list[Rule]:
    return [{"protocol": "TCP", "port": flow.port}]


def _targets(flow: Flow) -> list[Rule]:
    """Where a flow leads to: networks where it names some, else pods."""
    return [{"ipBlock": {"cidr": network}} for network in flow.networks] or [_peer(flow.target)]


def _peer(end: str | Outside) -> Rule:
    """The other end as a NetworkPolicyPeer; the selectors of an outsider name both namespace and pods."""
    if end is Outside.GATEWAY:
        return _in_namespace(GATEWAY_NAMESPACE, {"app.kubernetes.io/name": "traefik"})
    if end is Outside.DATABASE_OPERATOR:
        return _in_namespace(DATABASE_OPERATOR_NAMESPACE, {"app.kubernetes.io/name": "cloudnative-pg"})
    return {"podSelector": {"matchLabels": labels.selector(end)}}


def _in_namespace(namespace: str, selected: dict[str, str]) -> Rule:
    return {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
        "podSelector": {"matchLabels": selected},
    }
