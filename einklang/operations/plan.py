"""The plan of a change: which tenants it concerns, what it means, and what Pulumi would do for it."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, Protocol

from einklang import inventory
from einklang.clients.git import Git
from einklang.errors import EinklangError, UserError
from einklang.inventory import Inventory
from einklang.model.plan import Plan, ResourceAction
from einklang.model.resolved import ResolvedTenant
from einklang.model.tenant import Status
from einklang.operations import proposal
from einklang.operations.applied import remembered
from einklang.planning.proposal import Change, plan, tenant_plan
from einklang.progress import Progress

PLATFORM = "platform"


class Engine(Protocol):
    """What is asked of Pulumi."""

    def plan(self, stack: str) -> tuple[ResourceAction, ...]:
        """What `pulumi up` would do."""

    def applied(self, stack: str) -> dict[str, Any]:
        """The stack's outputs; empty without a stack."""


@dataclass(frozen=True)
class Request:
    """What somebody wants to know. before, after: tenants by id, of those that the change concerns, by their files.

    known: standards and services that they refer to. elsewhere: changed files that belong to no tenant.
    """

    before: Mapping[str, ResolvedTenant]
    after: Mapping[str, ResolvedTenant]
    known: Inventory
    elsewhere: tuple[str, ...] = ()

    @property
    def tenants(self) -> list[str]:
        """All that the request concerns, sorted."""
        return sorted({*self.before, *self.after})

    @property
    def present(self) -> list[str]:
        """Those of them that have a file afterwards, sorted."""
        return sorted(self.after)


@dataclass(frozen=True)
class Answer:
    """The plan of those that change, and the tenants that were looked at and do not."""

    plan: Plan
    unchanged: tuple[str, ...]


@dataclass(frozen=True)
class Folders:
    """Where files are: `root` the checkout; `before` and `after` folders for what comes out of commits."""

    root: Path
    before: Path
    after: Path


@contextmanager
def folders(root: Path) -> Iterator[Folders]:
    """Folders for one plan, removed at its end."""
    with tempfile.TemporaryDirectory(prefix="einklang-plan-") as name:
        yield Folders(root, Path(name) / "before", Path(name) / "after")


def since(git: Git, folders: Folders, reference: str, head: str, names: Collection[str], today: date) -> Request:
    """What differs from the last commit that the change has in common with `reference`. Reads only what it concerns.

    head: a commit that is looked at instead of the checkout; empty for the checkout as it is.
    """
    proposed = git.commit(head) if head else ""
    base = git.merge_base(git.commit(reference), proposed or git.commit("HEAD"))
    difference = proposal.sort_out(git.changed(base, proposed or None))
    chosen = proposal.concerned(difference, folders.root)
    if names:
        _known(names, folders.root, chosen)
        chosen = chosen & set(names)
    data = folders.root
    if proposed:
        proposal.write_out(git, proposed, folders.after, chosen)
        data = folders.after
    proposal.write_out(git, base, folders.before, chosen)
    old, problems = inventory.load_unchecked(folders.before, chosen)
    if problems:
        raise UserError(f"{problems[0].file} in {base[:12]} is not valid", remedy="mend it there first")
    new = inventory.load(data, today=today, only=chosen)
    before = {tenant: old.resolve(tenant) for tenant in old.tenants}
    after = {tenant: new.resolve(tenant) for tenant in new.tenants}
    return Request(before, after, new, difference.elsewhere)


def expect(fingerprint: str, answer: Answer) -> None:
    """Raises UserError where the plan is not the one of the fingerprint, or is refused."""
    if answer.plan.refused:
        raise UserError("the plan is refused", remedy="einklang plan shows why")
    if answer.plan.fingerprint != fingerprint:
        raise UserError(
            f"the plan has changed since it was approved: its fingerprint is {answer.plan.fingerprint}",
            remedy="einklang plan shows it; approve that one, then repeat with its fingerprint",
        )


def project(folders: Folders) -> Path:
    """The folder of a proposal's tenants as a project that Pulumi runs: the program is the checkout's."""
    proposal.with_program(folders.after, folders.root)
    return folders.after


