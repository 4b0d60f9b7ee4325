"""Lock files: which Debian packages an image is made of. One line a package, sorted, so that a diff reads well."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from einklang.clients.debian import Package
from einklang.errors import ClientError, UserError

_HEAD = "# The Debian packages of this image: name=version, SHA-256 of the .deb. Made by: einklang images lock"
_DAY = re.compile(r"^# locked: (\d{4}-\d{2}-\d{2})$", re.MULTILINE)
_LINE = re.compile(r"^([a-z0-9][a-z0-9+.-]+)=(\S+) ([0-9a-f]{64})$")
_REMEDY = "einklang images lock"


@dataclass(frozen=True)
class Lock:
    """locked: the day the packages were looked up; it is the build date of the image. packages: by name."""

    locked: date
    packages: Mapping[str, Package]

    @property
    def epoch(self) -> int:
        """The day's first second (UTC), in seconds since 1970: the latest time stamp in the image."""
        return int(datetime(self.locked.year, self.locked.month, self.locked.day, tzinfo=UTC).timestamp())


def read(path: Path) -> Lock:
    """Read a lock. Raises UserError with file and line where it is missing or a line does not fit."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}", remedy=_REMEDY) from error
    day = _DAY.search(text)
    if day is None:
        raise UserError(f"{path}: no line `# locked: YYYY-MM-DD`", remedy=_REMEDY)
    packages = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if line and not line.startswith("#"):
            fields = _LINE.match(line)
            if fields is None:
                raise UserError(f"{path}:{number}: expected `name=version sha256`", remedy=_REMEDY)
            packages[fields[1]] = Package(*fields.groups())
    return Lock(date.fromisoformat(day[1]), packages)


def write(path: Path, lock: Lock) -> None:
    """Write a lock anew, whole or not at all."""
    lines = [f"{package.name}={package.version} {package.sha256}" for package in sorted(lock.packages.values())]
    new = path.with_name(f".{path.name}.new")
    new.write_text("\n".join([_HEAD, f"# locked: {lock.locked.isoformat()}", *lines]) + "\n", encoding="utf-8")
    new.replace(path)


def differences(locked: Mapping[str, Package], found: Mapping[str, Package]) -> list[str]:
    """How the packages found differ from the locked ones. Raises ClientError for another content of one version.

    A locked version is installed while the mirror has it. Mirrors drop a version when the next one comes, a security
    update in most cases; then the next one is installed and is a difference.
    """
    lines = []
    for name, package in sorted(found.items()):
        wanted = locked.get(name)
        if wanted is None:
            lines.append(f"{name} {package.version} is not in the lock")
        elif wanted.version != package.version:
            lines.append(f"{name} is {package.version}, locked is {wanted.version}")
        elif wanted.sha256 != package.sha256:
            raise ClientError(
                f"{name} {package.version}: SHA-256 {package.sha256}, locked is {wanted.sha256}",
                remedy="one version has one content: do not use this mirror before it is clear what was changed",
            )
    return lines
