"""What is found in an image, and the bill of materials that is made of it, judged by the official SPDX tools."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from spdx_tools.spdx.parser.parse_anything import parse_file
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

from einklang.clients import golang
from einklang.clients.debian import Package
from einklang.operations.local import image_definition, image_parts, sbom
from einklang.operations.local.image_parts import Part, expression, java_part, licences
from tests.unit.image_samples import archive, image, layer

COPYRIGHT = b"""Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/

Files: *
License: GPL-2+

Files: lib/*
License: Expat
 Permission is hereby granted
"""
STATUS = b"""Package: bash
Essential: yes
Status: install ok installed
Version: 5

Package: gone
Status: deinstall ok config-files
Version: 1

Package: zlib1g
Status: install ok installed
Multi-Arch: same
"""
PACKAGES = {
    name: Package(name, version, "a" * 64)
    for name, version in {"bash": "5.2.15-2+b13", "gone": "1", "zlib1g": "1:1.2.13.dfsg-1", "perl": "5"}.items()
}


def jar(*artifacts: tuple[str, str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as content:
        for group, artifact, version in artifacts:
            content.writestr(f"META-INF/maven/{group}/{artifact}/pom.properties", f"#x\nversion={version}\n")
    return buffer.getvalue()


def found(tmp_path: Path, files: dict[str, bytes], packages: dict[str, Package] | None = None) -> list[Part]:
    path = archive(tmp_path / "image.tar", [layer(files)])
    return image_parts.parts(path, PACKAGES if packages is None else packages, [])


def test_debian_packages_are_those_that_dpkg_knows(tmp_path: Path) -> None:
    parts = found(tmp_path, {"var/lib/dpkg/status": STATUS, "usr/share/doc/bash/copyright": COPYRIGHT})
    assert [(part.name, part.version) for part in parts] == [("bash", "5.2.15-2+b13"), ("zlib1g", "1:1.2.13.dfsg-1")]
    assert parts[0].licence == "GPL-2.0-or-later AND MIT"
    assert parts[1].licence is None


def test_without_dpkg_they_are_those_whose_copyright_is_there(tmp_path: Path) -> None:
    assert [part.name for part in found(tmp_path, {"usr/share/doc/perl/copyright": b"free text"})] == ["perl"]


def test_versions_in_package_urls_are_encoded(tmp_path: Path) -> None:
    urls = [part.purl for part in found(tmp_path, {"var/lib/dpkg/status": STATUS})]
    assert urls == [
        "pkg:deb/debian/bash@5.2.15-2%2Bb13?distro=bookworm",
        "pkg:deb/debian/zlib1g@1%3A1.2.13.dfsg-1?distro=bookworm",
    ]


def test_debian_packages_name_their_source(tmp_path: Path) -> None:
    """Where it has another name or version: Debian's advisories are about sources."""
    status = STATUS.replace(b"Package: bash\n", b"Package: bash\nSource: bash-source\n")
    status = status.replace(b"Package: zlib1g\n", b"Package: zlib1g\nSource: zlib (1:1.2)\n")
    urls = [part.purl for part in found(tmp_path, {"var/lib/dpkg/status": status})]
    assert [url.partition("distro=bookworm")[2] for url in urls] == [
        "&upstream=bash-source",
        "&upstream=zlib%401%3A1.2",
    ]


def test_python_packages_but_not_debians(tmp_path: Path) -> None:
    metadata = b"Metadata-Version: 2.1\nName: Plone_Api\nVersion: 2.0\n\nName: not this\n"
    files = {
        "opt/venv/lib/python3.11/site-packages/Plone_Api-2.0.dist-info/METADATA": metadata,
        "usr/lib/python3/dist-packages/httpx-0.23.dist-info/METADATA": b"Name: httpx\nVersion: 0.23\n",
    }
    assert [part.purl for part in found(tmp_path, files)] == ["pkg:pypi/plone-api@2.0"]


def test_npm_packages_where_they_are_installed(tmp_path: Path) -> None:
    files = {
        "srv/node_modules/jquery/package.json": b'{"name": "jquery", "version": "3.4.1"}',
        "srv/node_modules/jquery/src/package.json": b'{"type": "module"}',
        "srv/node_modules/@fontsource/lato/package.json": b'{"name": "@fontsource/lato", "version": "5.0.0"}',
        "srv/other/package.json": b'{"name": "other", "version": "1"}',
    }
    assert [part.purl for part in found(tmp_path, files)] == [
        "pkg:npm/%40fontsource/lato@5.0.0",
        "pkg:npm/jquery@3.4.1",
    ]


def test_java_archives_name_themselves(tmp_path: Path) -> None:
    parts = found(tmp_path, {"opt/lib/org.x.tool-1.0.Final.jar": jar(("org.x", "tool", "1.0.Final"))})
    assert [(part.name, part.purl) for part in parts] == [("org.x:tool", "pkg:maven/org.x/tool@1.0.Final")]


def test_of_several_artifacts_that_counts_which_the_file_is_called_after() -> None:
    part = java_part("lib/fat-2.0.jar", jar(("org.y", "inner", "1"), ("org.y", "fat", "2.0")))
    assert part is not None
    assert part.purl == "pkg:maven/org.y/fat@2.0"


def test_a_java_archive_without_a_name_is_told_by_its_checksum() -> None:
    part = java_part("lib/org.z.thing-3.1.jar", jar())
    assert part is not None
    assert (part.name, part.version) == ("org.z.thing", "3.1")
    assert part.purl == f"pkg:generic/org.z.thing@3.1?checksum=sha256:{part.sha256}"
    assert java_part("lib/launcher.jar", jar()) is None


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("GPL-2+",), "GPL-2.0-or-later"),
        (("PostgreSQL", "Expat", "MIT"), "MIT AND PostgreSQL"),
        (("GPL-2+", "permissive-x"), None),
        ((), None),
    ],
)
def test_licences_only_where_all_names_mean_something(names: tuple[str, ...], expected: str | None) -> None:
    assert expression(names) == expected


def test_free_text_has_no_licence_names() -> None:
    assert licences("This is bash.\nLicense: GPL-2+\n") == ()


def test_go_modules_and_what_replaces_them() -> None:
    text = (
        "/tool: go1.26.8\n\tpath\texample.org/tool/cmd\n\tmod\texample.org/tool\tv1.2.3\th1:a=\n"
        "\tdep\texample.org/old\tv1.0.0\n\t=>\texample.org/new\tv0.0.1\th1:b=\n\tbuild\t-trimpath=true\n"
    )
    assert golang.parse(text) == [("stdlib", "1.26.8"), ("example.org/tool", "v1.2.3"), ("example.org/new", "v0.0.1")]


def test_a_program_not_built_by_go_has_no_modules() -> None:
    assert golang.parse("") == []
    assert golang.parse("/pause: could not read Go build info from /pause: not a Go executable\n") == []


@pytest.fixture
def document(tmp_path: Path) -> dict[str, Any]:
    definition = image_definition.load(image(tmp_path, "sample"))
    parts = [
        Part("bash", "5", "pkg:deb/debian/bash@5?distro=bookworm", "a" * 64, "GPL-3.0-or-later"),
        Part("libx", "1", "pkg:deb/debian/libx@1?distro=bookworm", "b" * 64, None, ("Own-licence",)),
        Part("example.org/tool", "v1", "pkg:golang/example.org/tool@v1"),
    ]
    return sbom.document(definition, parts, 1767225600, comments=["bash is 5, locked is 4"])


def complaints(document: dict[str, Any], folder: Path) -> list[str]:
    path = folder / "sbom.spdx.json"
    path.write_text(json.dumps(document))
    return [message.validation_message for message in validate_full_spdx_document(parse_file(str(path)))]


def test_the_document_is_spdx(document: dict[str, Any], tmp_path: Path) -> None:
    assert complaints(document, tmp_path) == []


def test_a_planted_mistake_is_found(document: dict[str, Any], tmp_path: Path) -> None:
    document["packages"][1]["licenseDeclared"] = "GPL-9+"
    document["relationships"].pop()
    document["packages"][1]["externalRefs"][0]["referenceLocator"] = "no package url"
    assert complaints(document, tmp_path)


def test_every_licence_that_is_translated_is_one_of_spdx(tmp_path: Path) -> None:
    definition = image_definition.load(image(tmp_path, "sample"))
    names = ("GPL-1+", "GPL-2", "LGPL-2+", "LGPL-2.1", "GFDL-1.3+", "BSD-4-clause", "Zlib", "CC0-1.0", "ISC")
    part = Part("x", "1", "pkg:deb/debian/x@1", None, expression(names))
    assert part.licence is not None
    assert complaints(sbom.document(definition, [part], 0), tmp_path) == []


def test_it_says_what_differs_from_the_lock(document: dict[str, Any]) -> None:
    assert document["comment"] == "Differs from the lock: bash is 5, locked is 4"


def test_names_without_an_equal_in_spdx_are_a_comment(document: dict[str, Any]) -> None:
    package = next(package for package in document["packages"] if package["name"] == "libx")
    assert package["licenseDeclared"] == "NOASSERTION"
    assert package["licenseComments"] == "Named in the copyright file: Own-licence"


def test_the_same_parts_give_the_same_document(tmp_path: Path) -> None:
    definition = image_definition.load(image(tmp_path, "sample"))
    part = Part("x", "1", "pkg:deb/debian/x@1")
    first, second = (sbom.document(definition, [part], 0) for _ in range(2))
    other = sbom.document(definition, [Part("x", "2", "pkg:deb/debian/x@2")], 0)
    assert first == second
    assert first["documentNamespace"] != other["documentNamespace"]
