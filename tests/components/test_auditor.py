"""The identity for audits: it looks, and that is all."""

from __future__ import annotations

from einklang.operations.audit import nightly
from einklang.operations.audit.collect import AUDITOR, KINDS
from modules import auditor
from tests.components import programs, rules
from tests.components.recording import objects, one, record


def test_it_reads_just_what_the_audit_lists() -> None:
    (role,) = [each for each in auditor.manifests() if each["kind"] == "ClusterRole"]
    allowed = {
        f"{kind}.{group}" if group else kind
        for rule in role["rules"]
        for group in rule.get("apiGroups", [])
        for kind in rule["resources"]
    }
    assert allowed == set(KINDS)


def test_it_changes_nothing_and_reads_no_secret() -> None:
    (role,) = [each for each in auditor.manifests() if each["kind"] == "ClusterRole"]
    for rule in role["rules"]:
        assert set(rule["verbs"]) <= {"get", "list"}
        assert not {"*", "secrets", "pods/exec", "pods/log"} & set(rule.get("resources", []))
    assert len([each for each in auditor.manifests() if each["kind"].endswith("Binding")]) == 1


def test_the_audit_asks_as_the_platforms_identity() -> None:
    declared = record(programs.platform())
    binding = one(declared, "ClusterRoleBinding", auditor.ROLE).manifest
    (subject,) = binding["subjects"]
    assert f"system:serviceaccount:{subject['namespace']}:{subject['name']}" == AUDITOR
    account = one(declared, "ServiceAccount", auditor.ACCOUNT).manifest
    assert account["automountServiceAccountToken"] is False


def test_the_nightly_audit_runs_as_that_identity_and_reaches_three_places() -> None:
    declared = record(programs.platform())
    job = one(declared, "CronJob", nightly.NAME).manifest
    assert job["metadata"]["namespace"] == nightly.NAMESPACE == auditor.NAMESPACE
    pod = job["spec"]["jobTemplate"]["spec"]["template"]
    assert pod["spec"]["serviceAccountName"] == auditor.ACCOUNT
    assert pod["spec"]["automountServiceAccountToken"] is True
    policies = [each.manifest for each in objects(declared, "NetworkPolicy") if each.key[1] == auditor.NAMESPACE]
    selected = {each["metadata"]["name"]: each["spec"] for each in policies}
    assert set(selected) == {"default-deny", nightly.NAME}
    assert selected[nightly.NAME]["podSelector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()
    assert selected[nightly.NAME]["ingress"] == []
    ports = [[port["port"] for port in rule["ports"]] for rule in selected[nightly.NAME]["egress"]]
    assert ports == [[53, 53], [6443], [80, 443]]
    assert all("to" in rule for rule in selected[nightly.NAME]["egress"])


def test_it_begins_when_everything_it_needs_is_there() -> None:
    declared = record(programs.platform())
    reached = rules.reached(declared, one(declared, "CronJob", nightly.NAME))
    before = {each.name for each in declared if each.urn in reached}
    assert {"clusterrolebinding/einklang:auditor", "configmap/audit", "networkpolicy/audit"} <= before
