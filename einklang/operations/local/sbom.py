"""The software bill of materials of an image: SPDX 2.3 as JSON (ISO/IEC 5962)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from einklang.operations.local.image_definition import Definition
from einklang.operations.local.image_parts import Part

_NONE = "NOASSERTION"


def document(
    definition: Definition, parts: Sequence[Part], epoch: int, *, comments: Iterable[str] = ()
) -> dict[str, Any]:
    """The SPDX document of an image made of these parts.

    epoch: the build date, seconds since 1970. comments: what differs from the lock files. The same parts give the
    same document, its namespace included.
    """
    packages = [_package(f"SPDXRef-{number}", part) for number, part in enumerate(parts, start=1)]
    content = hashlib.sha256(repr([*parts, *comments]).encode()).hexdigest()
    described: dict[str, Any] = {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": definition.tag,
        "documentNamespace": f"urn:einklang:sbom:{definition.tag}:{content}",
        "creationInfo": {
            "created": datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "creators": ["Tool: einklang"],
        },
        "packages": [_image(definition), *packages],
        "relationships": [
            _relationship("SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-Image"),
            *(_relationship("SPDXRef-Image", "CONTAINS", package["SPDXID"]) for package in packages),
        ],
    }
    differing = "; ".join(comments)
    return {**described, "comment": f"Differs from the lock: {differing}"} if differing else described


def _image(definition: Definition) -> dict[str, Any]:
    declared = definition.declared
    return {
        "SPDXID": "SPDXRef-Image",
        "name": definition.name,
        "summary": declared.title,
        "versionInfo": declared.version,
        "homepage": declared.source,
        "downloadLocation": _NONE,
        "filesAnalyzed": False,
        "licenseDeclared": declared.licenses,
        "licenseConcluded": _NONE,
        "copyrightText": _NONE,
        "primaryPackagePurpose": "CONTAINER",
    }


def _package(identifier: str, part: Part) -> dict[str, Any]:
    package: dict[str, Any] = {
        "SPDXID": identifier,
        "name": part.name,
        "versionInfo": part.version,
        "downloadLocation": _NONE,
        "filesAnalyzed": False,
        "licenseDeclared": part.licence or _NONE,
        "licenseConcluded": _NONE,
        "copyrightText": _NONE,
        "externalRefs": [
            {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": part.purl}
        ],
    }
    if part.licence_names and not part.licence:
        package["licenseComments"] = f"Named in the copyright file: {', '.join(part.licence_names)}"
    if part.sha256:
        package["checksums"] = [{"algorithm": "SHA256", "checksumValue": part.sha256}]
    return package


def _relationship(one: str, kind: str, other: str) -> dict[str, str]:
    return {"spdxElementId": one, "relationshipType": kind, "relatedSpdxElement": other}
