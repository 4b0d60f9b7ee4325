"""Everything from nothing: platform, then the tenants in the standard's order, with an estimate of the time left."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from einklang.errors import EinklangError
from einklang.inventory import Inventory
from einklang.model.tenant import Status, Tenant
from einklang.operations.recover.journal import Journal
from einklang.operations.recover.sources import Source, Sources
from einklang.operations.recover.tenant import Tools, Wanted, recover_one
from einklang.operations.up import PLATFORM
from einklang.planning.recovery import (
    FAILED,
    RECOVERED,
    REQUESTED,
    Outcome,
    Task,
    duration,
    learned,
    ordered,
    remaining_seconds,
)

# The platform's own namespace (modules/network_policies.py): without it the platform's state is of another cluster.
PLATFORM_NAMESPACE = "einklang-gateway"


@dataclass(frozen=True)
class Plan:
    """What will be done. wanted: in this order. requested: tenants of which nothing was ever deployed."""

    wanted: Sequence[Wanted]
    requested: Sequence[str]

    @property
    def problems(self) -> list[str]:
        """Tenants that cannot be recovered, with the reason."""
        return [f"{each.task.tenant}: {each.task.problem}" for each in self.wanted if each.task.problem]


def look(known: Inventory, tenants: Sequence[Tenant], sources: Sources) -> Plan:
    """Open the kit's entries and the repositories; changes nothing."""
    deployed = [tenant for tenant in tenants if tenant.status is not Status.REQUESTED]
    found = {tenant.id: _wanted(known, tenant, sources) for tenant in deployed}
    orders = {name: each.order for name, each in found.items()}
    tasks = ordered([each.task for each in found.values()], orders)
    requested = [tenant.id for tenant in tenants if tenant.status is Status.REQUESTED]
    return Plan([found[task.tenant] for task in tasks], requested)


def _wanted(known: Inventory, tenant: Tenant, sources: Sources) -> Wanted:
    standard = known.standards[tenant.standard]
    size = standard.size_of(tenant.population).name
    try:
        source = sources.of(tenant)
    except EinklangError as error:
        return Wanted(tenant, Task(tenant.id, size, problem=str(error)), standard.recovery, None)
    chosen = source.chosen
    task = Task(tenant.id, size, chosen.manifest.run, chosen.moment, chosen.bytes, tuple(_notes(source)))
    return Wanted(tenant, task, standard.recovery, source)


def _notes(source: Source) -> Iterator[str]:
    if not source.state:
        yield "no state of its stack was saved: its secrets are made new"
    files = source.chosen.manifest.files
    if files and files.missing:
        yield f"{files.missing} documents had no file when it was saved: {', '.join(files.missing_names[:5])}"


class Rebuild:
    """One recovery. jobs: tenants that are recovered at the same time."""

    def __init__(self, tools: Tools, journal: Journal, plan: Plan, jobs: int) -> None:
        self._tools, self._journal, self._plan, self._jobs = tools, journal, plan, jobs
        self._lock, self._done = threading.Lock(), list[Outcome]()

    def perform(self) -> list[Outcome]:
        """All of it; one outcome a tenant, in the plan's order. Raises where the platform cannot be made."""
        self._journal.bind(self._tools.kubernetes.get("namespace", "kube-system")["metadata"]["uid"])
        total = len(self._plan.wanted) + 1
        with self._tools.progress.step("pulumi up: platform", 1, total):
            self._platform()

        def one(number: int, wanted: Wanted) -> Outcome:
            with self._tools.progress.step(f"recover {wanted.tenant.id}", number, total):
                outcome = recover_one(self._tools, self._journal, wanted)
                self._told(outcome)
                return outcome

        with ThreadPoolExecutor(max_workers=self._jobs) as pool:
            running = [pool.submit(one, number, each) for number, each in enumerate(self._plan.wanted, start=2)]
            outcomes = [future.result() for future in running]
        if all(each.state != FAILED for each in outcomes):
            self._journal.close()
        return [*outcomes, *(Outcome(name, REQUESTED) for name in self._plan.requested)]

    def _platform(self) -> None:
        engine, kubernetes = self._tools.engine, self._tools.kubernetes
        if PLATFORM in engine.stacks() and kubernetes.find("namespace", PLATFORM_NAMESPACE) is None:
            engine.forget(PLATFORM)
        self._tools.progress.note(f"platform: {engine.up(PLATFORM)}")

    def _told(self, outcome: Outcome) -> None:
        """How many are done, and how long the others will take by the pace of this run."""
        with self._lock:
            self._done.append(outcome)
            done, total = len(self._done), len(self._plan.wanted)
            over = {each.tenant for each in self._done}
            left = [each.task for each in self._plan.wanted if each.task.tenant not in over]
            seconds = remaining_seconds(left, learned(self._done), self._jobs)
        state = outcome.state if outcome.state == RECOVERED else f"{outcome.state}: {outcome.error or outcome.notes}"
        after = f"; about {duration(seconds)} left" if left else ""
        self._tools.progress.note(f"{outcome.tenant}: {state}; {done} of {total} tenants{after}")
