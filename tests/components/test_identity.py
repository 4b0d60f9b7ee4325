"""What the identity component declares."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from einklang.model.resolved import ResolvedTenant
from einklang.operations import identity as operations
from einklang.settings import PROJECT_ROOT
from modules import identity as module
from modules.database import DatabaseAccess
from modules.flows import FLOWS, Outside
from modules.identity import Identity, IdentityArgs, public_paths
from tests.components import cases
from tests.components.recording import SECRET, Declared, objects, one, record

Expect = Callable[[str, Sequence[Declared]], None]
ACCESS = DatabaseAccess("database-rw", 5432, "identity", "database-identity", "database-ca")


def declare(
    resolved: ResolvedTenant,
    *,
    suspended: bool = False,
    templates: Path = PROJECT_ROOT / "templates",
    images: tuple[str, str] = ("keycloak", "identity-setup"),
    random: Callable[[int], bytes] = cases.random,
) -> list[Declared]:
    server, setup = images
    args = IdentityArgs(
        resolved=resolved,
        namespace=resolved.tenant.namespace,
        image=cases.image(server),
        setup_image=cases.image(setup),
        templates=templates,
        database=ACCESS,
        suspended=suspended,
        random=random,
    )

    def program() -> None:
        Identity("identity", args, cases.OPTIONS)

    return record(program)


@cache
def declared() -> tuple[Declared, ...]:
    return tuple(declare(cases.tenant()))


def container(found: Sequence[Declared], kind: str, name: str) -> dict[str, Any]:
    (only,) = one(found, kind, name).manifest["spec"]["template"]["spec"]["containers"]
    return dict(only)


def environment(found: Sequence[Declared], kind: str, name: str) -> dict[str, Any]:
    return {entry["name"]: entry.get("value", entry.get("valueFrom")) for entry in container(found, kind, name)["env"]}


def job(found: Sequence[Declared]) -> Declared:
    (only,) = objects(found, "Job")
    return only


@pytest.mark.parametrize("size", cases.POPULATIONS)
def test_golden(size: str, expect_golden: Expect) -> None:
    expect_golden(f"identity-{size}", declare(cases.tenant(size)))


def test_a_suspended_tenant_has_no_pods_and_keeps_its_secrets() -> None:
    found = declare(cases.tenant(), suspended=True)
    assert one(found, "Deployment", "identity").manifest["spec"]["replicas"] == 0
    assert objects(found, "Job") == []
    assert {each.key[2] for each in objects(found, "Secret")} == {"identity-admin", "portal-oidc", "dms-oidc"}


def test_no_secret_is_declared_in_clear() -> None:
    clear = base64.urlsafe_b64encode(cases.random(32)).decode().rstrip("=")
    assert clear not in repr(declared())
    for each in objects(declared(), "Secret"):
        assert set(each.manifest["data"].values()) == {SECRET}
        assert "data" in each.ignore_changes


def test_secrets_reach_containers_by_reference_only() -> None:
    for kind, name in (("Deployment", "identity"), ("Job", job(declared()).key[2])):
        for variable, value in environment(declared(), kind, name).items():
            assert isinstance(value, dict) == variable.endswith(("SECRET", "PASSWORD", "USERNAME", "CLIENT_ID"))


def test_secrets_and_theme_stand_before_keycloak_and_keycloak_before_the_job() -> None:
    before = set(one(declared(), "Deployment", "identity").after)
    wanted = [*objects(declared(), "Secret"), one(declared(), "ConfigMap", "identity-theme")]
    assert {each.urn for each in wanted} <= before
    assert one(declared(), "Deployment", "identity").urn in job(declared()).after


def test_the_connection_to_the_database_is_verified() -> None:
    url = environment(declared(), "Deployment", "identity")["KC_DB_URL"]
    assert url.startswith("jdbc:postgresql://database-rw:5432/identity?sslmode=verify-full&sslrootcert=/etc/")
    volumes = one(declared(), "Deployment", "identity").manifest["spec"]["template"]["spec"]["volumes"]
    (authority,) = [volume for volume in volumes if "secret" in volume]
    assert [item["key"] for item in authority["secret"]["items"]] == ["ca.crt"], "never the authority's key"


def test_one_pod_has_no_cluster_and_several_have_the_flows_for_it() -> None:
    assert environment(declared(), "Deployment", "identity")["KC_CACHE"] == "local"
    large = declare(cases.tenant("L"))
    assert environment(large, "Deployment", "identity")["KC_CACHE"] == "ispn"
    assert {flow.port for flow in FLOWS if flow.source == flow.target == "identity"} == {7800, 57800}


def test_probes_ask_the_management_port_which_nobody_else_reaches() -> None:
    probes = {key: value for key, value in container(declared(), "Deployment", "identity").items() if "Probe" in key}
    assert {probe["httpGet"]["port"] for probe in probes.values()} == {"management"}
    ports = [port["targetPort"] for port in one(declared(), "Service", "identity").manifest["spec"]["ports"]]
    assert ports == ["http"]
    assert 9000 not in {flow.port for flow in FLOWS}
    assert [flow.port for flow in FLOWS if flow.source is Outside.GATEWAY and flow.target == "identity"] == [8080]


def test_public_is_the_own_realm_alone() -> None:
    paths = public_paths("olpe")
    assert all(path.startswith(("/realms/olpe/", "/resources")) for path in paths)
    assert not any(closed in path for path in paths for closed in ("admin", "master", "clients-registrations"))


def test_the_job_has_another_name_whenever_it_would_do_something_else() -> None:
    name, resolved = job(declared()).key[2], cases.tenant()
    other_name = replace(resolved, tenant=resolved.tenant.model_copy(update={"name": "Olpe am Biggesee"}))
    assert job(declare(resolved)).key[2] == name
    for changed in (
        declare(other_name),
        declare(resolved, images=("keycloak", "other")),
        declare(resolved, images=("other", "identity-setup")),
    ):
        assert job(changed).key[2] != name
    assert job(declared()).name == "job/identity-setup", "Pulumi knows it under one name, and replaces it"
    assert job(declare(resolved, random=lambda count: bytes(count))).key[2] == name, "secrets are no part of it"


def test_another_theme_is_another_pod() -> None:
    def digest(found: Sequence[Declared]) -> str:
        template = one(found, "Deployment", "identity").manifest["spec"]["template"]
        return str(template["metadata"]["annotations"]["einklang/theme"])

    resolved = cases.tenant()
    branding = resolved.tenant.branding.model_copy(update={"primary": "#5c1a1a"})
    other = replace(resolved, tenant=resolved.tenant.model_copy(update={"branding": branding}))
    assert digest(declare(other)) != digest(declared())
    assert digest(declare(resolved)) == digest(declared())


def test_modules_that_are_off_have_no_client() -> None:
    resolved = cases.tenant()
    off = resolved.tenant.modules.model_copy(
        update={"dms": resolved.tenant.modules.dms.model_copy(update={"enabled": False})}
    )
    found = declare(replace(resolved, tenant=resolved.tenant.model_copy(update={"modules": off})))
    assert {each.key[2] for each in objects(found, "Secret")} == {"identity-admin", "portal-oidc"}
    realm = json.loads(one(found, "ConfigMap", "identity-realms").manifest["data"]["realm.json"])
    assert "dms" not in {client["clientId"] for client in realm["clients"]}
    assert "DMS_CLIENT_SECRET" not in environment(found, "Job", job(found).key[2])


def test_every_variable_of_the_documents_is_given_to_the_job() -> None:
    documents = one(declared(), "ConfigMap", "identity-realms").manifest["data"]
    named = {part.partition(")")[0] for text in documents.values() for part in text.split("$(env:")[1:]}
    assert named == {"PORTAL_CLIENT_SECRET", "DMS_CLIENT_SECRET"}
    assert named <= environment(declared(), "Job", job(declared()).key[2]).keys()


def test_the_theme_is_mounted_file_by_file() -> None:
    data = one(declared(), "ConfigMap", "identity-theme").manifest["binaryData"]
    volumes = one(declared(), "Deployment", "identity").manifest["spec"]["template"]["spec"]["volumes"]
    (theme,) = [volume["configMap"] for volume in volumes if volume["name"] == "theme"]
    assert {item["key"] for item in theme["items"]} == data.keys()
    assert "login/theme.properties" in {item["path"] for item in theme["items"]}


def test_toolkit_and_program_agree_on_names() -> None:
    assert operations.ADMIN_SECRET == module.ADMIN_SECRET
    assert f"deployment/{module.NAME}" == operations.TARGET
    assert operations.PORT == module.PORT
