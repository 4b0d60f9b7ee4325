"""Parts of a run put back by a Job in the namespace that takes them: the data never passes the operator's machine.

The Job is made from the CronJob `backup` that stands there: the same image, account, credentials and network policy,
which lead to the backup site and to the namespace's own database and nowhere else. So it works alike in a running
tenant, in a tenant that was just made anew, and in the scratch namespace of a drill.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from einklang.clients.kubernetes import Kubernetes, job_end, objects_in, wait
from einklang.errors import CheckError, ClientError
from einklang.model.backup import FILES_PART, MANIFEST_PATH
from einklang.operations.restore.choosing import Chosen

SOURCE, VOLUME, ORDER_VOLUME = "backup", "files", "order"
ORDER_FOLDER = "/etc/restore"
"""Where the Job finds the run's manifest, which who chose the run has read: not to open the repository once more."""
DOCUMENTS_PART = "database/dms"
ADMIN_SECRET = "identity-admin"  # noqa: S105 - the name of a Secret
TIMEOUT_SECONDS = 6 * 3600.0
SWAP_SECONDS = 300.0
CPU = {"requests": "200m", "limits": "2"}
"""A backup gives way to everything else in the tenant; who waits for a restore has nothing else that works."""
_RESULTS = {"pass", "fail"}


@dataclass(frozen=True)
class Order:
    """What is put back where (images/backup/einklang_backup/restore.py).

    parts: names as in the manifest (`database/dms`, `files`), none for all. databases: application -> the database
    that takes its dump, its own where it is not named; it has to be there, and empty or already as it should be.
    folder: takes the files, the volume itself where it is empty. sample: documents whose content is compared.
    adopt: Keycloak's first client gets the secret that stands in this namespace; for a stack that was made anew.
    beside: the pods of the document management run, and the volume's node is theirs.
    """

    chosen: Chosen
    parts: tuple[str, ...] = ()
    databases: Mapping[str, str] = field(default_factory=dict)
    folder: str = ""
    sample: int = 200
    adopt: bool = False
    beside: bool = False


@dataclass(frozen=True)
class Result:
    """Of one part. text: why it failed. facts: what was counted (bytes, tables, rows, files, checked)."""

    part: str
    passed: bool
    text: str
    seconds: float
    facts: Mapping[str, int]


class Restorer:
    """Restores in one namespace. One restore at a time: its Job has always the same name, and leftovers are found."""

    NAME, FINDING = "restore", "find"

    def __init__(self, kubernetes: Kubernetes, namespace: str) -> None:
        self._kubernetes, self._namespace = kubernetes, namespace

    def restore(
        self, order: Order, *, meanwhile: Callable[[], None] = lambda: None, timeout_seconds: float = TIMEOUT_SECONDS
    ) -> list[Result]:
        """Put it back and compare it; one result a part, in the order's order. Leaves no Job.

        meanwhile: called now and then, may raise. Raises ClientError where the Job cannot run or says nothing,
        CheckError where it does not end in time. What a part's result says is the caller's to judge.
        """
        return parsed(self._run(lambda cron_job: objects(cron_job, order, timeout_seconds), timeout_seconds, meanwhile))

    def find(self, chosen: Chosen, document: str) -> list[Mapping[str, Any]]:
        """Where the files of the documents lie that fit a number, a label or a part of it; changes nothing.

        One mapping a file, as images/backup/einklang_backup/document.py tells it. Raises as `restore`, and CheckError.
        """
        log = self._run(lambda cron_job: [finding_job(cron_job, chosen, document)], TIMEOUT_SECONDS, lambda: None)
        require(parsed(log))
        return [told["found"] for told in objects_in(log) if "found" in told]

    def swap(self, folder: str, new: str, kept: str) -> None:
        """In the documents' volume, put `new` in the place of `folder`, which is kept. Nobody may use it meanwhile."""
        words = ["swap", folder, new, kept]
        require(parsed(self._run(lambda cron_job: [swap_job(cron_job, words)], SWAP_SECONDS, lambda: None)))

    def _run(
        self,
        made: Callable[[Mapping[str, Any]], list[dict[str, Any]]],
        timeout_seconds: float,
        meanwhile: Callable[[], None],
    ) -> str:
        """What the Job printed. made: it, and what it reads, all of one name; from the CronJob."""
        wanted = made(self._kubernetes.get("cronjob", SOURCE, "-n", self._namespace))
        name = str(wanted[0]["metadata"]["name"])
        self.clear(name)
        try:
            self._kubernetes.apply(wanted)
            wait(f"{name} in {self._namespace}", lambda: self._end(name), timeout_seconds, meanwhile=meanwhile)
            return self._log(name)
        finally:
            self.clear(name)

    def clear(self, name: str = NAME) -> None:
        """Take away the Job of an interrupted restore, with its pod: it must not write any more."""
        both = (f"job/{name}", f"configmap/{name}")
        self._kubernetes.delete(*both, "-n", self._namespace, "--cascade=foreground", wait_seconds=120)

    def _end(self, name: str) -> str:
        return job_end(self._kubernetes.get("job", name, "-n", self._namespace))

    def _log(self, name: str) -> str:
        try:
            return self._kubernetes.logs(f"job/{name}", "-n", self._namespace)
        except ClientError as error:
            raise ClientError(f"the restore in {self._namespace} says nothing: {error.message}") from error


