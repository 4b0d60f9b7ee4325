"""Documents by the API of the DMS, with the session of a clerk's browser."""

from __future__ import annotations

import hashlib
import io
import secrets
import time
from collections.abc import Callable
from typing import Any

import httpx
from PIL import Image, ImageDraw, ImageFont

from einklang.model.tenant import Tenant
from tests.live.postgres import checksums
from tests.live.stage import Stage

DONE_WITHIN_SECONDS = 180
"""The worker does one thing after the other."""


def upload(clerk: httpx.Client, tenant: Tenant, name: str, content: bytes, kind: str = "text/plain") -> httpx.Response:
    """Bring a document by the API, with the session of the clerk's browser."""
    home = f"https://{tenant.hostnames.dms}"
    types = _ask(clerk, f"{home}/api/v4/document_types/?page_size=50").json()["results"]
    (number,) = [each["id"] for each in types if each["label"] == "Eingangspost"]
    headers = {"X-CSRFToken": clerk.cookies.get("csrftoken", domain=tenant.hostnames.dms) or "", "Referer": f"{home}/"}
    return _patient(
        lambda: clerk.post(
            f"{home}/api/v4/documents/upload/",
            data={"document_type_id": number, "label": name},
            files={"file": (name, content, kind)},
            headers=headers,
        )
    )


def bring(stage: Stage, tenant: Tenant, clerk: httpx.Client, count: int) -> frozenset[str]:
    """Letters of which no two are the same, taken in by the worker; their hashes."""
    contents = [f"Vermerk {secrets.token_hex(16)}".encode() for _ in range(count)]
    for content in contents:
        answer = upload(clerk, tenant, "vermerk.txt", content)
        assert answer.status_code == 201, answer.text
    wanted = frozenset(hashlib.sha256(content).hexdigest() for content in contents)
    _wait(lambda: wanted <= checksums(stage, tenant), "the worker does not take the letters in")
    return wanted


def wait_for_file(clerk: httpx.Client, address: str, digest: str) -> None:
    """The document has a file of this hash, as it is downloaded. The worker puts it there after the upload."""

    def there() -> bool:
        files = _listed(clerk, f"{address}files/")
        return digest in [hashlib.sha256(_ask(clerk, f"{each['url']}download/").content).hexdigest() for each in files]

    _wait(there, f"{address} has no file {digest}")


def scan(words: str) -> bytes:
    """A scanned page with these words."""
    image = Image.new("RGB", (900, 300), "white")
    ImageDraw.Draw(image).text((60, 100), words, fill="black", font=ImageFont.load_default(size=48))
    content = io.BytesIO()
    image.save(content, "PNG")
    return content.getvalue()


def wait_for_text(clerk: httpx.Client, address: str, word: str) -> None:
    """The page's text is read in the end: the task was not lost."""

    def there() -> bool:
        versions = _listed(clerk, f"{address}versions/")
        pages = [page for version in versions for page in _listed(clerk, version["page_list_url"])]
        return any(word in str(_ask(clerk, f"{page['url']}ocr/").json().get("content", "")) for page in pages)

    _wait(there, f"the text of {address} was not read")


def _ask(clerk: httpx.Client, address: str) -> httpx.Response:
    """An answer."""
    return _patient(lambda: clerk.get(address))


def _patient(ask: Callable[[], httpx.Response]) -> httpx.Response:
    """An answer; after a pause where Mayan wants fewer questions a second."""
    while (answer := ask()).status_code == 429:
        time.sleep(1)
    return answer


def _listed(clerk: httpx.Client, address: str) -> list[dict[str, Any]]:
    """The entries of a list; empty while what it belongs to is being made."""
    answer = _ask(clerk, address)
    if answer.status_code == 404:
        return []
    assert answer.status_code == 200, f"{address}: {answer.status_code} {answer.text[:200]}"
    found: list[dict[str, Any]] = answer.json()["results"]
    return found


def _wait(condition: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + DONE_WITHIN_SECONDS
    while not condition():
        assert time.monotonic() < deadline, otherwise
        time.sleep(2)
