"""Rules that whatever a tenant's stack declares has to keep; each returns what breaks it, one line a violation.

They look at the recorded resources, not at the code: a new module is held to them without being named here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from modules import labels
from modules.flows import workloads
from tests.components.recording import SECRET, Declared, objects, one

Rule = Callable[[Sequence[Declared]], Iterator[str]]
_DIGEST = re.compile(r"^[^@\s]+@sha256:[0-9a-f]{64}$")
_NO_RIGHTS_TO = frozenset(
    {
        "namespaces", "resourcequotas", "limitranges", "networkpolicies", "roles", "rolebindings", "serviceaccounts",
        "serviceaccounts/token", "pods/exec", "pods/attach", "pods/portforward", "pods/proxy", "services/proxy",
        "pods/ephemeralcontainers", "endpoints", "endpointslices", "referencegrants", "persistentvolumes",
        "validatingadmissionpolicies", "*",
    }
)  # fmt: skip
_NO_VERBS = frozenset({"*", "bind", "escalate", "impersonate", "deletecollection"})
_READING = frozenset({"get", "list", "watch"})
# What the operator makes; everything else in a tenant's stack belongs to the deploying identity.
_GUARDRAILS = frozenset(
    {"Namespace", "ResourceQuota", "LimitRange", "NetworkPolicy", "ServiceAccount", "Role", "RoleBinding"}
)


def place(declared: Sequence[Declared]) -> Iterator[str]:
    """Everything stands in the tenant's namespace, or is it; every name is written out."""
    (namespace,) = (each.key[2] for each in objects(declared, "Namespace"))
    for each in objects(declared):
        kind, where, name = each.key
        if kind != "Namespace" and where != namespace:
            yield f"{kind} {name}: in namespace {where or '(none)'}, not {namespace}"
        if not name or "generateName" in each.manifest["metadata"]:
            yield f"{kind} {each.name}: has no name of its own"
        # A Job's content cannot change: each content has a name of its own, and Pulumi replaces the Job.
        called = f"{kind.lower()}/{re.sub('-[0-9a-f]{10}$', '', name) if kind == 'Job' else name}"
        if each.name != called:
            yield f"{kind} {name}: Pulumi calls it {each.name}"


def marks(declared: Sequence[Declared]) -> Iterator[str]:
    """Every object carries the tenant and `part-of`; every pod template what admission asks for."""
    (namespace,) = objects(declared, "Namespace")
    tenant = namespace.manifest["metadata"]["labels"][labels.TENANT]
    for each in objects(declared):
        found = each.manifest["metadata"].get("labels", {})
        if found.get(labels.TENANT) != tenant or found.get("app.kubernetes.io/part-of") != labels.PART_OF:
            yield f"{' '.join(each.key)}: labels {found}"
    for where, template in templates(declared):
        found = template.get("metadata", {}).get("labels", {})
        missing = [label for label in labels.REQUIRED if label not in found]
        if missing or found[labels.TENANT] != tenant:
            yield f"{where}: pods lack {missing or labels.TENANT}"


def whose(declared: Sequence[Declared]) -> Iterator[str]:
    """The operator makes the guardrails and nothing else."""
    for each in objects(declared):
        provider = "operator" if each.kind in _GUARDRAILS else "deployer"
        if each.provider != provider:
            yield f"{' '.join(each.key)}: made by {each.provider or 'nobody'}, not by {provider}"


def order(declared: Sequence[Declared]) -> Iterator[str]:
    """What the deploying identity makes comes after all guardrails, and so goes before them."""
    before = {each.urn for each in objects(declared) if each.kind in _GUARDRAILS}
    for each in objects(declared):
        missing = before - reached(declared, each) if each.provider == "deployer" else ()
        yield from (f"{' '.join(each.key)}: does not wait for {urn.rpartition('::')[2]}" for urn in sorted(missing))


def reached(declared: Sequence[Declared], start: Declared) -> set[str]:
    """URNs of all that stands before a resource: what it and its parents depend on, and so on."""
    known, found, frontier = {each.urn: each for each in declared}, set[str](), [start.urn]
    while frontier:
        current = known.get(frontier.pop())
        for urn in (*current.after, current.parent) if current else ():
            if urn and urn not in found:
                found.add(urn)
                frontier.append(urn)
    return found


