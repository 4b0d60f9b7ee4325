"""Two tenants share a cluster and nothing else: connections, and what admission refuses."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest

from einklang import inventory
from modules.flows import flows_of
from tests.live import probes
from tests.live.probes import Target
from tests.live.stage import Stage

A, B = "tenant-olpe", "tenant-attendorn"


@pytest.fixture(scope="module")
def node(stage: Stage) -> str:
    """The node's own address."""
    addresses = stage.get("nodes")["items"][0]["status"]["addresses"]
    return str(next(entry["address"] for entry in addresses if entry["type"] == "InternalIP"))


@pytest.mark.parametrize(("source", "goal"), [(A, B), (B, A)])
def test_no_pod_reaches_a_pod_or_service_of_the_other_tenant(stage: Stage, source: str, goal: str) -> None:
    sources, goals = probes.pods(stage, source), probes.targets(stage, goal)
    assert sources
    assert {target.what.split()[0] for target in goals} == {"pod", "service"}, goals
    assert probes.open_paths(stage, sources, goals) == []


def test_the_allowed_path_is_open(stage: Stage) -> None:
    """The probe's counter-proof: identity reaches its own database."""
    identity = [pod for pod in probes.pods(stage, A) if pod.name.startswith("identity-")]
    database = [target for target in probes.targets(stage, A) if target.port == 5432]
    assert len(probes.open_paths(stage, identity, database)) == len(identity) * len(database) > 0


def test_within_a_tenant_just_the_flows_are_open(stage: Stage) -> None:
    """Every pod tries every port that another pod of its tenant listens on."""
    resolved = inventory.load(stage.settings.root, today=date.today()).resolve("olpe")
    flows = {(flow.source, flow.target, flow.port) for flow in flows_of(resolved.tenant.modules, resolved.size)}
    everyone = probes.pods(stage, A)
    goals = {
        (pod, port): Target(pod.workload, pod.address, port)
        for pod in everyone
        for port in pod.ports
        if probes.listens(Target(pod.name, pod.address, port))
    }
    assert {pod.workload for pod, _ in goals} >= {"identity", "database", "front", "portal", "dms", "dms-broker"}
    tried = [(source, pod, port) for source in everyone for pod, port in goals if source != pod]
    with ThreadPoolExecutor(max_workers=24) as pool:
        answers = list(pool.map(lambda each: probes.connects(stage, each[0], goals[each[1], each[2]]), tried))
    opened = {
        (each[0].workload, each[1].workload, each[2]) for each, answer in zip(tried, answers, strict=True) if answer
    }
    there = {pod.workload for pod in everyone}
    listening = {(pod.workload, port) for pod, port in goals}
    assert opened == {each for each in flows if each[0] in there and (each[1], each[2]) in listening}


def test_only_the_database_reaches_the_api_server(stage: Stage) -> None:
    api = [Target("API server", stage.get("service", "kubernetes")["spec"]["clusterIP"], 443)]
    endpoints = stage.get("endpointslices", "-l", "kubernetes.io/service-name=kubernetes")["items"][0]
    api += [Target("API server", endpoints["endpoints"][0]["addresses"][0], endpoints["ports"][0]["port"])]
    everyone = probes.pods(stage, A)
    database = [pod for pod in everyone if pod.name.startswith("database-")]
    others = [pod for pod in everyone if pod not in database]
    assert probes.open_paths(stage, others, api) == []
    assert len(probes.open_paths(stage, database, api)) == len(database) * len(api) > 0


def test_no_pod_reaches_the_node(stage: Stage, node: str) -> None:
    goals = [Target("kubelet", node, 10250)]
    assert all(probes.listens(target) for target in goals)
    assert probes.open_paths(stage, probes.pods(stage, A) + probes.pods(stage, B), goals) == []


def test_no_pod_reaches_the_platform(stage: Stage) -> None:
    goals = [*probes.targets(stage, "cnpg-system"), *probes.targets(stage, "einklang-gateway")]
    assert goals
    assert probes.open_paths(stage, probes.pods(stage, A), goals) == []


def labels(workload: str) -> dict[str, str]:
    return {
        "app.kubernetes.io/name": workload,
        "app.kubernetes.io/instance": "olpe",
        "app.kubernetes.io/component": workload,
        "app.kubernetes.io/part-of": "einklang",
        "app.kubernetes.io/managed-by": "pulumi",
        "einklang/tenant": "olpe",
        "einklang/workload": workload,
    }


def pod(image: str, **spec: Any) -> dict[str, Any]:
    """A pod that everything allows; `spec` and `container` entries make it break one rule."""
    container = {
        "name": "probe",
        "image": image,
        "command": ["sleep", "60"],
        "resources": {
            "requests": {"cpu": "10m", "memory": "16Mi"},
            "limits": {"cpu": "100m", "memory": "32Mi"},
        },
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        },
        **spec.pop("container", {}),
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "probe", "namespace": A, "labels": spec.pop("labels", labels("probe"))},
        "spec": {
            "automountServiceAccountToken": False,
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": 1000,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "containers": [container],
            **spec,
        },
    }


def apply(stage: Stage, manifest: dict[str, Any], *, as_deployer: bool = True) -> Any:
    """Server-side dry run: all of admission, nothing stored."""
    user = ["--as", f"system:serviceaccount:{A}:deployer"] if as_deployer else []
    return stage.kubectl("create", "--dry-run=server", "-f", "-", *user, stdin=json.dumps(manifest), check=False)


