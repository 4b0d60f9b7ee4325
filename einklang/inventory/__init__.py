"""tenants/, standards/ and services/ -> resolved tenants, or every problem of every file."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from einklang.errors import UserError
from einklang.inventory import collection as collecting
from einklang.inventory.checks import check_all
from einklang.inventory.collection import collect
from einklang.inventory.controls import controls
from einklang.inventory.plain import documents
from einklang.inventory.selection import select
from einklang.model.messages import Language, render_all
from einklang.model.problem import Problem
from einklang.model.resolved import ResolvedTenant
from einklang.model.service import Service
from einklang.model.standard import Standard
from einklang.model.tenant import Tenant

__all__ = [
    "InvalidInventory",
    "Inventory",
    "Problem",
    "ResolvedTenant",
    "check_files",
    "controls",
    "documents",
    "load",
    "load_unchecked",
]


class InvalidInventory(UserError):  # noqa: N818 - the name says what it is
    """Files have problems; all of them, sorted, are in `problems`."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__(render_all(self.problems, Language.GERMAN))


@dataclass(frozen=True)
class Inventory:
    """All tenants, standards and services of a checkout, by id and by version; logos by tenant id."""

    tenants: Mapping[str, Tenant]
    standards: Mapping[str, Standard]
    services: Mapping[str, Service]
    logos: Mapping[str, bytes]

    def resolve(self, tenant_id: str) -> ResolvedTenant:
        """The tenant with its standard, its size class and its logo; raises UserError for an unknown id."""
        tenant = self.tenants.get(tenant_id)
        if tenant is None:
            known = ", ".join(sorted(self.tenants)) or "none"
            raise UserError(f"no tenant {tenant_id!r}", remedy=f"add tenants/{tenant_id}.yaml; known tenants: {known}")
        standard = self.standards[tenant.standard]
        chosen = [self.services[name] for name in tenant.services]
        size = standard.size_of(tenant.population)
        return ResolvedTenant(tenant, standard, size, self.logos.get(tenant_id), chosen)


def load(root: Path, *, today: date, only: Collection[str] | None = None) -> Inventory:
    """Read and check everything below `root`; raises InvalidInventory with all problems of all files.

    today: the day against which exceptions expire. only: tenants by id; the files of all others are not read, so that
    they are not compared with these either.
    """
    collection = collect(root, {}, only)
    problems = check_all(collection, today)
    if problems:
        raise InvalidInventory(problems)
    return _inventory(collection)


def load_unchecked(root: Path, only: Collection[str]) -> tuple[Inventory, list[Problem]]:
    """What could be read of these tenants, whatever day it is, and what could not: for looking back."""
    collection = collect(root, {}, only)
    problems = [problem for entry in collection.tenants if entry.model is None for problem in entry.document.problems]
    return _inventory(collection), problems


def check_files(paths: Iterable[Path] | None, *, root: Path, today: date) -> list[Problem]:
    """All problems, sorted; with `paths` only those of these files and folders, checked against all others.

    A file from outside the folders is checked as a draft of the tenant file of the same name.
    """
    selection = select(root, [root] if paths is None else paths)
    problems = check_all(collect(root, selection.drafts), today)
    return sorted({*selection.problems, *(problem for problem in problems if selection.covers(problem))})


def _inventory(collection: collecting.Collection) -> Inventory:
    tenants = {entry.model.id: entry.model for entry in collection.tenants if entry.model}
    standards = {entry.model.version: entry.model for entry in collection.standards if entry.model}
    services = {entry.model.id: entry.model for entry in collection.services if entry.model}
    logos = {entry.model.id: entry.logo for entry in collection.tenants if entry.model and entry.logo is not None}
    return Inventory(dict(sorted(tenants.items())), dict(sorted(standards.items())), services, logos)
