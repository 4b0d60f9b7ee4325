"""What the components are told: nothing anonymous, nothing unencrypted, nothing outside the cluster's folder."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from einklang.operations.local import components, configuration, node, plan
from einklang.operations.local.host import Cgroups
from einklang.operations.local.plan import Folders
from einklang.operations.local.toolchain import Toolchain
from einklang.settings import Settings

PAUSE = f"registry.example/pause:1@sha256:{'0' * 64}"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path, tmp_path / "cache", tmp_path / "home")


@pytest.fixture
def folders(settings: Settings) -> Folders:
    return Folders.of(settings)


def arguments(folders: Folders, name: str) -> dict[str, str]:
    programs = {one: Path("/programs") / one for one in components.NAMES}
    declared = components.declare(Toolchain(programs, {}, (), {}, builds_pulumi=True), folders)
    argv = next(component.argv for component in declared if component.name == name)
    return dict(word.removeprefix("--").split("=", 1) for word in argv[1:])


def test_every_file_is_private_and_inside_the_home_folder(settings: Settings) -> None:
    configuration.write(settings, PAUSE, Cgroups.V2)
    files = [path for path in settings.home.rglob("*") if path.is_file()]
    assert len(files) == len(configuration.COMPONENT_USERS) + 7
    assert {oct(path.stat().st_mode & 0o777) for path in files} == {"0o600"}


def test_writing_again_touches_nothing(settings: Settings) -> None:
    configuration.write(settings, PAUSE, Cgroups.V2)
    before = {path: path.stat().st_mtime_ns for path in settings.home.rglob("*") if path.is_file()}
    configuration.write(settings, PAUSE, Cgroups.V2)
    assert before == {path: path.stat().st_mtime_ns for path in before}


def test_the_operators_kubeconfig_names_files_and_holds_no_key(settings: Settings) -> None:
    configuration.write(settings, PAUSE, Cgroups.V2)
    text = settings.kubeconfig.read_text()
    user = json.loads(text)["users"][0]["user"]
    assert user == {
        "client-certificate": str(settings.cluster / "pki" / "operator.crt"),
        "client-key": str(settings.cluster / "pki" / "operator.key"),
    }
    assert json.loads(text)["clusters"][0]["cluster"]["server"] == "https://10.243.0.1:6443"
    assert "-data" not in text and "PRIVATE" not in text


API_SERVER = {
    "anonymous-auth": "false",
    "authorization-mode": "Node,RBAC",
    "enable-admission-plugins": "NodeRestriction",
    "profiling": "false",
    "bind-address": plan.NODE_ADDRESS,
    "tls-min-version": "VersionTLS12",
}


def test_the_api_server_is_closed(folders: Folders) -> None:
    told = arguments(folders, "kube-apiserver")
    assert {name: told[name] for name in API_SERVER} == API_SERVER
    assert told["encryption-provider-config"] == str(folders.pki / "encryption.json")
    assert told["audit-log-path"] == str(folders.logs / "audit.log")
    assert int(told["audit-log-maxsize"]) * int(told["audit-log-maxbackup"]) <= 500  # MB


@pytest.mark.parametrize("name", ["kube-controller-manager", "kube-scheduler"])
def test_the_control_plane_shows_no_profile_and_listens_here_only(folders: Folders, name: str) -> None:
    told = arguments(folders, name)
    assert (told["profiling"], told["bind-address"]) == ("false", "127.0.0.1")


def test_etcd_wants_certificates_on_both_ports_and_listens_here_only(folders: Folders) -> None:
    told = arguments(folders, "etcd")
    assert (told["client-cert-auth"], told["peer-client-cert-auth"]) == ("true", "true")
    assert {re.sub(r":\d+$", "", value) for name, value in told.items() if name.startswith("listen-")} == {
        "https://127.0.0.1"
    }


@pytest.mark.parametrize("name", components.NAMES)
def test_every_component_names_the_clusters_folder(folders: Folders, name: str) -> None:
    """By that, a process without a record is recognised."""
    assert any(value.startswith(f"{folders.base}/") for value in arguments(folders, name).values())


def test_the_kubelet_lets_nobody_in_without_a_name(folders: Folders) -> None:
    told = node.kubelet(folders, Cgroups.V2)
    assert told["authentication"]["anonymous"] == {"enabled": False}
    assert told["authorization"] == {"mode": "Webhook"}
    assert told["readOnlyPort"] == 0 and told["enableProfilingHandler"] is False
    assert told["seccompDefault"] is True


def test_the_kubelet_never_removes_an_image(folders: Folders) -> None:
    """A cluster that cannot pull would start no pod any more: see the note on the kubelet's image collection."""
    told = node.kubelet(folders, Cgroups.V2)
    assert told["imageGCHighThresholdPercent"] == 100
    assert not [signal for signal in told["evictionHard"] if "fs" in signal]


