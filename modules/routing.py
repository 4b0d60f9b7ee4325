"""Routes of a tenant: HTTPS on its own hostnames only, plain HTTP only to be sent there.

Gateway API v1. Each tenant has a Gateway of its own, in its namespace, with its own certificate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pulumi

from modules import labels
from modules.certificates import CertManager, Issuer, LocalAuthority, secret_name, sign
from modules.kubernetes import Manifest, Object

GATEWAY = "tenant"
GATEWAY_CLASS = "einklang"
HTTP_PORT, HTTPS_PORT = 80, 443
HSTS_SECONDS = 31_536_000
"""One year (BSI TR-02102-2 asks for HSTS; the preload list for at least a year)."""
_API = "gateway.networking.k8s.io/v1"


@dataclass(frozen=True)
class Route:
    """A service under a hostname. workload: what is behind it, and the name of the route.

    paths: prefixes that are public, nothing else is. home: where `/` leads; `/` itself leads nowhere else.
    """

    workload: str
    hostname: str
    service: str
    port: int
    paths: Sequence[str]
    home: str


@dataclass(frozen=True)
class RoutingArgs:
    """issuer: where the certificate comes from. now: when a local one begins."""

    tenant: str
    namespace: str
    routes: Sequence[Route]
    issuer: Issuer
    now: datetime


class Routing(pulumi.ComponentResource):
    """Gateway, certificate and HTTPRoutes. urls: workload -> address of its home page."""

    urls: dict[str, str]

    def __init__(self, name: str, args: RoutingArgs, opts: pulumi.ResourceOptions) -> None:
        super().__init__("einklang:routing:Routing", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        hostnames = sorted({route.hostname for route in args.routes})
        tls = secret_name(hostnames, args.issuer)
        if isinstance(args.issuer, LocalAuthority):
            Object(_certificate(args, tls, sign(args.issuer, hostnames, args.now)), child)
        Object(_gateway(args, hostnames, tls), child)
        for route in args.routes:
            Object(_route(args, route), child)
        Object(_to_https(args, hostnames), child)
        self.urls = {route.workload: f"https://{route.hostname}{route.home}" for route in args.routes}
        self.register_outputs({"urls": self.urls})


def _metadata(args: RoutingArgs, name: str) -> dict[str, Any]:
    return {"name": name, "namespace": args.namespace, "labels": labels.common(args.tenant, "routing")}


def _certificate(args: RoutingArgs, name: str, content: dict[str, str]) -> Manifest:
    metadata = _metadata(args, name)
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "kubernetes.io/tls",
        "metadata": metadata,
        "stringData": content,
    }


def _gateway(args: RoutingArgs, hostnames: Sequence[str], tls: str) -> Manifest:
    metadata = _metadata(args, GATEWAY)
    if isinstance(args.issuer, CertManager):
        metadata["annotations"] = {"cert-manager.io/cluster-issuer": args.issuer.cluster_issuer}
    same = {"namespaces": {"from": "Same"}}
    listeners: list[dict[str, Any]] = []
    for number, hostname in enumerate(hostnames):
        certificate = {"mode": "Terminate", "certificateRefs": [{"kind": "Secret", "name": tls}]}
        common = {"hostname": hostname, "allowedRoutes": same}
        listeners += [
            {**common, "name": f"https-{number}", "port": HTTPS_PORT, "protocol": "HTTPS", "tls": certificate},
            {**common, "name": f"http-{number}", "port": HTTP_PORT, "protocol": "HTTP"},
        ]
    spec = {"gatewayClassName": GATEWAY_CLASS, "listeners": listeners}
    return {"apiVersion": _API, "kind": "Gateway", "metadata": metadata, "spec": spec}


def _route(args: RoutingArgs, route: Route) -> Manifest:
    header = {"name": "Strict-Transport-Security", "value": f"max-age={HSTS_SECONDS}; includeSubDomains"}
    hsts = {"type": "ResponseHeaderModifier", "responseHeaderModifier": {"set": [header]}}
    rules: list[dict[str, Any]] = [
        {
            "matches": [{"path": {"type": "PathPrefix", "value": path}} for path in route.paths],
            "filters": [hsts],
            "backendRefs": [{"name": route.service, "port": route.port}],
        }
    ]
    if route.home != "/":
        target = {"type": "ReplaceFullPath", "replaceFullPath": route.home}
        home = {"type": "RequestRedirect", "requestRedirect": {"statusCode": 302, "path": target}}
        rules.append({"matches": [{"path": {"type": "Exact", "value": "/"}}], "filters": [home]})
    return _http_route(args, route.workload, [route.hostname], HTTPS_PORT, rules)


def _to_https(args: RoutingArgs, hostnames: Sequence[str]) -> Manifest:
    redirect = {"type": "RequestRedirect", "requestRedirect": {"scheme": "https", "statusCode": 301}}
    return _http_route(args, "to-https", hostnames, HTTP_PORT, [{"filters": [redirect]}])


def _http_route(
    args: RoutingArgs, name: str, hostnames: Sequence[str], port: int, rules: list[dict[str, Any]]
) -> Manifest:
    parent = {"name": GATEWAY, "port": port}
    spec = {"parentRefs": [parent], "hostnames": list(hostnames), "rules": rules}
    return {"apiVersion": _API, "kind": "HTTPRoute", "metadata": _metadata(args, name), "spec": spec}
