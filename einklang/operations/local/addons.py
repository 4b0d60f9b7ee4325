"""What the local cluster brings itself: its roles, the name service and dynamic storage, as objects to apply."""

from __future__ import annotations

from collections.abc import Mapping

from einklang.operations.local import objects, plan, storage
from einklang.operations.local.objects import Object
from einklang.operations.local.plan import Folders

DNS_PORT = 53
NAME_SERVICE_LABELS = {"k8s-app": "kube-dns"}


def declare(folders: Folders, images: Mapping[str, str]) -> list[Object]:
    """All of them. images: `coredns`, `local-path-provisioner` and `base` -> reference by digest."""
    return [
        *roles(),
        *name_service(images["coredns"]),
        *storage.declare(folders, images[storage.NAME], images["base"]),
    ]


def roles() -> list[Object]:
    """The operators' group, the API server's work on the kubelet (logs, exec), and kube-router's reading."""
    reading = ["get", "list", "watch"]
    return [
        objects.cluster_role_binding("einklang:operators", "cluster-admin", group=plan.OPERATORS_GROUP),
        objects.cluster_role_binding(
            "einklang:kubelet-api", "system:kubelet-api-admin", user="kube-apiserver-kubelet-client"
        ),
        objects.cluster_role(
            "einklang:kube-router",
            [
                {"apiGroups": [""], "resources": ["namespaces", "pods", "services", "nodes"], "verbs": reading},
                {"apiGroups": [""], "resources": ["endpoints"], "verbs": reading},
                {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": reading},
                {"apiGroups": ["networking.k8s.io"], "resources": ["networkpolicies"], "verbs": reading},
            ],
        ),
        objects.cluster_role_binding("einklang:kube-router", "einklang:kube-router", user="einklang:kube-router"),
    ]


def name_service(image: str) -> list[Object]:
    """CoreDNS for the cluster's own names; it asks nobody else, so nothing can be told to the outside by DNS."""
    corefile = f"""{plan.CLUSTER_DOMAIN}:{DNS_PORT} in-addr.arpa:{DNS_PORT} ip6.arpa:{DNS_PORT} {{
    errors
    ready :8181
    health :8080
    kubernetes {plan.CLUSTER_DOMAIN} in-addr.arpa ip6.arpa
    cache 5
}}
.:{DNS_PORT} {{
    template ANY ANY {{
        rcode NXDOMAIN
    }}
}}
"""
    metadata = {"name": "coredns", "namespace": "kube-system"}
    container = {
        "image": image,
        "args": ["-conf", "/etc/coredns/Corefile"],
        "ports": [
            {"name": "dns", "containerPort": DNS_PORT, "protocol": "UDP"},
            {"name": "dns-tcp", "containerPort": DNS_PORT, "protocol": "TCP"},
        ],
        "resources": {"requests": {"cpu": "20m", "memory": "32Mi"}, "limits": {"memory": "128Mi"}},
        "livenessProbe": {"httpGet": {"path": "/health", "port": 8080}},
        "readinessProbe": {"httpGet": {"path": "/ready", "port": 8181}, "periodSeconds": 1},
    }
    watched = [
        {"apiGroups": [""], "resources": ["services", "pods", "namespaces"], "verbs": ["list", "watch"]},
        {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": ["list", "watch"]},
    ]
    ports = [
        {"name": name, "port": 53, "targetPort": DNS_PORT, "protocol": protocol}
        for name, protocol in (("dns", "UDP"), ("dns-tcp", "TCP"))
    ]
    configuration = objects.config_map(metadata, {"Corefile": corefile})
    return [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata},
        objects.cluster_role("system:coredns", watched),
        objects.cluster_role_binding("system:coredns", "system:coredns", account=("kube-system", "coredns")),
        configuration,
        objects.deployment(metadata, NAME_SERVICE_LABELS, container, ("/etc/coredns", configuration)),
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "kube-dns", "namespace": "kube-system"},
            "spec": {"clusterIP": plan.DNS_ADDRESS, "selector": NAME_SERVICE_LABELS, "ports": ports},
        },
    ]
