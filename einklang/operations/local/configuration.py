"""The configuration files of the cluster, written anew at each start. JSON, which every component reads as YAML."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from einklang.operations.local import node, plan
from einklang.operations.local.host import Cgroups
from einklang.operations.local.plan import Folders
from einklang.settings import Settings

COMPONENT_USERS = ("kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy", "kube-router", "bootstrap")
_SYSTEM_PATH = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")


def write(settings: Settings, pause: str, cgroups: Cgroups) -> None:
    """Write all configuration files, and the operators' kubeconfig. pause: the sandbox image's reference."""
    folders = Folders.of(settings)
    for user in COMPONENT_USERS:
        _write(folders.kubeconfig(user), _json(kubeconfig(folders.pki, user)))
    _write(settings.kubeconfig, _json(kubeconfig(folders.pki, "operator")))
    files = {
        "containerd.toml": node.containerd(folders, pause),
        "cni/10-einklang.conflist": _json(node.network(folders)),
        "kubelet.json": _json(node.kubelet(folders, cgroups)),
        "kube-proxy.json": _json(node.kube_proxy(folders)),
        "audit-policy.json": _json(audit_policy()),
        # No name server of the machine's: nothing in the cluster resolves names of the outside.
        "resolv.conf": "",
    }
    for name, text in files.items():
        _write(folders.configuration / name, text)


def environment(base: Mapping[str, str]) -> dict[str, str]:
    """The components' environment: the system's programs on the PATH, and no proxy between components."""
    kept = {name: value for name, value in base.items() if not name.lower().endswith("_proxy")}
    path = dict.fromkeys([*base.get("PATH", "").split(":"), *_SYSTEM_PATH])
    return {**kept, "PATH": ":".join(folder for folder in path if folder)}


def kubeconfig(pki: Path, user: str) -> dict[str, Any]:
    """A kubeconfig that names files for its credentials and embeds none."""
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": plan.NODE_NAME,
        "clusters": [
            {
                "name": plan.NODE_NAME,
                "cluster": {"server": plan.api_url(), "certificate-authority": str(pki / "ca.crt")},
            }
        ],
        "users": [
            {
                "name": user,
                "user": {
                    "client-certificate": str(pki / f"{user}.crt"),
                    "client-key": str(pki / f"{user}.key"),
                },
            }
        ],
        "contexts": [{"name": plan.NODE_NAME, "context": {"cluster": plan.NODE_NAME, "user": user}}],
    }


def audit_policy() -> dict[str, Any]:
    """Who did what, without the content of Secrets (audit.k8s.io/v1; BSI APP.4.4.A3, SYS.1.6.A7)."""
    quiet = ["system:kube-scheduler", "system:kube-proxy", "system:apiserver", "einklang:kube-router"]
    secret = [{"group": "", "resources": ["secrets", "serviceaccounts/token"]}, {"group": "authentication.k8s.io"}]
    return {
        "apiVersion": "audit.k8s.io/v1",
        "kind": "Policy",
        "omitStages": ["RequestReceived"],
        "rules": [
            {"level": "Metadata", "resources": secret},
            {"level": "None", "users": quiet, "verbs": ["get", "list", "watch"]},
            {"level": "None", "nonResourceURLs": ["/livez*", "/readyz*", "/healthz*", "/openapi*", "/version"]},
            {"level": "None", "resources": [{"group": "coordination.k8s.io", "resources": ["leases"]}]},
            {"level": "None", "resources": [{"group": "", "resources": ["events"]}]},
            # A patch by server-side apply is YAML, which the audit log cannot hold: the whole event would be lost.
            {"level": "Request", "verbs": ["create", "update", "delete", "deletecollection"]},
            {"level": "Metadata"},
        ],
    }


def _json(data: Mapping[str, Any]) -> str:
    return json.dumps(data, indent=1)


def _write(path: Path, text: str) -> None:
    if path.exists() and path.read_text() == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    new = path.with_name(f".{path.name}.new")
    new.touch(mode=0o600)
    new.write_text(text)
    new.replace(path)
