"""What nobody may do in a tenant's namespace, whatever their rights: ValidatingAdmissionPolicies.

Each message names the rule, what was found and the remedy. `failurePolicy: Fail`: what cannot be judged is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from einklang.model.backup import DATABASE_THEN
from modules import labels
from modules.kubernetes import Manifest

OPERATORS_GROUP = "einklang:operators"
_API = "admissionregistration.k8s.io/v1"
_TENANTS = {"matchExpressions": [{"key": labels.TENANT, "operator": "Exists"}]}


@dataclass(frozen=True)
class Policy:
    """One rule. matched: (API group, resources, operations). check: CEL that must hold. message: CEL, a text."""

    name: str
    matched: Sequence[tuple[str, list[str], list[str]]]
    check: str
    message: str
    variables: dict[str, str] = field(default_factory=dict)


_WRITES = ["CREATE", "UPDATE"]
_PODS = ("", ["pods", "pods/ephemeralcontainers"], _WRITES)


def policies(registries: Sequence[str], storage_class: str) -> list[Policy]:
    """All rules. registries: prefixes (`host/path/`) from which images may come."""
    return [
        _images(registries),
        _hostnames("einklang-hostnames", ["httproutes", "grpcroutes", "tlsroutes"], _ROUTE_HOSTNAMES),
        _hostnames("einklang-hostnames-gateway", ["gateways"], _GATEWAY_HOSTNAMES),
        _services(),
        _labels(),
        _exec(),
        _tokens(),
        _token_secrets(),
        _volumes(storage_class),
    ]


def manifests(registries: Sequence[str], storage_class: str) -> list[Manifest]:
    """The rules and their bindings to all tenants' namespaces."""
    made: list[Manifest] = []
    for policy in policies(registries, storage_class):
        made += [_policy(policy), _binding(policy.name)]
    return made


def _images(registries: Sequence[str]) -> Policy:
    allowed = "[" + ", ".join(f"'{registry}'" for registry in registries) + "]"
    return Policy(
        "einklang-images",
        [_PODS],
        "variables.wrong.size() == 0",
        "'einklang-images: not from an allowed registry by digest: ' + variables.wrong.join(', ') + "
        f"'; allowed: {', '.join(registries)}…@sha256:…'",
        {
            "images": "object.spec.containers.map(c, c.image) + (has(object.spec.initContainers) ? "
            "object.spec.initContainers.map(c, c.image) : []) + (has(object.spec.ephemeralContainers) ? "
            "object.spec.ephemeralContainers.map(c, c.image) : [])",
            "wrong": "variables.images.filter(i, !i.matches('^[^@]+@sha256:[0-9a-f]{64}$') || "
            f"!{allowed}.exists(r, i.startsWith(r)))",
        },
    )


_ROUTE_HOSTNAMES = "has(object.spec.hostnames) && object.spec.hostnames.size() > 0 ? object.spec.hostnames : ['*']"
_GATEWAY_HOSTNAMES = "object.spec.listeners.map(l, has(l.hostname) ? l.hostname : '*')"


def _hostnames(name: str, resources: list[str], hostnames: str) -> Policy:
    return Policy(
        name,
        [("gateway.networking.k8s.io", resources, _WRITES)],
        "variables.foreign.size() == 0",
        "'einklang-hostnames: not this tenant\\'s hostname: ' + variables.foreign.join(', ') + "
        "'; its own: ' + variables.own.join(', ')",
        {
            "own": f"namespaceObject.metadata.annotations['{labels.HOSTNAMES}'].split(',')",
            "foreign": f"({hostnames}).filter(h, !(h in variables.own))",
        },
    )


def _services() -> Policy:
    return Policy(
        "einklang-services",
        [("", ["services"], _WRITES)],
        "(!has(object.spec.type) || object.spec.type == 'ClusterIP') && "
        "(!has(object.spec.externalIPs) || object.spec.externalIPs.size() == 0)",
        "'einklang-services: only ClusterIP without externalIPs; reach a tenant by a route of its gateway'",
    )


def _labels() -> Policy:
    required = "[" + ", ".join(f"'{label}'" for label in labels.REQUIRED) + "]"
    return Policy(
        "einklang-labels",
        [("", ["pods"], _WRITES), ("apps", ["deployments", "statefulsets", "daemonsets"], _WRITES)],
        f"variables.missing.size() == 0 && variables.found['{labels.TENANT}'] == variables.tenant",
        "'einklang-labels: missing: ' + variables.missing.join(', ') + '; "
        f"{labels.TENANT} has to be ' + variables.tenant",
        {
            "tenant": f"namespaceObject.metadata.labels['{labels.TENANT}']",
            "marked": "object.kind == 'Pod' ? object.metadata : object.spec.template.metadata",
            "found": "has(variables.marked.labels) ? variables.marked.labels : {}",
            "missing": f"{required}.filter(l, !(l in variables.found))",
        },
    )


