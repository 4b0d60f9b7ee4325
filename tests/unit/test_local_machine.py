"""Putting the machine back: what came with the cluster goes, what others have stays."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any

import pytest

from einklang.errors import UserError
from einklang.operations.local import host, machine, plan, traces
from einklang.operations.local.plan import Folders

BEFORE_CHAINS = {("iptables", "nat", "CNI-HOSTPORT-DNAT"), ("iptables", "nat", "DOCKER")}


@dataclass
class Machine:
    """Stands in for the clients: what there is, and what was taken away."""

    alias_of_bridge: str | None = None
    spaces: dict[str, list[IPv4Address]] = field(default_factory=lambda: {"cni-theirs": [IPv4Address("10.88.0.2")]})
    chain_set: set[tuple[str, str, str]] = field(default_factory=lambda: set(BEFORE_CHAINS))
    set_names: set[str] = field(default_factory=lambda: {"blocklist"})
    settings: dict[str, str] = field(default_factory=lambda: {"net.ipv4.ip_forward": "0", "kernel.panic": "0"})
    links: list[str] = field(default_factory=list)

    def put_under(self, monkeypatch: pytest.MonkeyPatch) -> None:
        network: dict[str, Any] = {
            "alias": lambda _: self.alias_of_bridge,
            "namespaces": lambda: sorted(self.spaces),
            "addresses_in": self.spaces.__getitem__,
            "remove_namespace": self.spaces.pop,
            "kernel_settings": lambda _: dict(self.settings),
            "set_kernel_settings": self.settings.update,
            "routes": lambda: [(IPv4Network("10.244.0.7"), "veth7"), (IPv4Network("172.17.0.0/16"), "docker0")],
            "remove_link": self.links.append,
            "remove_route": lambda _: None,
            "mounts_below": lambda *_: [],
            "listening_sockets": set,
            "listeners": list,
        }
        firewall = {
            "chains": lambda: set(self.chain_set),
            "sets": lambda: set(self.set_names),
            "remove_chains": self.chain_set.difference_update,
            "remove_sets": self.set_names.difference_update,
        }
        for client, replaced in ((machine.network, network), (machine.firewall, firewall)):
            for name, value in replaced.items():
                monkeypatch.setattr(client, name, value)
        monkeypatch.setattr(host, "remove_cgroup", lambda _: None)
        monkeypatch.setattr(traces, "remove", lambda *_: None)
        monkeypatch.setattr(traces, "folders_there", list)

    def run_cluster(self) -> None:
        """What the components do to a machine."""
        self.spaces |= {
            "cni-ours": [IPv4Address("10.244.0.7")],
            "cni-half-made": [],
            "cni-later": [IPv4Address("10.88.0.3")],
        }
        self.chain_set |= {
            ("iptables", "nat", "KUBE-SERVICES"),
            ("iptables", "nat", "CNI-DN-1"),
            ("iptables", "filter", "x"),
        }
        self.set_names |= {"KUBE-SRC-1", "inet6:KUBE-DST-1", "kube-router-local-ips", "theirs"}
        self.settings |= {"net.ipv4.ip_forward": "1", "kernel.panic": "10"}


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> Machine:
    fake = Machine()
    fake.put_under(monkeypatch)
    return fake


@pytest.fixture
def folders(tmp_path_factory: pytest.TempPathFactory) -> Folders:
    """Below a short name: a socket's path is limited."""
    return Folders(tmp_path_factory.mktemp("home") / "cluster")


def test_what_came_with_the_cluster_goes(here: Machine, folders: Folders) -> None:
    machine.remember(folders)
    here.run_cluster()
    machine.remember(folders)  # again by a second `up`: what is there by now is not what was there before
    assert machine.is_ours(folders)
    machine.restore(folders)
    assert sorted(here.spaces) == ["cni-later", "cni-theirs"]
    assert here.chain_set == BEFORE_CHAINS | {("iptables", "filter", "x")}
    assert here.set_names == {"blocklist", "theirs"}
    assert here.settings == {"net.ipv4.ip_forward": "0", "kernel.panic": "0"}
    assert here.links == ["veth7", plan.NODE_BRIDGE]
    assert not machine.is_ours(folders)


def test_nothing_is_touched_where_nothing_is_ours(here: Machine, folders: Folders) -> None:
    here.run_cluster()  # somebody else's Kubernetes
    machine.restore(folders)
    assert ("iptables", "nat", "KUBE-SERVICES") in here.chain_set
    assert here.links == [] and here.settings["kernel.panic"] == "10"


def test_what_an_earlier_boot_had_is_forgotten(here: Machine, folders: Folders) -> None:
    machine.remember(folders)
    record = folders.records / "machine.json"
    record.write_text(json.dumps({**json.loads(record.read_text()), "boot": "an earlier one"}))
    assert not machine.is_ours(folders)
    here.settings["kernel.panic"] = "7"
    machine.remember(folders)
    assert json.loads(record.read_text())["settings"]["kernel.panic"] == "7"


def test_a_lost_record_is_made_up_for_by_the_bridge(here: Machine, folders: Folders) -> None:
    here.run_cluster()
    here.alias_of_bridge = str(folders.base)
    machine.restore(folders)
    assert ("iptables", "nat", "KUBE-SERVICES") not in here.chain_set
    assert sorted(here.spaces) == ["cni-later", "cni-theirs"]


def test_a_stale_record_takes_nothing_from_the_cluster_of_another_home(here: Machine, folders: Folders) -> None:
    machine.remember(folders)
    here.run_cluster()
    here.alias_of_bridge = "/elsewhere/cluster"
    assert not machine.is_ours(folders)
    machine.restore(folders)
    assert ("iptables", "nat", "KUBE-SERVICES") in here.chain_set and here.links == []


def test_a_bridge_that_a_kill_left_without_its_alias_is_ours_by_the_record(here: Machine, folders: Folders) -> None:
    machine.remember(folders)
    here.alias_of_bridge = ""
    assert machine.is_ours(folders)
    machine.refuse_conflicts(folders, {})


def test_the_bridge_of_another_home_is_a_conflict(here: Machine, folders: Folders) -> None:
    here.alias_of_bridge = "/elsewhere/cluster"
    with pytest.raises(UserError, match=r"another local cluster is up on this machine: /elsewhere/cluster") as caught:
        machine.refuse_conflicts(folders, {})
    assert caught.value.remedy == "stop it first: EINKLANG_HOME=/elsewhere einklang local down"


def test_a_path_too_long_for_a_socket_is_a_conflict(here: Machine, tmp_path: Path) -> None:
    assert not here.links
    with pytest.raises(UserError, match="longer than the 101 characters"):
        machine.refuse_conflicts(Folders(tmp_path / ("x" * 100)), {})
