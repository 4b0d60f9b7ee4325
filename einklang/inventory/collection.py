"""Every file of the folders, read and validated one by one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Generic

from einklang.inventory.document import START, Document
from einklang.inventory.files import FileError, read_file
from einklang.inventory.logo import read_logo
from einklang.inventory.reader import parse
from einklang.inventory.validation import M, validated
from einklang.model.problem import Code, Problem
from einklang.model.service import Service
from einklang.model.standard import Standard
from einklang.model.tenant import Tenant

TENANTS, STANDARDS, SERVICES = FOLDERS = ("tenants", "standards", "services")
SUFFIX = ".yaml"
_OTHER_NAMES = frozenset({"README.md", "tenant.schema.json", "logos", "controls"})
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
        return self.path.name.removesuffix(SUFFIX)


@dataclass
class Collection:
    """All files; `problems` holds those of names and folders, the documents hold the rest."""

    tenants: list[Entry[Tenant]]
    standards: list[Entry[Standard]]
    services: list[Entry[Service]]
    problems: list[Problem]


def collect(root: Path, drafts: Mapping[str, Path], only: Iterable[str] | None = None) -> Collection:
    """Read tenants/, standards/ and, where it is, services/ below `root`.

    drafts: tenant files from elsewhere by their name; each takes the place of the file of the same name. only: ids;
    the files of other tenants are not read.
    """
    problems: list[Problem] = []
    paths = _tenants(root, only, problems) | dict(drafts)
    tenants = [_entry(root, path, Tenant) for _, path in sorted(paths.items())]
    for entry in tenants:
        if entry.model and entry.model.branding.logo:
            entry.logo = read_logo(root / TENANTS, entry.model.branding.logo, entry.document)
    standards = [_entry(root, path, Standard) for path in _files(root, STANDARDS, problems)]
    catalogue = _files(root, SERVICES, problems) if (root / SERVICES).exists() else []
    services = [_entry(root, path, Service) for path in catalogue]
    return Collection(tenants, standards, services, problems)


def _tenants(root: Path, only: Iterable[str] | None, problems: list[Problem]) -> dict[str, Path]:
    """The tenant files by name. Where some are chosen, the folder is not even listed: it may be large."""
    if only is None:
        return {path.name: path for path in _files(root, TENANTS, problems)}
    chosen = (root / TENANTS / f"{tenant}{SUFFIX}" for tenant in only)
    found = [path for path in chosen if path.is_symlink() or path.exists()]
    faults = {path: name_problem(path, f"{TENANTS}/{path.name}") for path in found}
    problems.extend(fault for fault in faults.values() if fault)
    return {path.name: path for path in found if not faults[path]}


def shown_name(root: Path, path: Path) -> str:
    """The file as messages name it: relative to the checkout with `/`, or as given where it is outside.

    A link at its end stays what it is.
    """
    whole, base = path.parent.resolve() / path.name, root.resolve()
    return whole.relative_to(base).as_posix() if whole.is_relative_to(base) else path.as_posix()


def name_problem(path: Path, shown: str) -> Problem | None:
    """What is wrong with a file's name, or nothing."""
    if path.suffix != SUFFIX:
        return Problem(shown, 1, 1, "", Code.SUFFIX, path.name, SUFFIX)
    return None if _NAME.fullmatch(path.name) else Problem(shown, 1, 1, "", Code.FILE_NAME, path.name)


def _files(root: Path, folder: str, problems: list[Problem]) -> list[Path]:
    """The YAML files of a folder; everything else that could be meant as one is a problem."""
    try:
        paths = sorted((root / folder).iterdir())
    except OSError as error:
        code = Code.NOT_FOUND if isinstance(error, FileNotFoundError) else Code.UNREADABLE
        problems.append(Problem(folder, 1, 1, "", code, error.strerror or ""))
        return []
    paths = [path for path in paths if not path.name.startswith(".") and path.name not in _OTHER_NAMES]
    faults = {path: name_problem(path, f"{folder}/{path.name}") for path in paths}
    problems.extend(fault for fault in faults.values() if fault)
    return [path for path, fault in faults.items() if not fault]


def _entry(root: Path, path: Path, model: type[M]) -> Entry[M]:
    name = shown_name(root, path)
    try:
        document = parse(name, read_file(path))
    except FileError as error:
        document = Document(name)
        document.add(error.code, (), START, error.found, error.expected)
    return Entry(path, document, validated(document, model))
