"""What an image is made of, as found in it: packages of Debian, Python and npm, Java archives, Go modules."""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tarfile import TarInfo
from typing import IO
from urllib.parse import quote

from einklang.clients import golang
from einklang.clients.debian import Package
from einklang.operations.local import image_archive
from einklang.operations.local.image_definition import DEBIAN_SUITE

STATUS = "var/lib/dpkg/status"
_COPYRIGHT = re.compile(r"^usr/share/doc/([^/]+)/copyright$")
_JAR = re.compile(r"(?P<name>[^/]+?)-(?P<version>\d[\w.+-]*)\.jar$")
_POM = re.compile(r"^META-INF/maven/([^/]+)/([^/]+)/pom\.properties$")
_NPM = re.compile(r"(?:^|/)node_modules/(?:@[^/]+/)?[^/]+/package\.json$")
_PYTHON = re.compile(r"\.dist-info/METADATA$")
_DEBIANS_PYTHON = "usr/lib/python3/dist-packages/"
_INSTALLED = re.compile(r"^Package: (\S+)\n(?:\S.*\n)*?Status: \S+ \S+ installed$", re.MULTILINE)
_LICENCE = re.compile(r"^License:[ \t]*(\S.*)$", re.MULTILINE)
# Debian's short names (copyright format 1.0, section 7.1) and SPDX's, where the two mean the same.
_SPDX = {
    "Apache-2.0": "Apache-2.0",
    "BSD-2-clause": "BSD-2-Clause",
    "BSD-3-clause": "BSD-3-Clause",
    "BSD-4-clause": "BSD-4-Clause",
    "CC0-1.0": "CC0-1.0",
    "Expat": "MIT",
    "GFDL-1.3+": "GFDL-1.3-or-later",
    "GPL-1+": "GPL-1.0-or-later",
    "GPL-2": "GPL-2.0-only",
    "GPL-2+": "GPL-2.0-or-later",
    "GPL-3": "GPL-3.0-only",
    "GPL-3+": "GPL-3.0-or-later",
    "ISC": "ISC",
    "LGPL-2+": "LGPL-2.0-or-later",
    "LGPL-2.1": "LGPL-2.1-only",
    "LGPL-2.1+": "LGPL-2.1-or-later",
    "LGPL-3+": "LGPL-3.0-or-later",
    "MIT": "MIT",
    "MPL-2.0": "MPL-2.0",
    "PostgreSQL": "PostgreSQL",
    "Zlib": "Zlib",
}


@dataclass(frozen=True)
class Part:
    """One package in an image; purl: its package URL. sha256: of the package file, where it is known.

    licence: SPDX expression, where the names in the copyright file have an equal in SPDX. licence_names: those names.
    """

    name: str
    version: str
    purl: str
    sha256: str | None = None
    licence: str | None = None
    licence_names: tuple[str, ...] = ()


def parts(archive: Path, packages: Mapping[str, Package], programs: Sequence[Path]) -> list[Part]:
    """Everything that is in the image.

    packages: the Debian packages that it was made from; one is in the image when the image's dpkg knows it or, where
    there is no dpkg, when its copyright file is there. programs: the image's own, as files of this machine.
    """
    content = image_archive.collect(archive, _telling, _taken)
    return [*_debian(content, packages), *_java(content), *_python(content), *_npm(content), *_go(programs)]


def licences(copyright_file: str) -> tuple[str, ...]:
    """The short names of licences in a Debian copyright file of format 1.0, sorted; none for free text."""
    if not copyright_file.startswith("Format:"):
        return ()
    names = {re.sub(r"\s+", " ", name).strip() for name in _LICENCE.findall(copyright_file)}
    return tuple(sorted(names))


def expression(names: Sequence[str]) -> str | None:
    """The SPDX expression that demands all of the licences; None where one of them has no equal in SPDX."""
    terms = {_SPDX.get(name) for name in names}
    return " AND ".join(sorted(term for term in terms if term)) if terms and None not in terms else None


