"""The distribution packages that a node needs, installed where they are missing."""

from __future__ import annotations

import shutil
from collections.abc import Iterable

from einklang.clients import process
from einklang.errors import UserError
from einklang.progress import Progress
from einklang.settings import Settings

# A program that shows that its package is there -> Debian's package.
NODE = {
    "containerd": "containerd",
    "runc": "runc",
    "iptables": "iptables",
    "ipset": "ipset",
    "conntrack": "conntrack",
    "ip": "iproute2",
    "mount": "mount",
    "/usr/lib/cni/ptp": "containernetworking-plugins",
}
IMAGES = {"buildah": "buildah", "mmdebstrap": "mmdebstrap", "mvn": "maven", "gcc": "gcc"}
BROWSER = {"chromium": "chromium", "certutil": "libnss3-tools"}


def missing(wanted: Iterable[tuple[str, str]]) -> list[str]:
    """The packages whose program is not there, sorted."""
    return sorted({package for program, package in wanted if shutil.which(program) is None})


def ensure(wanted: dict[str, str], settings: Settings, progress: Progress) -> None:
    """Install the packages whose programs are missing. Raises UserError where there is no apt-get."""
    packages = missing(wanted.items())
    if not packages:
        return
    if shutil.which("apt-get") is None:
        raise UserError(
            f"missing: {', '.join(packages)} (Debian's package names), and this system has no apt-get",
            remedy="install them by the system's own means",
        )
    log = settings.logs / "packages.log"
    # No service may start by itself: the cluster runs its own containerd, on its own socket.
    environment = {"DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
    with progress.step(f"Debian packages: {' '.join(packages)}", 1, 1):
        process.run(["apt-get", "-qq", "update"], env=environment, log=log)
        process.run(["apt-get", "-qq", "install", "-y", "--no-install-recommends", *packages], env=environment, log=log)
