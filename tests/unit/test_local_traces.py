"""Files at places that other programs use too: only the cluster's own go."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from einklang.operations.local import traces


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    names = {
        "LOG_LINKS": "log/containers",
        "SHIM_SOCKETS": "run/containerd/s",
        "PLUGIN_RESULTS": "lib/cni/results",
        "DEVICE_PLUGINS": "lib/kubelet/device-plugins",
        "NAMESPACES": "run/netns",
    }
    folders = {name: tmp_path / place for name, place in names.items()}
    for name, folder in folders.items():
        monkeypatch.setattr(traces, name, folder)
    nested = (folders[name] for name in ("SHIM_SOCKETS", "PLUGIN_RESULTS", "DEVICE_PLUGINS"))
    own = [folders["LOG_LINKS"], folders["NAMESPACES"], *(each for one in nested for each in (one, one.parent))]
    monkeypatch.setattr(traces, "_FOLDERS", tuple(own))
    (tmp_path / "log").mkdir()
    (tmp_path / "run").mkdir()
    return tmp_path


def fill(places: Path, *, others: bool) -> Path:
    cluster = places / "home" / "cluster"
    for folder in ("log/containers", "run/containerd/s", "lib/cni/results", "lib/kubelet/device-plugins", "run/netns"):
        (places / folder).mkdir(parents=True, exist_ok=True)
    results = {"einklang-1-eth0": ("einklang", "1"), "cni-loopback-1-lo": ("cni-loopback", "1")}
    (places / "log/containers/ours.log").symlink_to(cluster / "logs" / "pods" / "1.log")
    (places / "run/containerd/s/dead").touch()
    for name in ("kubelet.sock", ".kubelet_internal_checkpoint123"):
        (places / "lib/kubelet/device-plugins" / name).touch()
    if others:
        results |= {"cbr-2-eth0": ("podman", "2"), "cni-loopback-2-lo": ("cni-loopback", "2")}
        (places / "log/containers/theirs.log").symlink_to("/var/log/pods/2.log")
        (places / "run/containerd/s/living").touch()
        (places / "lib/cni/results/broken").write_text("{")
    for name, (network, pod) in results.items():
        (places / "lib/cni/results" / name).write_text(json.dumps({"networkName": network, "containerId": pod}))
    return cluster


def files(places: Path) -> list[str]:
    return sorted(str(path.relative_to(places)) for path in places.rglob("*") if path.is_symlink() or path.is_file())


def test_nothing_is_left_where_nothing_was(places: Path) -> None:
    before = traces.folders_there()
    traces.remove(fill(places, others=False), before, [])
    assert sorted(path.name for path in places.rglob("*")) == ["lib", "log", "run"]


def test_what_others_keep_there_stays(places: Path) -> None:
    cluster = fill(places, others=True)
    before = traces.folders_there()
    traces.remove(cluster, before, [str(places / "run/containerd/s/living")])
    assert files(places) == [
        "lib/cni/results/broken",
        "lib/cni/results/cbr-2-eth0",
        "lib/cni/results/cni-loopback-2-lo",
        "lib/kubelet/device-plugins/.kubelet_internal_checkpoint123",
        "lib/kubelet/device-plugins/kubelet.sock",
        "log/containers/theirs.log",
        "run/containerd/s/living",
    ]
    assert (places / "run/netns").is_dir()


def test_without_any_place_nothing_happens(places: Path) -> None:
    traces.remove(places / "home" / "cluster", [], [])
    assert files(places) == []