def java_part(name: str, content: bytes) -> Part | None:
    """The artifact that a Java archive is, by its own pom.properties or else by the file's name."""
    checksum = hashlib.sha256(content).hexdigest()
    fields = _JAR.search(name)
    for group, artifact, version in _artifacts(content):
        # Archives that hold others have several: that one counts which the file is called after.
        if name.endswith(f"{artifact}-{version}.jar"):
            return Part(f"{group}:{artifact}", version, f"pkg:maven/{group}/{artifact}@{quote(version)}", checksum)
    if fields is None:
        return None
    purl = f"pkg:generic/{quote(fields['name'])}@{quote(fields['version'])}?checksum=sha256:{checksum}"
    return Part(fields["name"], fields["version"], purl, checksum)


def _telling(path: str) -> bool:
    return (
        path == STATUS
        or path.endswith(".jar")
        or bool(_COPYRIGHT.match(path) or _PYTHON.search(path) or _NPM.search(path))
    )


def _taken(member: TarInfo, stream: IO[bytes] | None) -> bytes | Part | None:
    content = stream.read() if stream else b""
    return java_part(member.name, content) if member.name.endswith(".jar") else content


def _texts(content: Mapping[str, bytes | Part | None]) -> Iterator[tuple[str, str]]:
    for path, value in sorted(content.items()):
        if isinstance(value, bytes):
            yield path, value.decode(errors="replace")


def _debian(content: Mapping[str, bytes | Part | None], packages: Mapping[str, Package]) -> Iterator[Part]:
    texts = dict(_texts(content))
    copyrights = {match[1]: text for path, text in texts.items() if (match := _COPYRIGHT.match(path))}
    present = set(_INSTALLED.findall(texts[STATUS])) if STATUS in texts else set(copyrights)
    sources = _sources(texts.get(STATUS, ""))
    for name, package in sorted(packages.items()):
        if name in present:
            names = licences(copyrights.get(name, ""))
            # A package URL's version is percent-encoded: epochs have a colon, many versions a plus.
            purl = f"pkg:deb/debian/{quote(name)}@{quote(package.version, safe='~')}?distro={DEBIAN_SUITE}"
            purl += f"&upstream={quote(sources[name], safe='~')}" if name in sources else ""
            yield Part(name, package.version, purl, package.sha256, expression(names), names)


def _sources(status: str) -> dict[str, str]:
    """Package -> its source package where that has another name or version: Debian's advisories are about sources."""
    found = {}
    for paragraph in status.split("\n\n"):
        fields = dict(
            line.split(": ", 1) for line in paragraph.splitlines() if line.startswith(("Package: ", "Source: "))
        )
        if "Source" in fields:
            name, _, version = fields["Source"].partition(" ")
            found[fields["Package"]] = f"{name}@{version.strip('()')}" if version else name
    return found


def _java(content: Mapping[str, bytes | Part | None]) -> Iterator[Part]:
    found = {value for value in content.values() if isinstance(value, Part)}
    yield from sorted(found, key=lambda part: part.purl)


def _python(content: Mapping[str, bytes | Part | None]) -> Iterator[Part]:
    for path, text in _texts(content):
        if _PYTHON.search(path) and not path.startswith(_DEBIANS_PYTHON):
            fields = dict(line.split(": ", 1) for line in text.partition("\n\n")[0].splitlines() if ": " in line)
            name, version = fields["Name"], fields["Version"]
            yield Part(name, version, f"pkg:pypi/{name.lower().replace('_', '-')}@{quote(version)}")


def _npm(content: Mapping[str, bytes | Part | None]) -> Iterator[Part]:
    found = {(fields["name"], fields["version"]) for path, text in _texts(content)
             if _NPM.search(path) and (fields := json.loads(text)).get("version")}  # fmt: skip
    for name, version in sorted(found):
        yield Part(name, version, f"pkg:npm/{quote(name)}@{quote(version)}")


def _go(programs: Sequence[Path]) -> Iterator[Part]:
    for path, version in sorted({module for program in programs for module in golang.modules(program)}):
        yield Part(path, version, f"pkg:golang/{path}@{quote(version)}")


def _artifacts(content: bytes) -> Iterator[tuple[str, str, str]]:
    with zipfile.ZipFile(io.BytesIO(content)) as jar:
        for entry in jar.namelist():
            if pom := _POM.match(entry):
                lines = jar.read(entry).decode(errors="replace").splitlines()
                version = next((line.partition("=")[2].strip() for line in lines if line.startswith("version=")), "")
                yield pom[1], pom[2], version
