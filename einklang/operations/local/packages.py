"""The distribution packages that a node needs, installed where they are missing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping

from einklang.clients import process
from einklang.errors import UserError
from einklang.operations.local import node
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
    "ptp": "containernetworking-plugins",
}
BROWSER = {"chromium": "chromium", "certutil": "libnss3-tools"}
DATABASE = {"initdb": "postgresql"}
IMAGES = {"buildah": "buildah", "mmdebstrap": "mmdebstrap", "mvn": "maven", "npm": "npm", "gcc": "gcc"}
_PLACES = ("/usr/local/sbin", "/usr/sbin", "/sbin", *(str(folder) for folder in node.CNI_FOLDERS))


def missing(wanted: Mapping[str, str], path: str) -> list[str]:
    """The packages whose program is neither on the `path` nor where system programs and network plug-ins are."""
    places = os.pathsep.join([path, *_PLACES])
    return sorted({package for program, package in wanted.items() if shutil.which(program, path=places) is None})


def ensure(
    wanted: Mapping[str, str], settings: Settings, progress: Progress, environ: Mapping[str, str] | None = None
) -> None:
    """Install the packages whose programs are missing, as root on a system with apt-get.

    Raises UserError where there is none, ClientError where it fails.
    """
    environ = os.environ if environ is None else environ
    packages = missing(wanted, environ.get("PATH", ""))
    if not packages:
        return
    if shutil.which("apt-get", path=environ.get("PATH", "")) is None:
        raise UserError(
            f"missing: {', '.join(packages)} (Debian's package names), and this system has no apt-get",
            remedy="install them by the system's own means",
        )
    log = settings.logs / "packages.log"
    environment = {**environ, "DEBIAN_FRONTEND": "noninteractive"}
    with progress.step(f"Debian packages: {' '.join(packages)}", 1, 1):
        process.run(["apt-get", "-qq", "update"], env=environment, log=log)
        process.run(["apt-get", "-qq", "install", "-y", "--no-install-recommends", *packages], env=environment, log=log)
