"""What people bring into a tenant, and whether it is there again after everything was lost."""

from __future__ import annotations

import hashlib
import re
import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count

import httpx

from einklang.model.tenant import Tenant
from tests.live import documents, people
from tests.live.people import Employee
from tests.live.postgres import checksums
from tests.live.stage import Stage

_AUTHENTICATOR = re.compile(r'name="_authenticator"[^>]*value="([0-9a-f]+)"')
_AT_ONCE = 3
_STORED_WITHIN_SECONDS = 400


@dataclass(frozen=True)
class Belongings:
    """Of one tenant. news: title and address of a page that an editor wrote. letters: SHA-256 of the documents."""

    tenant: Tenant
    clerk: Employee
    editor: Employee
    citizen: tuple[str, str]
    news: tuple[str, str]
    letters: frozenset[str]


def bring(stage: Stage, tenant: Tenant, wanted: int, seconds: float) -> Belongings:
    """A clerk with as many letters as are wanted, or fit into the time; an editor with news; a citizen."""
    clerk, editor = people.employ(stage, tenant, "clerk"), people.employ(stage, tenant, "editor")
    visitor, email = people.visit(stage, tenant), people.address("citizen")
    visitor.register(email, people.PASSWORD)
    assert visitor.code
    desk = people.enter(stage, clerk, f"https://{tenant.hostnames.dms}/")
    news = _write_news(people.enter(stage, editor, f"https://{tenant.hostnames.portal}/login"), tenant)
    letters, deadline = _letters(desk, tenant, wanted, seconds), time.monotonic() + _STORED_WITHIN_SECONDS
    while not letters <= checksums(stage, tenant):
        assert time.monotonic() < deadline, "the worker does not store the letters"
        time.sleep(2)
    return Belongings(tenant, clerk, editor, (email, people.PASSWORD), news, letters)


def _letters(desk: httpx.Client, tenant: Tenant, wanted: int, seconds: float) -> frozenset[str]:
    """Several at a time, until there are enough or the time is over."""
    end, numbers, taken = time.monotonic() + seconds, count(1), set[str]()

    def work() -> None:
        while time.monotonic() < end and (number := next(numbers)) <= wanted:
            content = f"Schreiben {number} {secrets.token_hex(512)}".encode()
            answer = documents.upload(desk, tenant, f"schreiben-{number}.txt", content)
            assert answer.status_code == 201, answer.text[:200]
            taken.add(hashlib.sha256(content).hexdigest())

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for each in [pool.submit(work) for _ in range(_AT_ONCE)]:
            each.result()
    return frozenset(taken)


def _write_news(editor: httpx.Client, tenant: Tenant) -> tuple[str, str]:
    """News that only editors see yet."""
    title, home = f"Stadtfest {secrets.token_hex(4)}", f"https://{tenant.hostnames.portal}"
    form = editor.get(f"{home}/aktuelles/++add++News Item")
    match = _AUTHENTICATOR.search(form.raise_for_status().text)
    assert match, "the editor gets no form"
    fields = {
        "form.widgets.IDublinCore.title": title,
        "form.widgets.IDublinCore.description": "",
        "form.widgets.IRichTextBehavior.text": "<p>Das Fest beginnt um zehn.</p>",
        "form.widgets.IRichTextBehavior.text.mimeType": "text/html",
        "form.buttons.save": "Speichern",
        "_authenticator": match[1],
    }
    saved = editor.post(str(form.url), data=fields, headers={"Referer": str(form.url)}, follow_redirects=True)
    assert title in saved.raise_for_status().text
    return title, str(saved.url)


def news_of(stage: Stage, kept: Belongings) -> bool:
    """Whether the editor comes in with both factors, and reads what was written."""
    portal = people.enter(stage, kept.editor, f"https://{kept.tenant.hostnames.portal}/login")
    title, address = kept.news
    return title in portal.get(address, follow_redirects=True).raise_for_status().text


def citizen_of(stage: Stage, kept: Belongings) -> bool:
    """Whether the citizen comes in."""
    visitor = people.visit(stage, kept.tenant)
    visitor.log_in(*kept.citizen)
    return bool(visitor.code)


def letters_of(stage: Stage, kept: Belongings) -> set[str]:
    """What the clerk, with both factors, finds in the DMS: a letter opened at random, and the hashes of all rows."""
    desk = people.enter(stage, kept.clerk, f"https://{kept.tenant.hostnames.dms}/")
    home = f"https://{kept.tenant.hostnames.dms}/api/v4"
    listed = desk.get(f"{home}/documents/?page_size=10&_ordering=-id").raise_for_status().json()["results"]
    document = secrets.choice(listed)
    files = desk.get(document["file_list_url"]).raise_for_status().json()["results"]
    content = desk.get(f"{files[0]['url']}download/", follow_redirects=True).raise_for_status().content
    sums = checksums(stage, kept.tenant)
    assert hashlib.sha256(content).hexdigest() in sums
    return sums
