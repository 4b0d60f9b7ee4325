"""People of a municipality: how they get, and get back, their account for staff.

A tenant has no mail server, so nobody can be sent a link. The operators hand over a temporary password on another
way; the first login asks for an own one and for the second factor.
"""

from __future__ import annotations

import base64
import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from einklang.clients.forward import forwarded
from einklang.clients.keycloak import Keycloak, segment
from einklang.clients.kubernetes import Kubernetes
from einklang.errors import UserError
from einklang.model.tenant import Tenant

ADMIN_SECRET = "identity-admin"  # noqa: S105 - the name of a Secret
TARGET, PORT = "deployment/identity", 8080
_TEMPORARY_BYTES = 15


@dataclass(frozen=True)
class Person:
    """Who is invited. email: also the name to log in with."""

    email: str
    first_name: str
    last_name: str


@dataclass(frozen=True)
class Invitation:
    """What to hand over, on a safe way. password: valid for the first login only."""

    url: str
    email: str
    roles: tuple[str, ...]
    password: str


@contextlib.contextmanager
def connected(kubectl: Path, kubeconfig: Path, tenant: Tenant, namespace: str | None = None) -> Iterator[Keycloak]:
    """The tenant's Keycloak as its technical client, through a forwarded port. namespace: another than the tenant's.

    Needs the rights to read Secrets of the tenant's namespace and to forward ports there: the operators have them.
    """
    place = namespace or tenant.namespace
    secret = Kubernetes(kubectl, kubeconfig).get("secret", ADMIN_SECRET, "-n", place)["data"]
    client, value = (base64.b64decode(secret[key]).decode() for key in ("client-id", "client-secret"))
    with forwarded(kubectl, kubeconfig, place, TARGET, PORT) as address:
        yield Keycloak(f"http://{address}", client, value)


def temporary_password(random: bytes) -> str:
    """A password of 24 characters from 15 random bytes that satisfies every policy of the standard."""
    # The end has what the alphabet may have left out: a small and a capital letter, a digit, a special character.
    return base64.urlsafe_b64encode(random[:_TEMPORARY_BYTES]).decode() + "aZ7-"


def invite(
    keycloak: Keycloak, tenant: Tenant, person: Person, roles: Sequence[str], password: str, *, again: bool = False
) -> Invitation:
    """Make an account with the roles and a temporary password.

    again: take over an account that exists: it gets the new password and the roles, loses its second factor, and its
    sessions end, so that whoever used it until now is out. Safe to repeat when it was interrupted (with `again`).
    Raises UserError for an unknown role, or an existing account without `again`.
    """
    realm = f"/{segment(tenant.id)}"
    wanted = [_role(keycloak, realm, role) for role in roles]
    found = keycloak.get(f"{realm}/users", email=person.email, exact="true")
    if found and not again:
        raise UserError(
            f"{person.email} has an account at {tenant.id} already",
            remedy="--again gives it a new password and the roles, removes its second factor and ends its sessions",
        )
    user = f"{realm}/users/{found[0]['id'] if found else _create(keycloak, realm, person, tenant)}"
    keycloak.put(f"{user}/reset-password", {"type": "password", "value": password, "temporary": True})
    keycloak.post(f"{user}/logout")
    for credential in keycloak.get(f"{user}/credentials"):
        if credential["type"] != "password":
            keycloak.delete(f"{user}/credentials/{credential['id']}")
    keycloak.post(f"{user}/role-mappings/realm", wanted)
    url = f"https://{tenant.hostnames.identity}/realms/{tenant.id}/account/"
    return Invitation(url, person.email, tuple(roles), password)


def _role(keycloak: Keycloak, realm: str, name: str) -> Any:
    role = keycloak.get(f"{realm}/roles/{segment(name)}")
    if role is None:
        raise UserError(f"the realm has no role {name!r}")
    return role


def _create(keycloak: Keycloak, realm: str, person: Person, tenant: Tenant) -> str:
    """The account, without a way to log in; returns its id."""
    body = {
        "username": person.email,
        "email": person.email,
        "firstName": person.first_name,
        "lastName": person.last_name,
        "enabled": True,
        "attributes": {"locale": [tenant.languages[0].value]},
    }
    return str(keycloak.post(f"{realm}/users", body))
