"""`einklang identity`: accounts of a municipality's staff."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import asdict
from datetime import date

import click

from einklang import inventory
from einklang.errors import UserError
from einklang.operations import environment, identity
from einklang.operations.local import toolchain
from einklang.progress import Lines
from einklang.settings import Settings


@click.group("identity")
def command() -> None:
    """Give the staff of a municipality their accounts."""


@command.command()
@click.argument("tenant")
@click.option("--email", required=True, help="Address of the person; also the name to log in with.")
@click.option(
    "--role", "roles", multiple=True, required=True, help="editor, clerk, registrar, auditor or administrator."
)
@click.option("--first-name", required=True, help="First name.")
@click.option("--last-name", required=True, help="Last name.")
@click.option("--again", is_flag=True, help="Take over an account that exists: new password, no second factor.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def invite(
    tenant: str, email: str, roles: tuple[str, ...], first_name: str, last_name: str, *, again: bool, as_json: bool
) -> None:
    """Make an account for one person of TENANT and print a temporary password.

    Hand the password over on a safe way, not by e-mail. The first login asks for an own password and, for every role
    but citizen, for the second factor.
    """
    settings = Settings.from_environment(os.environ)
    known = inventory.load(settings.root, today=date.today()).tenants
    if tenant not in known:
        raise UserError(f"no tenant {tenant!r}", remedy=f"one of {', '.join(sorted(known))}")
    kubeconfig = environment.kubeconfig(settings, os.environ)
    kubectl = toolchain.ensure(settings, Lines()).binary("kubectl")
    person = identity.Person(email, first_name, last_name)
    password = identity.temporary_password(secrets.token_bytes(32))
    with identity.connected(kubectl, kubeconfig, known[tenant]) as keycloak:
        made = identity.invite(keycloak, known[tenant], person, roles, password, again=again)
    if as_json:
        click.echo(json.dumps(asdict(made), indent=2))
        return
    click.echo(f"{made.email} ({', '.join(made.roles)}) logs in at {made.url}")
    click.echo(f"Temporary password: {made.password}")