@pytest.fixture(scope="module")
def image(stage: Stage) -> str:
    """An allowed image, by digest."""
    catalogue = json.loads(stage.settings.image_catalogue.read_text())
    return str(next(reference for name, reference in catalogue.items() if name.startswith("base:")))


def test_a_proper_pod_is_admitted(stage: Stage, image: str) -> None:
    """The refusals' counter-proof."""
    done = apply(stage, pod(image), as_deployer=False)
    assert done.returncode == 0, done.stderr


REFUSED = {
    "privileged": ({"container": {"securityContext": {"privileged": True}}}, "violates PodSecurity"),
    "host path": ({"volumes": [{"name": "host", "hostPath": {"path": "/"}}]}, "violates PodSecurity"),
    "host network": ({"hostNetwork": True}, "violates PodSecurity"),
    "foreign image": ({"container": {"image": f"elsewhere.example/x@sha256:{'0' * 64}"}}, "einklang-images"),
    "image by tag": ({"container": {"image": "registry.einklang.example/keycloak:latest"}}, "einklang-images"),
    "no labels": ({"labels": {}}, "einklang-labels"),
    "quota": (
        {
            "container": {
                "resources": {"requests": {"cpu": "90", "memory": "16Mi"}, "limits": {"cpu": "99", "memory": "32Mi"}}
            }
        },
        "exceeded quota|maximum cpu usage",
    ),
    "token": ({"automountServiceAccountToken": True}, "einklang-tokens"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_admission_refuses_and_names_the_rule(stage: Stage, image: str, case: str) -> None:
    broken, rule = REFUSED[case]
    done = apply(stage, pod(image, **json.loads(json.dumps(broken))), as_deployer=False)
    assert done.returncode != 0, f"{case} was admitted"
    assert re.search(rule, done.stderr), done.stderr


def route(hostname: str) -> dict[str, Any]:
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": "probe", "namespace": A, "labels": labels("probe")},
        "spec": {
            "parentRefs": [{"name": "tenant"}],
            "hostnames": [hostname],
            "rules": [{"backendRefs": [{"name": "identity", "port": 8080}]}],
        },
    }


def test_a_route_with_a_foreign_hostname_is_refused(stage: Stage) -> None:
    done = apply(stage, route("id.attendorn.example"))
    assert done.returncode != 0
    assert "einklang-hostnames" in done.stderr
    assert apply(stage, route("id.olpe.example")).returncode == 0


@pytest.mark.parametrize("kind", ["NodePort", "LoadBalancer", "externalIPs"])
def test_a_service_that_opens_the_node_is_refused(stage: Stage, kind: str) -> None:
    spec: dict[str, Any] = {"ports": [{"port": 80}], "selector": {"a": "b"}}
    spec.update({"externalIPs": ["192.0.2.1"]} if kind == "externalIPs" else {"type": kind})
    metadata = {"name": "probe", "namespace": A, "labels": labels("probe")}
    done = apply(stage, {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec})
    assert done.returncode != 0
    assert "einklang-services" in done.stderr


@pytest.mark.parametrize("verb", ["exec", "attach"])
def test_nobody_but_operators_gets_into_a_tenants_pod(stage: Stage, verb: str) -> None:
    name = probes.pods(stage, A)[0].name
    command = ["--", "true"] if verb == "exec" else []
    done = stage.kubectl(
        verb, "-n", A, name, "--as", "someone", "--as-group", "system:masters", *command,
        check=False, timeout=20,
    )  # fmt: skip
    assert done.returncode != 0
    assert "einklang-exec" in done.stderr


@pytest.mark.parametrize(
    ("pod", "command"),
    [
        ("database-1", ["id"]),
        ("database-1", ["/controller/manager", "backup", "database-1;id"]),
        ("database-1", ["/controller/manager", "instance", "database-1"]),
        ("front", ["/controller/manager", "backup", "database-1"]),
    ],
)
def test_the_database_operator_gets_in_for_a_copy_only(stage: Stage, pod: str, command: list[str]) -> None:
    """Into a database, and with the one command that makes it."""
    (name,) = [each.name for each in probes.pods(stage, A) if each.name == pod or each.workload == pod][:1]
    user = ["--as", "system:serviceaccount:cnpg-system:cnpg-manager"]
    done = stage.kubectl("exec", "-n", A, name, *user, "--", *command, check=False, timeout=20)
    assert done.returncode != 0
    assert "einklang-exec" in done.stderr


@pytest.mark.parametrize(
    "question",
    [
        ["get", "secrets", "-n", B],
        ["list", "pods", "-n", B],
        ["get", "namespaces"],
        ["create", "rolebindings.rbac.authorization.k8s.io", "-n", A],
        ["delete", "networkpolicies.networking.k8s.io", "-n", A],
        ["update", "resourcequotas", "-n", A],
        ["create", "pods/exec", "-n", A],
        ["create", "serviceaccounts/token", "-n", A],
    ],
    ids=" ".join,
)
def test_the_deploying_identity_is_limited_to_its_tenant(stage: Stage, question: list[str]) -> None:
    user = ["--as", f"system:serviceaccount:{A}:deployer"]
    assert stage.kubectl("auth", "can-i", *question, *user, check=False).stdout.strip() == "no"


def test_the_deploying_identity_may_deploy(stage: Stage) -> None:
    """The counter-proof: rights inside its own namespace."""
    user = ["--as", f"system:serviceaccount:{A}:deployer"]
    assert stage.kubectl("auth", "can-i", "create", "deployments.apps", "-n", A, *user).stdout.strip() == "yes"
