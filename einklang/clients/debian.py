"""Root file systems from Debian packages, by mmdebstrap; apt verifies every package by the archive's signatures."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from einklang.clients import process
from einklang.errors import UserError

# No manuals, no translations but German and English; the copyright files stay.
_LEFT_OUT = (
    "/usr/share/man/*",
    "/usr/share/info/*",
    "/usr/share/lintian/*",
    "/usr/share/locale/*",
    "/usr/share/doc/*",
)
_KEPT = (
    "/usr/share/locale/de*",
    "/usr/share/locale/en*",
    "/usr/share/locale/locale.alias",
    "/usr/share/doc/*/copyright",
)
_QUERY = 'chroot "$1" dpkg-query -W -f "\\${Package}=\\${Version}\\n" | chroot "$1" xargs apt-cache show'
_CLEAN = (
    'find "$1" -xdev -perm /6000 -type f -exec chmod a-s {} +',
    'rm -rf "$1"/usr/share/man "$1"/var/cache/* "$1"/var/log/* "$1"/tmp/*',
    'rm -f "$1"/etc/machine-id "$1"/var/lib/dbus/machine-id',
)


def sources(suite: str, configured: str | None = None, etc: Path = Path("/etc/apt")) -> Path:
    """The apt sources of this machine for the suite: a file that mmdebstrap takes as its mirror.

    configured: the setting EINKLANG_DEBIAN_SOURCES, a path. Raises UserError where the machine has none.
    """
    if configured:
        return Path(configured)
    candidates = [etc / "sources.list.d" / "debian.sources", etc / "sources.list"]
    for file in candidates:
        if file.exists() and f"{suite} " in file.read_text().replace("\n", " \n"):
            return file
    raise UserError(
        f"this machine's apt knows no Debian {suite}",
        remedy="name a sources file for it: EINKLANG_DEBIAN_SOURCES=/path/to/debian.sources",
    )


def make_root(
    suite: str,
    packages: Sequence[str],
    target: Path,
    manifest: Path,
    *,
    mirror: Path,
    epoch: int,
    before: Path | None,
    after: Path | None,
    log: Path,
) -> dict[str, tuple[str, str]]:
    """Write a root file system with the packages to `target` (tar); returns package -> (version, SHA-256).

    before, after: scripts that get the root's path, run before and after the packages are configured. epoch: seconds
    that replace newer time stamps, so that the same packages give the same bytes. manifest: a scratch file.
    """
    argv = ["mmdebstrap", "--variant=minbase", "--mode=root", "--verbose"]
    argv += [f"--dpkgopt=path-exclude={pattern}" for pattern in _LEFT_OUT]
    argv += [f"--dpkgopt=path-include={pattern}" for pattern in _KEPT]
    argv += ['--aptopt=Apt::Install-Recommends "false"', f"--include={','.join(packages)}"]
    # update-alternatives links manual pages, and fails where their folder is missing.
    argv += ['--essential-hook=mkdir -p "$1"/usr/share/man/man1 "$1"/usr/share/man/man7']
    argv += [f'--essential-hook=sh {before} "$1"'] if before else []
    argv += [f"--customize-hook={_QUERY} > {manifest}"]
    argv += [f'--customize-hook=sh {after} "$1"'] if after else []
    argv += [f"--customize-hook={command}" for command in _CLEAN]
    environment = {**os.environ, "SOURCE_DATE_EPOCH": str(epoch)}
    process.run([*argv, suite, str(target), str(mirror)], env=environment, log=log)
    return parse_manifest(manifest.read_text())


def parse_manifest(text: str) -> dict[str, tuple[str, str]]:
    """Stanzas of `apt-cache show` -> package -> (version, SHA-256)."""
    found = {}
    for stanza in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in stanza.splitlines() if ": " in line and line[0] != " ")
        if "SHA256" in fields:
            found[fields["Package"]] = (fields["Version"], fields["SHA256"])
    return found
