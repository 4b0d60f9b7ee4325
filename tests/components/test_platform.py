"""The platform: order, images, the operator's manifest, admission rules, the gateway."""

from __future__ import annotations

from functools import cache

import pytest

from modules import admission, database_operator, gateway
from modules.flows import FLOWS, Outside, ports_from
from modules.gateway import GatewayArgs
from modules.network_policies import DATABASE_OPERATOR_NAMESPACE, GATEWAY_NAMESPACE, ApiServer
from modules.platform import STORAGE_CLASS
from tests.components import cases, programs, rules
from tests.components.recording import Declared, objects, one, record

API = ApiServer(["192.0.2.1"], 6443)
REGISTRIES = ("registry.einklang.example/", "registry.intern.example/images/")


@cache
def declared() -> tuple[Declared, ...]:
    return tuple(record(programs.platform()))


def names_before(kind: str, name: str) -> set[str]:
    reached = rules.reached(declared(), one(declared(), kind, name))
    return {each.name for each in declared() if each.urn in reached}


def test_the_operator_starts_after_its_rights_and_its_webhooks() -> None:
    """It writes its authority into the webhooks at its start and ends where they are missing."""
    before = names_before("Deployment", "cnpg-controller-manager")
    assert {
        "namespace/cnpg-system",
        "customresourcedefinition/clusters.postgresql.cnpg.io",
        "clusterrolebinding/cnpg-manager-rolebinding",
        "validatingwebhookconfiguration/cnpg-validating-webhook-configuration",
        "networkpolicy/cloudnative-pg",
    } <= before


def test_destroying_stops_before_anything_is_gone() -> None:
    """With the operator's definitions all tenants' databases would go."""
    last = one(declared(), "ConfigMap", "platform")
    before = rules.reached(declared(), last)
    assert last.protect
    assert [each.name for each in objects(declared()) if each is not last and each.urn not in before] == []
    definitions = objects(declared(), "CustomResourceDefinition")
    assert definitions
    assert all(each.protect for each in definitions)


def test_a_platform_without_tenants_can_be_destroyed() -> None:
    assert not any(each.protect for each in record(programs.platform(protect=False)))


def test_the_shared_log_holds_no_paths_and_queries() -> None:
    """Login codes, mail addresses and the tokens of mailed links stand in the query."""
    (container,) = one(declared(), "Deployment", "traefik").manifest["spec"]["template"]["spec"]["containers"]
    assert {
        "--accesslog.format=json",
        "--accesslog.fields.names.RequestPath=drop",
        "--accesslog.fields.names.RequestLine=drop",
    } <= set(container["args"])


def test_the_gateway_starts_after_its_definitions_and_rights() -> None:
    before = names_before("Deployment", "traefik")
    assert {
        "customresourcedefinition/gateways.gateway.networking.k8s.io",
        "gatewayclass/einklang",
        "clusterrolebinding/traefik",
        "networkpolicy/traefik",
    } <= before


def test_no_service_waits_for_pods_that_start_after_it() -> None:
    for service in objects(declared(), "Service"):
        assert service.manifest["metadata"]["annotations"]["pulumi.com/skipAwait"] == "true", service.key


def test_what_runs_is_named_by_digest_and_restricted() -> None:
    for where, template in rules.templates(declared()):
        assert template["spec"]["serviceAccountName"] in {"cnpg-manager", "traefik", "auditor"}, where
        for container in template["spec"]["containers"]:
            assert container["image"].startswith("registry.einklang.example/"), where
            assert "@sha256:" in container["image"], where
    manager = one(declared(), "Deployment", "cnpg-controller-manager").manifest["spec"]["template"]["spec"]
    environment = {entry["name"]: entry.get("value") for entry in manager["containers"][0]["env"]}
    assert environment["OPERATOR_IMAGE_NAME"] == cases.image("cloudnative-pg")
    assert "OPERATOR_NAMESPACE" in environment


def test_the_operators_manifest_is_not_changed_in_place() -> None:
    upstream = [{"kind": "Namespace", "metadata": {"name": "cnpg-system"}, "status": {}}]
    made = database_operator.manifests(upstream, cases.image("cloudnative-pg"), API)
    assert upstream == [{"kind": "Namespace", "metadata": {"name": "cnpg-system"}, "status": {}}]
    assert "status" not in made[0]
    assert made[0]["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


@pytest.mark.parametrize(
    ("namespace", "name", "source"),
    [
        (GATEWAY_NAMESPACE, "traefik", Outside.GATEWAY),
        (DATABASE_OPERATOR_NAMESPACE, "cloudnative-pg", Outside.DATABASE_OPERATOR),
    ],
)
def test_the_platforms_namespaces_reach_tenants_by_flows_only(namespace: str, name: str, source: Outside) -> None:
    (policy,) = [each for each in objects(declared(), "NetworkPolicy") if each.key[1:] == (namespace, name)]
    to_tenants = [
        rule for rule in policy.manifest["spec"]["egress"] if "einklang/tenant" in str(rule.get("to", "everybody"))
    ]
    assert [port["port"] for rule in to_tenants for port in rule["ports"]] == ports_from(source)
    assert all("to" in rule for rule in policy.manifest["spec"]["egress"])


def test_flows_have_reasons_and_no_doubles() -> None:
    assert all(flow.reason for flow in FLOWS)
    keys = [(flow.source, flow.target, flow.port) for flow in FLOWS]
    assert len(keys) == len(set(keys))


def test_every_admission_rule_is_bound_fails_closed_and_names_itself() -> None:
    made = admission.manifests(REGISTRIES, STORAGE_CLASS)
    policies = {each["metadata"]["name"]: each["spec"] for each in made if each["kind"].endswith("Policy")}
    bound = {each["spec"]["policyName"] for each in made if each["kind"].endswith("Binding")}
    assert set(policies) == bound
    assert all(each["spec"]["validationActions"] == ["Deny"] for each in made if each["kind"].endswith("Binding"))
    for name, spec in policies.items():
        assert spec["failurePolicy"] == "Fail", name
        assert spec["matchConstraints"]["namespaceSelector"] == {
            "matchExpressions": [{"key": "einklang/tenant", "operator": "Exists"}]
        }, name
        for validation in spec["validations"]:
            rule = validation["messageExpression"].removeprefix("'").partition(":")[0]
            assert name.startswith(rule), name


def test_images_are_allowed_from_each_registry() -> None:
    (policy,) = [each for each in admission.policies(REGISTRIES, STORAGE_CLASS) if each.name == "einklang-images"]
    assert all(f"'{registry}'" in policy.variables["wrong"] for registry in REGISTRIES)


def test_without_an_address_of_the_host_the_gateway_has_a_load_balancer() -> None:
    args = GatewayArgs(cases.image("traefik"), None)
    made = {each["kind"]: each for each in gateway.manifests(args, API)}
    assert made["Service"]["spec"]["type"] == "LoadBalancer"
    assert "hostPort" not in str(made["Deployment"])
    security = gateway.namespace(args)["metadata"]["labels"]["pod-security.kubernetes.io/enforce"]
    assert security == "restricted"


def test_pulumi_waits_for_every_deployment() -> None:
    assert list(rules.awaited(declared())) == []
