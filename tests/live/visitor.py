"""A browser without a screen: the pages of a tenant's identity service, by name, over verified HTTPS.

It fills in Keycloak's forms and follows the redirects of a login with the account console's client. What needs a real
browser (looks, scripts) is in test_browser.py.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import json
import re
import secrets
import ssl
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from einklang.model.tenant import Tenant

_FORM = re.compile(r"<form\b[^>]*\baction=\"([^\"]+)\"")
_FIELD = re.compile(r"<input\b[^>]*>")
_SECRET = re.compile(r'name="totpSecret"[^>]*value="([^"]+)"|value="([^"]+)"[^>]*name="totpSecret"')


class _Gateway(httpx.HTTPTransport):
    """Connects to the gateway instead of where a name resolves to; the certificate has to be the name's."""

    def __init__(self, address: str, authority: Path) -> None:
        super().__init__(verify=ssl.create_default_context(cafile=str(authority)))
        self._address = address

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        # A request of its own: cookies belong to the name, not to the gateway's address.
        sent = httpx.Request(
            request.method,
            request.url.copy_with(host=self._address),
            headers=request.headers,
            stream=request.stream,
            extensions={**request.extensions, "sni_hostname": request.url.host},
        )
        return super().handle_request(sent)


@dataclass
class Visitor:
    """Somebody at the identity service of a tenant, with cookies of their own."""

    tenant: Tenant
    gateway: str
    authority: Path
    http: httpx.Client = field(init=False)
    page: httpx.Response = field(init=False)

    def __post_init__(self) -> None:
        self.http = httpx.Client(
            base_url=f"https://{self.tenant.hostnames.identity}",
            transport=_Gateway(self.gateway, self.authority),
            timeout=60,
            headers={"Accept-Language": "de"},
        )

    @property
    def account(self) -> str:
        """The account console's address, where a login ends."""
        return f"https://{self.tenant.hostnames.identity}/realms/{self.tenant.id}/account/"

    def raw(self, path: str) -> httpx.Response:
        """A GET, the path sent as it is written, dots and escapes included."""
        return self.http.get(httpx.URL(f"https://{self.tenant.hostnames.identity}", raw_path=path.encode()))

    def authorize(self, **parameters: str) -> httpx.Response:
        """Ask for a login; by default as the account console does."""
        challenge = base64.urlsafe_b64encode(hashlib.sha256(b"v" * 64).digest()).decode().rstrip("=")
        asked = {
            "client_id": "account-console",
            "redirect_uri": self.account,
            "response_type": "code",
            "scope": "openid",
            "state": secrets.token_hex(8),
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        } | parameters
        query = {name: value for name, value in asked.items() if value}
        self.page = self._follow(self.http.get(f"/realms/{self.tenant.id}/protocol/openid-connect/auth", params=query))
        return self.page

    def submit(self, **fields: str) -> httpx.Response:
        """Fill in the form that is shown and send it."""
        match = _FORM.search(self.page.text)
        assert match, f"no form on {self.page.url}: {self.page.text[:500]}"
        hidden = {}
        for tag in _FIELD.findall(self.page.text):
            found = dict(re.findall(r'(\w+)="([^"]*)"', tag))
            if found.get("type") == "hidden" and "name" in found:
                hidden[found["name"]] = html.unescape(found.get("value", ""))
        self.page = self._follow(self.http.post(html.unescape(match[1]), data=hidden | fields))
        return self.page

    def log_in(self, email: str, password: str) -> httpx.Response:
        """A new login with the password; returns the page after it."""
        self.authorize()
        return self.submit(username=email, password=password)

    def register(self, email: str, password: str) -> httpx.Response:
        """Register as a citizen."""
        self.authorize()
        match = re.search(r'href="([^"]*login-actions/registration[^"]*)"', self.page.text)
        assert match, "the login page offers no registration"
        self.page = self._follow(self.http.get(html.unescape(match[1])))
        return self.submit(
            **{"email": email, "password": password, "password-confirm": password},
            firstName="Erika", lastName="Mustermann",
        )  # fmt: skip

    @property
    def code(self) -> str:
        """The authorization code with which a login ended; empty where it did not."""
        location = str(self.page.headers.get("location", ""))
        return parse_qs(urlsplit(location).query).get("code", [""])[0] if location.startswith(self.account) else ""

    def shows(self, field_name: str) -> bool:
        """Whether the page has an input of that id."""
        return f'id="{field_name}"' in self.page.text

    def otp_secret(self) -> str:
        """The secret of the second factor that the page wants to be set up."""
        match = _SECRET.search(self.page.text)
        assert match, "the page sets up no second factor"
        return html.unescape(match[1] or match[2])

    def token(self, **form: str) -> httpx.Response:
        """Ask the token endpoint."""
        return self.http.post(f"/realms/{self.tenant.id}/protocol/openid-connect/token", data=form)

    def _follow(self, answer: httpx.Response) -> httpx.Response:
        """Follow redirects within the identity service; the one that ends a login stays."""
        while answer.is_redirect and not self._ends(str(answer.headers["location"])):
            answer = self.http.get(answer.headers["location"])
        return answer

    def _ends(self, location: str) -> bool:
        own = f"https://{self.tenant.hostnames.identity}/"
        return location.startswith(self.account) or not location.startswith((own, "/"))


def one_time_password(secret: str, at: float) -> str:
    """RFC 6238 with SHA-1, 30 seconds and 6 digits. secret: as Keycloak keeps it (its bytes are the key)."""
    digest = hmac.new(secret.encode(), struct.pack(">Q", int(at // 30)), hashlib.sha1).digest()
    offset = digest[-1] & 15
    number = struct.unpack(">I", digest[offset : offset + 4])[0] & 0x7FFFFFFF
    return f"{number % 10**6:06d}"


def claims(token: str) -> Any:
    """The content of a JSON web token, unverified."""
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
