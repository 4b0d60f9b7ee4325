"""Somebody logs in to what was restored, with a second factor, and reads documents. The account is the drill's own."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from einklang.clients.keycloak import Keycloak, segment
from einklang.clients.visitor import Visitor, one_time_password, password
from einklang.errors import CheckError
from einklang.model.tenant import Tenant

ROLE = "auditor"
"""Reads everything and changes nothing."""
_FORMS_AT_MOST = 6


@dataclass(frozen=True)
class Guest:
    """An account in the scratch realm."""

    email: str
    password: str


def invite(keycloak: Keycloak, tenant: Tenant) -> Guest:
    """Make the account, in the realm that the restored one is."""
    guest = Guest(f"drill.{secrets.token_hex(6)}@drill.invalid", password(secrets.token_bytes(18)))
    realm = f"/{segment(tenant.id)}"
    role = keycloak.get(f"{realm}/roles/{ROLE}")
    if role is None:
        raise CheckError(f"the restored realm has no role {ROLE}")
    body = {
        "username": guest.email,
        "email": guest.email,
        "firstName": "Restore",
        "lastName": "Drill",
        "enabled": True,
        "credentials": [{"type": "password", "value": guest.password, "temporary": False}],
    }
    user = keycloak.post(f"{realm}/users", body)
    keycloak.post(f"{realm}/users/{user}/role-mappings/realm", [role])
    return guest


def log_in(visitor: Visitor, guest: Guest, url: str, clock: Callable[[], float] = time.time) -> None:
    """From an application's page through the identity service and back, setting up the second factor on the way.

    Raises CheckError where it ends elsewhere than at the application.
    """
    visitor.open(url)
    factor = False
    for _ in range(_FORMS_AT_MOST):
        if visitor.shows("password"):
            visitor.submit(username=guest.email, password=guest.password)
        elif visitor.shows("totpSecret"):
            code = one_time_password(visitor.value("totpSecret"), clock())
            visitor.submit(totp=code, userLabel="drill")
            factor = True
        else:
            break
    if not visitor.place.startswith(url):
        raise CheckError(f"the login ended at {visitor.place}")
    if not factor:
        raise CheckError("the login asked for no second factor")


def read_documents(visitor: Visitor, home: str, expected: int, sample: int) -> Mapping[str, int]:
    """Read some documents through the pages' API and compare each with its SHA-256; how many there are, and were read.

    expected: documents that the backup holds, those in the bin included.
    Raises CheckError where none is shown though there are some, or one has another content.
    """
    listed = visitor.json(f"{home}api/v4/documents/?page_size={sample}")
    shown = int(listed["count"])
    if shown > expected or (expected and not shown):
        raise CheckError(f"{shown} documents are shown, and the backup holds {expected}")
    read = 0
    for document in listed["results"]:
        for file in visitor.json(f"{document['url']}files/")["results"]:
            _read(visitor, document, file)
            read += 1
    return {"documents": shown, "read": read}


def _read(visitor: Visitor, document: Mapping[str, Any], file: Mapping[str, Any]) -> None:
    digest = hashlib.sha256(visitor.get(f"{file['url']}download/").content).hexdigest()
    if digest != file["checksum"]:
        raise CheckError(f"document {document['id']}: its file {file['id']} has another content than was stored")
