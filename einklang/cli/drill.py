"""`einklang drill`: the proof that a tenant comes back from its backup."""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, date, datetime

import click

from einklang import inventory
from einklang.cli._restoring import tools
from einklang.cli._time import AT
from einklang.errors import EXIT_CHANGES_PENDING, EXIT_DONE, EinklangError, UserError
from einklang.model.drill import Drill
from einklang.model.tenant import Status
from einklang.operations.drill.due import Due, due
from einklang.operations.drill.run import Tools, drill
from einklang.settings import Settings


@click.command("drill")
@click.argument("tenant", required=False)
@click.option("--at", type=AT, help="The newest run that there was at this time (UTC), not the newest of all.")
@click.option("--due", "only_due", is_flag=True, help="Every active tenant whose drill is due, one after the other.")
@click.option("--dry-run", is_flag=True, help="With --due: only show when each is due.")
@click.option("--sample", default=5, show_default=True, help="Documents that the guest reads through the pages.")
@click.option("--json", "as_json", is_flag=True, help="Print the evidence as JSON; with --due a list.")
def command(
    tenant: str | None, at: datetime | None, sample: int, *, only_due: bool, dry_run: bool, as_json: bool
) -> None:
    """Rebuild TENANT from its newest backup in a scratch namespace, look whether all is there, and remove it again.

    Databases and files are compared with the backup's manifest; identity service and DMS start on them; a guest logs
    in with a second factor and reads documents. How long that took (RTO) and how old the data is (RPO) is measured.
    Signed evidence is kept in the tenant's repository at the backup site. The tenant itself is not touched. What an
    interrupted drill left behind, the next one removes. Exit code 2: something was not as it should be.

    For a scheduler, once a night: einklang drill --due
    """
    if bool(tenant) == only_due or (dry_run and not only_due) or (at and only_due):
        raise click.UsageError("a TENANT, or --due; --dry-run goes with --due, --at with a TENANT")
    settings = Settings.from_environment(os.environ)
    known = inventory.load(settings.root, today=date.today())
    if tenant and tenant not in known.tenants:
        raise UserError(f"no such tenant: {tenant}", remedy=f"one of {', '.join(sorted(known.tenants))}")
    way = tools(settings)
    if only_due:
        sys.exit(_due(way, known, sample, dry_run=dry_run, as_json=as_json))
    found = drill(way, known.resolve(str(tenant)), _now, at=at, sample=sample)
    click.echo(found.model_dump_json(indent=2) if as_json else shown(found))
    sys.exit(EXIT_DONE if found.passed else EXIT_CHANGES_PENDING)


def _now() -> datetime:
    return datetime.now(UTC)


def _due(way: Tools, known: inventory.Inventory, sample: int, *, dry_run: bool, as_json: bool) -> int:
    """All that are due; what goes wrong with one tenant is said, and the next one has its turn."""
    active = sorted(name for name, tenant in known.tenants.items() if tenant.status is Status.ACTIVE)
    if not active:
        click.echo("no tenant is active", err=as_json)
    done, lost = list[Drill](), 0
    for name in active:
        try:
            next_one = due(way, known.resolve(name), _now())
            if not next_one.now(_now()) or dry_run:
                click.echo(_told(next_one), err=as_json)
                continue
            done.append(drill(way, known.resolve(name), _now, sample=sample))
            click.echo(shown(done[-1]), err=as_json)
        except EinklangError as error:
            lost += 1
            click.echo(f"{name}: {error}", err=True)
    if as_json:
        click.echo(json.dumps([each.model_dump(mode="json") for each in done], indent=2))
    return EXIT_DONE if not lost and all(each.passed for each in done) else EXIT_CHANGES_PENDING


def _told(next_one: Due) -> str:
    when = "due now" if next_one.now(_now()) else f"due {next_one.when:%Y-%m-%d}" if next_one.when else "not due"
    return f"{next_one.tenant}: {when}; {next_one.why}"


def shown(found: Drill) -> str:
    """For people."""
    lines = [f"{found.tenant}: {'restored' if found.passed else 'NOT RESTORED'}, run {found.run or '-'}"]
    for check in found.checks:
        counted = ", ".join(f"{value} {name}" for name, value in check.facts.items())
        lines.append(
            f"  {check.result}  {check.name}: {check.text or counted or 'as it should be'} ({check.seconds:g} s)"
        )
    for name, took in (("recovery time (RTO)", found.recovery_time), ("age of the data (RPO)", found.recovery_point)):
        if took is not None:
            lines.append(f"  {name}: {took.total_seconds():.0f} s")
    return "\n".join(lines)
