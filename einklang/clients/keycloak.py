"""Keycloak's admin API over HTTP, as a technical client (OAuth 2.0 client credentials, RFC 6749 section 4.4)."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

import httpx

from einklang.errors import ClientError

_FRESH_SECONDS = 30.0
"""A token is used for so long; the master realm's tokens live twice as long."""


class Keycloak:
    """One Keycloak, as the client `client_id` of its master realm.

    url: where it is reached, without a path. Every method raises ClientError when Keycloak refuses or cannot be
    reached; the message names the request and Keycloak's answer, never what was sent.
    """

    def __init__(
        self,
        url: str,
        client_id: str,
        secret: str,
        *,
        transport: httpx.BaseTransport | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        # No proxy from the environment: it is reached inside the cluster or through a forwarded port.
        self._http = httpx.Client(base_url=url, timeout=60, transport=transport, trust_env=False)
        self._credentials = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
        self._clock, self._sleep = clock, sleep
        self._token, self._token_since = "", 0.0

    def wait(self, seconds: float) -> None:
        """Wait until it answers and knows the client; raises ClientError when it does not within `seconds`."""
        end = self._clock() + seconds
        while True:
            try:
                return self._log_in()
            except ClientError:
                if self._clock() >= end:
                    raise
                self._sleep(1)

    def forget_token(self) -> None:
        """Log in again before the next request: rights in a new realm are in new tokens only."""
        self._token = ""

    def get(self, path: str, **query: str) -> Any:
        """The JSON at `path` (below `/admin/realms`), None where there is nothing (404)."""
        answer = self._send("GET", path, params=query, missing=True)
        return None if answer.status_code == httpx.codes.NOT_FOUND else answer.json()

    def post(self, path: str, body: Any = None, **query: str) -> Any:
        """POST `body` as JSON; returns the answer's JSON, or the id of what was made."""
        answer = self._send("POST", path, json=body, params=query)
        location = str(answer.headers.get("location", ""))
        return answer.json() if answer.content else location.rpartition("/")[2]

    def put(self, path: str, body: Any) -> None:
        """PUT `body` as JSON."""
        self._send("PUT", path, json=body)

    def delete(self, path: str, body: Any = None) -> None:
        """DELETE what is at `path`; what is gone already is no error."""
        self._send("DELETE", path, json=body, missing=True)

    def _send(
        self, method: str, path: str, *, missing: bool = False, json: Any = None, params: Any = None
    ) -> httpx.Response:
        if not self._token or self._clock() - self._token_since > _FRESH_SECONDS:
            self._log_in()
        headers = {"Authorization": f"Bearer {self._token}"}
        answer = self._exchange(method, f"/admin/realms{path}", json=json, params=params, headers=headers)
        if answer.is_success or (missing and answer.status_code == httpx.codes.NOT_FOUND):
            return answer
        raise ClientError(f"Keycloak refused {method} {path}: {answer.status_code} {_reason(answer)}")

    def _log_in(self) -> None:
        answer = self._exchange("POST", "/realms/master/protocol/openid-connect/token", data=self._credentials)
        if not answer.is_success:
            who = self._credentials["client_id"]
            raise ClientError(f"Keycloak refused the client {who}: {answer.status_code} {_reason(answer)}")
        self._token, self._token_since = answer.json()["access_token"], self._clock()

    def _exchange(self, method: str, path: str, **rest: Any) -> httpx.Response:
        try:
            return self._http.request(method, path, **rest)
        except httpx.HTTPError as error:
            raise ClientError(f"Keycloak did not answer {method} {path}: {error or type(error).__name__}") from error


def segment(text: str) -> str:
    """The text as one segment of a path."""
    return quote(text, safe="")


def _reason(answer: httpx.Response) -> str:
    try:
        words: Mapping[str, Any] = answer.json()
    except ValueError:
        return answer.reason_phrase
    return str(words.get("errorMessage") or words.get("error_description") or words.get("error") or "")
