"""The CloudNativePG operator, from its own release manifest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

from modules import labels
from modules.flows import Outside, ports_from
from modules.kubernetes import Manifest
from modules.network_policies import DATABASE_OPERATOR_NAMESPACE, ApiServer, name_service, policy

WEBHOOK_PORT = 9443
_SELECTED = {"app.kubernetes.io/name": "cloudnative-pg"}


def manifests(upstream: Sequence[Manifest], image: str, api: ApiServer) -> list[Manifest]:
    """The release's objects with our image, and the operator's network policy.

    upstream: documents of `cnpg-<version>.yaml`. image: the operator's, by digest.
    """
    return [*(_adapted(document, image) for document in upstream), _network(api)]


def _adapted(document: Manifest, image: str) -> Manifest:
    adapted: dict[str, Any] = deepcopy(dict(document))
    adapted.pop("status", None)
    if adapted["kind"] == "Namespace":
        marks = adapted["metadata"].setdefault("labels", {})
        marks["pod-security.kubernetes.io/enforce"] = "restricted"
    if adapted["kind"] == "Service":
        # It stands before its pods, and waiting for them here would delay them.
        adapted["metadata"].setdefault("annotations", {})["pulumi.com/skipAwait"] = "true"
    if adapted["kind"] == "Deployment":
        container = adapted["spec"]["template"]["spec"]["containers"][0]
        container |= {"image": image, "imagePullPolicy": "IfNotPresent", "env": _environment(container, image)}
        # The operator copies itself into each instance and asks for little else.
        container["resources"] = {
            "requests": {"cpu": "50m", "memory": "128Mi"},
            "limits": {"cpu": "1", "memory": "512Mi"},
        }
    return adapted


def _environment(container: Mapping[str, Any], image: str) -> list[dict[str, Any]]:
    kept = [variable for variable in container.get("env", []) if variable["name"] != "OPERATOR_IMAGE_NAME"]
    return [{"name": "OPERATOR_IMAGE_NAME", "value": image}, *kept]


def _network(api: ApiServer) -> Manifest:
    """Webhook calls come from the API server, whose address may be any of the control plane's."""
    ports = [{"protocol": "TCP", "port": port} for port in ports_from(Outside.DATABASE_OPERATOR)]
    tenants = {
        "namespaceSelector": {"matchExpressions": [{"key": labels.TENANT, "operator": "Exists"}]},
        "podSelector": {"matchLabels": labels.selector("database")},
    }
    return policy(
        DATABASE_OPERATOR_NAMESPACE,
        "cloudnative-pg",
        _SELECTED,
        [{"from": api.sources(), "ports": [{"protocol": "TCP", "port": WEBHOOK_PORT}]}],
        [name_service(), api.egress(), {"to": [tenants], "ports": ports}],
        {**_SELECTED, "app.kubernetes.io/part-of": labels.PART_OF},
    )
