"""A browser without a screen: forms, cookies and redirects of the sites behind forwarded ports, by their own names.

Nothing leaves loopback: a name that has no forwarded port is not asked.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import re
import struct
import time
from collections.abc import Callable, Mapping
from typing import Any

import httpx

from einklang.errors import CheckError, ClientError

_FORM = re.compile(r"<form\b[^>]*\baction=\"([^\"]+)\"")
_FIELD = re.compile(r"<input\b[^>]*>")
_TOO_MANY_REQUESTS = 429
_STEP_SECONDS = 30


class _Forwarded(httpx.HTTPTransport):
    """Sends what is for a name to its forwarded port, as the gateway would: over HTTP, saying that it was HTTPS."""

    def __init__(self, ways: Mapping[str, str]) -> None:
        super().__init__()
        self._ways = ways

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        host = request.url.host
        if host not in self._ways:
            raise httpx.ConnectError(f"{host} has no forwarded port")
        address, _, port = self._ways[host].rpartition(":")
        headers = httpx.Headers(request.headers)
        headers.update(
            {"Host": host, "X-Forwarded-Host": host, "X-Forwarded-Proto": "https", "X-Forwarded-Port": "443"}
        )
        url = request.url.copy_with(scheme="http", host=address, port=int(port))
        sent = httpx.Request(request.method, url, headers=headers, stream=request.stream, extensions=request.extensions)
        return super().handle_request(sent)


class Visitor:
    """Somebody with cookies of their own. ways: name of a site -> `host:port` that leads there."""

    def __init__(self, ways: Mapping[str, str], *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._http = httpx.Client(
            transport=_Forwarded(ways), timeout=60, headers={"Accept-Language": "de"}, follow_redirects=True
        )
        self._sleep = sleep
        self.page: httpx.Response | None = None

    def open(self, url: str) -> None:
        """Go to a page, and where it leads."""
        self.page = self._asked("GET", url)

    def shows(self, field: str) -> bool:
        """Whether the page has an input of that id or name."""
        return f'id="{field}"' in self._text or f'name="{field}"' in self._text

    def value(self, field: str) -> str:
        """What an input of the page holds already. Raises CheckError where there is none."""
        for tag in _FIELD.findall(self._text):
            found = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
            if field in {found.get("name"), found.get("id")}:
                return html.unescape(str(found.get("value", "")))
        raise CheckError(f"{self.place}: no input {field}")

    def submit(self, **fields: str) -> None:
        """Fill in the form that is shown, with its hidden fields. Raises CheckError where there is none."""
        match = _FORM.search(self._text)
        if not match or self.page is None:
            raise CheckError(f"{self.place}: no form")
        hidden = {}
        for tag in _FIELD.findall(self._text):
            found = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
            if found.get("type") == "hidden" and "name" in found:
                hidden[found["name"]] = html.unescape(found.get("value", ""))
        target = str(self.page.url.join(html.unescape(match[1])))
        self.page = self._asked("POST", target, data=hidden | fields)

    def json(self, url: str) -> Any:
        """The JSON at an address. Raises ClientError for any answer but a good one."""
        return self.get(url).json()

    def get(self, url: str) -> httpx.Response:
        """An answer; after a pause where the site wants fewer questions a second."""
        while (answer := self._asked("GET", url)).status_code == _TOO_MANY_REQUESTS:
            self._sleep(1.0)
        if not answer.is_success:
            raise ClientError(f"{url}: HTTP {answer.status_code}")
        return answer

    @property
    def place(self) -> str:
        """Where the visitor is, without what may be secret in an address."""
        return str(self.page.url.copy_with(query=None, fragment=None)) if self.page is not None else "nowhere"

    @property
    def _text(self) -> str:
        return str(self.page.text) if self.page is not None else ""

    def _asked(self, method: str, url: str, **rest: Any) -> httpx.Response:
        try:
            return self._http.request(method, url, **rest)
        except httpx.HTTPError as error:
            raise ClientError(f"{url.partition('?')[0]}: {error or type(error).__name__}") from error


def one_time_password(secret: str, at: float) -> str:
    """RFC 6238 with SHA-1, 30 seconds and 6 digits. secret: as it stands in Keycloak's form; its bytes are the key."""
    digest = hmac.new(secret.encode(), struct.pack(">Q", int(at // _STEP_SECONDS)), hashlib.sha1).digest()
    offset = digest[-1] & 15
    number = struct.unpack(">I", digest[offset : offset + 4])[0] & 0x7FFFFFFF
    return f"{number % 10**6:06d}"


def password(random: bytes) -> str:
    """A password that satisfies every policy of the standard."""
    return base64.urlsafe_b64encode(random).decode().rstrip("=") + "aZ7-"