def since_applied(known: Inventory, names: Sequence[str]) -> Request:
    """What differs from what was applied last, for the named tenants or all; the stacks remember that."""
    unknown = sorted(set(names) - set(known.tenants))
    if unknown:
        raise UserError(f"no such tenant: {', '.join(unknown)}", remedy=f"one of {', '.join(sorted(known.tenants))}")
    after = {name: known.resolve(name) for name in (names or sorted(known.tenants))}
    # Of one that is only requested, nothing was applied and nothing will be.
    requested = {name: resolved for name, resolved in after.items() if not _deployed(resolved)}
    return Request(requested, after, known)


def look(request: Request, engine: Engine | None, today: date, progress: Progress, *, jobs: int = 2) -> Answer:
    """The plan. engine: looks at the running system, `jobs` stacks at a time; None: by the files alone.

    With an engine, a tenant before the change is what was applied last, whatever its file said since.
    """
    platform = None
    seen: Mapping[str, _Seen] = {}
    if engine is not None:
        request = replace(request, before=_applied(request, engine))
        deployed = [name for name in request.tenants if _deployed(request.after.get(name))]
        with progress.step(f"pulumi preview: {PLATFORM}", 1, len(deployed) + 1):
            platform = engine.plan(PLATFORM)
        seen = _look_at(engine, deployed, progress, jobs)
    nobody = _Seen(None if engine is None else (), "")
    plans = []
    for name in request.tenants:
        found = seen.get(name, nobody)
        change = Change(request.before.get(name), request.after.get(name), found.actions, found.error)
        plans.append(tenant_plan(change, today))
    changing = [each for each in plans if each.changes]
    unchanged = tuple(each.tenant for each in plans if not each.changes)
    return Answer(plan(changing, platform, request.elsewhere), unchanged)


def _applied(request: Request, engine: Engine) -> dict[str, ResolvedTenant]:
    """The tenants as they were applied last; those that have no stack yet are not among them."""
    before = dict(request.before)
    for name, resolved in request.after.items():
        if _deployed(resolved):
            outputs = engine.applied(name)
            before.pop(name, None)
            if outputs:
                # A stack that an older version applied remembers nothing: then only its resources tell.
                before[name] = _remembered(outputs, request.known, resolved) or resolved
    return before


@dataclass(frozen=True)
class _Seen:
    actions: tuple[ResourceAction, ...] | None
    error: str


def _look_at(engine: Engine, names: Sequence[str], progress: Progress, jobs: int) -> dict[str, _Seen]:
    def one(number: int, name: str) -> _Seen:
        try:
            with progress.step(f"pulumi preview: {name}", number, len(names) + 1):
                return _Seen(engine.plan(name), "")
        except EinklangError as error:
            return _Seen(None, str(error))

    with ThreadPoolExecutor(max_workers=jobs) as pool:
        running = {name: pool.submit(one, number, name) for number, name in enumerate(names, start=2)}
        return {name: future.result() for name, future in running.items()}


def _deployed(resolved: ResolvedTenant | None) -> bool:
    return resolved is not None and resolved.tenant.status is not Status.REQUESTED


def _known(names: Collection[str], root: Path, chosen: Collection[str]) -> None:
    unknown = sorted(name for name in set(names) - set(chosen) if not (root / "tenants" / f"{name}.yaml").is_file())
    if unknown:
        raise UserError(f"no such tenant: {', '.join(unknown)}", remedy="its file is tenants/<name>.yaml")


def _remembered(outputs: Mapping[str, object], known: Inventory, now: ResolvedTenant) -> ResolvedTenant | None:
    """The tenant as its stack remembers it; None where it remembers none that can be read today."""
    tenant = remembered(outputs)
    standard = known.standards.get(tenant.standard) if tenant else None
    if tenant is None or standard is None:
        return None
    services = [known.services[name] for name in tenant.services if name in known.services]
    logo = now.logo if tenant.branding.logo == now.tenant.branding.logo else None
    return replace(
        now, tenant=tenant, standard=standard, size=standard.size_of(tenant.population), logo=logo, services=services
    )