def rights(declared: Sequence[Declared]) -> Iterator[str]:
    """The deployer may do what it has to do, in its namespace, and none of what guards it."""
    rules = one(declared, "Role", "deployer").manifest["rules"]
    for rule in rules:
        yield from (f"Role deployer: {verb} on {rule['resources']}" for verb in rule["verbs"] if verb in _NO_VERBS)
        if set(rule["verbs"]) - _READING:
            yield from (f"Role deployer: may change {name}" for name in rule["resources"] if name in _NO_RIGHTS_TO)
        if "*" in rule["apiGroups"]:
            yield "Role deployer: every API group"
    for each in objects(declared):
        if each.provider == "deployer" and not _may(rules, each):
            yield f"Role deployer: lacks rights to {' '.join(each.key)}"


def _may(rules: Sequence[Mapping[str, Any]], each: Declared) -> bool:
    group, slash, _ = str(each.manifest["apiVersion"]).rpartition("/")
    plural = re.sub("(?<=[^aeiou])y$", "ie", each.kind.lower()) + "s"
    verbs = {
        verb
        for rule in rules
        if (group if slash else "") in rule["apiGroups"] and plural in rule["resources"]
        for verb in rule["verbs"]
    }
    return {"get", "list", "watch", "create", "patch", "update", "delete"} <= verbs


def accounts(declared: Sequence[Declared]) -> Iterator[str]:
    """None of the namespace's ServiceAccounts, the default one included, has a token; only the deployer has rights."""
    if "default" not in _accounts(declared):
        yield "ServiceAccount default: not ours, so it has a token"
    for each in objects(declared, "ServiceAccount"):
        if each.manifest.get("automountServiceAccountToken") is not False:
            yield f"{' '.join(each.key)}: mounts a token"
    for each in objects(declared, "RoleBinding"):
        subjects = [subject["name"] for subject in each.manifest["subjects"]]
        if subjects != ["deployer"]:
            yield f"{' '.join(each.key)}: binds {subjects}"


def own_account(declared: Sequence[Declared]) -> Iterator[str]:
    """Each workload runs as a ServiceAccount of its own, without its token."""
    known = _accounts(declared)
    for where, template in templates(declared):
        spec, workload = template["spec"], template.get("metadata", {}).get("labels", {}).get(labels.WORKLOAD)
        if spec.get("serviceAccountName") != workload or workload not in known:
            yield f"{where}: runs as {spec.get('serviceAccountName', 'default')}, not as {workload}"
        if spec.get("automountServiceAccountToken") is not False:
            yield f"{where}: mounts a token"


def _accounts(declared: Sequence[Declared]) -> set[str]:
    return {each.key[2] for each in objects(declared, "ServiceAccount")}


def pods(declared: Sequence[Declared]) -> Iterator[str]:
    """Pod Security `restricted`, a read-only root, requests and limits, probes, images by digest."""
    for where, template in templates(declared):
        spec = template["spec"]
        security = spec.get("securityContext", {})
        if not security.get("runAsNonRoot") or security.get("seccompProfile", {}).get("type") != "RuntimeDefault":
            yield f"{where}: security context {security}"
        yield from (f"{where}: {key}" for key in ("hostNetwork", "hostPID", "hostIPC") if spec.get(key))
        allowed = {"name", "configMap", "secret", "emptyDir", "projected", "persistentVolumeClaim", "downwardAPI"}
        volumes = spec.get("volumes", [])
        yield from (f"{where}: volume {volume}" for volume in volumes if set(volume) - allowed)
        for container in [*spec.get("initContainers", []), *spec["containers"]]:
            yield from (f"{where}, {container['name']}: {fault}" for fault in _faults(container))


def _faults(container: Mapping[str, Any]) -> Iterator[str]:
    security, resources = container.get("securityContext", {}), container.get("resources", {})
    if security.get("allowPrivilegeEscalation") is not False or security.get("privileged"):
        yield "may gain privileges"
    if security.get("capabilities") != {"drop": ["ALL"]}:
        yield f"capabilities {security.get('capabilities')}"
    if security.get("readOnlyRootFilesystem") is not True:
        yield "writes its root file system"
    for part in ("requests", "limits"):
        if set(resources.get(part, {})) < {"cpu", "memory"}:
            yield f"{part} {resources.get(part)}"
    if not _DIGEST.match(container["image"]):
        yield f"image {container['image']}"
    if any("hostPort" in port for port in container.get("ports", [])):
        yield "a port of the host"


