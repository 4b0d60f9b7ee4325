"""What the document management declares."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from einklang.model.resolved import ResolvedTenant
from einklang.settings import PROJECT_ROOT
from modules import dms_parts, labels
from modules.database import DatabaseAccess
from modules.dms import Dms, DmsArgs
from modules.dms_documents import setup_document
from modules.flows import FLOWS
from tests.components import cases
from tests.components.recording import SECRET, Declared, objects, one, record

Expect = Callable[[str, Sequence[Declared]], None]
ACCESS = DatabaseAccess("database-rw", 5432, "dms", "database-dms", "database-ca")
TEMPLATES = PROJECT_ROOT / "templates"


def args(resolved: ResolvedTenant) -> DmsArgs:
    return DmsArgs(
        resolved=resolved,
        namespace=resolved.tenant.namespace,
        image=cases.image("dms"),
        broker_image=cases.image("redis"),
        templates=TEMPLATES,
        database=ACCESS,
        storage_class="einklang",
        shared_files=False,
        scanner="",
        suspended=False,
        protect=True,
        random=cases.random,
    )


def declare(given: DmsArgs) -> list[Declared]:
    return record(lambda: Dms("dms", given, cases.OPTIONS) and None)


@cache
def declared() -> tuple[Declared, ...]:
    return tuple(declare(args(cases.tenant())))


def pod(found: Sequence[Declared], name: str, kind: str = "Deployment") -> dict[str, Any]:
    return dict(one(found, kind, name).manifest["spec"]["template"]["spec"])


def job(found: Sequence[Declared]) -> Declared:
    (only,) = objects(found, "Job")
    return only


@pytest.mark.parametrize("size", cases.POPULATIONS)
def test_golden(size: str, expect_golden: Expect) -> None:
    expect_golden(f"dms-{size}", declare(args(cases.tenant(size))))


def test_suspended_runs_nothing_and_keeps_everything() -> None:
    suspended = declare(replace(args(cases.tenant()), suspended=True))
    assert {each.manifest["spec"]["replicas"] for each in objects(suspended, "Deployment")} == {0}
    assert objects(suspended, "Job") == []
    for kind in ("Secret", "PersistentVolumeClaim", "Service"):
        assert [each.key for each in objects(suspended, kind)] == [each.key for each in objects(declared(), kind)]


def test_what_holds_data_is_protected_unless_the_tenant_leaves() -> None:
    claims = objects(declared(), "PersistentVolumeClaim")
    assert [each.key[2] for each in claims] == ["dms-broker", "dms-files"]
    assert all(each.protect for each in claims)
    leaving = declare(replace(args(cases.tenant()), protect=False))
    assert not any(each.protect for each in leaving)


def test_pages_and_worker_wait_for_the_set_up_and_that_for_the_broker() -> None:
    broker = one(declared(), "Deployment", "dms-broker")
    assert broker.urn in job(declared()).after
    for name in ("dms", "dms-worker"):
        assert job(declared()).urn in one(declared(), "Deployment", name).after


def test_another_document_or_image_is_another_job() -> None:
    before, changed = args(cases.tenant()), cases.tenant("S")
    plan = changed.standard.modules.dms.model_copy(update={"trash_days": 7})
    modules = changed.standard.modules.model_copy(update={"dms": plan})
    standard = changed.standard.model_copy(update={"modules": modules})
    other = replace(before, resolved=replace(before.resolved, standard=standard))
    names = {job(declare(each)).key[2] for each in (before, other, replace(before, image=cases.image("dms-2")))}
    assert len(names) == 3
    assert job(declare(before)).key == job(declared()).key


def test_one_node_for_all_who_use_the_documents_unless_several_can_mount_them() -> None:
    for name in ("dms", "dms-worker"):
        assert "affinity" in pod(declared(), name)
    shared = declare(replace(args(cases.tenant()), shared_files=True))
    assert one(shared, "PersistentVolumeClaim", "dms-files").manifest["spec"]["accessModes"] == ["ReadWriteMany"]
    assert one(shared, "PersistentVolumeClaim", "dms-broker").manifest["spec"]["accessModes"] == ["ReadWriteOnce"]
    assert all("affinity" not in pod(shared, name) for name in ("dms", "dms-worker"))


def test_the_broker_keeps_what_it_was_given() -> None:
    (container,) = pod(declared(), "dms-broker")["containers"]
    options = dict(zip(container["args"][1::2], container["args"][2::2], strict=True))
    assert (options["--appendonly"], options["--maxmemory-policy"]) == ("yes", "noeviction")
    # The password is in a file, not in the command line.
    assert not any("requirepass" in word for word in container["args"])
    assert one(declared(), "Secret", "dms-broker").manifest["data"] == {"password": SECRET, "redis.conf": SECRET}


def test_every_variable_of_the_settings_is_given_or_has_a_meaning_without() -> None:
    settings = (PROJECT_ROOT / "images/dms/einklang_dms/settings.py").read_text()
    (container,) = pod(declared(), "dms")["containers"]
    given = {entry["name"] for entry in container["env"]}
    assert all(f'"{name}"' in settings or name in settings for name in given - {"DMS_WEB_PROCESSES", "DMS_WEB_THREADS"})


def test_database_is_reached_by_verified_tls_only() -> None:
    settings = (PROJECT_ROOT / "images/dms/einklang_dms/settings.py").read_text()
    assert '"sslmode": "verify-full"' in settings
    for name in ("dms", "dms-worker"):
        mounted = {each["mountPath"] for each in pod(declared(), name)["containers"][0]["volumeMounts"]}
        assert "/etc/einklang/database" in mounted


def test_the_flows_are_those_of_the_parts() -> None:
    parts = {dms_parts.WEB, dms_parts.WORKER, dms_parts.BROKER, dms_parts.SETUP}
    workloads = {each.manifest["spec"]["template"]["metadata"]["labels"][labels.WORKLOAD] for each in _running()}
    assert workloads == parts
    assert {flow.source for flow in FLOWS if flow.target == "dms-broker"} == parts - {"dms-broker"}
    assert {flow.target for flow in FLOWS if flow.source == "dms-broker"} == set()


def _running() -> list[Declared]:
    return [each for each in objects(declared()) if each.kind in {"Deployment", "Job"}]


@cache
def document() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(setup_document(TEMPLATES, cases.tenant()))
    return loaded


FORBIDDEN = (
    "acls.acl_edit", "authentication.users_impersonate", "documents.document_delete",
    "documents.document_empty_trash", "permissions.role_edit", "smart_settings", "sources_setup",
    "templating.template_sandbox", "user_management.group_edit", "user_management.user_edit",
)  # fmt: skip
CHANGING = ("create", "edit", "delete", "_add", "remove", "_new", "trash", "transition", "attach", "restore")


@pytest.mark.parametrize("role", ["clerk", "registrar", "auditor", "administrator"])
def test_no_role_gets_round_the_rules(role: str) -> None:
    (permissions,) = [set(each["permissions"]) for each in document()["roles"] if each["key"] == role]
    assert [name for name in permissions if name.startswith(FORBIDDEN)] == []


def test_the_auditor_reads_and_the_administrator_sees_no_document() -> None:
    roles = {each["key"]: each["permissions"] for each in document()["roles"]}
    assert [name for name in roles["auditor"] if any(word in name.split(".")[1] for word in CHANGING)] == []
    assert "documents.document_view" in roles["auditor"]
    assert [name for name in roles["administrator"] if name.startswith(("documents.", "ocr.", "cabinets."))] == []
    assert set(roles["auditor"]) < set(roles["clerk"]) < set(roles["registrar"])


def test_an_entry_of_the_file_plan_comes_after_the_one_above_it() -> None:
    seen: set[str | None] = {None}
    for entry in document()["file_plan"]:
        assert entry["parent"] in seen, entry
        seen.add(entry["number"])
    assert 30 <= len(seen) - 1 <= 70


def test_retention_comes_from_the_classes_of_the_standard() -> None:
    years = {each["key"]: each["retention_years"] for each in document()["document_types"]}
    assert years["rechnung"] == 10
    assert years["bauakte"] is None
    assert {each["delete_from_trash_after_days"] for each in document()["document_types"]} == {90}


def test_text_is_read_where_the_tenant_wants_it() -> None:
    resolved = cases.tenant()
    assert {each["text_recognition"] for each in document()["document_types"]} == {True}
    dms = resolved.tenant.modules.dms.model_copy(update={"text_recognition": False})
    tenant = resolved.tenant.model_copy(update={"modules": resolved.tenant.modules.model_copy(update={"dms": dms})})
    without = json.loads(setup_document(TEMPLATES, replace(resolved, tenant=tenant)))
    assert {each["text_recognition"] for each in without["document_types"]} == {False}
