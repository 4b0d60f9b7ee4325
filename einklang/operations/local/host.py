"""What this machine is: whether it can run a node, and how its control groups are laid out."""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from pathlib import Path

from einklang.errors import UserError

CONTROL_GROUPS = Path("/sys/fs/cgroup")
PROC = Path("/proc")
# capabilities(7): what kubelet, runc and iptables cannot do without, by bit.
_NEEDED = {"CAP_NET_ADMIN": 12, "CAP_SYS_CHROOT": 18, "CAP_SYS_ADMIN": 21, "CAP_MKNOD": 27}


class Cgroups(StrEnum):
    """How control groups are mounted.

    v1: a tree a controller. hybrid: the same, and a v2 tree without controllers beside them. v2: one tree for all.
    """

    V1 = "v1"
    HYBRID = "hybrid"
    V2 = "v2"

    @property
    def unified(self) -> bool:
        """True where the controllers are those of v2."""
        return self is Cgroups.V2


def require(platform: str = sys.platform, user: int | None = None, proc: Path = PROC) -> None:
    """Raise UserError where this machine cannot run a node."""
    remedy = "run as root on Linux, or name a cluster by KUBECONFIG"
    if platform != "linux":
        raise UserError(f"the embedded cluster needs Linux, this is {platform}", remedy=remedy)
    if (os.geteuid() if user is None else user) != 0:
        raise UserError("the embedded cluster needs root: kubelet, containerd and the firewall", remedy=remedy)
    held = _capabilities((proc / "self" / "status").read_text())
    lacking = [name for name, bit in _NEEDED.items() if not held >> bit & 1]
    if lacking:
        raise UserError(
            f"this root lacks {', '.join(lacking)}: a container that is not privileged?",
            remedy="run on the machine itself or in a privileged container, or name a cluster by KUBECONFIG",
        )


def _capabilities(status: str) -> int:
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("CapEff:")), 16)


def boot(proc: Path = PROC) -> str:
    """Which boot of the machine this is."""
    return (proc / "sys" / "kernel" / "random" / "boot_id").read_text().strip()


def apparmor(switch: Path = Path("/sys/module/apparmor/parameters/enabled")) -> bool:
    """True where the kernel enforces AppArmor profiles."""
    return switch.exists() and switch.read_text().startswith("Y")


def cgroups(root: Path = CONTROL_GROUPS) -> Cgroups:
    """How control groups are mounted at `root`. Raises UserError where they are not."""
    if (root / "cgroup.controllers").exists():
        return Cgroups.V2
    if (root / "unified" / "cgroup.controllers").exists():
        return Cgroups.HYBRID
    if any(root.glob("*/cgroup.procs")):
        return Cgroups.V1
    raise UserError(f"no control groups are mounted at {root}", remedy="mount cgroup2 there")


def cgroup_trees(name: str, root: Path = CONTROL_GROUPS) -> list[Path]:
    """Where the group `name` stands: one folder in v2, one a mounted controller in v1 (links are left out)."""
    if cgroups(root).unified:
        return [root / name]
    mounted = (entry for entry in root.iterdir() if (entry / "cgroup.procs").exists() and not entry.is_symlink())
    return sorted(entry / name for entry in mounted)


def make_cgroup(name: str, root: Path = CONTROL_GROUPS) -> None:
    """Make the group under which the kubelet puts all pods, so that `down` finds and removes them together.

    Raises UserError where a v2 tree does not hand its controllers down.
    """
    for tree in cgroup_trees(name, root):
        tree.mkdir(exist_ok=True)
        for key in ("cpuset.cpus", "cpuset.mems"):
            # A v1 cpuset starts empty, and nothing can run in an empty one.
            source, target = tree.parent / key, tree / key
            if source.exists() and target.exists() and not target.read_text().strip():
                target.write_text(source.read_text())
    if cgroups(root).unified:
        _hand_down(root)


def _hand_down(root: Path) -> None:
    """Let groups below the root of v2 have all controllers (cgroups(7), "Controlling which controllers")."""
    wanted = (root / "cgroup.controllers").read_text().split()
    file = root / "cgroup.subtree_control"
    lacking = [controller for controller in wanted if controller not in file.read_text().split()]
    if lacking:
        try:
            file.write_text(" ".join(f"+{controller}" for controller in lacking))
        except OSError as error:
            raise UserError(
                f"the control group {root} does not hand down {', '.join(lacking)}: {error.strerror}",
                remedy="in a container, move its processes out of the root group first",
            ) from error


def cgroup_processes(name: str, root: Path = CONTROL_GROUPS) -> list[int]:
    """Ids of all processes in the group and below."""
    found: set[int] = set()
    for tree in cgroup_trees(name, root):
        for file in tree.rglob("cgroup.procs"):
            try:
                found |= {int(line) for line in file.read_text().split()}
            except OSError:  # the group has gone meanwhile
                continue
    return sorted(found)


def remove_cgroup(name: str, root: Path = CONTROL_GROUPS) -> None:
    """Remove the group and all below it; they must hold no process any more."""
    for tree in cgroup_trees(name, root):
        if tree.exists():
            for folder in sorted((path for path in tree.rglob("*") if path.is_dir()), reverse=True):
                folder.rmdir()
            tree.rmdir()
