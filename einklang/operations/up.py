"""The main job: everything from nothing to running tenants, safe to interrupt and to repeat."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date

from einklang.clients import web
from einklang.clients.outside import Way
from einklang.clients.pulumi import Changes, PulumiEngine
from einklang.errors import CheckError, ClientError, EinklangError, UserError
from einklang.inventory import Inventory
from einklang.model.tenant import Status, Tenant
from einklang.operations import approval
from einklang.progress import Progress

PLATFORM = "platform"
REACHABLE_WITHIN_SECONDS = 60.0


@dataclass(frozen=True)
class TenantResult:
    """What became of one tenant in a run.

    state: `reachable`, `suspended`, `requested` (nothing is deployed) or `failed`. urls: what runs -> its home page.
    seconds: of its `pulumi up`.
    """

    tenant: str
    name: str
    state: str
    urls: Mapping[str, str]
    seconds: float = 0.0
    changes: Changes | None = None
    error: str | None = None


def select(inventory: Inventory, names: Sequence[str]) -> list[Tenant]:
    """The named tenants, or all. Raises UserError for a name that no file has."""
    unknown = sorted(set(names) - set(inventory.tenants))
    if unknown:
        raise UserError(
            f"no such tenant: {', '.join(unknown)}", remedy=f"one of {', '.join(sorted(inventory.tenants))}"
        )
    return [inventory.tenants[name] for name in (names or sorted(inventory.tenants))]


def apply(
    engine: PulumiEngine,
    tenants: Sequence[Tenant],
    way: Way,
    progress: Progress,
    *,
    today: date,
    jobs: int = 2,
    protect: Callable[[Tenant], Sequence[str]] = lambda _: (),
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> list[TenantResult]:
    """Run `pulumi up` on the platform, then on the tenants, `jobs` at a time; look at each tenant's pages.

    protect: what a tenant's backups need after its `pulumi up`; returns what it did.
    One tenant's failure does not stop the others: it is in its result. A failure of the platform is raised.
    today: the day on which approvals to delete data count.
    """
    deployed = [tenant for tenant in tenants if tenant.status is not Status.REQUESTED]
    total = len(deployed) + 1
    with progress.step("pulumi up: platform", 1, total):
        progress.note(f"platform: {engine.up(PLATFORM)}")

    def one(number: int, tenant: Tenant) -> TenantResult:
        began = clock()
        try:
            with progress.step(f"pulumi up: {tenant.id}", number, total):
                approval.lift_protection(engine, tenant, today, progress)
                changes = engine.up(tenant.id)
                progress.note(f"{tenant.id}: {changes}")
                if tenant.status is not Status.SUSPENDED:
                    for url in public_urls(tenant).values():
                        wait_until_reachable(url, way, clock, sleep)
                for line in protect(tenant):
                    progress.note(f"{tenant.id}: backup: {line}")
        except EinklangError as error:
            return _result(tenant, "failed", seconds=clock() - began, error=str(error))
        state = "suspended" if tenant.status is Status.SUSPENDED else "reachable"
        return _result(tenant, state, seconds=clock() - began, changes=changes)

    with ThreadPoolExecutor(max_workers=jobs) as pool:
        running = [pool.submit(one, number, tenant) for number, tenant in enumerate(deployed, start=2)]
        done = {result.tenant: result for result in (future.result() for future in running)}
    return [done.get(tenant.id) or _result(tenant, "requested") for tenant in tenants]


def public_urls(tenant: Tenant) -> dict[str, str]:
    """The home pages of what the tenant has; that of its identity service is the account console."""
    names, modules = tenant.hostnames, tenant.modules
    pages = {"portal": f"https://{names.portal}/"} if modules.portal.enabled else {}
    pages |= {"dms": f"https://{names.dms}/"} if modules.dms.enabled else {}
    return {**pages, "identity": f"https://{names.identity}/realms/{tenant.id}/account/"}


def wait_until_reachable(url: str, way: Way, clock: Callable[[], float], sleep: Callable[[float], None]) -> None:
    """Return when the page answers. Raises CheckError where it does not in time."""
    deadline = clock() + REACHABLE_WITHIN_SECONDS
    while True:
        try:
            code = web.status(url, address=way.address, authority=way.authority)
            # The DMS sends whoever comes to the login.
            if code in {200, 302}:
                return
            seen = f"HTTP {code}"
        except ClientError as error:
            seen = error.message
        if clock() > deadline:
            raise CheckError(f"{url} was applied but is not reachable: {seen}")
        sleep(1.0)


def _result(
    tenant: Tenant, state: str, *, seconds: float = 0.0, changes: Changes | None = None, error: str | None = None
) -> TenantResult:
    return TenantResult(tenant.id, tenant.name, state, public_urls(tenant), seconds, changes, error)
