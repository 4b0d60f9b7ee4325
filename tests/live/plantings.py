"""What is broken on a live tenant, check by check: objects that are made for it, and values that are changed.

All of them can stand beside each other: what a check finds names what was planted for it, and nothing else. What is
planted runs nowhere (no replicas) and gives nobody a right that somebody has.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Manifest = dict[str, Any]
TENANT, NAMESPACE = "olpe", "tenant-olpe"
CLUSTER_WIDE = {"default-namespace-empty", "no-anonymous-rights", "no-masters"}
"""Checks that see what is planted at every tenant: it concerns the cluster."""
MARK = "planted"
_LABELS = {"einklang/tenant": TENANT}
_RBAC = "rbac.authorization.k8s.io"


@dataclass(frozen=True)
class Change:
    """A value of an object that is there. broken, good: merge patches; good puts back what was."""

    kind: str
    name: str
    broken: Manifest
    good: Manifest


def objects(portal: Manifest, job: Manifest) -> dict[str, list[Manifest]]:
    """Check -> what is made for it. portal, job: the tenant's own Deployment and CronJob, to be copied and broken."""
    made = {check: [_deployment(portal, check, breaking)] for check, breaking in PODS.items()}
    made |= {check: _bound(check, *grant) for check, grant in RIGHTS.items()}
    made["micro-segmentation"].append(_object("ServiceAccount", "v1", "micro-segmentation"))
    surplus = _object("ServiceAccount", "v1", "nothing-surplus", automountServiceAccountToken=False)
    del surplus["metadata"]["labels"]
    stray = _deployment(portal, "default-namespace-empty", lambda _: None)
    stray["metadata"]["namespace"] = "default"
    return {
        **made,
        "namespace-own": [_without_namespace(_object("Namespace", "v1", "namespace-own"))],
        "default-namespace-empty": [stray],
        "nothing-surplus": [surplus],
        "config-without-secrets": [_object("ConfigMap", "v1", "config-without-secrets", data={"password": "harmless"})],
        "default-deny": [_policy("default-deny", {}, {"ingress": [{"from": [_NOBODY], "ports": [{"port": 1}]}]})],
        "no-wide-peers": [
            _policy("no-wide-peers", _PORTAL, {"egress": [{"to": [{"ipBlock": {"cidr": "192.0.2.0/23"}}]}]})
        ],
        "own-hostnames": [_object("ReferenceGrant", "gateway.networking.k8s.io/v1beta1", "own-hostnames", spec=_GRANT)],
        "no-wildcards": [
            _object("Role", f"{_RBAC}/v1", "no-wildcards", rules=[_rule("*", "pods")]),
        ],
        "no-cluster-admin": [_everywhere("no-cluster-admin")],
        "backup-scope": [_half_a_backup(job)],
    }


def changes(get: Callable[..., Manifest]) -> dict[str, list[Change]]:
    """Check -> the values that are changed for it. get: `kubectl get`, parsed."""
    label, size, address = "pod-security.kubernetes.io/audit", "size", "repository.json"
    namespace = get("namespace", NAMESPACE)["metadata"]["labels"]
    quota = get("resourcequota", "quota", "-n", NAMESPACE)["spec"]["hard"]
    limits = get("limitrange", "limits", "-n", NAMESPACE)["spec"]["limits"]
    record = get("configmap", "tenant", "-n", NAMESPACE)["data"]
    backup = get("configmap", "backup", "-n", NAMESPACE)["data"]
    place = json.dumps({"repository": "rest:https://planted.svc:8000/olpe/", "authority": ""})
    realm = get("configmap", "identity-realms", "-n", NAMESPACE)["data"]["realm.json"]
    return {
        "pod-security": [
            Change("namespace", NAMESPACE, _labelled(label, "baseline"), _labelled(label, namespace[label]))
        ],
        "resource-quota": [_hard("services.nodeports", "1", quota)],
        "quota-as-standard": [_hard("pods", "500", quota)],
        "limit-range": [
            Change("limitrange", "limits", {"spec": {"limits": _without_maximum(limits)}}, {"spec": {"limits": limits}})
        ],
        "standard-recorded": [Change("configmap", "tenant", {"data": {size: MARK}}, {"data": {size: record[size]}})],
        "backup-elsewhere": [
            Change("configmap", "backup", {"data": {address: place}}, {"data": {address: backup[address]}})
        ],
        "backup-job": [Change("cronjob", "backup", {"spec": {"suspend": True}}, {"spec": {"suspend": False}})],
        **{
            check: [Change("configmap", "identity-realms", _realm(_weak(realm)), _realm(realm))]
            for check in ("password-policy", "brute-force", "second-factor", "code-flow-only", "login-events")
        },
    }


