"""The client of Keycloak's admin API, the realm over it, and invitations, against a small Keycloak in memory."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date

import httpx
import pytest

from einklang import inventory
from einklang.clients.keycloak import Keycloak, segment
from einklang.errors import CheckError, ClientError, UserError
from einklang.operations.identity import Person, invite, temporary_password
from einklang.operations.realm import apply
from einklang.settings import PROJECT_ROOT

TENANT = inventory.load(PROJECT_ROOT, today=date(2026, 11, 23)).tenants["olpe"]
CARLA = Person("carla@olpe.example", "Carla", "Clerk")
Answer = Callable[[httpx.Request], httpx.Response]


class Server:
    """Answers token requests, and everything else by `answer`; keeps what it was asked."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.asked: list[httpx.Request] = []
        self.tokens = 0
        self.now = 0.0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/token"):
            self.tokens += 1
            return httpx.Response(200, json={"access_token": f"token{self.tokens}"})
        self.asked.append(request)
        return self.answer(request)

    def client(self) -> Keycloak:
        return Keycloak(
            "http://identity:8080", "setup", "s3cret", transport=httpx.MockTransport(self), clock=lambda: self.now,
            sleep=self._sleep,
        )  # fmt: skip

    def _sleep(self, seconds: float) -> None:
        self.now += seconds

    def lines(self) -> list[str]:
        return [f"{request.method} {request.url.path.removeprefix('/admin/realms')}" for request in self.asked]


def ok(_: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json=[])


def test_a_token_is_used_until_it_is_old_or_forgotten() -> None:
    server = Server(ok)
    client = server.client()
    for expected, seconds in ((1, 0), (1, 29), (2, 31)):
        server.now = seconds
        client.get("/olpe")
        assert server.tokens == expected
    client.forget_token()
    client.get("/olpe")
    assert server.tokens == 3


def test_a_refusal_names_the_request_and_no_secret() -> None:
    server = Server(lambda _: httpx.Response(409, json={"errorMessage": "exists already"}))
    with pytest.raises(ClientError, match=r"POST /olpe/clients: 409 exists already") as raised:
        server.client().post("/olpe/clients", {"secret": "hidden"})
    assert "hidden" not in str(raised.value)
    assert "s3cret" not in str(raised.value)


def test_what_is_missing_is_none_and_gone_is_gone() -> None:
    client = Server(lambda _: httpx.Response(404, json={})).client()
    assert client.get("/olpe") is None
    client.delete("/olpe")
    with pytest.raises(ClientError):
        client.put("/olpe", {})


def test_it_waits_for_a_keycloak_that_starts() -> None:
    attempts = iter([httpx.ConnectError("refused"), httpx.ConnectError("refused"), None])

    def starting(_: httpx.Request) -> httpx.Response:
        if (error := next(attempts)) is not None:
            raise error
        return httpx.Response(200, json={"access_token": "token"})

    clock = [0.0]
    client = Keycloak(
        "http://identity", "setup", "s", transport=httpx.MockTransport(starting), clock=lambda: clock[0],
        sleep=lambda seconds: clock.__setitem__(0, clock[0] + seconds),
    )  # fmt: skip
    client.wait(10)
    assert clock[0] == 2


def test_it_does_not_wait_for_ever() -> None:
    def refused(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    clock = [0.0]
    client = Keycloak(
        "http://identity", "setup", "s", transport=httpx.MockTransport(refused), clock=lambda: clock[0],
        sleep=lambda seconds: clock.__setitem__(0, clock[0] + seconds),
    )  # fmt: skip
    with pytest.raises(ClientError, match="did not answer"):
        client.wait(5)


def test_a_change_that_does_not_last_is_told() -> None:
    export = {"realm": "olpe", "enabled": False, "clients": []}
    server = Server(lambda _: httpx.Response(200, json=export))
    with pytest.raises(CheckError, match="still differs: update settings olpe: enabled"):
        apply(server.client(), {"realm": "olpe", "enabled": True}, lambda _: None)


def test_a_realm_as_desired_is_left_alone() -> None:
    export = {"realm": "olpe", "enabled": True, "clients": []}
    server = Server(lambda _: httpx.Response(200, json=export))
    assert apply(server.client(), {"realm": "olpe", "enabled": True}, lambda _: None) == ()
    assert server.lines() == ["GET /olpe", "POST /olpe/partial-export"]


def people(existing: bool) -> Answer:
    """A realm with the role clerk, and an account of Carla's or none."""

    def answer(request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/admin/realms/olpe")
        if path.startswith("/roles/"):
            return httpx.Response(200 if path.endswith("clerk") else 404, json={"id": "r", "name": "clerk"})
        if path == "/users" and request.method == "POST":
            return httpx.Response(201, headers={"location": "http://identity/admin/realms/olpe/users/new"})
        if path == "/users":
            return httpx.Response(200, json=[{"id": "old"}] if existing else [])
        if path.endswith("/credentials"):
            return httpx.Response(200, json=[{"id": "p", "type": "password"}, {"id": "o", "type": "otp"}])
        return httpx.Response(204)

    return answer


def test_an_invitation_gives_the_password_before_the_roles() -> None:
    server = Server(people(existing=False))
    made = invite(server.client(), TENANT, CARLA, ["clerk"], "temporary")
    assert made.url == "https://id.olpe.example/realms/olpe/account/"
    writes = [line for line in server.lines() if not line.startswith("GET")]
    assert writes == [
        "POST /olpe/users",
        "PUT /olpe/users/new/reset-password",
        "POST /olpe/users/new/logout",
        "DELETE /olpe/users/new/credentials/o",
        "POST /olpe/users/new/role-mappings/realm",
    ]
    created = json.loads(server.asked[2].content)
    assert created["username"] == created["email"] == CARLA.email
    assert "credentials" not in created


def test_an_account_is_taken_over_on_demand_only() -> None:
    with pytest.raises(UserError, match="has an account at olpe already"):
        invite(Server(people(existing=True)).client(), TENANT, CARLA, ["clerk"], "temporary")
    server = Server(people(existing=True))
    invite(server.client(), TENANT, CARLA, ["clerk"], "temporary", again=True)
    assert "POST /olpe/users" not in server.lines()
    assert "DELETE /olpe/users/old/credentials/o" in server.lines()


def test_an_unknown_role_makes_no_account() -> None:
    server = Server(people(existing=False))
    with pytest.raises(UserError, match="no role 'mayor'"):
        invite(server.client(), TENANT, CARLA, ["mayor"], "temporary")
    assert all(line.startswith("GET") for line in server.lines())


@pytest.mark.parametrize("random", [bytes(32), b"\xff" * 32, bytes(range(32))])
def test_a_temporary_password_satisfies_the_policy(random: bytes) -> None:
    password = temporary_password(random)
    assert len(password) >= 20
    assert all(any(check(c) for c in password) for check in (str.isupper, str.islower, str.isdigit))
    assert any(not c.isalnum() for c in password)


def test_a_segment_is_one() -> None:
    assert segment("a/b c?") == "a%2Fb%20c%3F"
