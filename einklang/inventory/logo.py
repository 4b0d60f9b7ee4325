"""The logo of a tenant: a small file inside tenants/, an image and nothing else."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from einklang.inventory.document import Document
from einklang.inventory.files import FileError, read_file
from einklang.inventory.images import check_image
from einklang.model.problem import Code

MAXIMUM_BYTES = 128 * 1024
_KEY = ("branding", "logo")


def read_logo(folder: Path, name: str, document: Document) -> bytes | None:
    """Content of the logo; None where it has a problem, which is added to the document at `branding.logo`.

    folder: tenants/, which the logo may not leave, by its path or by a link.
    """
    relative = PurePosixPath(name)
    inside = not relative.is_absolute() and ".." not in relative.parts and relative.suffix in {".svg", ".png"}
    try:
        if not inside:
            raise FileError(Code.LOGO_PATH, name)
        path = folder / relative
        if not path.parent.resolve().is_relative_to(folder.resolve()):
            raise FileError(Code.SYMLINK)
        data = read_file(path, MAXIMUM_BYTES)
        check_image(data, relative.suffix)
    except FileError as error:
        document.add(error.code, _KEY, document.value_place(_KEY), error.found, error.expected)
        return None
    return data
