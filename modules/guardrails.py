"""The guardrails of a tenant: its namespace and what keeps everything in it apart from all others.

Made with the operator's rights. What stands inside is made by the tenant's own deploying identity, which cannot change
any of this (BSI APP.4.4.A1, A3, A7, A9, A10; SYS.1.6.A15).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from einklang.model.standard import Quota
from modules import labels
from modules.flows import Flow
from modules.kubernetes import Manifest, Object
from modules.network_policies import api_server, tenant_policies

DEPLOYER = "deployer"
POD_SECURITY_VERSION = "v1.34"
"""Version of Pod Security `restricted`: a newer cluster does not refuse overnight what runs today."""
_RBAC = "rbac.authorization.k8s.io"
_READ = ["get", "list", "watch"]
_WRITE = [*_READ, "create", "update", "patch", "delete"]


@dataclass(frozen=True)
class GuardrailsArgs:
    """tenant: id. standard: version. hostnames: all that routes of the tenant may name. quota: of its size class.

    flows: the connections that its workloads may open and accept. service_accounts: names of the workloads' accounts;
    none of them has a token or a right. drill: it is the scratch namespace of a restore drill.
    """

    tenant: str
    standard: str
    namespace: str
    hostnames: Sequence[str]
    quota: Quota
    flows: Sequence[Flow]
    service_accounts: Sequence[str]
    drill: bool = False


class Guardrails(pulumi.ComponentResource):
    """Namespace, Pod Security, quota, limits, network policies, accounts, and the deploying identity.

    ready: the resources that must stand before anything is made inside the namespace.
    """

    ready: Sequence[pulumi.Resource]
    namespace: pulumi.Output[str]

    def __init__(self, name: str, args: GuardrailsArgs, opts: pulumi.ResourceOptions) -> None:
        super().__init__("einklang:guardrails:Guardrails", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        namespace = Object(_namespace(args), child)
        inside = pulumi.ResourceOptions(parent=self, depends_on=[namespace])
        api = api_server(child)
        made = [Object(manifest, inside) for manifest in tenant_policies(args.namespace, args.tenant, api, args.flows)]
        made += [Object(manifest, inside) for manifest in _manifests(args)]
        # Kubernetes makes this account by itself and again after each deletion: it is only ever changed.
        kept = pulumi.ResourceOptions.merge(inside, pulumi.ResourceOptions(retain_on_delete=True))
        made.append(Object(_account(args, "default"), kept))
        self.ready = [namespace, *made]
        self.namespace = pulumi.Output.from_input(args.namespace)
        self.register_outputs({"namespace": self.namespace})


def _namespace(args: GuardrailsArgs) -> Manifest:
    modes = ("enforce", "warn", "audit")
    security = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in modes}
    security |= {f"pod-security.kubernetes.io/{mode}-version": POD_SECURITY_VERSION for mode in modes}
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {
            "name": args.namespace,
            "labels": {
                **labels.common(args.tenant, "guardrails"),
                labels.STANDARD: args.standard,
                **({labels.DRILL: "true"} if args.drill else {}),
                **security,
            },
            "annotations": {labels.HOSTNAMES: ",".join(sorted(args.hostnames))},
        },
    }


def _manifests(args: GuardrailsArgs) -> list[Manifest]:
    accounts = [_account(args, name) for name in sorted({*args.service_accounts, DEPLOYER})]
    return [*accounts, _quota(args), _limits(args), _deployer_role(args), _deployer_binding(args)]


def _metadata(args: GuardrailsArgs, name: str) -> dict[str, Any]:
    return {"name": name, "namespace": args.namespace, "labels": labels.common(args.tenant, "guardrails")}


def _account(args: GuardrailsArgs, name: str) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": _metadata(args, name),
        "automountServiceAccountToken": False,
    }


def _quota(args: GuardrailsArgs) -> Manifest:
    quota = args.quota
    hard = {
        "requests.cpu": f"{quota.cpu_request_millicores}m",
        "limits.cpu": f"{quota.cpu_limit_millicores}m",
        "requests.memory": f"{quota.memory_mib}Mi",
        "limits.memory": f"{quota.memory_mib}Mi",
        "requests.storage": f"{quota.storage_gib}Gi",
        "pods": str(quota.pods),
        "services": str(quota.services),
        "services.nodeports": "0",
        "services.loadbalancers": "0",
        "persistentvolumeclaims": str(quota.volumes),
        "secrets": str(quota.secrets),
        "configmaps": str(quota.config_maps),
    }
    return {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": _metadata(args, "quota"), "spec": {"hard": hard}}


def _limits(args: GuardrailsArgs) -> Manifest:
    """Containers that say nothing get a small share (CloudNativePG's helpers), and none takes all."""
    limit = {
        "type": "Container",
        "default": {"cpu": "500m", "memory": "256Mi"},
        "defaultRequest": {"cpu": "10m", "memory": "64Mi"},
        "max": {"cpu": f"{args.quota.cpu_limit_millicores}m", "memory": f"{args.quota.memory_mib}Mi"},
    }
    return {
        "apiVersion": "v1",
        "kind": "LimitRange",
        "metadata": _metadata(args, "limits"),
        "spec": {"limits": [limit]},
    }


def _deployer_role(args: GuardrailsArgs) -> Manifest:
    """What `pulumi up` needs inside the namespace: no roles, accounts, tokens, quotas, network policies, no exec."""

    def rule(group: str, resources: list[str], verbs: list[str]) -> dict[str, Any]:
        return {"apiGroups": [group], "resources": resources, "verbs": verbs}

    rules = [
        rule("", ["configmaps", "secrets", "services", "persistentvolumeclaims"], _WRITE),
        rule("", ["pods", "pods/log", "events", "endpoints"], _READ),
        rule("apps", ["deployments", "statefulsets"], _WRITE),
        rule("apps", ["replicasets", "controllerrevisions"], _READ),
        rule("batch", ["jobs", "cronjobs"], _WRITE),
        rule("discovery.k8s.io", ["endpointslices"], _READ),
        rule("events.k8s.io", ["events"], _READ),
        rule("gateway.networking.k8s.io", ["gateways", "httproutes"], _WRITE),
        rule("policy", ["poddisruptionbudgets"], _WRITE),
        rule("postgresql.cnpg.io", ["clusters", "databases", "scheduledbackups"], _WRITE),
    ]
    return {"apiVersion": f"{_RBAC}/v1", "kind": "Role", "metadata": _metadata(args, DEPLOYER), "rules": rules}


def _deployer_binding(args: GuardrailsArgs) -> Manifest:
    return {
        "apiVersion": f"{_RBAC}/v1",
        "kind": "RoleBinding",
        "metadata": _metadata(args, DEPLOYER),
        "roleRef": {"apiGroup": _RBAC, "kind": "Role", "name": DEPLOYER},
        "subjects": [{"kind": "ServiceAccount", "name": DEPLOYER, "namespace": args.namespace}],
    }
