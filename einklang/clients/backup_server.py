"""What a rest-server answers to whom: its own tenant, another's, somebody without credentials. Nothing is removed."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from dataclasses import dataclass

import httpx

from einklang.clients.restic import Access
from einklang.errors import ClientError

REST = "rest:"
_NOWHERE = "0" * 64
"""Names in a repository are SHA-256 sums of what is there; nothing has this one."""
_TIMEOUT_SECONDS = 10


@dataclass(frozen=True)
class Answers:
    """HTTP statuses. own: reading with the tenant's credentials. anonymous: without any. removal: removing something.

    foreign: another tenant -> the status of reading there with this tenant's credentials.
    """

    own: int
    anonymous: int
    removal: int
    foreign: tuple[tuple[str, int], ...]


def ask(access: Access, others: Sequence[str]) -> Answers:
    """Try it. What is asked to be removed cannot exist: a server that removes would say that it is not there.

    Raises ClientError where no verified connection comes about.
    """
    own = access.repository.removeprefix(REST).rstrip("/")
    base, credentials = own.rpartition("/")[0], (access.username, access.password)
    context = ssl.create_default_context(cafile=str(access.authority) if access.authority else None)
    try:
        with httpx.Client(verify=context, timeout=_TIMEOUT_SECONDS, trust_env=access.authority is None) as client:
            return Answers(
                own=client.get(f"{own}/config", auth=credentials).status_code,
                anonymous=client.get(f"{own}/config").status_code,
                removal=client.delete(f"{own}/data/{_NOWHERE}", auth=credentials).status_code,
                foreign=tuple((name, client.get(f"{base}/{name}/config", auth=credentials).status_code)
                              for name in others),
            )  # fmt: skip
    except httpx.HTTPError as error:
        raise ClientError(f"{access.repository}: {error}") from error
