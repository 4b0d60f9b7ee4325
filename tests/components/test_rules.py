"""Every tenant keeps the rules, and each rule catches what it is for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from einklang.model.tenant import Status
from modules import labels
from tests.components import cases, programs, rules
from tests.components.recording import Declared, record


@cache
def declared(size: str = "M", status: Status = Status.ACTIVE) -> tuple[Declared, ...]:
    return tuple(record(programs.tenant(cases.tenant(size, status))))


@pytest.mark.parametrize("rule", rules.ALL, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("size", cases.POPULATIONS)
def test_tenants_of_every_size_keep_the_rules(size: str, rule: rules.Rule) -> None:
    assert list(rule(declared(size))) == []


@pytest.mark.parametrize("rule", rules.ALL, ids=lambda rule: rule.__name__)
def test_a_suspended_tenant_keeps_the_rules(rule: rules.Rule) -> None:
    assert list(rule(declared(status=Status.SUSPENDED))) == []


def test_a_leaving_tenant_is_not_protected() -> None:
    kept = [rule for rule in rules.ALL if rule is not rules.protection]
    assert [fault for rule in kept for fault in rule(declared(status=Status.LEAVING))] == []
    assert not any(each.protect for each in declared(status=Status.LEAVING))


def pod(manifest: dict[str, Any]) -> dict[str, Any]:
    """The pod's specification in the manifest of a Deployment."""
    spec: dict[str, Any] = manifest["spec"]["template"]["spec"]
    return spec


def drop(holder: dict[str, Any], key: str) -> None:
    del holder[key]


def grant(verbs: list[str], resources: list[str], group: str = "") -> Callable[[dict[str, Any]], None]:
    rule = {"apiGroups": [group], "resources": resources, "verbs": verbs}
    return lambda manifest: manifest["rules"].append(rule)


def open_to(peer: dict[str, Any]) -> Callable[[dict[str, Any]], None]:
    rule = {"from": [peer], "ports": [{"port": 80}]}
    return lambda manifest: manifest["spec"]["ingress"].append(rule)


Change = Callable[[dict[str, Any]], Any]
DEPLOYMENT, ROLE, POLICY = ("Deployment", "identity"), ("Role", "deployer"), ("NetworkPolicy", "identity")

