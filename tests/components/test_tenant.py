"""A tenant as a whole: what it refuses, what its status means, what it waits for."""

from __future__ import annotations

from functools import cache

from einklang.errors import UserError
from einklang.model.tenant import Status
from modules.kubernetes import Object
from tests.components import cases, programs, rules
from tests.components.recording import SECRET, Declared, objects, one, record, refusal


@cache
def declared(status: Status = Status.ACTIVE) -> tuple[Declared, ...]:
    return tuple(record(programs.tenant(cases.tenant(status=status))))


def test_a_requested_tenant_is_refused() -> None:
    said = refusal(programs.tenant(cases.tenant(status=Status.REQUESTED)), UserError)
    assert "olpe is requested" in said
    assert "status: active" in said


def test_an_image_that_the_catalogue_lacks_is_named() -> None:
    resolved = cases.tenant()
    said = refusal(programs.tenant(resolved, images={}), UserError)
    assert resolved.standard.images["postgresql"] in said
    assert "remedy:" in said


def test_a_suspended_tenant_keeps_its_data_and_runs_nothing() -> None:
    suspended = declared(Status.SUSPENDED)
    assert objects(suspended, "HTTPRoute") == objects(suspended, "Gateway") == objects(suspended, "Job") == []
    assert all(each.manifest["spec"]["replicas"] == 0 for each in objects(suspended, "Deployment"))
    cluster = one(suspended, "Cluster", "database")
    assert cluster.manifest["metadata"]["annotations"]["cnpg.io/hibernation"] == "on"
    assert cluster.protect
    kept = {each.key for each in objects(declared()) if each.kind in {"Secret", "Database"}}
    lost = kept - {each.key for each in objects(suspended)}
    assert {key[2] for key in lost if not key[2].startswith("tls-")} == set()


def test_only_a_leaving_tenant_can_be_destroyed() -> None:
    assert [each.key[2] for each in declared() if each.protect] == ["database", "tenant", "dms-broker", "dms-files"]
    assert [each.key[2] for each in declared(Status.LEAVING) if each.protect] == []


def test_the_database_is_awaited_and_identity_comes_after_it() -> None:
    cluster = one(declared(), "Cluster", "database")
    assert cluster.manifest["metadata"]["annotations"]["pulumi.com/waitFor"] == "condition=Ready"
    assert cluster.urn in rules.reached(declared(), one(declared(), "Deployment", "identity"))


def test_secrets_stay_as_they_were_made() -> None:
    """Each run of the program computes other values; the first ones count."""
    for secret in objects(declared(), "Secret"):
        assert secret.ignore_changes == ("data",), secret.key
        assert "stringData" not in secret.manifest, secret.key


def test_the_content_of_a_secret_is_one_for_pulumi_too() -> None:
    manifest = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "x", "namespace": "y"},
        "stringData": {"password": "correct horse"},
    }
    (secret,) = objects(record(lambda: _ignore(Object(manifest, cases.OPTIONS))))
    assert secret.secret
    assert secret.manifest["data"] == {"password": SECRET}


def test_one_field_manager_for_all_runs() -> None:
    """What a killed run has applied, the next takes over without a conflict."""
    for each in objects(declared()):
        annotations = each.manifest["metadata"]["annotations"]
        assert annotations["pulumi.com/patchFieldManager"] == "einklang"
        assert annotations["pulumi.com/patchForce"] == "true"


def _ignore(_: object) -> None:
    """The declaration is recorded; its value is not needed."""
