"""Control groups as they are mounted in v1, hybrid and v2, and machines that cannot run a node."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from einklang.errors import UserError
from einklang.operations.local import host
from einklang.operations.local.host import Cgroups

ALL = "000001ffffffffff"


def tree(root: Path, *controllers: str) -> Path:
    for controller in controllers:
        (root / controller).mkdir(parents=True)
        (root / controller / "cgroup.procs").write_text("1\n2\n")
    return root


def hybrid(root: Path) -> Path:
    tree(root, "cpu", "memory", "cpuset", "unified")
    (root / "unified" / "cgroup.controllers").write_text("")
    (root / "cpuset" / "cpuset.cpus").write_text("0-1\n")
    (root / "cpuacct").symlink_to("cpu")
    (root / "not-mounted").mkdir()
    return root


def unified(root: Path) -> Path:
    (root / "cgroup.controllers").write_text("cpu memory pids\n")
    (root / "cgroup.subtree_control").write_text("cpu\n")
    return root


def test_the_three_layouts(tmp_path: Path) -> None:
    v1, mixed, v2 = (tmp_path / name for name in ("v1", "hybrid", "v2"))
    for folder in (v1, mixed, v2):
        folder.mkdir()
    assert host.cgroups(tree(v1, "cpu")) is Cgroups.V1
    assert host.cgroups(hybrid(mixed)) is Cgroups.HYBRID
    assert host.cgroups(unified(v2)) is Cgroups.V2
    assert [layout for layout in Cgroups if layout.unified] == [Cgroups.V2]


def test_no_control_groups_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no control groups are mounted"):
        host.cgroups(tmp_path)


def test_one_folder_a_controller_in_v1(tmp_path: Path) -> None:
    root = hybrid(tmp_path)
    expected = [root / name / "ours" for name in ("cpu", "cpuset", "memory", "unified")]
    assert host.cgroup_trees("ours", root) == expected


def test_a_v1_group_inherits_its_processors(tmp_path: Path) -> None:
    root = hybrid(tmp_path)
    (root / "cpuset" / "ours").mkdir()
    (root / "cpuset" / "ours" / "cpuset.cpus").write_text("\n")  # as the kernel makes it
    host.make_cgroup("ours", root)
    assert (root / "cpuset" / "ours" / "cpuset.cpus").read_text() == "0-1\n"
    host.make_cgroup("ours", root)


def test_a_v2_root_hands_its_controllers_down(tmp_path: Path) -> None:
    root = unified(tmp_path)
    host.make_cgroup("ours", root)
    assert (root / "ours").is_dir()
    assert (root / "cgroup.subtree_control").read_text() == "+memory +pids"


def test_a_v2_root_that_cannot_is_a_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root, write = unified(tmp_path), Path.write_text

    def busy(path: Path, *arguments: str) -> int:
        if path.name == "cgroup.subtree_control":
            raise OSError(16, "Device or resource busy")
        return write(path, *arguments)

    monkeypatch.setattr(Path, "write_text", busy)
    with pytest.raises(UserError, match=r"does not hand down memory, pids: Device or resource busy"):
        host.make_cgroup("ours", root)


def test_processes_and_removal_reach_all_below(tmp_path: Path) -> None:
    root = tree(tmp_path, "cpu", "memory")
    host.make_cgroup("ours", root)
    for controller, pid in (("cpu", 11), ("memory", 12)):
        below = root / controller / "ours" / "kubepods" / "pod1"
        below.mkdir(parents=True)
        (below / "cgroup.procs").write_text(f"{pid}\n11\n")
    assert host.cgroup_processes("ours", root) == [11, 12]
    for file in root.rglob("pod1/cgroup.procs"):
        file.unlink()  # in the kernel's tree files go with their folder
    host.remove_cgroup("ours", root)
    assert not list(root.rglob("ours"))
    host.remove_cgroup("ours", root)


def status_file(root: Path, capabilities: str) -> Path:
    (root / "self").mkdir()
    (root / "self" / "status").write_text(f"Name:\tx\nCapEff:\t{capabilities}\n")
    return root


def test_root_on_linux_will_do(tmp_path: Path) -> None:
    host.require("linux", 0, status_file(tmp_path, ALL))


@pytest.mark.parametrize(
    ("platform", "user", "capabilities", "message"),
    [
        ("darwin", 0, ALL, "needs Linux, this is darwin"),
        ("linux", 1000, ALL, "needs root"),
        ("linux", 0, "00000000a80425fb", "lacks CAP_NET_ADMIN, CAP_SYS_ADMIN"),
    ],
)
def test_others_are_told_why_not(tmp_path: Path, platform: str, user: int, capabilities: str, message: str) -> None:
    with pytest.raises(UserError, match=re.escape(message)) as caught:
        host.require(platform, user, status_file(tmp_path, capabilities))
    assert "KUBECONFIG" in str(caught.value)


def test_apparmor_is_asked_of_the_kernel(tmp_path: Path) -> None:
    switch = tmp_path / "enabled"
    assert not host.apparmor(switch)
    switch.write_text("Y\n")
    assert host.apparmor(switch)
    switch.write_text("N\n")
    assert not host.apparmor(switch)