# rule, object, what is done to it, what the rule has to say
PLANTED: list[tuple[rules.Rule, tuple[str, str], Change, str]] = [
    (rules.place, DEPLOYMENT, lambda m: m["metadata"].update(namespace="tenant-attendorn"), "tenant-attendorn"),
    (rules.place, DEPLOYMENT, lambda m: m["metadata"].update(name=""), "no name"),
    (rules.place, DEPLOYMENT, lambda m: m["metadata"].update(name="other"), "Pulumi calls it"),
    (rules.marks, DEPLOYMENT, lambda m: drop(m["metadata"]["labels"], labels.TENANT), "labels"),
    (rules.marks, DEPLOYMENT, lambda m: m["metadata"]["labels"].update({labels.TENANT: "attendorn"}), "labels"),
    (rules.marks, DEPLOYMENT, lambda m: drop(m["spec"]["template"]["metadata"]["labels"], labels.WORKLOAD), "lack"),
    (rules.rights, ROLE, grant(["create"], ["rolebindings"], "rbac.authorization.k8s.io"), "may change rolebindings"),
    (rules.rights, ROLE, grant(["delete"], ["networkpolicies"], "networking.k8s.io"), "may change networkpolicies"),
    (rules.rights, ROLE, grant(["update"], ["resourcequotas"]), "may change resourcequotas"),
    (rules.rights, ROLE, grant(["create"], ["serviceaccounts/token"]), "may change serviceaccounts/token"),
    (rules.rights, ROLE, grant(["create"], ["pods/exec"]), "may change pods/exec"),
    (rules.rights, ROLE, grant(["impersonate"], ["serviceaccounts"]), "impersonate"),
    (rules.rights, ROLE, grant(["*"], ["configmaps"]), "* on"),
    (rules.rights, ROLE, grant(["get"], ["widgets"], "*"), "every API group"),
    (rules.rights, ROLE, lambda m: m.update(rules=[]), "lacks rights to Deployment"),
    (rules.accounts, ("ServiceAccount", "default"), lambda m: m.update(kind="Other"), "default"),
    (rules.accounts, ("ServiceAccount", "identity"), lambda m: drop(m, "automountServiceAccountToken"), "token"),
    (rules.accounts, ("RoleBinding", "deployer"), lambda m: m["subjects"].append({"name": "identity"}), "identity"),
    (rules.own_account, DEPLOYMENT, lambda m: pod(m).update(serviceAccountName="deployer"), "runs as deployer"),
    (rules.own_account, DEPLOYMENT, lambda m: drop(pod(m), "automountServiceAccountToken"), "mounts a token"),
    (rules.pods, DEPLOYMENT, lambda m: drop(pod(m), "securityContext"), "security context"),
    (rules.pods, DEPLOYMENT, lambda m: pod(m).update(hostNetwork=True), "hostNetwork"),
    (rules.pods, DEPLOYMENT, lambda m: pod(m)["volumes"].append({"name": "x", "hostPath": {"path": "/"}}), "hostPath"),
    (rules.pods, DEPLOYMENT, lambda m: pod(m)["containers"][0].update(image="a/b:latest"), "image a/b:latest"),
    (rules.pods, DEPLOYMENT, lambda m: drop(pod(m)["containers"][0]["resources"], "limits"), "limits None"),
    (rules.pods, DEPLOYMENT, lambda m: drop(pod(m)["containers"][0], "securityContext"), "may gain privileges"),
    (rules.pods, DEPLOYMENT, lambda m: pod(m)["containers"][0]["ports"][0].update(hostPort=80), "port of the host"),
    (rules.awaited, DEPLOYMENT, lambda m: m["spec"].update(strategy={"type": "Recreate"}), "strategy Recreate"),
    (rules.network, ("NetworkPolicy", "default-deny"), lambda m: m["spec"]["egress"].append({}), "no default"),
    (rules.network, POLICY, open_to({"podSelector": {}}), "ingress"),
    (rules.network, POLICY, open_to({"ipBlock": {"cidr": "0.0.0.0/0"}}), "ingress"),
    (rules.network, POLICY, lambda m: m["spec"]["ingress"].append({"ports": [{"port": 80}]}), "ingress"),
    (rules.network, POLICY, lambda m: m["spec"].update(policyTypes=["Ingress"]), "['Ingress']"),
    (rules.network, POLICY, lambda m: m["spec"].update(podSelector={}), "selects"),
    (
        rules.network,
        DEPLOYMENT,
        lambda m: m["spec"]["template"]["metadata"]["labels"].update({labels.WORKLOAD: "intruder"}),
        "workload intruder: no flow",
    ),
    (rules.secrets, ("Secret", "database-identity"), lambda m: m["data"].update(password="123"), "in clear"),
    (rules.secrets, ("Secret", "database-identity"), lambda m: drop(m, "data"), "in clear"),
]


@pytest.mark.parametrize(
    ("rule", "target", "change", "said"), PLANTED, ids=lambda value: getattr(value, "__name__", "")
)
def test_a_rule_catches_what_it_is_for(rule: rules.Rule, target: tuple[str, str], change: Change, said: str) -> None:
    faults = list(rule(planted(target, change)))
    assert any(said in fault for fault in faults), faults


def planted(target: tuple[str, str], change: Change) -> list[Declared]:
    """A good tenant with one object changed."""
    manifest = deepcopy(found(target).manifest)
    change(manifest)
    return told(target, manifest=manifest)


def found(target: tuple[str, str]) -> Declared:
    (match,) = [each for each in declared() if (each.key[0], each.key[2]) == target]
    return match


def told(target: tuple[str, str], **changes: Any) -> list[Declared]:
    """A good tenant of which Pulumi was told something else about one object."""
    chosen = found(target)
    return [replace(each, **changes) if each is chosen else each for each in declared()]


def first(rule: rules.Rule, resources: Sequence[Declared]) -> str:
    return next(rule(resources), "nothing")


def test_rules_about_what_pulumi_is_told_bite() -> None:
    cluster, binding = ("Cluster", "database"), ("RoleBinding", "deployer")
    assert "not protected" in first(rules.protection, told(cluster, protect=False))
    assert "not protected" in first(rules.protection, told(("ConfigMap", "tenant"), protect=False))
    assert "before ConfigMap tenant" in first(rules.protection, told(("ConfigMap", "tenant"), after=()))
    assert "made by operator" in first(rules.whose, told(cluster, provider="operator"))
    assert "made by deployer" in first(rules.whose, told(binding, provider="deployer"))
    assert "holds a secret" in first(rules.secrets, told(DEPLOYMENT, secret=True))
    alone = [each for each in told(cluster, after=(), parent="") if each.custom]
    assert "does not wait for" in first(rules.order, alone)


def test_every_rule_has_a_planted_violation() -> None:
    elsewhere = {rules.protection, rules.whose, rules.order}
    assert {rule for rule, *_ in PLANTED} | elsewhere == set(rules.ALL)
