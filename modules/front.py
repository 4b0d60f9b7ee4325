"""The tenant's front: one nginx between the gateway and the applications, each under its own hostname.

It is what all applications of a tenant have in common towards the outside: paths that are not public, security headers,
cookie flags, limits, and the municipality's page for the time in which an application is down (docs/adr/0012).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi

from einklang.model.resolved import ResolvedTenant
from modules import labels, pods
from modules.flows import HTTP
from modules.front_backend import Backend
from modules.front_configuration import HEALTH_PORT, files, temporary_mib
from modules.kubernetes import Manifest, Object

__all__ = ["NAME", "Backend", "Front", "FrontArgs"]

NAME = "front"
_CONFIGURATION = "front-configuration"
_USER = 65532


@dataclass(frozen=True)
class FrontArgs:
    """image: by digest. templates: folder of the templates. backends: at least one. suspended: no pods."""

    resolved: ResolvedTenant
    namespace: str
    image: str
    templates: Path
    backends: Sequence[Backend]
    suspended: bool


class Front(pulumi.ComponentResource):
    """nginx with its configuration. The Services of its backends have to stand before it: it looks for them once."""

    service: str
    port: int

    def __init__(self, name: str, args: FrontArgs, opts: pulumi.ResourceOptions) -> None:
        super().__init__("einklang:front:Front", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.service, self.port = NAME, HTTP
        content = files(args.templates, args.resolved, args.backends)
        configuration = Object(_config_map(args, content), child)
        reachable = Object(_service(args), child)
        after = pulumi.ResourceOptions(parent=self, depends_on=[configuration, reachable])
        Object(_deployment(args, content), after)
        self.register_outputs({"service": self.service, "port": self.port})


def _metadata(args: FrontArgs, name: str) -> dict[str, Any]:
    return {"name": name, "namespace": args.namespace, "labels": labels.common(args.resolved.tenant.id, NAME)}


def _config_map(args: FrontArgs, content: Mapping[str, str]) -> Manifest:
    """A key names the path, with `__` for `/`."""
    data = {_key(path): text for path, text in sorted(content.items())}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": _metadata(args, _CONFIGURATION), "data": data}


def _service(args: FrontArgs) -> Manifest:
    metadata = _metadata(args, NAME)
    # The Deployment is waited for, and its pods are the endpoints.
    metadata["annotations"] = {"pulumi.com/skipAwait": "true"}
    ports = [{"name": "http", "port": HTTP, "targetPort": "http", "appProtocol": "http"}]
    spec = {"selector": labels.selector(NAME), "ports": ports}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}


def _deployment(args: FrontArgs, content: Mapping[str, str]) -> Manifest:
    spec = {
        "replicas": 0 if args.suspended else args.resolved.size.front.replicas,
        # The next pod answers before the last one goes.
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
        "revisionHistoryLimit": 2,
        "progressDeadlineSeconds": 300,
        "selector": {"matchLabels": labels.selector(NAME)},
        "template": {
            "metadata": {
                "labels": labels.workload(args.resolved.tenant.id, NAME),
                # nginx reads its configuration once: another one is another pod.
                "annotations": {"einklang/configuration": _digest(content)},
            },
            "spec": _pod(args, content),
        },
    }
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": _metadata(args, NAME), "spec": spec}


def _pod(args: FrontArgs, content: Mapping[str, str]) -> dict[str, Any]:
    items = [{"key": _key(path), "path": path} for path in sorted(content)]
    return {
        "serviceAccountName": NAME,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": labels.restricted_pod(_USER),
        # nginx itself gives requests under way 20 seconds.
        "terminationGracePeriodSeconds": 30,
        "topologySpreadConstraints": pods.spread(NAME),
        "containers": [_container(args)],
        "volumes": [
            {"name": "temporary", "emptyDir": {"sizeLimit": f"{temporary_mib(args.backends)}Mi"}},
            {"name": "configuration", "configMap": {"name": _CONFIGURATION, "items": items}},
        ],
    }


def _container(args: FrontArgs) -> dict[str, Any]:
    size = args.resolved.size.front
    return {
        "name": "nginx",
        "image": args.image,
        "imagePullPolicy": "IfNotPresent",
        "ports": [{"name": "http", "containerPort": HTTP}, {"name": "health", "containerPort": HEALTH_PORT}],
        "resources": {
            "requests": {"cpu": f"{size.cpu_request_millicores}m", "memory": f"{size.memory_mib}Mi"},
            "limits": {"cpu": f"{size.cpu_limit_millicores}m", "memory": f"{size.memory_mib}Mi"},
        },
        "securityContext": labels.restricted_container(),
        # Whether nginx runs, not whether an application does: without them it has a page to show.
        "startupProbe": _probe(period_seconds=1, failures=60),
        "readinessProbe": _probe(period_seconds=5, failures=2),
        "livenessProbe": _probe(period_seconds=10, failures=3),
        # The gateway hears of the end of a pod a moment later than the pod itself.
        "lifecycle": {"preStop": {"sleep": {"seconds": 3}}},
        "volumeMounts": [
            {"name": "temporary", "mountPath": "/tmp"},  # noqa: S108 - an emptyDir of the pod
            {"name": "configuration", "mountPath": "/etc/front", "readOnly": True},
        ],
    }


def _probe(*, period_seconds: int, failures: int) -> dict[str, Any]:
    return {
        "httpGet": {"path": "/health", "port": "health"},
        "periodSeconds": period_seconds,
        "timeoutSeconds": 3,
        "failureThreshold": failures,
    }


def _key(path: str) -> str:
    return path.replace("/", "__")


def _digest(content: Mapping[str, str]) -> str:
    text = "".join(f"{path}\0{len(text)}\0{text}" for path, text in sorted(content.items()))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
