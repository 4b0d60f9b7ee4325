"""Which run is restored, and the Job that does it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from einklang.clients.restic import Snapshot
from einklang.errors import CheckError, ClientError, UserError
from einklang.model.backup import Manifest
from einklang.operations.restore import job as jobs
from einklang.operations.restore.choosing import Chosen, choose
from einklang.operations.restore.job import Order, Restorer, parsed, require
from tests.components import test_backup as declared
from tests.components.recording import one
from tests.unit.test_backup_planning import identifier, manifest

PARTS = ("database/identity", "files")
EARLY, LATE = "20261122T200000Z-aaaaaa", "20261123T200000Z-bbbbbb"


class Repository:
    """Two complete runs; tests take things away or change them."""

    def __init__(self) -> None:
        self.manifests: dict[str, Manifest] = {}
        self.listed: list[Snapshot] = []
        for run in (EARLY, LATE):
            for part in (*PARTS, "manifest"):
                tags = (f"run:{run}", f"part:{part}")
                self.listed.append(Snapshot(identifier(run, part), "2026-11-23T20:00:00.1Z", tags, "olpe"))
            self.manifests[identifier(run, "manifest")] = manifest(run)

    def snapshots(self) -> list[Snapshot]:
        return list(self.listed)

    def read(self, snapshot: str, path: str) -> str:
        assert path == "/manifest.json"
        if snapshot not in self.manifests:
            raise ClientError("pack is damaged")
        return self.manifests[snapshot].model_dump_json()


def chosen(repository: Any, at: datetime | None = None) -> Chosen:
    return choose(repository, "olpe", PARTS, at)


def test_the_newest_run_or_the_one_at_a_time() -> None:
    assert chosen(Repository()).manifest.run == LATE
    at = datetime(2026, 11, 23, 19, 59, tzinfo=UTC)
    assert chosen(Repository(), at).manifest.run == EARLY
    assert chosen(Repository(), at + timedelta(minutes=1)).manifest.run == LATE
    with pytest.raises(UserError, match="no complete run until 2026-11-21"):
        chosen(Repository(), datetime(2026, 11, 21, tzinfo=UTC))


def test_a_run_without_its_manifest_does_not_count() -> None:
    repository = Repository()
    repository.listed = [each for each in repository.listed if each.id != identifier(LATE, "manifest")]
    assert chosen(repository).manifest.run == EARLY


@pytest.mark.parametrize("part", PARTS)
def test_a_part_that_is_gone_is_told_and_no_older_run_taken(part: str) -> None:
    repository = Repository()
    repository.listed = [each for each in repository.listed if each.id != identifier(LATE, part)]
    with pytest.raises(CheckError, match=f"{LATE} is not complete, it lacks {part}"):
        chosen(repository)


def test_a_part_that_the_tenant_should_have() -> None:
    with pytest.raises(CheckError, match="lacks database/dms"):
        choose(Repository(), "olpe", (*PARTS, "database/dms"))  # type: ignore[arg-type]


def test_a_damaged_manifest_and_one_of_another() -> None:
    repository, end = Repository(), identifier(LATE, "manifest")
    repository.manifests[end] = repository.manifests[end].model_copy(update={"tenant": "attendorn"})
    with pytest.raises(CheckError, match="is of attendorn"):
        chosen(repository)
    del repository.manifests[end]
    with pytest.raises(CheckError, match=r"cannot be read: pack is damaged"):
        chosen(repository)


def job(order: Order) -> dict[str, Any]:
    return jobs.objects(one(declared.tenant(), "CronJob", "backup").manifest, order, 600)[-1]


def pod(order: Order) -> dict[str, Any]:
    found: dict[str, Any] = job(order)["spec"]["template"]["spec"]
    return found


def test_the_job_is_the_backups_with_another_order() -> None:
    order = Order(chosen(Repository()), ("database/dms",), {"dms": "beside"})
    cron_job = one(declared.tenant(), "CronJob", "backup").manifest
    was = cron_job["spec"]["jobTemplate"]["spec"]["template"]
    now = job(order)["spec"]["template"]
    assert now["metadata"] == was["metadata"]  # so it has the backup's network policy
    assert now["spec"]["serviceAccountName"] == "backup"
    assert now["spec"]["containers"][0]["securityContext"] == was["spec"]["containers"][0]["securityContext"]
    environment = {each["name"]: each.get("value") for each in now["spec"]["containers"][0]["env"]}
    assert environment["RESTORE_DATABASES"] == "dms=beside"
    assert "RESTORE_CLIENT_SECRET" not in environment
    # The template of the backup itself is not changed.
    assert "RESTORE_" not in json.dumps(cron_job)


def test_the_job_is_told_the_runs_manifest() -> None:
    order = Order(chosen(Repository()))
    told, made = jobs.objects(one(declared.tenant(), "CronJob", "backup").manifest, order, 600)
    container, volumes = pod(order)["containers"][0], pod(order)["volumes"]
    (path,) = [each["value"] for each in container["env"] if each["name"] == "RESTORE_MANIFEST"]
    (mount,) = [each for each in container["volumeMounts"] if path.startswith(f"{each['mountPath']}/")]
    (volume,) = [each for each in volumes if each["name"] == mount["name"]]
    assert (volume["configMap"]["name"], told["metadata"]) == (told["metadata"]["name"], made["metadata"])
    text = told["data"][path.removeprefix(f"{mount['mountPath']}/")]
    assert Manifest.model_validate_json(text) == order.chosen.manifest


def test_the_volume_is_writable_only_where_files_are_put_back() -> None:
    run = chosen(Repository())
    databases = json.dumps(pod(Order(run, ("database/dms",))))
    assert "dms-files" not in databases
    files = pod(Order(run))
    (mount,) = [each for each in files["containers"][0]["volumeMounts"] if each["name"] == "files"]
    (volume,) = [each for each in files["volumes"] if each["name"] == "files"]
    assert "readOnly" not in mount
    assert volume["persistentVolumeClaim"] == {"claimName": "dms-files"}
    assert "affinity" not in files
    assert "affinity" in pod(Order(run, beside=True))


def test_a_restore_gets_more_of_the_cores_than_a_backup() -> None:
    saving = one(declared.tenant(), "CronJob", "backup").manifest["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    before, now = (each["containers"][0]["resources"] for each in (saving, pod(Order(chosen(Repository())))))
    assert (before["requests"]["cpu"], now["requests"]["cpu"], now["limits"]["cpu"]) == ("2m", "200m", "2")
    assert {kind: each["memory"] for kind, each in now.items()} == {
        kind: each["memory"] for kind, each in before.items()
    }


def test_the_secret_of_the_first_client_is_only_referred_to() -> None:
    environment = pod(Order(chosen(Repository()), adopt=True))["containers"][0]["env"]
    (secret,) = [each for each in environment if each["name"] == "RESTORE_CLIENT_SECRET"]
    assert secret["valueFrom"] == {"secretKeyRef": {"name": "identity-admin", "key": "client-secret"}}


class Cluster:
    """A namespace with the CronJob; the Job ends at once with `log`."""

    def __init__(self, log: str, *, leftover: bool = False) -> None:
        self.log, self.there = log, {"job/restore", "configmap/restore"} if leftover else set[str]()
        self.applied = 0

    def get(self, kind: str, name: str, *_: str) -> Any:
        if kind == "cronjob":
            return one(declared.tenant(), "CronJob", "backup").manifest
        assert f"{kind}/{name}" in self.there
        return {"status": {"conditions": [{"type": "Failed", "status": "True"}]}}

    def apply(self, objects: Any) -> None:
        for each in objects:
            name = f"{each['kind'].lower()}/{each['metadata']['name']}"
            assert name not in self.there
            self.there.add(name)
            self.applied += 1

    def delete(self, *names: str, wait_seconds: float | None = None) -> None:
        assert wait_seconds
        self.there -= set(names)

    def logs(self, *_: str) -> str:
        return self.log


def restore(cluster: Any) -> list[jobs.Result]:
    return Restorer(cluster, "tenant-olpe").restore(Order(chosen(Repository())))


def test_results_are_read_and_no_job_stays() -> None:
    told = {"part": "files", "result": "pass", "text": "", "seconds": 1.5, "files": 3}
    cluster = Cluster(f"warning: something\n{json.dumps(told)}\n", leftover=True)
    (result,) = restore(cluster)
    assert (result.part, result.passed, result.seconds, result.facts["files"]) == ("files", True, 1.5, 3)
    assert (cluster.there, cluster.applied) == (set(), 2)


def test_a_job_that_says_nothing_is_an_error() -> None:
    with pytest.raises(ClientError, match="no result: killed"):
        restore(Cluster("killed"))
    with pytest.raises(ClientError, match="it printed nothing"):
        parsed("")


def test_a_part_that_is_not_as_it_was_is_never_passed_over() -> None:
    well = jobs.Result("files", True, "", 1.0, {})
    assert require([well]) == [well]
    with pytest.raises(CheckError, match="database/dms: 3 tables"):
        require([well, replace(well, part="database/dms", passed=False, text="3 tables are not as they were")])
