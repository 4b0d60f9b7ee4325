"""Packages of a tenant: SBOMs joined by digest; what has none is said."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from einklang.errors import UserError
from einklang.operations.audit import packages
from tests.unit.audit import recorded

BASH = {
    "SPDXID": "SPDXRef-1", "name": "bash", "versionInfo": "5.2", "licenseDeclared": "NOASSERTION",
    "licenseComments": "Named in the copyright file: GPL-3+",
    "externalRefs": [{"referenceType": "purl", "referenceLocator": "pkg:deb/debian/bash@5.2"}],
}  # fmt: skip
PLONE = {"SPDXID": "SPDXRef-2", "name": "Plone", "versionInfo": "6.1", "licenseDeclared": "GPL-2.0-only"}


def digest_of(workload: str) -> str:
    image: str = recorded.one(recorded.facts(), "Pod", workload)["spec"]["containers"][0]["image"]
    return image.rpartition("@")[2]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The SBOM of the portal's image, as a build leaves it; an older one of another build beside it."""
    for name, digest, found in (("new", digest_of("portal"), [BASH, PLONE]), ("old", "sha256:" + "0" * 64, [BASH])):
        (tmp_path / name).mkdir()
        (tmp_path / name / "digest").write_text(f"{digest}\n")
        document = {"packages": [{"SPDXID": "SPDXRef-Image", "name": "portal"}, *found]}
        (tmp_path / name / "sbom.spdx.json").write_text(json.dumps(document))
    return tmp_path


def rows(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff")), delimiter=";"))


def test_packages_are_those_of_the_images_that_run(folder: Path) -> None:
    found = list(packages.packages(recorded.observed(recorded.facts()), folder))
    mine = [(each.workloads, each.name, each.version, each.licence) for each in found if each.version]
    assert mine == [
        ("portal, portal-setup", "Plone", "6.1", "GPL-2.0-only"),
        ("portal, portal-setup", "bash", "5.2", "GPL-3+"),
    ]


def test_an_image_without_a_list_is_said(folder: Path) -> None:
    found = list(packages.packages(recorded.observed(recorded.facts()), folder))
    without = {each.workloads for each in found if each.name.startswith("keine Paketliste")}
    assert {"front", "identity", "database"} <= without


def test_the_licences_are_listed(folder: Path) -> None:
    files = packages.render(recorded.observed(recorded.facts()), folder)
    licences = {row[0]: row[1:] for row in rows(files["attendorn-lizenzen.csv"])}
    assert licences["GPL-3+"] == ["1", "bash 5.2"]
    assert rows(files["attendorn-pakete.csv"])[0][-1] == "Kennung"


def test_what_is_no_sbom_is_refused(folder: Path) -> None:
    (folder / "new" / "sbom.spdx.json").write_text('{"packages": 7}')
    with pytest.raises(UserError, match="not an SPDX document"):
        list(packages.packages(recorded.observed(recorded.facts()), folder))
