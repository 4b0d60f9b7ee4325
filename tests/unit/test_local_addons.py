"""The add-ons as objects: images by digest, unprivileged, and pods that follow their configuration."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from einklang.operations.local import addons, objects, plan, storage
from einklang.operations.local.plan import Folders

IMAGES = {name: f"registry.example/{name}:1@sha256:{'0' * 64}" for name in ("coredns", storage.NAME, "base")}


@pytest.fixture
def declared(tmp_path: Path) -> list[dict[str, Any]]:
    return addons.declare(Folders(tmp_path / "cluster"), IMAGES)


def pods(declared: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one["spec"]["template"] for one in declared if one["kind"] == "Deployment"]


def test_every_object_stands_once(declared: list[dict[str, Any]]) -> None:
    keys = [(one["kind"], one["metadata"].get("namespace"), one["metadata"]["name"]) for one in declared]
    assert len(keys) == len(set(keys))


def test_no_add_on_is_privileged(declared: list[dict[str, Any]]) -> None:
    for pod in pods(declared):
        assert pod["spec"]["securityContext"]["runAsNonRoot"] is True
        for container in pod["spec"]["containers"]:
            assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
            assert container["securityContext"]["readOnlyRootFilesystem"] is True
            assert "@sha256:" in container["image"]


def test_names_of_the_outside_are_denied_not_forwarded(declared: list[dict[str, Any]]) -> None:
    corefile = next(
        one["data"]["Corefile"] for one in declared if one["kind"] == "ConfigMap" and "Corefile" in one["data"]
    )
    assert "forward" not in corefile and "NXDOMAIN" in corefile


def test_the_name_service_has_its_fixed_address_and_the_port_the_policies_name(declared: list[dict[str, Any]]) -> None:
    service = next(one["spec"] for one in declared if one["kind"] == "Service")
    assert service["clusterIP"] == plan.DNS_ADDRESS
    assert {port["targetPort"] for port in service["ports"]} == {53}


def test_volumes_lie_in_the_clusters_folder(declared: list[dict[str, Any]], tmp_path: Path) -> None:
    data = next(one["data"] for one in declared if one["kind"] == "ConfigMap" and "config.json" in one["data"])
    places = json.loads(data["config.json"])["nodePathMap"]
    assert [place["paths"] for place in places] == [[str(tmp_path / "cluster" / "volumes")]]
    assert json.loads(data["helperPod.yaml"])["spec"]["containers"][0]["image"] == IMAGES["base"]


def test_pods_are_replaced_when_their_configuration_changes() -> None:
    metadata = {"name": "x", "namespace": "y"}

    def annotations(text: str) -> object:
        configuration = objects.config_map(metadata, {"file": text})
        return objects.deployment(metadata, {}, {}, ("/etc/x", configuration))["spec"]["template"]["metadata"]

    assert annotations("a") == annotations("a") != annotations("b")
