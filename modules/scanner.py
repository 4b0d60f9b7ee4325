"""The tenant's virus scanner: a ClamAV that looks at each file before the document management takes it.

One for each tenant: documents pass through it in clear, and no process sees those of two municipalities. It keeps
nothing (docs/adr/0015).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pulumi

from einklang.model.resolved import ResolvedTenant
from einklang.model.standard import (
    SCANNER_UPDATE_CPU_LIMIT_MILLICORES,
    SCANNER_UPDATE_CPU_REQUEST_MILLICORES,
    SCANNER_UPDATE_MEMORY_MIB,
)
from modules import dms_parts, labels
from modules.flows import SCANNER as PORT
from modules.kubernetes import OLD_ONES_FIRST, Manifest, Object
from modules.scanner_configuration import (
    AUTHORITY,
    FRESHCLAM,
    SCAN_SECONDS,
    SIGNATURES,
    SignatureMirror,
    files,
    temporary_mib,
)

NAME = "scanner"
ADDRESS = f"{NAME}:{PORT}"
_USER = 65532
_CONFIGURATION = "/etc/clamav"
# ClamAV's databases have about 250 MiB; while one is replaced, both are there.
_SIGNATURES_MIB = 1024
_UPDATE = ["/usr/bin/freshclam", f"--config-file={_CONFIGURATION}/{FRESHCLAM}", "--stdout"]


@dataclass(frozen=True)
class ScannerArgs:
    """image: by digest. templates: folder of the templates. suspended: no pods.

    mirror: where signatures come from; None: the scanner knows the test signatures of its image and nothing else.
    """

    resolved: ResolvedTenant
    namespace: str
    image: str
    templates: Path
    mirror: SignatureMirror | None
    suspended: bool


class Scanner(pulumi.ComponentResource):
    """clamd, and freshclam beside it where there is a mirror. Without the first signatures nothing is let in."""

    def __init__(self, name: str, args: ScannerArgs, opts: pulumi.ResourceOptions) -> None:
        super().__init__("einklang:scanner:Scanner", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        made = [Object(manifest, child) for manifest in (config_map(args), service(args))]
        Object(deployment(args), pulumi.ResourceOptions(parent=self, depends_on=made))
        self.register_outputs({"address": ADDRESS})


def config_map(args: ScannerArgs) -> Manifest:
    """The files of /etc/clamav."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": _metadata(args), "data": dict(_files(args))}


def service(args: ScannerArgs) -> Manifest:
    """The address within the namespace."""
    # The Deployment is waited for where it should be, and its pods are the endpoints.
    metadata = {**_metadata(args), "annotations": {"pulumi.com/skipAwait": "true"}}
    ports = [{"name": "clamd", "port": PORT, "targetPort": "clamd"}]
    spec = {"selector": labels.selector(NAME), "ports": ports}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}


def deployment(args: ScannerArgs) -> Manifest:
    """One pod; the old one goes first: two would need the memory of the signatures twice."""
    metadata = _metadata(args)
    if args.mirror:
        # A mirror that is away must not hold up the rest of the tenant: uploads are refused until it is back.
        metadata["annotations"] = {"pulumi.com/skipAwait": "true"}
    spec = {
        "replicas": 0 if args.suspended else 1,
        "strategy": OLD_ONES_FIRST,
        "revisionHistoryLimit": 2,
        "progressDeadlineSeconds": 300,
        "selector": {"matchLabels": labels.selector(NAME)},
        "template": {
            "metadata": {
                "labels": labels.workload(args.resolved.tenant.id, NAME),
                # clamd reads its configuration once: another one is another pod.
                "annotations": {"einklang/configuration": _digest(_files(args))},
            },
            "spec": _pod(args),
        },
    }
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}


def _metadata(args: ScannerArgs) -> dict[str, Any]:
    return {"name": NAME, "namespace": args.namespace, "labels": labels.common(args.resolved.tenant.id, NAME)}


