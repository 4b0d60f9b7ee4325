"""A tenant saved in a bucket with object lock: its own job, the state of its stack, and who can do what there.

CON.3.A14. The tenant's stack gets the settings of docs/operators/backups.md, and loses them at the end.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError as Refused

from einklang.clients.restic import Access, Restic
from einklang.errors import ClientError
from einklang.model.backup import MANIFEST_PATH, PART_TAG, STATE_PATH, Manifest
from einklang.model.drill import Drill
from einklang.model.tenant import Tenant
from einklang.operations import seal
from einklang.operations.backup import evidence
from einklang.operations.local.site import SiteFolders
from einklang.settings import PROJECT_ROOT
from tests.live import object_store, people, test_backups
from tests.live.object_store import BUCKET, Store
from tests.live.postgres import sql
from tests.live.stage import EINKLANG, TENANTS, Stage
from tests.live.test_kill import well
from tests.live.waiting import until

ARCHIVE, ARCHIVED_SECONDS, RESTARTED_SECONDS = "first", 180, 180
DOCUMENTED_MOMENT = "2026-11-28T09:30"


@dataclass(frozen=True)
class Saved:
    """access: what stands in the tenant's namespace. parts: part -> snapshot."""

    store: Store
    access: Access
    repository: Restic
    parts: dict[str, str]

    @property
    def manifest(self) -> Manifest:
        return Manifest.model_validate_json(self.repository.read(self.parts["manifest"], MANIFEST_PATH))


@pytest.fixture(scope="module")
def tenant(stage: Stage) -> Tenant:
    return stage.tenants[-1]


