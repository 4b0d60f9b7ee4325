"""Who the tests of identity need: visitors, invited staff, and the operators' own access."""

from __future__ import annotations

import base64
import json
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from einklang.clients.keycloak import Keycloak
from einklang.model.tenant import Tenant
from einklang.operations import identity
from tests.live.stage import EINKLANG, GATEWAY, Stage
from tests.live.visitor import Visitor


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
