"""Root file systems from Debian packages, by mmdebstrap; apt verifies every package by the archive's signatures."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from einklang.clients import process
from einklang.clients.containment import CONTAINED, environment
from einklang.errors import UserError

# No manuals, no translations but German and English; the copyright files stay.
_LEFT_OUT = (
    "/usr/share/man/*",
    "/usr/share/info/*",
    "/usr/share/lintian/*",
    "/usr/share/locale/*",
    "/usr/share/doc/*",
    "/usr/share/bash-completion/*",
    "/usr/share/bug/*",
    "/usr/share/gdb/*",
)
_KEPT = (
    "/usr/share/locale/de/*",
    "/usr/share/locale/en*",
    "/usr/share/locale/locale.alias",
    "/usr/share/doc/*/copyright",
)
# Merges /bin into /usr/bin before the first package, and so without usrmerge, which would bring all of Perl.
_MERGED = "/usr/share/mmdebstrap/hooks/merged-usr"
# apt's own folders, which mmdebstrap needs to its end: this machine's sources would be in them. Not for an image.
APT_FOLDERS = ("etc/apt", "var/lib/apt")
# What the installation leaves: caches, logs, keys made by packages, older copies.
_REMOVED = (
    "var/cache/*",
    "var/log/*",
    "usr/share/man",
    "etc/ssl/private/*",
    "etc/machine-id",
    "var/lib/dbus/machine-id",
    "var/lib/dpkg/*-old",
    "etc/passwd-",
    "etc/group-",
    "etc/shadow-",
    "etc/gshadow-",
)


@dataclass(frozen=True, order=True)
class Package:
    """One Debian package; sha256: of the .deb, as the signed index names it."""

    name: str
    version: str
    sha256: str


def sources(suite: str, configured: str | None = None, etc: Path = Path("/etc/apt")) -> Path:
    """The apt sources of this machine for the suite: a file that mmdebstrap takes as its mirror.

    configured: the setting EINKLANG_DEBIAN_SOURCES, a path. Raises UserError where the machine has none.
    """
    if configured:
        return Path(configured)
    candidates = [etc / "sources.list.d" / "debian.sources", etc / "sources.list"]
    for file in candidates:
        if file.exists() and suite in file.read_text().split():
            return file
    raise UserError(
        f"this machine's apt knows no Debian {suite}",
        remedy="name a sources file for it: EINKLANG_DEBIAN_SOURCES=/path/to/debian.sources",
    )


def make_root(
    suite: str,
    packages: Sequence[str],
    target: Path,
    *,
    mirror: Path,
    pins: Iterable[Package],
    epoch: int,
    before: Path | None,
    after: Path | None,
    log: Path,
) -> dict[str, Package]:
    """Write a root file system with the essential packages and these to `target` (tar); returns what is in it.

    pins: versions to take while the mirror has them. before, after: scripts that get the root's path, run before and
    after the packages are configured. epoch: seconds that replace newer time stamps, so that the same packages give
    the same bytes. apt itself is not among the packages: nothing is ever installed in a running container.
    """
    with tempfile.TemporaryDirectory(dir=target.parent) as name:
        scratch = Path(name)
        (scratch / "preferences").write_text(preferences(pins))
        argv = [*CONTAINED, "mmdebstrap", "--variant=essential", "--mode=root", "--verbose", f"--hook-dir={_MERGED}"]
        argv += [f"--include={','.join(packages)}", '--aptopt=Apt::Install-Recommends "false"']
        argv += [f"--dpkgopt=path-exclude={pattern}" for pattern in _LEFT_OUT]
        argv += [f"--dpkgopt=path-include={pattern}" for pattern in _KEPT]
        argv += _hooks(scratch, before, after)
        variables = environment({"SOURCE_DATE_EPOCH": str(epoch), "TMPDIR": name})
        process.run([*argv, suite, str(target), str(mirror)], env=variables, log=log)
        return parse_manifest((scratch / "manifest").read_text())


def preferences(pins: Iterable[Package]) -> str:
    """apt preferences that choose the pinned version above any other, and do nothing where there is none such."""
    return "".join(
        f"Package: {package.name}\nPin: version {package.version}\nPin-Priority: 1001\n\n" for package in sorted(pins)
    )


def parse_manifest(text: str) -> dict[str, Package]:
    """Stanzas of `apt-cache show` -> packages by name."""
    found = {}
    for stanza in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in stanza.splitlines() if ": " in line and line[0] != " ")
        if "SHA256" in fields:
            found[fields["Package"]] = Package(fields["Package"], fields["Version"], fields["SHA256"])
    return found


def _hooks(scratch: Path, before: Path | None, after: Path | None) -> list[str]:
    place = 'mkdir -p "$1/etc/apt/preferences.d" && cp'
    query = 'dpkg-query --admindir="$1/var/lib/dpkg" -W -f "\\${Package}=\\${Version}\\n"'
    show = f'APT_CONFIG="$MMDEBSTRAP_APT_CONFIG" xargs apt-cache show > {scratch}/manifest'
    hooks = [f'--setup-hook={place} {scratch}/preferences "$1/etc/apt/preferences.d/einklang"']
    # update-alternatives links manual pages, and fails where their folder is missing.
    hooks += ['--essential-hook=mkdir -p "$1"/usr/share/man/man1 "$1"/usr/share/man/man7']
    hooks += [f'--essential-hook=sh {before} "$1"'] if before else []
    hooks += [f'--customize-hook=sh {after} "$1"'] if after else []
    hooks += [f"--customize-hook={query} | {show}"]
    hooks += ['--customize-hook=find "$1" -xdev -perm /6000 -type f -exec chmod a-s {} +']
    hooks += ['--customize-hook=cd "$1" && rm -rf ' + " ".join(_REMOVED)]
    return hooks
