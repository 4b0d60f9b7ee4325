"""Who the tests of identity need: visitors, invited staff, and the operators' own access."""

from __future__ import annotations

import base64
import json
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from einklang.clients.keycloak import Keycloak
from einklang.model.tenant import Tenant
from einklang.operations import identity
from tests.live.stage import EINKLANG, GATEWAY, Stage
from tests.live.visitor import Visitor, one_time_password

PASSWORD = f"Sauerland!{secrets.token_hex(4)}9"
"""Of everybody here; new in each run, as a stage may live longer than the tests."""


@dataclass
class Employee:
    """Somebody with a password and a telephone. used: codes that are not accepted twice."""

    tenant: Tenant
    email: str
    password: str
    factor: str
    used: set[str] = field(default_factory=set)

    def code(self) -> str:
        """A code that has not been used: of this half minute or, as Keycloak allows for clocks, of the next."""
        while True:
            for ahead in (0, 30):
                code = one_time_password(self.factor, time.time() + ahead)
                if code not in self.used:
                    self.used.add(code)
                    return code
            time.sleep(1)


def employ(stage: Stage, tenant: Tenant, role: str) -> Employee:
    """Invite somebody and set up password and second factor, as the first login asks for it."""
    email, first = address(role), visit(stage, tenant)
    first.log_in(email, invite(stage, tenant, email, role))
    factor, code = "", ""
    for _ in range(2):
        if first.shows("password-new"):
            first.submit(**{"password-new": PASSWORD, "password-confirm": PASSWORD})
        else:
            factor = first.otp_secret()
            code = one_time_password(factor, time.time())
            first.submit(totp=code, userLabel="Telefon")
    assert first.code
    return Employee(tenant, email, PASSWORD, factor, {code})


def enter(stage: Stage, employee: Employee, url: str) -> httpx.Client:
    """Log in at an application by its address, and give the client that is logged in there."""
    visitor = visit(stage, employee.tenant)
    visitor.page = visitor.http.get(url, follow_redirects=True)
    visitor.submit(username=employee.email, password=employee.password)
    answer = visitor.submit(otp=employee.code())
    visitor.http.get(answer.headers["location"], follow_redirects=True).raise_for_status()
    return visitor.http


def visit(stage: Stage, tenant: Tenant) -> Visitor:
    return Visitor(tenant, GATEWAY, stage.settings.certificate_authority / "ca.crt")


@contextmanager
def connected(stage: Stage, tenant: Tenant) -> Iterator[Keycloak]:
    kubectl = shutil.which("kubectl", path=stage.environment["PATH"])
    assert kubectl
    with identity.connected(Path(kubectl), Path(stage.environment["KUBECONFIG"]), tenant) as keycloak:
        yield keycloak


def address(role: str) -> str:
    """New in each run: the stage may be one that lives longer than the tests."""
    return f"{role}.{secrets.token_hex(4)}@rathaus.example"


def invite(stage: Stage, tenant: Tenant, email: str, role: str, *more: str) -> str:
    """The temporary password that the operator's command prints."""
    done = stage.run(
        str(EINKLANG), "identity", "invite", tenant.id, "--role", role, "--email", email,
        "--first-name", "Karl", "--last-name", "Amt", "--json", *more,
    )  # fmt: skip
    return str(json.loads(done.stdout)["password"])


def secret_values(stage: Stage, tenant: Tenant) -> dict[str, str]:
    """Everything that is secret in the tenant's namespace: `Secret/key` -> value."""
    return {
        f"{secret['metadata']['name']}/{key}": base64.b64decode(value).decode()
        for secret in stage.get("secrets", "-n", tenant.namespace)["items"]
        for key, value in secret.get("data", {}).items()
        if key in {"client-secret", "password"}
    }


def secret(stage: Stage, tenant: Tenant, name: str) -> str:
    data = stage.get("secret", name, "-n", tenant.namespace)["data"]
    return base64.b64decode(data["client-secret"]).decode()