def _deployment(portal: Manifest, check: str, breaking: Callable[[Manifest], None]) -> Manifest:
    template = copy.deepcopy(portal["spec"]["template"])
    breaking(template)
    spec = {"replicas": 0, "selector": {"matchLabels": template["metadata"]["labels"]}, "template": template}
    return _object("Deployment", "apps/v1", check, spec=spec)


def _container(template: Manifest) -> Manifest:
    found: Manifest = template["spec"]["containers"][0]
    return found


def _secure(**changed: Any) -> Callable[[Manifest], None]:
    return lambda template: _container(template)["securityContext"].update(changed)


def _pod(**changed: Any) -> Callable[[Manifest], None]:
    return lambda template: template["spec"].update(changed)


def _pod_security(**changed: Any) -> Callable[[Manifest], None]:
    return lambda template: template["spec"]["securityContext"].update(changed)


def _volume(**content: Any) -> Callable[[Manifest], None]:
    return lambda template: template["spec"].setdefault("volumes", []).append({"name": MARK, **content})


def _field(**changed: Any) -> Callable[[Manifest], None]:
    return lambda template: _container(template).update(changed)


def _without(key: str) -> Callable[[Manifest], None]:
    def breaking(template: Manifest) -> None:
        del _container(template)[key]

    return breaking


def _tagged(template: Manifest) -> None:
    _container(template)["image"] = _container(template)["image"].partition("@")[0]


def _elsewhere(template: Manifest) -> None:
    _container(template)["image"] = f"elsewhere.example/portal@sha256:{'0' * 64}"


def _in_clear(template: Manifest) -> None:
    _container(template).setdefault("env", []).append({"name": "DATABASE_PASSWORD", "value": "harmless"})


def _of_no_policy(template: Manifest) -> None:
    template["metadata"]["labels"]["einklang/workload"] = f"{MARK}-micro-segmentation"
    template["spec"]["serviceAccountName"] = f"{MARK}-micro-segmentation"


def _preparing(template: Manifest) -> None:
    first = copy.deepcopy(_container(template))
    for key in ("livenessProbe", "readinessProbe", "startupProbe", "lifecycle", "ports"):
        first.pop(key, None)
    first["name"] = MARK
    first["securityContext"]["capabilities"] = {"drop": ["NET_RAW"]}
    template["spec"]["initContainers"] = [first]


PODS: dict[str, Callable[[Manifest], None]] = {
    "host-namespaces": _pod(hostPID=True),
    "host-ports": _field(ports=[{"containerPort": 8080, "hostPort": 8080}]),
    "host-paths": _volume(hostPath={"path": "/"}),
    "volume-types": _volume(nfs={"server": "192.0.2.1", "path": "/"}),
    "privileged": _secure(privileged=True, allowPrivilegeEscalation=True),
    "privilege-escalation": _secure(allowPrivilegeEscalation=True),
    "capabilities": _secure(capabilities={"drop": ["ALL"], "add": ["NET_RAW"]}),
    "run-as-non-root": _secure(runAsUser=0),
    "seccomp": _pod_security(seccompProfile={"type": "Unconfined"}),
    "pod-security-others": _pod_security(sysctls=[{"name": "kernel.msgmax", "value": "1"}]),
    "read-only-root": _secure(readOnlyRootFilesystem=False),
    "resource-limits": _without("resources"),
    "probes": _without("livenessProbe"),
    "init-containers": _preparing,
    "images-by-digest": _tagged,
    "images-from-registry": _elsewhere,
    "secrets-by-reference": _in_clear,
    "no-tokens": _pod(automountServiceAccountToken=True),
    "own-accounts": _pod(serviceAccountName="default"),
    "micro-segmentation": _of_no_policy,
    "backup-credentials": _volume(secret={"secretName": "backup"}),
}
"""Check -> how a copy of the portal is broken."""


def _rule(verbs: str, resources: str, group: str = "") -> Manifest:
    return {"apiGroups": [group], "resources": resources.split(), "verbs": verbs.split(), "resourceNames": [MARK]}


def _account(name: str) -> Manifest:
    return {"kind": "ServiceAccount", "name": name, "namespace": NAMESPACE}


def _group(name: str) -> Manifest:
    return {"apiGroup": _RBAC, "kind": "Group", "name": name}


