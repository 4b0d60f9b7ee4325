"""Many at once: visitors on the portal's start page and clerks on the DMS's list, for a bounded time."""

from __future__ import annotations

import asyncio
import random
import secrets
import ssl
import statistics
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

import httpx

from einklang.model.tenant import Tenant
from tests.live import documents, people
from tests.live.postgres import checksums
from tests.live.stage import GATEWAY, Stage

VISITORS, CLERKS = 200, 20
_ACCOUNTS = 4
_DOCUMENTS, _LABEL = 40, "Anfrage zum Laternenumzug"
"""The list shows 40 documents on a page."""
_PAUSE_SECONDS = (1.0, 4.0)
"""Between two pages somebody reads."""


class _Parts(HTMLParser):
    """What a browser loads with a page: style sheets, icon, scripts, images."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "link" and {"stylesheet", "icon"} & set((values.get("rel") or "").split()):
            self.addresses.append(values["href"] or "")
        elif tag in {"script", "img"} and values.get("src"):
            self.addresses.append(values["src"] or "")


class _Gateway(httpx.AsyncHTTPTransport):
    """Connects to the gateway, whatever the name; one connection of its own, as a browser's."""

    def __init__(self, trust: ssl.SSLContext) -> None:
        super().__init__(verify=trust, limits=httpx.Limits(max_connections=2))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        sent = httpx.Request(
            request.method,
            request.url.copy_with(host=GATEWAY),
            headers=request.headers,
            stream=request.stream,
            extensions={**request.extensions, "sni_hostname": request.url.host},
        )
        return await super().handle_async_request(sent)


@dataclass
class Crowd:
    """What a crowd saw. seconds: of each page, until its last byte. errors: what was no page."""

    what: str
    people: int
    seconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    duration_seconds: float = 0

    def row(self) -> str:
        """A line of a Markdown table."""
        cut = statistics.quantiles(self.seconds, n=20) if len(self.seconds) > 1 else [0.0] * 19
        rate = len(self.seconds) / self.duration_seconds
        figures = [f"{rate:.0f}", f"{cut[9] * 1000:.0f}", f"{cut[18] * 1000:.0f}", f"{max(self.seconds) * 1000:.0f}"]
        return f"| {self.what} | {self.people} | {len(self.seconds)} | {' | '.join(figures)} | {len(self.errors)} |"


HEAD = "| page | people | pages | pages a second | median ms | 95 % within ms | slowest ms | errors |"


def run(stage: Stage, tenant: Tenant, duration_seconds: float) -> list[Crowd]:
    """Both crowds at the same time. Each asks, reads for some seconds, and asks again."""
    authority = stage.settings.certificate_authority / "ca.crt"
    clerks = _logged_in(stage, tenant)
    _fill(stage, tenant, clerks[0])
    return asyncio.run(_run(tenant, authority, [clerk.cookies for clerk in clerks], duration_seconds))


def table(crowds: Sequence[Crowd]) -> str:
    """The figures as Markdown."""
    return "\n".join([HEAD, "|---" * HEAD.count(" | ") + "|---|", *(crowd.row() for crowd in crowds)])


def _logged_in(stage: Stage, tenant: Tenant) -> list[httpx.Client]:
    """Some clerks at the DMS."""

    def one(_: int) -> httpx.Client:
        employee = people.employ(stage, tenant, "clerk")
        return people.enter(stage, employee, f"https://{tenant.hostnames.dms}/")

    with ThreadPoolExecutor(_ACCOUNTS) as pool:
        return list(pool.map(one, range(_ACCOUNTS)))


def _fill(stage: Stage, tenant: Tenant, clerk: httpx.Client) -> None:
    """A whole page of documents in the list, taken in by the worker before anything is measured."""
    for _ in range(_DOCUMENTS):
        answer = documents.upload(clerk, tenant, _LABEL, f"Anfrage {secrets.token_hex(8)}".encode())
        assert answer.status_code == 201, answer.text
    deadline = time.monotonic() + documents.DONE_WITHIN_SECONDS
    while "" in checksums(stage, tenant):
        assert time.monotonic() < deadline, "the worker does not take in the documents"
        time.sleep(1)


async def _run(
    tenant: Tenant, authority: Path, cookies: Sequence[httpx.Cookies], duration_seconds: float
) -> list[Crowd]:
    trust = ssl.create_default_context(cafile=str(authority))
    portal = Crowd("portal, start page", VISITORS)
    dms = Crowd("DMS, list of documents", CLERKS)
    home = f"https://{tenant.hostnames.portal}/"
    listed = f"https://{tenant.hostnames.dms}/documents/documents/"
    end = time.monotonic() + duration_seconds
    tasks = []
    for seed in range(VISITORS):
        visitor = httpx.AsyncClient(transport=_Gateway(trust), timeout=30)
        tasks.append(_visit(portal, visitor, home, end, seed, tenant.name, parts=True))
    for number in range(CLERKS):
        # Mayan's pages ask for their content by script.
        client = httpx.AsyncClient(
            transport=_Gateway(trust),
            timeout=60,
            cookies=cookies[number % len(cookies)],
            headers={"X-Requested-With": "XMLHttpRequest"},
        )
        tasks.append(_visit(dms, client, listed, end, VISITORS + number, _LABEL, parts=False))
    start = time.monotonic()
    await asyncio.gather(*tasks)
    portal.duration_seconds = dms.duration_seconds = time.monotonic() - start
    return [portal, dms]


async def _visit(
    crowd: Crowd, client: httpx.AsyncClient, url: str, end: float, seed: int, shows: str, *, parts: bool
) -> None:
    """One person with a browser: the page, at the first time with what belongs to it, and a pause.

    shows: words of the page; without them it counts as an error. parts: what belongs to it is loaded.
    """
    pause, first = random.Random(seed), parts
    async with client:
        await asyncio.sleep(pause.uniform(0, _PAUSE_SECONDS[1]))
        while time.monotonic() < end:
            start = time.monotonic()
            page = await _get(crowd, client, url)
            if page is not None:
                crowd.seconds.append(time.monotonic() - start)
                if shows not in page.text:
                    crowd.errors.append(f"{url}: a page without {shows!r}")
                for part in _Parts(page.text).addresses if first else ():
                    await _get(crowd, client, str(page.url.join(part)))
                first = False
            await asyncio.sleep(pause.uniform(*_PAUSE_SECONDS))


async def _get(crowd: Crowd, client: httpx.AsyncClient, url: str) -> httpx.Response | None:
    try:
        answer = await client.get(url)
    except httpx.TransportError as error:
        crowd.errors.append(f"{url}: {error!r}")
        return None
    if answer.status_code != 200:
        crowd.errors.append(f"{url}: {answer.status_code}")
        return None
    return answer