def parsed(log: str) -> list[Result]:
    """The results among the lines that a Job printed. Raises ClientError where there are none."""
    found = [_result(told) for told in objects_in(log) if told.get("result") in _RESULTS]
    if not found:
        raise ClientError(f"the restore gave no result: {log.strip()[-500:] or 'it printed nothing'}")
    return found


def _result(told: Mapping[str, Any]) -> Result:
    facts = {key: value for key, value in told.items() if isinstance(value, int)}
    return Result(told["part"], told["result"] == "pass", told["text"], float(told.get("seconds", 0)), facts)


def require(results: Sequence[Result]) -> Sequence[Result]:
    """The same. Raises CheckError that names each part that is not as it was saved."""
    wrong = [f"{result.part or 'the run'}: {result.text}" for result in results if not result.passed]
    if wrong:
        raise CheckError("not restored as it was saved: " + "; ".join(wrong))
    return results


def objects(cron_job: Mapping[str, Any], order: Order, timeout_seconds: float) -> list[dict[str, Any]]:
    """The Job, from the CronJob of the backup; before it what it is told."""
    made = _job(cron_job, ["restore"], timeout_seconds)
    spec = made["spec"]["template"]["spec"]
    container = spec["containers"][0]
    container["env"] = [*container["env"], *_environment(order)]
    container["resources"] = {kind: {**container["resources"][kind], "cpu": cpu} for kind, cpu in CPU.items()}
    if not order.beside:
        spec.pop("affinity", None)
    parts = order.parts or [part.name for part in order.chosen.manifest.parts]
    (_writable if FILES_PART in parts else _without_volume)(spec, container)
    spec["volumes"] = [*spec["volumes"], {"name": ORDER_VOLUME, "configMap": {"name": Restorer.NAME}}]
    mount = {"name": ORDER_VOLUME, "mountPath": ORDER_FOLDER, "readOnly": True}
    container["volumeMounts"] = [*container["volumeMounts"], mount]
    manifest = {MANIFEST_PATH.lstrip("/"): order.chosen.manifest.model_dump_json()}
    return [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": made["metadata"], "data": manifest}, made]


def swap_job(cron_job: Mapping[str, Any], words: list[str]) -> dict[str, Any]:
    """The Job that exchanges two folders of the volume, while no pod of the document management runs."""
    made = _job(cron_job, words, SWAP_SECONDS)
    spec = made["spec"]["template"]["spec"]
    spec.pop("affinity", None)
    _writable(spec, spec["containers"][0])
    return made


def finding_job(cron_job: Mapping[str, Any], chosen: Chosen, document: str) -> dict[str, Any]:
    """The Job that looks for a document in a run; it writes nowhere."""
    made = _job(cron_job, [Restorer.FINDING], TIMEOUT_SECONDS, Restorer.FINDING)
    spec = made["spec"]["template"]["spec"]
    container = spec["containers"][0]
    values = {"RESTORE_DUMP": chosen.part(DOCUMENTS_PART).snapshot, "RESTORE_DOCUMENT": document}
    container["env"] = [*container["env"], *({"name": name, "value": value} for name, value in values.items())]
    spec.pop("affinity", None)
    _without_volume(spec, container)
    return made


def _job(
    cron_job: Mapping[str, Any], words: list[str], timeout_seconds: float, name: str = Restorer.NAME
) -> dict[str, Any]:
    template = deepcopy(dict(cron_job["spec"]["jobTemplate"]["spec"]["template"]))
    metadata = cron_job["metadata"]
    template["spec"]["containers"][0] |= {"name": name, "args": words}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "namespace": metadata["namespace"], "labels": metadata["labels"]},
        "spec": {"backoffLimit": 0, "activeDeadlineSeconds": int(timeout_seconds), "template": template},
    }


def _without_volume(spec: dict[str, Any], container: dict[str, Any]) -> None:
    """Databases alone: the documents are not there."""
    spec["volumes"] = [each for each in spec["volumes"] if each["name"] != VOLUME]
    container["volumeMounts"] = [each for each in container["volumeMounts"] if each["name"] != VOLUME]


def _writable(spec: dict[str, Any], container: dict[str, Any]) -> None:
    """The CronJob only reads the documents."""
    for each in spec["volumes"]:
        each.get("persistentVolumeClaim", {}).pop("readOnly", None)
    for each in container["volumeMounts"]:
        if each["name"] == VOLUME:
            each.pop("readOnly", None)


def _environment(order: Order) -> list[dict[str, Any]]:
    values = {
        "RESTORE_MANIFEST": f"{ORDER_FOLDER}{MANIFEST_PATH}",
        "RESTORE_PARTS": " ".join(order.parts),
        "RESTORE_DATABASES": " ".join(f"{name}={target}" for name, target in order.databases.items()),
        "RESTORE_FOLDER": order.folder,
        "RESTORE_SAMPLE": str(order.sample),
    }
    keys = {"RESTORE_CLIENT_ID": "client-id", "RESTORE_CLIENT_SECRET": "client-secret"} if order.adopt else {}
    return [
        *({"name": name, "value": value} for name, value in values.items() if value),
        *(
            {"name": name, "valueFrom": {"secretKeyRef": {"name": ADMIN_SECRET, "key": key}}}
            for name, key in keys.items()
        ),
    ]