_HARMLESS = _rule("get", "configmaps")
RIGHTS: dict[str, tuple[Manifest, Manifest]] = {
    "own-subjects": ({"apiGroup": _RBAC, "kind": "User", "name": MARK}, _HARMLESS),
    "secrets-readers": (_account(MARK), _rule("get", "secrets")),
    "pod-creators": (_account(MARK), _rule("patch", "deployments", "apps")),
    "no-escalating-rights": (_account(MARK), _rule("impersonate", "serviceaccounts")),
    "deployer-limited": (_account("deployer"), _rule("patch", "resourcequotas")),
    "default-account": (_account("default"), _HARMLESS),
    "no-anonymous-rights": (_group("system:authenticated"), _HARMLESS),
    "no-masters": (_group("system:masters"), _HARMLESS),
}
"""Check -> who gets which right; each on a name that nothing has."""
ALSO = {
    "host-paths": {"volume-types"},
    "privileged": {"privilege-escalation"},
    "no-anonymous-rights": {"own-subjects"},
    "no-masters": {"own-subjects"},
    "init-containers": {"capabilities"},
    "backup-scope": {"backup-job"},
}
"""Check -> further checks that have to see what is planted for it."""


def _bound(check: str, subject: Manifest, rule: Manifest) -> list[Manifest]:
    role = {"apiGroup": _RBAC, "kind": "Role", "name": f"{MARK}-{check}"}
    return [
        _object("Role", f"{_RBAC}/v1", check, rules=[rule]),
        _object("RoleBinding", f"{_RBAC}/v1", check, roleRef=role, subjects=[subject]),
    ]


def _everywhere(check: str) -> Manifest:
    """To an account that does not exist, what everybody may do."""
    role = {"apiGroup": _RBAC, "kind": "ClusterRole", "name": "system:public-info-viewer"}
    made = _object("ClusterRoleBinding", f"{_RBAC}/v1", check, roleRef=role, subjects=[_account(MARK)])
    return _without_namespace(made)


def _without_namespace(made: Manifest) -> Manifest:
    del made["metadata"]["namespace"]
    return made


_PORTAL = {"matchLabels": {"einklang/workload": "portal"}}
_NOBODY = {"podSelector": {"matchLabels": {"einklang/workload": MARK}}}
_GRANT = {
    "from": [{"group": "gateway.networking.k8s.io", "kind": "Gateway", "namespace": "tenant-attendorn"}],
    "to": [{"group": "", "kind": "Secret", "name": MARK}],
}


def _policy(check: str, selected: Manifest, rules: Manifest) -> Manifest:
    kinds = [direction.capitalize() for direction in rules]
    spec = {"podSelector": selected, "policyTypes": kinds, **rules}
    return _object("NetworkPolicy", "networking.k8s.io/v1", check, spec=spec)


def _half_a_backup(job: Manifest) -> Manifest:
    """A second backup that forgets a database; its schedule never comes."""
    spec = copy.deepcopy(job["spec"])
    spec |= {"schedule": "0 0 31 2 *", "suspend": True}
    for entry in spec["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]["env"]:
        if entry["name"] == "BACKUP_DATABASES":
            entry["value"] = "identity"
    return _object("CronJob", "batch/v1", "backup-scope", spec=spec)


def _object(kind: str, api: str, check: str, **content: Any) -> Manifest:
    metadata = {"name": f"{MARK}-{check}", "namespace": NAMESPACE, "labels": dict(_LABELS)}
    return {"apiVersion": api, "kind": kind, "metadata": metadata, **content}


def _labelled(key: str, value: str) -> Manifest:
    return {"metadata": {"labels": {key: value}}}


def _hard(key: str, value: str, quota: Manifest) -> Change:
    return Change("resourcequota", "quota", {"spec": {"hard": {key: value}}}, {"spec": {"hard": {key: quota[key]}}})


def _without_maximum(limits: list[Manifest]) -> list[Manifest]:
    return [{key: value for key, value in limit.items() if key != "max"} for limit in limits]


def _realm(text: str) -> Manifest:
    return {"data": {"realm.json": text}}


def _weak(realm: str) -> str:
    """The realm without what five checks look for."""
    found = json.loads(realm)
    found |= {"passwordPolicy": "length(4)", "bruteForceProtected": False, "browserFlow": "browser"}
    found |= {"eventsEnabled": False}
    found["clients"][0]["implicitFlowEnabled"] = True
    return json.dumps(found)
