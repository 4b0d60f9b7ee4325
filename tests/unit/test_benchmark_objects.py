"""The benchmark compares like with like: the same objects, the same readiness."""

from __future__ import annotations

import json
from typing import Any

import yaml

from tests.benchmarks import objects, report, tools
from tests.benchmarks.measure import Figure, Result, median

SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}


def resource(kind: str, inputs: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": kind, "inputs": inputs, **more}


def manifest(kind: str, api: str, name: str, **more: Any) -> dict[str, Any]:
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name, "namespace": "n", **more}}


def state(*resources: dict[str, Any]) -> dict[str, Any]:
    return {"deployment": {"resources": [resource("pulumi:pulumi:Stack", {}), *resources]}}


def test_objects_lose_pulumi_and_keep_the_rest() -> None:
    noted = manifest("Service", "v1", "s", annotations={"pulumi.com/skipAwait": "true", "einklang/hostnames": "a"})
    (found,) = objects.of_state(state(resource("kubernetes:core/v1:Service", noted)))
    assert found["metadata"] == {"name": "s", "namespace": "n", "annotations": {"einklang/hostnames": "a"}}


def test_secrets_come_in_clear() -> None:
    hidden = {**manifest("Secret", "v1", "s"), "stringData": {**SECRET, "plaintext": json.dumps({"password": "p"})}}
    (found,) = objects.of_state(state(resource("kubernetes:core/v1:Secret", hidden)))
    assert found["stringData"] == {"password": "p"}


def test_what_is_only_read_or_no_object_is_left_out() -> None:
    read = resource("kubernetes:core/v1:Service", manifest("Service", "v1", "kubernetes"), external=True)
    assert objects.of_state(state(read, resource("pulumi:providers:kubernetes", {}))) == ()


def test_namespace_comes_first() -> None:
    role = resource("kubernetes:x:Role", manifest("Role", "rbac.authorization.k8s.io/v1", "a"))
    namespace = resource("kubernetes:core/v1:Namespace", manifest("Namespace", "v1", "n"))
    assert [found["kind"] for found in objects.of_state(state(role, namespace))] == ["Namespace", "Role"]


def test_the_same_is_waited_for() -> None:
    waited = [
        manifest("Deployment", "apps/v1", "d"),
        manifest("Job", "batch/v1", "j"),
        manifest("Cluster", "postgresql.cnpg.io/v1", "c"),
    ]
    script = tools.Files(folder=tools.Path("/f"), manifests=[*waited, manifest("Service", "v1", "s")]).kubectl()[-1]
    assert [line.split(" --namespace")[0] for line in script.splitlines()] == [
        "kubectl apply --server-side --filename /f/objects.yaml",
        "kubectl rollout status deployment/d",
        "kubectl wait --for=condition=complete job/j",
        "kubectl wait --for=condition=Ready cluster.postgresql.cnpg.io/c",
    ]


def test_chart_holds_the_objects_as_they_are(tmp_path: Any) -> None:
    text = {**manifest("ConfigMap", "v1", "c"), "data": {"page": "{{ not for helm }}"}}
    tools.Files(tmp_path / "state", [text]).write()
    chart = tmp_path / "state" / "chart"
    assert list(yaml.safe_load_all((chart / "objects.yaml").read_text())) == [text]
    assert "not for helm" not in (chart / "templates" / "objects.yaml").read_text()


def test_median_takes_each_figure_for_itself() -> None:
    assert median([Figure(1, 9, 5), Figure(2, 8, 4), Figure(3, 7, 6)]) == Figure(2, 8, 5)


def test_table_says_how_pulumi_compares() -> None:
    cases = {"first run": {"pulumi": Result(Figure(4, 2, 100), 1), "kubectl": Result(Figure(2, 0.5, 50), 1)}}
    lines = report.tenant_table(cases).splitlines()[2:]
    assert lines == [
        "| first run | pulumi | 4.00 | 2.00 | 100 | 1 |  |",
        "| first run | kubectl | 2.00 | 0.50 | 50 | 1 | 2.0 times as long |",
    ]
