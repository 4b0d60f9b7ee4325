"""What a tenant runs, package by package: the SBOMs of its images, joined by digest. Two CSV files a tenant.

An SBOM stands in a folder beside a file `digest`, as the image build writes both; any folder of such folders will do.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from einklang.errors import UserError
from einklang.operations.audit.observed import Observed

PACKAGES, LICENCES = "pakete", "lizenzen"
UNKNOWN = "keine Angabe"
_NOTHING = {"", "NOASSERTION", "NONE"}


@dataclass(frozen=True, order=True)
class Package:
    """One package of one image. licence: as declared, else what its own files name. locator: package URL (purl)."""

    workloads: str
    image: str
    name: str
    version: str
    licence: str
    locator: str


def render(observed: Observed, folder: Path) -> dict[str, str]:
    """File name -> CSV: all packages, and the licences with what is under them."""
    found, tenant = list(packages(observed, folder)), observed.resolved.tenant.id
    licences: dict[str, set[str]] = {}
    for each in found:
        licences.setdefault(each.licence, set()).add(f"{each.name} {each.version}".strip())
    header = ("Dienste", "Image", "Paket", "Version", "Lizenz", "Kennung")
    rows = [(e.workloads, e.image, e.name, e.version, e.licence, e.locator) for e in found]
    by_licence = [(name, str(len(those)), ", ".join(sorted(those))) for name, those in sorted(licences.items())]
    return {
        f"{tenant}-{PACKAGES}.csv": _table(header, rows),
        f"{tenant}-{LICENCES}.csv": _table(("Lizenz", "Anzahl", "Pakete"), by_licence),
    }


def packages(observed: Observed, folder: Path) -> Iterable[Package]:
    """Every package of every image that the tenant's pods name, sorted; an image without SBOM is one line that says so.

    Raises UserError where a document in the folder is no SBOM.
    """
    documents = _by_digest(folder)
    for image, workloads in sorted(_images(observed).items()):
        users, digest = ", ".join(sorted(workloads)), image.rpartition("@")[2]
        path = documents.get(digest)
        if path is None:
            yield Package(users, image, "keine Paketliste zu diesem Digest", "", UNKNOWN, "")
            continue
        yield from sorted(_package(users, image, each) for each in _contained(path))


def _images(observed: Observed) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for _, container, spec in observed.containers():
        found.setdefault(container["image"], set()).add(spec.workload or spec.place)
    return found


def _by_digest(folder: Path) -> Mapping[str, Path]:
    """Digest -> SBOM."""
    pairs = ((path, path.parent / "digest") for path in folder.glob("*/sbom.spdx.json"))
    return {digest.read_text(encoding="utf-8").strip(): path for path, digest in pairs if digest.is_file()}


def _contained(path: Path) -> Sequence[Mapping[str, Any]]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return [each for each in document["packages"] if each["SPDXID"] != "SPDXRef-Image"]
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"{path}: not an SPDX document: {error}", remedy="einklang images build writes it anew"
        ) from error


def _package(workloads: str, image: str, each: Mapping[str, Any]) -> Package:
    declared = each.get("licenseDeclared", "")
    named = str(each.get("licenseComments", "")).partition(": ")[2]
    locators = [ref["referenceLocator"] for ref in each.get("externalRefs") or [] if ref["referenceType"] == "purl"]
    return Package(
        workloads,
        image,
        each["name"],
        each.get("versionInfo", ""),
        (declared if declared not in _NOTHING else named) or UNKNOWN,
        locators[0] if locators else "",
    )


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=";", lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return "\ufeff" + stream.getvalue()