def _files(args: ScannerArgs) -> Mapping[str, str]:
    return files(args.templates, args.resolved, args.mirror)


def _pod(args: ScannerArgs) -> dict[str, Any]:
    volumes: list[dict[str, Any]] = [
        {"name": "temporary", "emptyDir": {"sizeLimit": f"{temporary_mib(args.resolved)}Mi"}},
        {"name": "configuration", "configMap": {"name": NAME}},
    ]
    # Files under scan come to their end, and so do those that wait for them.
    pod = {**dms_parts.pod(NAME, _clamd(args), volumes), "terminationGracePeriodSeconds": SCAN_SECONDS + 15}
    if args.mirror is None:
        return pod
    # Before clamd starts, everything has to be there once; then it is looked for again each hour.
    first, later = (_freshclam(args, args.mirror, name, *more) for name, more in _UPDATES.items())
    signatures = {"name": "signatures", "emptyDir": {"sizeLimit": f"{_SIGNATURES_MIB}Mi"}}
    containers = [*pod["containers"], later]
    return {**pod, "initContainers": [first], "containers": containers, "volumes": [*volumes, signatures]}


_UPDATES = {"first-signatures": (), "signatures": ("--daemon", "--foreground")}


def _clamd(args: ScannerArgs) -> dict[str, Any]:
    size = args.resolved.size.scanner
    return {
        "name": "clamd",
        "image": args.image,
        "imagePullPolicy": "IfNotPresent",
        "ports": [{"name": "clamd", "containerPort": PORT}],
        "resources": dms_parts.resources(
            size.cpu_request_millicores,
            size.cpu_limit_millicores,
            size.signatures_memory_mib if args.mirror else size.memory_mib,
        ),
        "securityContext": labels.restricted_container(),
        # It opens its port when the signatures are loaded. Then it has to find what only the image's signatures know;
        # later, to look at a harmless text, which leaves no line in the log.
        "startupProbe": _probe("malware", period_seconds=2, failures=150),
        "readinessProbe": _probe("clean", period_seconds=20, failures=3),
        "livenessProbe": _probe("clean", period_seconds=60, failures=5),
        # The document management hears of the end of a pod a moment later than the pod itself.
        "lifecycle": {"preStop": {"sleep": {"seconds": 3}}},
        "volumeMounts": _mounts(args),
    }


def _freshclam(args: ScannerArgs, mirror: SignatureMirror, name: str, *more: str) -> dict[str, Any]:
    trust = [{"name": "CURL_CA_BUNDLE", "value": f"{_CONFIGURATION}/{AUTHORITY}"}] if mirror.authority else []
    return {
        "name": name,
        "image": args.image,
        "imagePullPolicy": "IfNotPresent",
        "command": [*_UPDATE, *more],
        "env": trust,
        "resources": dms_parts.resources(
            SCANNER_UPDATE_CPU_REQUEST_MILLICORES, SCANNER_UPDATE_CPU_LIMIT_MILLICORES, SCANNER_UPDATE_MEMORY_MIB
        ),
        "securityContext": labels.restricted_container(),
        "volumeMounts": _mounts(args),
    }


def _mounts(args: ScannerArgs) -> list[dict[str, Any]]:
    mounts: list[dict[str, Any]] = [
        {"name": "temporary", "mountPath": "/tmp"},  # noqa: S108 - an emptyDir of the pod
        {"name": "configuration", "mountPath": _CONFIGURATION, "readOnly": True},
    ]
    return [*mounts, {"name": "signatures", "mountPath": SIGNATURES}] if args.mirror else mounts


def _probe(what: str, *, period_seconds: int, failures: int) -> dict[str, Any]:
    return {
        "exec": {"command": ["/usr/local/bin/scanner-check", what]},
        "periodSeconds": period_seconds,
        "timeoutSeconds": 25,
        "failureThreshold": failures,
    }


def _digest(content: Mapping[str, str]) -> str:
    text = "".join(f"{name}\0{len(value)}\0{value}" for name, value in sorted(content.items()))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