def awaited(declared: Sequence[Declared]) -> Iterator[str]:
    """Pulumi waits for no Deployment of the type `Recreate` (modules.kubernetes.OLD_ONES_FIRST)."""
    for each in objects(declared, "Deployment"):
        if each.manifest["spec"].get("strategy", {}).get("type") == "Recreate":
            yield f"{' '.join(each.key)}: strategy Recreate"


def network(declared: Sequence[Declared]) -> Iterator[str]:
    """Deny by default, both ways; each workload has its policy, and no rule is open to everybody."""
    policies = {each.key[2]: each.manifest["spec"] for each in objects(declared, "NetworkPolicy")}
    deny = policies.pop("default-deny", {})
    if deny.get("podSelector") != {} or deny.get("ingress") or deny.get("egress"):
        yield "default-deny is no default"
    for name, spec in policies.items():
        if spec["podSelector"] != {"matchLabels": {labels.WORKLOAD: name}}:
            yield f"NetworkPolicy {name}: selects {spec['podSelector']}"
        for direction, end in (("ingress", "from"), ("egress", "to")):
            for rule in spec.get(direction, []):
                if not rule.get(end) or not rule.get("ports") or any(_everybody(peer) for peer in rule[end]):
                    yield f"NetworkPolicy {name}: {direction} {rule}"
        if set(spec["policyTypes"]) != {"Ingress", "Egress"}:
            yield f"NetworkPolicy {name}: {spec['policyTypes']}"
    running = {template["metadata"]["labels"].get(labels.WORKLOAD) for _, template in templates(declared)}
    yield from (f"workload {name}: no flow names it" for name in sorted(running - set(policies), key=str))
    yield from (f"NetworkPolicy {name}: for no known workload" for name in sorted(set(policies) - set(workloads())))


def _everybody(peer: Mapping[str, Any]) -> bool:
    """Whether a peer is any pod of any or of all namespaces, or a whole network."""
    network_of = peer.get("ipBlock", {}).get("cidr", "")
    return peer.get("podSelector") == {} or (bool(network_of) and not network_of.endswith(("/32", "/128")))


def secrets(declared: Sequence[Declared]) -> Iterator[str]:
    """The content of a Secret is a Pulumi secret and stays once made; no other object holds one."""
    for each in objects(declared):
        content = each.manifest.get("data", {})
        if each.kind != "Secret":
            if each.secret:
                yield f"{' '.join(each.key)}: holds a secret"
        elif not content or set(content.values()) != {SECRET}:
            yield f"{' '.join(each.key)}: content in clear"


def protection(declared: Sequence[Declared]) -> Iterator[str]:
    """What holds data is protected, and so is what destroying begins with."""
    for each in objects(declared):
        if each.kind in {"Cluster", "PersistentVolumeClaim", "StatefulSet"} and not each.protect:
            yield f"{' '.join(each.key)}: not protected"
    last = one(declared, "ConfigMap", "tenant")
    if not last.protect:
        yield "ConfigMap tenant: not protected, so destroying does not stop at once"
    before = reached(declared, last)
    yield from (
        f"{' '.join(each.key)}: destroyed before ConfigMap tenant"
        for each in objects(declared)
        if each is not last and each.urn not in before
    )


def templates(declared: Sequence[Declared]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every pod template with the object it stands in."""
    for each in objects(declared):
        spec = each.manifest.get("spec", {})
        for holder in (spec, spec.get("jobTemplate", {}).get("spec", {})):
            if each.key[0] != "Cluster" and isinstance(holder.get("template"), dict) and "spec" in holder["template"]:
                yield f"{each.kind} {each.key[2]}", holder["template"]


ALL: tuple[Rule, ...] = (
    place, marks, whose, order, rights, accounts, own_account, pods, awaited, network, secrets, protection,
)  # fmt: skip