_DATABASE_OPERATOR = "system:serviceaccount:cnpg-system:cnpg-manager"


def _exec() -> Policy:
    return Policy(
        "einklang-exec",
        [
            ("", ["pods/exec", "pods/attach", "pods/portforward", "pods/proxy", "services/proxy"], ["CONNECT"]),
            ("", ["pods/ephemeralcontainers"], ["UPDATE"]),
        ],
        f"'{OPERATORS_GROUP}' in request.userInfo.groups || variables.copies",
        f"'einklang-exec: only the group {OPERATORS_GROUP} may enter a tenant\\'s pod; this is ' + "
        "request.userInfo.username",
        # A copy for the databases' archive (modules/database_archive.py): this program, in the database, and no other.
        {
            "copies": f"request.userInfo.username == '{_DATABASE_OPERATOR}' && request.subResource == 'exec' && "
            "request.name.matches('^database-[0-9]+$') && has(object.command) && object.command.size() == 3 && "
            "object.command[0] == '/controller/manager' && object.command[1] == 'backup' && "
            "object.command[2].matches('^database-[0-9]+$')",
        },
    )


_DATABASE_ACCOUNTS = f"['database', '{DATABASE_THEN}']"
# Besides CloudNativePG's operator, who makes pods that run as its own account: the job controller, for its Jobs.
_JOB_CONTROLLERS = ("system:serviceaccount:kube-system:job-controller", "system:kube-controller-manager")


def _tokens() -> Policy:
    pod_makers = ", ".join(f"'{name}'" for name in (_DATABASE_OPERATOR, *_JOB_CONTROLLERS))
    return Policy(
        "einklang-tokens",
        [("", ["pods"], ["CREATE"]), ("batch", ["jobs"], ["CREATE"])],
        f"variables.account in {_DATABASE_ACCOUNTS} ? request.userInfo.username in variables.makers : "
        "object.kind == 'Job' || !variables.volumes.exists(v, has(v.projected) && "
        "has(v.projected.sources) && v.projected.sources.exists(s, has(s.serviceAccountToken)))",
        f"'einklang-tokens: ' + (variables.account in {_DATABASE_ACCOUNTS} ? "
        "'the account ' + variables.account + ' is CloudNativePG\\'s own; use that of the workload' : "
        "'this pod would carry a token for the API; set automountServiceAccountToken to false')",
        {
            "spec": "object.kind == 'Job' ? object.spec.template.spec : object.spec",
            "account": "has(variables.spec.serviceAccountName) ? variables.spec.serviceAccountName : 'default'",
            "volumes": "has(variables.spec.volumes) ? variables.spec.volumes : []",
            "makers": f"object.kind == 'Job' ? ['{_DATABASE_OPERATOR}'] : [{pod_makers}]",
        },
    )


def _token_secrets() -> Policy:
    """Whoever may write Secrets could have a lasting token of any account of the namespace made for them."""
    return Policy(
        "einklang-token-secrets",
        [("", ["secrets"], ["CREATE"])],
        "!has(object.type) || object.type != 'kubernetes.io/service-account-token'",
        "'einklang-token-secrets: no lasting tokens of ServiceAccounts; remove the Secret ' + object.metadata.name",
    )


def _volumes(storage_class: str) -> Policy:
    return Policy(
        "einklang-volumes",
        [("", ["persistentvolumeclaims"], ["CREATE"])],
        f"has(object.spec.storageClassName) && object.spec.storageClassName == '{storage_class}' && "
        "(!has(object.spec.volumeName) || object.spec.volumeName == '')",
        f"'einklang-volumes: only new volumes of the class {storage_class}'",
    )


def _policy(policy: Policy) -> Manifest:
    rules = [
        {"apiGroups": [group], "apiVersions": ["*"], "resources": resources, "operations": operations}
        for group, resources, operations in policy.matched
    ]
    spec: dict[str, Any] = {
        "failurePolicy": "Fail",
        "matchConstraints": {"namespaceSelector": _TENANTS, "resourceRules": rules},
        "variables": [{"name": name, "expression": value} for name, value in policy.variables.items()],
        "validations": [{"expression": policy.check, "messageExpression": policy.message, "reason": "Forbidden"}],
    }
    return {"apiVersion": _API, "kind": "ValidatingAdmissionPolicy", "metadata": _metadata(policy.name), "spec": spec}


def _binding(name: str) -> Manifest:
    spec = {"policyName": name, "validationActions": ["Deny"]}
    return {"apiVersion": _API, "kind": "ValidatingAdmissionPolicyBinding", "metadata": _metadata(name), "spec": spec}


def _metadata(name: str) -> dict[str, Any]:
    return {"name": name, "labels": {"app.kubernetes.io/part-of": labels.PART_OF}}
