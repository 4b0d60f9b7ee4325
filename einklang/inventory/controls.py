"""standards/controls/ -> the catalogues of controls. Read when somebody audits, not at every `pulumi up`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from einklang.errors import UserError
from einklang.inventory.collection import STANDARDS, SUFFIX, shown_name
from einklang.inventory.document import START, Document
from einklang.inventory.files import FileError, read_file
from einklang.inventory.reader import parse
from einklang.inventory.validation import validated
from einklang.model.control import Catalogue
from einklang.model.messages import Language, render_all

FOLDER = "controls"


def controls(root: Path) -> Mapping[str, Catalogue]:
    """The catalogues below `root` by the names of their files, sorted.

    Raises UserError with every problem of every file, or where there is none.
    """
    folder = root / STANDARDS / FOLDER
    paths = sorted(folder.glob(f"*{SUFFIX}"))
    if not paths:
        raise UserError(f"{folder}: no catalogue of controls", remedy="the folder comes with the checkout")
    documents = {path: _read(root, path) for path in paths}
    catalogues = {path.stem: validated(document, Catalogue) for path, document in documents.items()}
    problems = [problem for document in documents.values() for problem in document.problems]
    if problems:
        raise UserError(render_all(sorted(problems), Language.GERMAN))
    return {stem: catalogue for stem, catalogue in catalogues.items() if catalogue is not None}


def _read(root: Path, path: Path) -> Document:
    name = shown_name(root, path)
    try:
        return parse(name, read_file(path))
    except FileError as error:
        document = Document(name)
        document.add(error.code, (), START, error.found, error.expected)
        return document
