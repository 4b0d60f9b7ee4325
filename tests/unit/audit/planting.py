"""Ways to break one thing in the recorded facts; violations.py says for which check."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

from tests.unit.audit.recorded import Facts, namespace, one

Violation = Callable[[Facts], None]


def pod(facts: Facts, name: str = "portal") -> Any:
    return one(facts, "Pod", name)["spec"]


def template(facts: Facts, name: str = "portal") -> Any:
    return one(facts, "Deployment", name)["spec"]["template"]["spec"]


def container(facts: Facts, name: str = "portal") -> Any:
    return pod(facts, name)["containers"][0]


def security(facts: Facts) -> Any:
    return container(facts)["securityContext"]


def added(facts: Facts, kind: str, name: str, **content: Any) -> None:
    """One more object in the tenant's namespace, or in the cluster where `cluster_wide` is given."""
    metadata = {"name": name}
    if not content.pop("cluster_wide", False):
        metadata["namespace"] = content.pop("in_namespace", namespace(facts))
    facts["objects"].append({"kind": kind, "metadata": metadata, **content})


def removed(facts: Facts, kind: str, name: str) -> None:
    facts["objects"].remove(one(facts, kind, name))


def account(facts: Facts, name: str) -> Any:
    return {"kind": "ServiceAccount", "name": name, "namespace": namespace(facts)}


def bound(facts: Facts, subject: Any, *, role: Any = None, rules: Any = None, cluster_wide: bool = False) -> None:
    """Give somebody rights by a binding of its own: a role that is there, or rules."""
    reference = role or {"kind": "Role", "name": "planted"}
    if rules:
        added(facts, "Role", "planted", rules=rules)
    kind = "ClusterRoleBinding" if cluster_wide else "RoleBinding"
    added(facts, kind, "planted", cluster_wide=cluster_wide, roleRef=reference, subjects=[subject])


def rule(verbs: str, resources: str, group: str = "") -> Any:
    return {"apiGroups": [group], "resources": resources.split(), "verbs": verbs.split()}


def realm(**changes: Any) -> Violation:
    def plant(facts: Facts) -> None:
        data = one(facts, "ConfigMap", "identity-realms")["data"]
        data["realm.json"] = json.dumps({**json.loads(data["realm.json"]), **changes})

    return plant


def client(**changes: Any) -> Violation:
    def plant(facts: Facts) -> None:
        data = one(facts, "ConfigMap", "identity-realms")["data"]
        document = json.loads(data["realm.json"])
        document["clients"][0].update(changes)
        data["realm.json"] = json.dumps(document)

    return plant


def no_code_for_staff(facts: Facts) -> None:
    data = one(facts, "ConfigMap", "identity-realms")["data"]
    document = json.loads(data["realm.json"])
    (forms,) = [each for each in document["authenticationFlows"] if each["alias"] == "einklang-forms"]
    for execution in forms["authenticationExecutions"]:
        if execution.get("flowAlias") == "einklang-factor-staff":
            execution["requirement"] = "DISABLED"
    data["realm.json"] = json.dumps(document)


def policy(name: str, **spec: Any) -> Violation:
    return lambda facts: one(facts, "NetworkPolicy", name)["spec"].update(spec)


def peer(**peer: Any) -> Violation:
    """A connection out of the portal to this peer, on one port."""

    def plant(facts: Facts) -> None:
        one(facts, "NetworkPolicy", "portal")["spec"]["egress"].append({"to": [peer], "ports": [{"port": 1}]})

    return plant


def site(**changes: Any) -> Violation:
    return lambda facts: facts["sites"][0].update(changes)


def answer(application: str, path: str, **changes: Any) -> Violation:
    def plant(facts: Facts) -> None:
        (found,) = [each for each in facts["sites"] if each["application"] == application]
        found["answers"][path] = {**found["answers"][path], **changes}

    return plant


