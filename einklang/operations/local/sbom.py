"""The software bill of materials of an image: SPDX 2.3 as JSON (ISO/IEC 5962)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from einklang.clients import golang
from einklang.operations.local.image_definition import DEBIAN_SUITE, Definition

_JAR = re.compile(r"^(?P<name>.+?)-(?P<version>\d[\w.+-]*)\.jar$")


@dataclass(frozen=True)
class Part:
    """One package in an image; purl: its package URL. sha256: of the package file, where it is known."""

    name: str
    version: str
    purl: str
    sha256: str | None = None


def document(
    definition: Definition,
    debian: Mapping[str, tuple[str, str]],
    programs: Sequence[Path],
    jars: Sequence[Path],
    epoch: int,
) -> dict[str, Any]:
    """The SPDX document: Debian packages, Go modules of the programs, Java archives."""
    parts = [*_debian(debian), *_go(programs), *_java(jars)]
    packages = [_package(f"SPDXRef-{number}", part) for number, part in enumerate(parts, start=1)]
    image = {
        "SPDXID": "SPDXRef-Image",
        "name": definition.name,
        "versionInfo": definition.version,
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": False,
        "licenseDeclared": definition.licenses,
        "licenseConcluded": "NOASSERTION",
        "copyrightText": "NOASSERTION",
        "primaryPackagePurpose": "CONTAINER",
    }
    content = hashlib.sha256(repr([(part.purl, part.sha256) for part in parts]).encode()).hexdigest()
    return {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": definition.tag,
        "documentNamespace": f"urn:einklang:sbom:{definition.tag}:{content}",
        "creationInfo": {
            "created": datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "creators": ["Tool: einklang"],
        },
        "packages": [image, *packages],
        "relationships": [
            _relationship("SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-Image"),
            *(_relationship("SPDXRef-Image", "CONTAINS", package["SPDXID"]) for package in packages),
        ],
    }


def _debian(packages: Mapping[str, tuple[str, str]]) -> Iterator[Part]:
    for name, (version, checksum) in sorted(packages.items()):
        yield Part(name, version, f"pkg:deb/debian/{name}@{version}?distro={DEBIAN_SUITE}", checksum)


def _go(programs: Sequence[Path]) -> Iterator[Part]:
    modules = {module for program in programs for module in golang.modules(program)}
    for path, version in sorted(modules):
        yield Part(path, version, f"pkg:golang/{path}@{version}")


def _java(jars: Sequence[Path]) -> Iterator[Part]:
    for jar in jars:
        if match := _JAR.match(jar.name):
            checksum = hashlib.sha256(jar.read_bytes()).hexdigest()
            purl = f"pkg:generic/{match['name']}@{match['version']}?checksum=sha256:{checksum}"
            yield Part(match["name"], match["version"], purl, checksum)


def _package(identifier: str, part: Part) -> dict[str, Any]:
    package: dict[str, Any] = {
        "SPDXID": identifier,
        "name": part.name,
        "versionInfo": part.version,
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": False,
        "licenseDeclared": "NOASSERTION",
        "licenseConcluded": "NOASSERTION",
        "copyrightText": "NOASSERTION",
        "externalRefs": [
            {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": part.purl}
        ],
    }
    if part.sha256:
        package["checksums"] = [{"algorithm": "SHA256", "checksumValue": part.sha256}]
    return package


def _relationship(one: str, kind: str, other: str) -> dict[str, str]:
    return {"spdxElementId": one, "relationshipType": kind, "relatedSpdxElement": other}
