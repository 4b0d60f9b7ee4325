"""The logo of a tenant: inside tenants/, small, an image and nothing else."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from einklang.inventory.document import Document
from einklang.inventory.files import FileError, read_file
from einklang.model.problem import Code

MAXIMUM_BYTES = 128 * 1024
_KEY = ("branding", "logo")


def read_logo(folder: Path, name: str, document: Document) -> bytes | None:
    """Content of the logo; None where it has a problem, which is added to the document at `branding.logo`."""
    place = document.value_place(_KEY)
    relative = PurePosixPath(name)
    if relative.is_absolute() or ".." in relative.parts or relative.suffix not in {".svg", ".png"}:
        document.add(Code.LOGO_PATH, _KEY, place, name)
        return None
    try:
        return read_file(folder / relative, MAXIMUM_BYTES)
    except FileError as error:
        document.add(error.code, _KEY, place, error.found or name, error.expected)
        return None