@pytest.mark.parametrize(("cgroups", "expected"), [(Cgroups.V1, False), (Cgroups.HYBRID, False), (Cgroups.V2, None)])
def test_the_kubelet_is_told_that_v1_is_meant(folders: Folders, cgroups: Cgroups, expected: bool | None) -> None:
    told = node.kubelet(folders, cgroups)
    assert told.get("failCgroupV1") is expected
    assert (told["cgroupDriver"], told["cgroupRoot"]) == ("cgroupfs", f"/{plan.CGROUP}")


def test_containerd_keeps_to_its_own_folder(folders: Folders) -> None:
    told = tomllib.loads(node.containerd(folders, PAUSE))
    cri = told["plugins"]["io.containerd.grpc.v1.cri"]
    runc = cri["containerd"]["runtimes"]["runc"]["options"]
    places = [told["root"], told["state"], told["grpc"]["address"], cri["cni"]["conf_dir"], runc["Root"]]
    assert all(place.startswith(f"{folders.base}/") for place in places)
    assert cri["sandbox_image"] == PAUSE and runc["SystemdCgroup"] is False


def test_pods_hang_on_links_of_their_own(folders: Folders) -> None:
    """On a bridge, pods would reach each other past the firewall where bridges are not filtered."""
    plugin = node.network(folders)["plugins"][0]
    assert plugin["type"] == "ptp" and plugin["ipMasq"] is False


def rule(policy: dict[str, Any], verb: str, resource: str, user: str = "somebody") -> str:
    """The level that the policy has for a request on a core resource; the first rule that fits decides."""
    for one in policy["rules"]:
        resources = [name for group in one.get("resources", []) for name in group.get("resources", ["*"])]
        fits_resource = resource in resources if "resources" in one else "nonResourceURLs" not in one
        if fits_resource and verb in one.get("verbs", [verb]) and user in one.get("users", [user]):
            return str(one["level"])
    return "none fits"


@pytest.mark.parametrize(
    ("verb", "resource", "level"),
    [
        ("get", "secrets", "Metadata"),
        ("update", "secrets", "Metadata"),
        ("create", "serviceaccounts/token", "Metadata"),
        ("create", "pods", "Request"),
        ("delete", "persistentvolumeclaims", "Request"),
        ("list", "pods", "Metadata"),
    ],
)
def test_the_audit_policy(verb: str, resource: str, level: str) -> None:
    assert rule(configuration.audit_policy(), verb, resource) == level


def test_the_audit_policy_keeps_quiet_about_watching_only() -> None:
    policy = configuration.audit_policy()
    assert rule(policy, "watch", "pods", "system:kube-scheduler") == "None"
    assert rule(policy, "get", "secrets", "system:kube-scheduler") == "Metadata"


def test_no_proxy_between_components() -> None:
    told = configuration.environment({"PATH": "/a:/usr/bin", "HTTPS_PROXY": "x", "no_proxy": "y", "HOME": "/h"})
    assert told["HOME"] == "/h" and not [name for name in told if "proxy" in name.lower()]
    assert told["PATH"].split(":")[0] == "/a" and "/usr/sbin" in told["PATH"].split(":")


def test_a_changed_file_or_certificate_is_a_reason_to_restart(settings: Settings, folders: Folders) -> None:
    configuration.write(settings, PAUSE, Cgroups.V2)
    proxy = components.Component("kube-proxy", ("x", f"--config={folders.configuration}/kube-proxy.json"))
    logs = components.Component("x", ("x", f"--log={folders.logs}/x.log"))
    before = proxy.fingerprint(folders), logs.fingerprint(folders)
    folders.logs.mkdir()
    (folders.logs / "x.log").write_text("more")
    assert before == (proxy.fingerprint(folders), logs.fingerprint(folders))
    (folders.configuration / "kube-proxy.json").write_text("{}")
    assert proxy.fingerprint(folders) != before[0]
    folders.pki.mkdir()
    (folders.pki / "ca.crt").write_text("new")
    assert logs.fingerprint(folders) != before[1]
