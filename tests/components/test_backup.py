"""What the backup declares: a run that reads everything, and credentials that nothing else gets."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from einklang.errors import UserError
from einklang.model.tenant import Status
from einklang.settings import PROJECT_ROOT
from modules import backup_job, dms_parts, labels
from modules.backup import Backup, BackupArgs
from modules.backup_site import BackupSite
from modules.database import DatabaseAccess
from modules.tenant import database_args
from tests.components import cases, programs, rules
from tests.components.recording import SECRET, Declared, objects, one, record

Expect = Callable[[str, Sequence[Declared]], None]
ACCESS = {
    name: DatabaseAccess("database-rw", 5432, name, f"database-{name}", "database-ca")
    for name in ("identity", "portal", "dms")
}
BUCKET = BackupSite(
    "s3:https://objects.example/backups",
    ("192.0.2.8/32",),
    access={"access-key-id": "olpe", "secret-access-key": "correct horse"},
)


def args(site: BackupSite = cases.SITE, size: str = "M") -> BackupArgs:
    resolved = cases.tenant(size)
    return BackupArgs(
        resolved=resolved,
        namespace=resolved.tenant.namespace,
        image=cases.image("backup"),
        site=site,
        databases=ACCESS,
        files=True,
        shared_files=False,
        suspended=False,
        random=cases.random,
    )


def declare(given: BackupArgs) -> list[Declared]:
    return record(lambda: Backup("backup", given, cases.OPTIONS) and None)


@cache
def tenant(status: Status = Status.ACTIVE) -> tuple[Declared, ...]:
    return tuple(record(programs.tenant(cases.tenant(status=status))))


def pod(declared: Sequence[Declared]) -> dict[str, Any]:
    spec = one(declared, "CronJob", "backup").manifest["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    return dict(spec)


def variables(declared: Sequence[Declared]) -> dict[str, Any]:
    (container,) = pod(declared)["containers"]
    return {each["name"]: each.get("value") or each["valueFrom"]["secretKeyRef"] for each in container["env"]}


def test_golden(expect_golden: Expect) -> None:
    declared = [each for each in declare(args()) if each.kind != "ConfigMap"]
    expect_golden("backup-M", declared)


def test_the_configuration_is_saved_with_each_run() -> None:
    data = one(declare(args()), "ConfigMap", "backup").manifest["data"]
    resolved = cases.tenant()
    assert json.loads(data["tenant.json"])["id"] == "olpe"
    assert json.loads(data["standard.json"])["version"] == resolved.standard.version
    assert json.loads(data["repository.json"])["repository"] == "rest:https://backup.example:8445/olpe/"


def test_the_documents_are_read_and_never_written() -> None:
    spec = pod(tenant())
    (volume,) = [each for each in spec["volumes"] if each["name"] == "files"]
    assert volume["persistentVolumeClaim"] == {"claimName": dms_parts.FILES_CLAIM, "readOnly": True}
    (mount,) = [each for each in spec["containers"][0]["volumeMounts"] if each["name"] == "files"]
    assert mount["readOnly"] is True
    assert spec["affinity"]["podAffinity"]
    shared = pod(declare(replace(args(), shared_files=True)))
    assert "affinity" not in shared


def test_every_database_is_saved() -> None:
    clusters = {each.key[2] for each in objects(tenant(), "Database")}
    assert set(variables(tenant())["BACKUP_DATABASES"].split()) == clusters


def test_no_other_workload_gets_the_credentials() -> None:
    """Nor does the run get any other Secret than those of the databases and its own."""
    for where, template in rules.templates(tenant()):
        text = json.dumps(template["spec"])
        named = '"name": "backup"' in text.replace('"serviceAccountName"', "")
        assert named is (template["metadata"]["labels"][labels.WORKLOAD] == "backup"), where
    secrets = {each["name"] for each in variables(tenant()).values() if isinstance(each, dict)}
    assert secrets == {"backup", "database-identity", "database-portal", "database-dms"}


def test_secrets_are_secret_and_differ() -> None:
    secret = one(declare(args()), "Secret", "backup")
    assert secret.secret
    assert set(secret.manifest["data"]) == {"username", "password", "repository-key"}
    assert set(secret.manifest["data"].values()) == {SECRET}
    assert SECRET not in json.dumps(one(declare(args()), "CronJob", "backup").manifest)


def test_what_is_left_out_is_no_document() -> None:
    assert not any(path.endswith("_storage") for path in backup_job.LEFT_OUT)
    assert all(path.startswith(f"{dms_parts.FILES}/") for path in backup_job.LEFT_OUT)


def test_a_suspended_tenant_runs_nothing_and_keeps_its_key() -> None:
    declared = tenant(Status.SUSPENDED)
    assert one(declared, "CronJob", "backup").manifest["spec"]["suspend"] is True
    assert one(declared, "Secret", "backup")


def test_a_bucket_with_object_lock() -> None:
    declared = declare(args(BUCKET))
    given = variables(declared)
    assert given["RESTIC_REPOSITORY"] == "s3:https://objects.example/backups/olpe/"
    assert "RESTIC_REST_PASSWORD" not in given
    assert "RESTIC_CACERT" not in given
    name = given["AWS_SECRET_ACCESS_KEY"]["name"]
    assert one(declared, "Secret", name).secret
    assert "correct horse" not in repr(declared)
    other = replace(BUCKET, access={**BUCKET.access, "access-key-id": "another"})
    assert variables(declare(args(other)))["AWS_ACCESS_KEY_ID"]["name"] != name


def test_the_way_to_the_site_and_nowhere_else() -> None:
    policy = one(tenant(), "NetworkPolicy", "backup").manifest["spec"]
    assert policy["ingress"] == []
    blocks = [rule for rule in policy["egress"] if "ipBlock" in rule["to"][0]]
    assert blocks == [{"to": [{"ipBlock": {"cidr": "192.0.2.7/32"}}], "ports": [{"protocol": "TCP", "port": 8445}]}]


def archived(**more: Any) -> list[Declared]:
    given = replace(programs.tenant_args(cases.tenant(), site=BUCKET), database_archive="2026-11", **more)
    return record(programs.tenant_of(given))


def test_an_archive_of_the_databases_beside_the_backups() -> None:
    declared = archived()
    spec = one(declared, "Cluster", "database").manifest["spec"]
    store = spec["backup"]["barmanObjectStore"]
    assert (store["destinationPath"], store["serverName"]) == ("s3://backups/olpe/archive", "2026-11")
    secret = one(declared, "Secret", store["s3Credentials"]["secretAccessKey"]["name"])
    assert secret.secret
    assert "correct horse" not in repr(declared)
    copies = one(declared, "ScheduledBackup", "database").manifest["spec"]
    assert (copies["immediate"], copies["suspend"], copies["cluster"]) == (True, False, {"name": "database"})
    assert memory(declared) > memory(tenant()), "its programs run beside the server"
    egress = one(declared, "NetworkPolicy", "database").manifest["spec"]["egress"]
    assert {"to": [{"ipBlock": {"cidr": "192.0.2.8/32"}}], "ports": [{"protocol": "TCP", "port": 443}]} in egress


def memory(declared: Sequence[Declared]) -> int:
    limits = one(declared, "Cluster", "database").manifest["spec"]["resources"]["limits"]
    return int(limits["memory"].removesuffix("Mi"))


def test_without_the_setting_there_is_no_archive_and_no_way_to_it() -> None:
    for declared in (tenant(), record(programs.tenant(cases.tenant(), site=BUCKET))):
        assert "backup" not in one(declared, "Cluster", "database").manifest["spec"]
        assert not objects(declared, "ScheduledBackup")
        egress = one(declared, "NetworkPolicy", "database").manifest["spec"]["egress"]
        assert "192.0.2.8/32" not in json.dumps(egress)


def test_a_drill_writes_into_no_archive() -> None:
    given = replace(programs.tenant_args(cases.tenant(), site=BUCKET), database_archive="2026-11", scratch=True)
    assert database_args(given).archive is None


def test_without_a_site_nothing_is_declared() -> None:
    """And nothing may leave: no policy, no account."""
    declared = record(programs.tenant(cases.tenant(), site=None))
    assert [each.key for each in objects(declared) if each.key[2] == "backup"] == []


@pytest.mark.parametrize(
    ("url", "networks", "access", "said"),
    [
        ("rest:http://backup.example/", ("192.0.2.7/32",), {}, "backupSite"),
        ("https://backup.example/", ("192.0.2.7/32",), {}, "backupSite"),
        ("rest:https://user:password@backup.example/", ("192.0.2.7/32",), {}, "backupSite"),
        ("rest:https://backup.example/", (), {}, "backupNetworks is empty"),
        ("rest:https://backup.example/", ("192.0.2.7/8",), {}, "backupNetworks"),
        ("s3:https://objects.example/backups", ("192.0.2.7/32",), {}, "backupAccessKeyId"),
    ],
)
def test_a_site_that_cannot_be_is_refused(url: str, networks: tuple[str, ...], access: Any, said: str) -> None:
    with pytest.raises(UserError, match=said):
        BackupSite(url, networks, access=access)


def test_the_ports_of_sites() -> None:
    assert (cases.SITE.port, BUCKET.port) == (8445, 443)


def test_the_program_in_the_image_knows_every_variable() -> None:
    text = (PROJECT_ROOT / "images" / "backup" / "einklang_backup" / "settings.py").read_text()
    for name in variables(tenant()):
        generic = name.startswith(("RESTIC_", "GO")) or name.endswith(("_USER", "_PASSWORD"))
        assert generic or f'"{name}"' in text, name
