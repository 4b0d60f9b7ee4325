"""Whether bytes are an image that a browser can be given: SVG of shapes and text, or PNG.

An SVG is a document: it can hold scripts, event handlers, references to other servers, and XML entities that grow
without bound. None of that belongs in a logo, so only what is known to be harmless passes.
"""

from __future__ import annotations

import re
import struct
import zlib
from xml.parsers import expat

from einklang.inventory.files import FileError
from einklang.model.problem import Code

MAXIMUM_PIXELS = 2048
"""Width and height of a PNG."""

_SVG = "http://www.w3.org/2000/svg"
_XLINK = "http://www.w3.org/1999/xlink"
_XML = "http://www.w3.org/XML/1998/namespace"
_SHAPES = {"svg", "g", "defs", "symbol", "use", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon"}
_TEXTS = {"title", "desc", "text", "tspan", "style"}
_PAINTS = {"linearGradient", "radialGradient", "stop", "clipPath", "mask", "pattern"}
_ELEMENTS = frozenset(_SHAPES | _TEXTS | _PAINTS)
_ACTIVE = re.compile(
    r"url\((?!\s*[\"']?\s*#)"  # a reference to anything but a part of the same image
    r"|@import|expression\s*\(|javascript:|data:"
    r"|\\",  # an escape can spell any of these
    re.IGNORECASE,
)
_PNG = b"\x89PNG\r\n\x1a\n"


def check_image(data: bytes, suffix: str) -> None:
    """Pass an SVG (`.svg`) or PNG (`.png`); raises FileError for anything else."""
    if suffix == ".svg":
        _check_svg(data)
    else:
        _check_png(data)


def _check_svg(data: bytes) -> None:
    parser, content = expat.ParserCreate(namespace_separator=" "), _SvgContent()
    parser.StartDoctypeDeclHandler = lambda *_: _refuse("<!DOCTYPE>")
    parser.ProcessingInstructionHandler = lambda target, _: _refuse(f"<?{target}?>")
    parser.StartElementHandler = content.element
    parser.CharacterDataHandler = content.texts.append
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise FileError(Code.LOGO_DAMAGED, f"XML, {error.lineno}:{error.offset + 1}", "SVG") from error
    if "style" in content.elements:
        # as one text, because comments and references cut it into pieces
        _refuse_active("".join(content.texts), "<style>")


class _SvgContent:
    """Checks each element as it comes; gathers names and text."""

    def __init__(self) -> None:
        self.elements: set[str] = set()
        self.texts: list[str] = []

    def element(self, name: str, attributes: dict[str, str]) -> None:
        space, _, local = name.rpartition(" ")
        if not self.elements and (space, local) != (_SVG, "svg"):
            raise FileError(Code.LOGO_DAMAGED, f"<{local}>", f'<svg xmlns="{_SVG}">')
        self.elements.add(local)
        if space != _SVG or local not in _ELEMENTS:
            _refuse(f"<{local}>")
        for attribute, value in attributes.items():
            _check_attribute(attribute, value)


def _check_attribute(attribute: str, value: str) -> None:
    space, _, local = attribute.rpartition(" ")
    shown = f'{local}="{value}"'
    if space not in {"", _XLINK, _XML} or local.lower().startswith("on"):
        _refuse(shown)
    if local.lower() == "href" and not value.startswith("#"):
        _refuse(shown)
    _refuse_active(value, shown)


def _refuse_active(text: str, shown: str) -> None:
    if _ACTIVE.search(text):
        _refuse(shown)


def _refuse(what: str) -> None:
    raise FileError(Code.LOGO_CONTENT, what)


def _check_png(data: bytes) -> None:
    """Walk the chunks (PNG specification, section 5): checksums right, IHDR first, IEND last, nothing after it."""
    if not data.startswith(_PNG):
        raise FileError(Code.LOGO_DAMAGED, data[:8].hex(" "), "PNG")
    at, kind = len(_PNG), b""
    while kind != b"IEND":
        if len(data) < at + 12:
            raise FileError(Code.LOGO_DAMAGED, "PNG, IEND", "PNG")
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        content = data[at + 4 : at + 8 + length]
        checksum = data[at + 8 + length : at + 12 + length]
        if checksum != struct.pack(">I", zlib.crc32(content)) or (at == len(_PNG)) is not (kind == b"IHDR"):
            raise FileError(Code.LOGO_DAMAGED, f"PNG, {kind.decode('ascii', 'replace')}", "PNG")
        if kind == b"IHDR":
            _check_size(content[4:])
        at += 12 + length
    if at != len(data):
        raise FileError(Code.LOGO_CONTENT, f"IEND + {len(data) - at} bytes")


def _check_size(header: bytes) -> None:
    width, height = struct.unpack(">II", header[:8].rjust(8, b"\0"))
    if not (0 < width <= MAXIMUM_PIXELS and 0 < height <= MAXIMUM_PIXELS):
        raise FileError(Code.LOGO_DAMAGED, f"{width} x {height}", f"PNG, ≤ {MAXIMUM_PIXELS} x {MAXIMUM_PIXELS}")
