"""Logos: images only, from inside tenants/ only."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import pytest

from einklang.inventory.files import FileError
from einklang.inventory.images import check_image
from einklang.settings import PROJECT_ROOT

from .tenant_folder import GOOD, make_root, places, problems, write

XMLNS = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'


def svg(content: str, attributes: str = "") -> bytes:
    return f"<svg {XMLNS} {attributes}>{content}</svg>".encode()


def chunk(kind: bytes, content: bytes = b"") -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(width: int = 8, height: int = 8) -> bytes:
    rows = zlib.compress(b"\0" * (height * (width * 3 + 1)))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND")


@pytest.mark.parametrize("path", sorted((PROJECT_ROOT / "tenants" / "logos").iterdir()), ids=lambda path: path.name)
def test_the_projects_logos(path: Path) -> None:
    check_image(path.read_bytes(), path.suffix)


@pytest.mark.parametrize(
    "content",
    [
        '<rect width="8" height="8" fill="url(#g)"/>',
        "<rect style=\"fill:url( '#g' )\"/>",
        '<use href="#g"/><use xlink:href="#g"/>',
        "<style>.a{fill:#fff} .b{fill:url(#g)}</style>",
        "<title>Stadt &amp; Land</title><!-- data: nothing -->",
        "<desc>data: javascript: @import are words here</desc>",
    ],
)
def test_harmless_svg(content: str) -> None:
    check_image(svg(content), ".svg")


BAD = {
    "script": svg("<script>alert(1)</script>"),
    "foreign content": svg("<foreignObject/>"),
    "link": svg('<a href="#x"/>'),
    "image": svg('<image href="#x"/>'),
    "animation": svg('<set attributeName="href"/>'),
    "other namespace": svg('<x:script xmlns:x="http://www.w3.org/1999/xhtml"/>'),
    "no namespace": svg('<g xmlns=""/>'),
    "event handler": svg("", 'onload="alert(1)"'),
    "event handler in capitals": svg('<g OnClick="x"/>'),
    "outside reference": svg('<use href="https://example.org/x.svg#a"/>'),
    "outside reference by xlink": svg('<use xlink:href="//example.org/x.svg#a"/>'),
    "script reference": svg('<use href="javascript:alert(1)"/>'),
    "data reference": svg('<use href="data:image/svg+xml,x"/>'),
    "outside paint": svg('<rect fill="url(https://example.org/x)"/>'),
    "outside paint in quotes": svg("<rect style=\"fill:url( 'https://example.org/x')\"/>"),
    "import": svg("<style>@import 'https://example.org/x.css'</style>"),
    "import cut by a comment": svg("<style>@im<!-- -->port 'x.css'</style>"),
    "import cut by a reference": svg("<style>@&#105;mport 'x.css'</style>"),
    "import by escape": svg("<style>@\\69mport 'x.css'</style>"),
    "document type": b'<!DOCTYPE svg SYSTEM "http://example.org/x.dtd">' + svg(""),
    "entity bomb": b'<!DOCTYPE svg [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>' + svg("<title>&b;</title>"),
    "external entity": b'<!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + svg("<title>&a;</title>"),
    "style sheet": b'<?xml-stylesheet href="x.css"?>' + svg(""),
}


@pytest.mark.parametrize("what", BAD)
def test_svg_that_is_more_than_an_image(what: str) -> None:
    with pytest.raises(FileError) as caught:
        check_image(BAD[what], ".svg")
    assert caught.value.code == "logo-content"


@pytest.mark.parametrize("data", [b"", b"text", b"<svg", b"<svg/>", b"<html/>", png()], ids=range(6))
def test_no_svg(data: bytes) -> None:
    with pytest.raises(FileError) as caught:
        check_image(data, ".svg")
    assert caught.value.code == "logo-damaged"


def test_png() -> None:
    check_image(png(), ".png")


@pytest.mark.parametrize(
    ("what", "data", "code"),
    [
        ("no PNG", svg(""), "logo-damaged"),
        ("empty", b"", "logo-damaged"),
        ("cut", png()[:-5], "logo-damaged"),
        ("checksum", png()[:-1] + b"\0", "logo-damaged"),
        ("too wide", png(width=4000), "logo-damaged"),
        ("no width", png(width=0), "logo-damaged"),
        ("no header", b"\x89PNG\r\n\x1a\n" + chunk(b"IEND"), "logo-damaged"),
        ("short header", b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", b"1") + chunk(b"IEND"), "logo-damaged"),
        ("two headers", png()[:33] + png()[8:], "logo-damaged"),
        ("something behind it", png() + b"<script>", "logo-content"),
    ],
)
def test_bad_png(what: str, data: bytes, code: str) -> None:
    del what
    with pytest.raises(FileError) as caught:
        check_image(data, ".png")
    assert caught.value.code == code


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_root(tmp_path / "checkout")


def test_problem_is_shown_at_the_tenants_key(root: Path) -> None:
    (root / "tenants" / "logos" / "olpe.svg").write_bytes(BAD["script"])
    assert places(problems(root)) == [("logo-content", 20, 9)]


def test_large_logo(root: Path) -> None:
    (root / "tenants" / "logos" / "olpe.svg").write_bytes(svg("<!-- x -->" * 20_000))
    assert places(problems(root)) == [("too-large", 20, 9)]


def test_logo_by_a_link(root: Path, tmp_path: Path) -> None:
    (tmp_path / "logo.svg").write_bytes(svg(""))
    (root / "tenants" / "logos" / "olpe.svg").unlink()
    (root / "tenants" / "logos" / "olpe.svg").symlink_to(tmp_path / "logo.svg")
    assert places(problems(root)) == [("symlink", 20, 9)]


def test_logo_in_a_linked_folder(root: Path, tmp_path: Path) -> None:
    (tmp_path / "logo.svg").write_bytes(svg(""))
    (root / "tenants" / "logos" / "elsewhere").symlink_to(tmp_path)
    write(root, "olpe", GOOD.replace("logos/olpe.svg", "logos/elsewhere/logo.svg"))
    assert places(problems(root)) == [("symlink", 20, 9)]
