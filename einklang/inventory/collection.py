"""Every file of the folders, read and validated one by one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic

from einklang.inventory.document import START, Document, parse
from einklang.inventory.files import FileError, read_file
from einklang.inventory.logo import read_logo
from einklang.inventory.validation import M, validated
from einklang.model.problem import Code, Problem
from einklang.model.standard import Standard
from einklang.model.tenant import Tenant

TENANTS, STANDARDS, SERVICES = "tenants", "standards", "services"
_OTHER_NAMES = {TENANTS: frozenset({"README.md", "tenant.schema.json", "logos"}), STANDARDS: frozenset({"README.md"})}
_NAME = re.compile(r"[a-z0-9][a-z0-9.-]*\.yaml", re.ASCII)


@dataclass
class Entry(Generic[M]):
    """One file: its document, and its model where it is valid."""

    path: Path
    document: Document
    model: M | None
    logo: bytes | None = None

    @property
    def stem(self) -> str:
        """The file's name without suffix."""
        return self.path.name.removesuffix(".yaml")


@dataclass
class Collection:
    """All files; `problems` holds those of names and folders, the documents hold the rest."""

    root: Path
    tenants: list[Entry[Tenant]]
    standards: list[Entry[Standard]]
    services: frozenset[str]
    problems: list[Problem]

    def name_of(self, path: Path) -> str:
        """The file as messages name it: relative to the checkout where it is inside."""
        return name_of(self.root, path)


def name_of(root: Path, path: Path) -> str:
    """Path relative to the root with `/`, or as given where it is outside. Links at its end stay as they are."""
    whole = path.parent.resolve() / path.name
    return whole.relative_to(root.resolve()).as_posix() if whole.is_relative_to(root.resolve()) else path.as_posix()


def collect(root: Path, drafts: Iterable[Path] = ()) -> Collection:
    """Read tenants/, standards/ and services/ below `root`.

    drafts: further tenant files from elsewhere; each takes the place of the file of the same name.
    """
    problems: list[Problem] = []
    standards = [_entry(root, path, Standard) for path in _files(root, STANDARDS, problems)]
    outside = {path.name: path for path in drafts if not _belongs(root, path)}
    inside = {path.name: path for path in _files(root, TENANTS, problems)}
    paths = [path for _, path in sorted({**inside, **outside}.items())]
    tenants = [_entry(root, path, Tenant) for path in paths]
    for entry in tenants:
        if entry.model and entry.model.branding.logo:
            entry.logo = read_logo(root / TENANTS, entry.model.branding.logo, entry.document)
    services = frozenset(path.stem for path in (root / SERVICES).glob("*.yaml"))
    return Collection(root, tenants, standards, services, problems)


def _belongs(root: Path, path: Path) -> bool:
    return path.parent.resolve() in {(root / folder).resolve() for folder in (TENANTS, STANDARDS)} and path.exists()


def _files(root: Path, folder: str, problems: list[Problem]) -> list[Path]:
    """The YAML files of a folder; everything else that could be meant as one is a problem."""
    found: list[Path] = []
    try:
        entries = sorted((root / folder).iterdir())
    except OSError:
        problems.append(Problem(folder, 1, 1, "", Code.NOT_FOUND))
        return []
    for path in entries:
        if path.name.startswith(".") or path.name in _OTHER_NAMES[folder]:
            continue
        if path.suffix != ".yaml":
            problems.append(Problem(f"{folder}/{path.name}", 1, 1, "", Code.SUFFIX, path.suffix, ".yaml"))
        elif not _NAME.fullmatch(path.name):
            problems.append(Problem(f"{folder}/{path.name}", 1, 1, "", Code.FILE_NAME, path.name))
        else:
            found.append(path)
    return found


def _entry(root: Path, path: Path, model: type[M]) -> Entry[M]:
    name = name_of(root, path)
    try:
        document = parse(name, read_file(path))
    except FileError as error:
        document = Document(name)
        document.add(error.code, (), START, error.found, error.expected)
    return Entry(path, document, validated(document, model))
