"""What the portal declares."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from einklang.model.resolved import ResolvedTenant
from einklang.settings import PROJECT_ROOT
from modules.database import DatabaseAccess
from modules.portal import Portal, PortalArgs
from tests.components import cases
from tests.components.recording import Declared, objects, record

Expect = Callable[[str, Sequence[Declared]], None]
DATABASE = DatabaseAccess("database-rw", 5432, "portal", "database-portal", "database-ca")


def program(resolved: ResolvedTenant, **changes: Any) -> Callable[[], None]:
    args = PortalArgs(
        resolved=resolved,
        namespace=resolved.tenant.namespace,
        image=cases.image("portal"),
        templates=PROJECT_ROOT / "templates",
        database=DATABASE,
        issuer="http://identity:8080/realms/olpe",
        suspended=False,
    )

    def declare() -> None:
        Portal("portal", replace(args, **changes), cases.OPTIONS)

    return declare


def only(declared: Sequence[Declared], kind: str) -> Any:
    (found,) = objects(declared, kind)
    return found.manifest


@pytest.mark.parametrize("size", cases.POPULATIONS)
def test_portal(size: str, expect_golden: Expect) -> None:
    expect_golden(f"portal-{size}", record(program(cases.tenant(size))))


def test_a_suspended_portal_has_no_pods() -> None:
    declared = record(program(cases.tenant(), suspended=True))
    assert only(declared, "Deployment")["spec"]["replicas"] == 0
    assert not [each for each in declared if each.kind in {"Job", "ConfigMap"}]


def test_secrets_are_references_and_never_values() -> None:
    declared = record(program(cases.tenant()))
    for kind in ("Deployment", "Job"):
        (container,) = only(declared, kind)["spec"]["template"]["spec"]["containers"]
        names = {each["name"]: each for each in container["env"]}
        assert names["PGSSLMODE"]["value"] == "verify-full"
        for name in ("PGUSER", "PGPASSWORD"):
            assert names[name]["valueFrom"]["secretKeyRef"]["name"] == "database-portal"
    assert "PORTAL_OIDC_CLIENT_SECRET" not in names, "the set-up needs no secret of the login"


def job_name(resolved: ResolvedTenant, **changes: Any) -> str:
    metadata = only(record(program(resolved, **changes)), "Job")["metadata"]
    return str(metadata["name"])


def test_another_document_or_image_is_another_job() -> None:
    first = cases.tenant()
    assert job_name(first) == job_name(first)
    other = replace(first, tenant=first.tenant.model_copy(update={"notice": "Heute geschlossen"}))
    assert job_name(other) != job_name(first)
    assert job_name(first, image=cases.image("other")) != job_name(first)