def page(**changes: Any) -> Violation:
    """Headers of the portal's start page: a value, or None to take one away."""

    def plant(facts: Facts) -> None:
        (found,) = [each for each in facts["sites"] if each["application"] == "portal"]
        headers = found["answers"]["/"]["headers"]
        for name, value in changes.items():
            headers.pop(name.replace("_", "-"), None)
            if value is not None:
                headers[name.replace("_", "-")] = value

    return plant


def inside(**changes: Any) -> Violation:
    def plant(facts: Facts) -> None:
        (found,) = [each for each in facts["pods_inside"] if each["workload"] == "portal"]
        found.update(changes)

    return plant


def database_without_tls(facts: Facts) -> None:
    (found,) = [each for each in facts["pods_inside"] if each["workload"] == "database"]
    found["database_tls"] = "off"


def saved(**changes: Any) -> Violation:
    """What the backup site showed."""
    return lambda facts: facts["saved"].update(changes)


def judged(check: str, text: str) -> Violation:
    """A check of `einklang backup status` that fails."""

    def plant(facts: Facts) -> None:
        rest = [each for each in facts["saved"]["judged"] if each[0] != check]
        facts["saved"]["judged"] = [*rest, [check, "fail", text]]

    return plant


def saver(facts: Facts) -> Any:
    """The container of the scheduled backup."""
    spec = one(facts, "CronJob", "backup")["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    return spec["containers"][0]


def saver_value(name: str, value: str) -> Violation:
    def plant(facts: Facts) -> None:
        (found,) = [each for each in saver(facts)["env"] if each["name"] == name]
        found["value"] = value

    return plant


def repository(address: str) -> Violation:
    def plant(facts: Facts) -> None:
        one(facts, "ConfigMap", "backup")["data"]["repository.json"] = json.dumps({"repository": address})

    return plant


def repository_at_a_service(facts: Facts) -> None:
    address = one(facts, "Service", "database-rw")["spec"]["clusterIP"]
    repository(f"rest:https://{address}:8000/attendorn/")(facts)


def admission(name: str, **spec: Any) -> Violation:
    return lambda facts: one(facts, "ValidatingAdmissionPolicy", name)["spec"].update(spec)


def volume(**content: Any) -> Violation:
    return lambda facts: pod(facts)["volumes"].append({"name": "planted", **content})


def environment(name: str, value: str) -> Violation:
    return lambda facts: container(facts).setdefault("env", []).append({"name": name, "value": value})


def config(key: str, value: str) -> Violation:
    return lambda facts: added(facts, "ConfigMap", "planted", data={key: value})


def namespace_label(key: str, value: str) -> Violation:
    return lambda facts: one(facts, "Namespace", namespace(facts))["metadata"]["labels"].update({key: value})


def quota(key: str, value: str | None) -> Violation:
    def plant(facts: Facts) -> None:
        hard = one(facts, "ResourceQuota", "quota")["spec"]["hard"]
        hard.pop(key)
        if value is not None:
            hard[key] = value

    return plant


def another_space(facts: Facts) -> None:
    other = copy.deepcopy(one(facts, "Namespace", namespace(facts)))
    other["metadata"]["name"] = "second"
    facts["objects"].append(other)


def foreign_volume(facts: Facts) -> None:
    claim = one(facts, "PersistentVolumeClaim", "dms-files")
    one(facts, "PersistentVolume", claim["spec"]["volumeName"])["spec"]["claimRef"]["namespace"] = "tenant-other"


def rights_of_everybody(name: str) -> Violation:
    return lambda facts: bound(
        facts,
        {"kind": "Group", "name": name},
        role={"kind": "ClusterRole", "name": "system:monitoring"},
        cluster_wide=True,
    )


def shell_as_cluster_admin(facts: Facts) -> None:
    bound(facts, account(facts, "portal"), role={"kind": "ClusterRole", "name": "cluster-admin"}, cluster_wide=True)