@pytest.fixture(scope="module")
def store(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    site = SiteFolders(stage.settings.backup_site)
    with object_store.running(tmp_path_factory.mktemp("store"), site, TENANTS) as found:
        yield found


@pytest.fixture(scope="module")
def saved(stage: Stage, tenant: Tenant, store: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Saved]:
    """A run into the bucket, after `einklang up` has changed the tenant's place and saved its state there."""
    restic, scratch = stage.program("restic"), tmp_path_factory.mktemp("access")
    try:
        object_store.move(stage, tenant, store, scratch, ARCHIVE)
        until(lambda: restarted(stage, tenant), RESTARTED_SECONDS, "the database runs with its archive")
        test_backups.run(stage, tenant)
        access = stage.accesses(scratch)[tenant.id]
        repository = Restic(restic, access)
        yield Saved(store, access, repository, {each.tag(PART_TAG): each.id for each in repository.snapshots()})
    finally:
        object_store.move_back(stage, tenant)
        until(lambda: restarted(stage, tenant), RESTARTED_SECONDS, "the database runs without an archive")


def restarted(stage: Stage, tenant: Tenant) -> bool:
    """The database runs with the memory that its cluster asks for, and everything that needs it is ready.

    Keycloak says that it is ready while its attempt to connect to the pod before has not ended yet.
    """
    found = stage.get("pods,cluster", "-n", tenant.namespace, "-l", "app.kubernetes.io/name=database")["items"]
    given = [each["spec"].get("resources") or each["spec"]["containers"][0]["resources"] for each in found]
    if not (len({each["limits"]["memory"] for each in given}) == 1 < len(given) and well(stage, tenant)):
        return False
    try:
        with people.connected(stage, tenant) as keycloak:
            return keycloak.get(f"/{tenant.id}/users", max="1") is not None
    except ClientError:
        return False


def test_the_tenants_own_job_saves_everything(tenant: Tenant, saved: Saved) -> None:
    manifest = saved.manifest
    assert manifest.tenant == tenant.id
    assert {part.name for part in manifest.parts} <= set(saved.parts)
    assert set(manifest.databases) == {"identity", "portal", "dms"}
    saved.repository.check(subset="100%")


def test_the_state_of_its_stack_is_there(saved: Saved) -> None:
    state = saved.repository.read(saved.parts["state"], STATE_PATH)
    assert '"resources"' in state
    assert saved.access.more["AWS_SECRET_ACCESS_KEY"] not in state


def test_a_module_comes_back_from_it(stage: Stage, tenant: Tenant, saved: Saved) -> None:
    words = (str(EINKLANG), "restore", tenant.id, "--only", "identity")
    stage.run(*words, "--yes")
    (kept,) = re.findall(r"\d{14}", stage.run(*words, "--kept").stdout)
    stage.run(*words, "--discard", kept, "--yes")


@pytest.mark.rehearsal
def test_a_drill_from_it(stage: Stage, tenant: Tenant, saved: Saved) -> None:
    done = stage.run(str(EINKLANG), "drill", tenant.id, "--json", check=False)
    found = Drill.model_validate_json(done.stdout)
    assert (done.returncode, found.failures(), found.run) == (0, [], saved.manifest.run)
    assert evidence.newest(saved.repository, tenant.id, seal.trusted(stage.settings.audit_key)) == found
    assert not list(stage.settings.root.glob("Pulumi.*.drill.yaml"))


def test_the_portal_comes_back_as_it_was_at_a_moment_between_two_backups(
    stage: Stage, tenant: Tenant, saved: Saved
) -> None:
    """By the commands of the docs: what was written before the moment is there, what was written after it is not."""
    where = ("backups.postgresql.cnpg.io", "-n", tenant.namespace)
    until(lambda: any(map(_copied, stage.get(*where)["items"])), ARCHIVED_SECONDS, "a copy is in the archive")
    sql(stage, tenant, "portal", "CREATE TABLE moments (what text)", "INSERT INTO moments VALUES ('before')")
    time.sleep(1.5)
    (moment,) = sql(stage, tenant, "portal", "SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS')")
    time.sleep(1.5)
    (last,) = sql(
        stage, tenant, "portal", "INSERT INTO moments VALUES ('after')", "SELECT pg_walfile_name(pg_switch_wal())"
    )
    newest = "SELECT last_archived_wal FROM pg_stat_archiver"
    until(lambda: sql(stage, tenant, "portal", newest) >= [last], ARCHIVED_SECONDS, "what was written is archived")
    start = time.monotonic()
    stage.run(
        "bash", "-euo", "pipefail", "-c", _way_back().replace("olpe", tenant.id).replace(DOCUMENTED_MOMENT, moment),
        PATH=f"{EINKLANG.parent}:{stage.environment['PATH']}",
    )  # fmt: skip
    print(f"as of {moment} in {time.monotonic() - start:.0f} s")
    assert sql(stage, tenant, "portal", "SELECT what FROM moments") == ["before"]
    sql(stage, tenant, "portal", "DROP TABLE moments")
    stage.kubectl("rollout", "status", "deploy/portal", "-n", tenant.namespace, "--timeout=120s", timeout=130)


def _copied(backup: dict[str, Any]) -> bool:
    status = backup.get("status") or {}
    return bool(status.get("serverName") == ARCHIVE and status.get("phase") == "completed")


def _way_back() -> str:
    text = (PROJECT_ROOT / "docs/operators/backups.md").read_text().partition("### The way back")[2]
    return text.partition("```sh\n")[2].partition("```")[0]


def test_the_archive_is_locked_and_nobody_elses(tenant: Tenant, saved: Saved) -> None:
    """And it is not encrypted before it leaves, as the backups are: the docs say so."""
    versions = saved.store.versions(f"{tenant.id}/archive/{ARCHIVE}/")
    assert {each["Key"].split("/")[3] for each in versions} == {"base", "wals"}
    (stranger,) = {*TENANTS} - {tenant.id}
    for account, more in (
        (tenant.id, {}),
        (stranger, {}),
        (object_store.ADMINISTRATOR, {"VersionId": versions[0]["VersionId"]}),
    ):
        with pytest.raises(Refused):
            saved.store.client(account).delete_object(Bucket=BUCKET, Key=versions[0]["Key"], **more)
    with pytest.raises(Refused, match="AccessDenied"):
        saved.store.client(stranger).get_object(Bucket=BUCKET, Key=versions[0]["Key"])


def test_its_credentials_remove_nothing(tenant: Tenant, saved: Saved) -> None:
    before = {(each["Key"], each["VersionId"]) for each in saved.store.versions(f"{tenant.id}/snapshots/")}
    own = saved.store.client(tenant.id)
    for key, version in before:
        for more in ({}, {"VersionId": version}):
            with pytest.raises(Refused, match="AccessDenied"):
                own.delete_object(Bucket=BUCKET, Key=key, **more)
    assert before == {(each["Key"], each["VersionId"]) for each in saved.store.versions(f"{tenant.id}/snapshots/")}


def test_what_is_put_over_is_there_in_its_older_version(tenant: Tenant, saved: Saved) -> None:
    """The weakness that the docs name, and why it destroys nothing. The right version is put back by the store."""
    (first, *_) = saved.store.versions(f"{tenant.id}/data/")
    key, version, administrator = first["Key"], first["VersionId"], saved.store.client()
    content = administrator.get_object(Bucket=BUCKET, Key=key)["Body"].read()
    saved.store.client(tenant.id).put_object(Bucket=BUCKET, Key=key, Body=b"poison")
    with pytest.raises(ClientError):
        saved.repository.check(subset="100%")
    older = administrator.get_object(Bucket=BUCKET, Key=key, VersionId=version)["Body"].read()
    assert older == content
    administrator.put_object(Bucket=BUCKET, Key=key, Body=older)
    saved.repository.check(subset="100%")


def test_not_even_the_stores_administrator_removes_a_version_before_its_time(tenant: Tenant, saved: Saved) -> None:
    (version, *_) = saved.store.versions(f"{tenant.id}/snapshots/")
    which = {"Bucket": BUCKET, "Key": version["Key"], "VersionId": version["VersionId"]}
    for more in ({}, {"BypassGovernanceRetention": True}):
        with pytest.raises(Refused):
            saved.store.client().delete_object(**which, **more)
    assert saved.store.client().get_object(**which)["Body"].read()


def test_another_tenant_reads_and_writes_nothing_there(tenant: Tenant, saved: Saved) -> None:
    (other,) = {*TENANTS} - {tenant.id}
    stranger, key = saved.store.client(other), saved.store.versions(f"{tenant.id}/config")[0]["Key"]
    for attempt in (
        lambda: stranger.get_object(Bucket=BUCKET, Key=key),
        lambda: stranger.put_object(Bucket=BUCKET, Key=key, Body=b"poison"),
        lambda: stranger.list_objects_v2(Bucket=BUCKET, Prefix=f"{tenant.id}/"),
        lambda: stranger.list_objects_v2(Bucket=BUCKET),
    ):
        with pytest.raises(Refused, match="AccessDenied"):
            attempt()
