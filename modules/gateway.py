"""The shared gateway: Traefik as the controller of the Gateways that tenants have in their namespaces.

It terminates TLS, so it reads the certificates, which are Secrets in the tenants' namespaces. Kubernetes cannot grant
that for a label alone: the controller may read all Secrets (docs/security says what follows from that). It has no
shell, no root, no API of its own, and no connection but to the workloads that a flow names.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from modules import labels
from modules.flows import Outside, ports_from
from modules.kubernetes import OLD_ONES_FIRST, Manifest
from modules.network_policies import GATEWAY_NAMESPACE, ApiServer, name_service, policy
from modules.routing import GATEWAY_CLASS, HTTP_PORT, HTTPS_PORT

NAME = "traefik"
PING_PORT = 8080
USER = 65532
_RBAC = "rbac.authorization.k8s.io"
_LABELS = {"app.kubernetes.io/name": NAME, "app.kubernetes.io/part-of": labels.PART_OF}


@dataclass(frozen=True)
class GatewayArgs:
    """image: by digest. host_address: address of the node on which the gateway listens; None for a LoadBalancer."""

    image: str
    host_address: str | None


def manifests(args: GatewayArgs, api: ApiServer) -> list[Manifest]:
    """Everything but the namespace, in no order."""
    return [_class(), _account(), _role(), _binding(), _deployment(args), _network(api), _service(args)]


def namespace(args: GatewayArgs) -> Manifest:
    """A port of the host is beyond `baseline`: only where there is no load balancer."""
    level = "privileged" if args.host_address else "restricted"
    marks = {**_LABELS, "pod-security.kubernetes.io/enforce": level}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": GATEWAY_NAMESPACE, "labels": marks}}


def _metadata(*, namespaced: bool = True) -> dict[str, Any]:
    place = {"namespace": GATEWAY_NAMESPACE} if namespaced else {}
    return {"name": NAME, **place, "labels": _LABELS}


def _class() -> Manifest:
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "GatewayClass",
        "metadata": {"name": GATEWAY_CLASS, "labels": _LABELS},
        "spec": {"controllerName": "traefik.io/gateway-controller"},
    }


def _account() -> Manifest:
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": _metadata()}


def _role() -> Manifest:
    """Source: Traefik 3.6, provider kubernetes-gateway, required RBAC, less what is experimental."""
    read = ["get", "list", "watch"]
    kinds = ["gatewayclasses", "gateways", "httproutes", "grpcroutes", "referencegrants", "backendtlspolicies"]
    status = [f"{kind}/status" for kind in kinds if kind != "referencegrants"]
    rules = [
        {"apiGroups": [""], "resources": ["namespaces", "services", "secrets", "configmaps"], "verbs": read},
        {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": read},
        {"apiGroups": ["gateway.networking.k8s.io"], "resources": kinds, "verbs": read},
        {"apiGroups": ["gateway.networking.k8s.io"], "resources": status, "verbs": ["update"]},
    ]
    return {"apiVersion": f"{_RBAC}/v1", "kind": "ClusterRole", "metadata": _metadata(namespaced=False), "rules": rules}


def _binding() -> Manifest:
    return {
        "apiVersion": f"{_RBAC}/v1",
        "kind": "ClusterRoleBinding",
        "metadata": _metadata(namespaced=False),
        "roleRef": {"apiGroup": _RBAC, "kind": "ClusterRole", "name": NAME},
        "subjects": [{"kind": "ServiceAccount", "name": NAME, "namespace": GATEWAY_NAMESPACE}],
    }


def _deployment(args: GatewayArgs) -> Manifest:
    arguments = [
        f"--entrypoints.web.address=:{HTTP_PORT}",
        f"--entrypoints.websecure.address=:{HTTPS_PORT}",
        f"--entrypoints.traefik.address=:{PING_PORT}",
        "--ping=true",
        "--api=false",
        "--providers.kubernetesgateway=true",
        "--providers.providersthrottleduration=500ms",
        # Not the path: with it Traefik writes the query, where login codes, mail addresses and the tokens of mailed
        # links stand, of all tenants in one log. Who logged in when is in each identity service's own events.
        "--accesslog=true",
        "--accesslog.format=json",
        "--accesslog.fields.names.RequestPath=drop",
        "--accesslog.fields.names.RequestLine=drop",
        "--log.level=INFO",
        "--global.checknewversion=false",
        "--global.sendanonymoususage=false",
    ]
    host = {"hostIP": args.host_address} if args.host_address else {}
    ports = [
        {"name": name, "containerPort": port, **({"hostPort": port} if args.host_address else {}), **host}
        for name, port in (("http", HTTP_PORT), ("https", HTTPS_PORT))
    ]
    ping = {"httpGet": {"path": "/ping", "port": PING_PORT}}
    container = {
        "name": NAME,
        "image": args.image,
        "imagePullPolicy": "IfNotPresent",
        "args": arguments,
        "ports": ports,
        "readinessProbe": {**ping, "periodSeconds": 2},
        "livenessProbe": ping,
        "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"cpu": "1", "memory": "512Mi"}},
        "securityContext": labels.restricted_container(),
    }
    pod = {
        "serviceAccountName": NAME,
        # Ports below 1024 without root and without a capability.
        "securityContext": {
            **labels.restricted_pod(USER),
            "sysctls": [{"name": "net.ipv4.ip_unprivileged_port_start", "value": "0"}],
        },
        "containers": [container],
    }
    # With a port of the host two pods cannot stand side by side: the old one goes first.
    strategy = OLD_ONES_FIRST if args.host_address else {"type": "RollingUpdate"}
    spec = {
        "replicas": 1,
        "strategy": strategy,
        "selector": {"matchLabels": {"app.kubernetes.io/name": NAME}},
        "template": {"metadata": {"labels": _LABELS}, "spec": pod},
    }
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": _metadata(), "spec": spec}


def _service(args: GatewayArgs) -> Manifest:
    """Its address for others, and for the cluster's own audit, which comes by it where the node's port is the way."""
    ports = [{"name": name, "port": port} for name, port in (("http", HTTP_PORT), ("https", HTTPS_PORT))]
    kind = "ClusterIP" if args.host_address else "LoadBalancer"
    spec = {"type": kind, "selector": {"app.kubernetes.io/name": NAME}, "ports": ports}
    # Pulumi would wait for the pods behind it, which start after it.
    metadata = {**_metadata(), "annotations": {"pulumi.com/skipAwait": "true"}}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}


def _network(api: ApiServer) -> Manifest:
    public = [{"protocol": "TCP", "port": port} for port in (HTTP_PORT, HTTPS_PORT)]
    workloads = [{"protocol": "TCP", "port": port} for port in ports_from(Outside.GATEWAY)]
    tenants = {"namespaceSelector": {"matchExpressions": [{"key": labels.TENANT, "operator": "Exists"}]}}
    egress = [name_service(), api.egress(), {"to": [tenants], "ports": workloads}]
    return policy(GATEWAY_NAMESPACE, NAME, {"app.kubernetes.io/name": NAME}, [{"ports": public}], egress, _LABELS)
