"""A tenant's public pages, asked as a browser would ask: by name, over HTTPS, with a verified certificate."""

from __future__ import annotations

import ssl
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from einklang.errors import ClientError


def status(url: str, *, address: str | None = None, authority: Path | None = None, timeout_seconds: float = 10) -> int:
    """The HTTP status of a GET on `url`.

    address: connect there instead of where the name resolves to (the local cluster's gateway, whose names end in
    `.example` and resolve nowhere). authority: PEM file of the certificate authority to trust instead of the system's.
    Raises ClientError when no verified connection comes about.
    """
    parts = urlsplit(url)
    target = url if address is None else url.replace(parts.netloc, address, 1)
    context = ssl.create_default_context(cafile=str(authority) if authority else None)
    try:
        with httpx.Client(verify=context, timeout=timeout_seconds, trust_env=address is None) as client:
            return client.get(
                target, headers={"Host": parts.netloc}, extensions={"sni_hostname": parts.hostname}
            ).status_code
    except httpx.HTTPError as error:
        raise ClientError(f"{url}: {error}") from error


def unknown_status(url: str, authority: str, timeout_seconds: float = 5) -> int | None:
    """The HTTP status that somebody without credentials gets at `url`; None where no verified answer comes.

    authority: PEM of the authority to trust; empty for the system's.
    """
    context = ssl.create_default_context(cadata=authority or None)
    try:
        with httpx.Client(verify=context, timeout=timeout_seconds, trust_env=False) as client:
            return client.get(url).status_code
    except httpx.HTTPError:
        return None
