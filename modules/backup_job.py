"""The CronJob of the backup. The variables are those of images/backup/einklang_backup/settings.py."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from einklang.model.backup import schedule
from einklang.model.resolved import ResolvedTenant
from einklang.model.standard import BACKUP_CPU_LIMIT_MILLICORES as CPU_LIMIT
from einklang.model.standard import BACKUP_CPU_REQUEST_MILLICORES as CPU_REQUEST
from einklang.model.standard import BACKUP_MEMORY_MIB as MEMORY
from einklang.model.standard import BackupClass
from modules import dms_parts, labels, pods
from modules.backup_site import BackupSite
from modules.database import DatabaseAccess
from modules.kubernetes import Manifest
from modules.quantities import cpu, mebibytes

NAME = DOCUMENTS = "backup"
"""Workload, CronJob, Secret and ConfigMap."""
ACCESS = "backup-access"
# The documents' owner, and not root: it reads them by that.
USER = dms_parts.USER
FILES = dms_parts.FILES
_DOCUMENTS, _AUTHORITY, _TEMPORARY = "/etc/einklang/backup", "/etc/einklang/database", "/tmp"  # noqa: S108 - an emptyDir
# What the document management makes again (mayan/apps/*/literals.py): pictures of pages, files to download.
LEFT_OUT = tuple(
    f"{FILES}/{name}"
    for name in (
        "document_file_page_image_cache",
        "document_version_page_image_cache",
        "converter_assets_cache",
        "download_files",
        "source_cache",
        # What a restore puts beside the documents, and what it keeps of the state before.
        ".restore-*",
    )
)
_LATEST_START_SECONDS = 3600


@dataclass(frozen=True)
class BackupJob:
    """As BackupArgs; access_secret: name of the Secret with the keys of an object store, empty for a rest-server."""

    resolved: ResolvedTenant
    namespace: str
    image: str
    site: BackupSite
    databases: Mapping[str, DatabaseAccess]
    files: bool
    shared_files: bool
    suspended: bool
    access_secret: str

    @property
    def repository(self) -> str:
        """The tenant's repository."""
        return self.site.repository(self.resolved.tenant.id)

    @property
    def backup_class(self) -> BackupClass:
        """What the tenant's file chose."""
        return self.resolved.standard.backup_classes[self.resolved.tenant.backup.class_name]

    def metadata(self, name: str) -> dict[str, Any]:
        """Metadata of an object of the backup."""
        marks = labels.common(self.resolved.tenant.id, NAME)
        return {"name": name, "namespace": self.namespace, "labels": marks}


def cron_job(job: BackupJob) -> Manifest:
    """One run at a time, at the tenant's own minute of the window; a run ends before the next one is due."""
    chosen = job.backup_class
    template = {"metadata": {"labels": labels.workload(job.resolved.tenant.id, NAME)}, "spec": _pod(job)}
    spec = {
        "schedule": schedule(job.resolved.tenant.id, chosen),
        "timeZone": "Etc/UTC",
        "suspend": job.suspended,
        "concurrencyPolicy": "Forbid",
        "startingDeadlineSeconds": _LATEST_START_SECONDS,
        "successfulJobsHistoryLimit": 1,
        "failedJobsHistoryLimit": 2,
        "jobTemplate": {
            "metadata": {"labels": labels.common(job.resolved.tenant.id, NAME)},
            "spec": {
                "backoffLimit": 2,
                "activeDeadlineSeconds": chosen.interval_hours * 3600 - 60,
                "template": template,
            },
        },
    }
    return {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": job.metadata(NAME), "spec": spec}


def _pod(job: BackupJob) -> dict[str, Any]:
    container = {
        "name": NAME,
        "image": job.image,
        "imagePullPolicy": "IfNotPresent",
        "env": _environment(job),
        "resources": {
            "requests": {"cpu": cpu(CPU_REQUEST), "memory": mebibytes(MEMORY)},
            "limits": {"cpu": cpu(CPU_LIMIT), "memory": mebibytes(MEMORY)},
        },
        "securityContext": labels.restricted_container(),
        "volumeMounts": [
            {"name": "temporary", "mountPath": _TEMPORARY},
            {"name": "documents", "mountPath": _DOCUMENTS, "readOnly": True},
            {"name": "authority", "mountPath": _AUTHORITY, "readOnly": True},
            *([{"name": "files", "mountPath": FILES, "readOnly": True}] if job.files else []),
        ],
    }
    spec = {
        "serviceAccountName": NAME,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "restartPolicy": "Never",
        # Of a run that is told to end, restic takes its lock away.
        "terminationGracePeriodSeconds": 30,
        "securityContext": labels.restricted_pod(USER),
        "containers": [container],
        "volumes": _volumes(job),
    }
    return {**spec, "affinity": _beside_the_files()} if job.files and not job.shared_files else spec


def _beside_the_files() -> dict[str, Any]:
    """A volume that only one node mounts: the run goes where its pods are."""
    workloads = {"key": labels.WORKLOAD, "operator": "In", "values": [dms_parts.WEB, dms_parts.WORKER]}
    term = {"labelSelector": {"matchExpressions": [workloads]}, "topologyKey": "kubernetes.io/hostname"}
    return {"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}


def _volumes(job: BackupJob) -> list[dict[str, Any]]:
    database = next(iter(job.databases.values()))
    volumes: list[dict[str, Any]] = [
        {"name": "temporary", "emptyDir": {"sizeLimit": "2Gi"}},
        {"name": "documents", "configMap": {"name": DOCUMENTS}},
        database.authority_volume("authority"),
    ]
    if job.files:
        claim = {"claimName": dms_parts.FILES_CLAIM, "readOnly": True}
        volumes.append({"name": "files", "persistentVolumeClaim": claim})
    return volumes


def _environment(job: BackupJob) -> list[dict[str, Any]]:
    database = next(iter(job.databases.values()))
    values = {
        "BACKUP_TENANT": job.resolved.tenant.id,
        "BACKUP_STANDARD": job.resolved.standard.version,
        "BACKUP_DATABASES": " ".join(job.databases),
        "BACKUP_DATABASE_HOST": database.host,
        "BACKUP_DATABASE_PORT": str(database.port),
        "BACKUP_DATABASE_CA": f"{_AUTHORITY}/ca.crt",
        "BACKUP_DOCUMENTS": _DOCUMENTS,
        "BACKUP_WORK": _TEMPORARY,
        "RESTIC_REPOSITORY": job.repository,
        "RESTIC_CACHE_DIR": f"{_TEMPORARY}/cache",
        # restic keeps its memory below this; what is left is Python's and the page cache's.
        "GOMEMLIMIT": f"{MEMORY * 3 // 4}MiB",
    }
    if job.files:
        values |= {"BACKUP_FILES": FILES, "BACKUP_LEFT_OUT": " ".join(LEFT_OUT)}
    if job.site.authority:
        values["RESTIC_CACERT"] = f"{_DOCUMENTS}/authority.crt"
    return pods.environment(values, _references(job))


def _references(job: BackupJob) -> dict[str, tuple[str, str]]:
    """Variable -> Secret and key."""
    references = {"RESTIC_PASSWORD": (NAME, "repository-key")}
    if job.site.is_s3:
        references |= {
            "AWS_ACCESS_KEY_ID": (job.access_secret, "access-key-id"),
            "AWS_SECRET_ACCESS_KEY": (job.access_secret, "secret-access-key"),
        }
    else:
        references |= {"RESTIC_REST_USERNAME": (NAME, "username"), "RESTIC_REST_PASSWORD": (NAME, "password")}
    for application, access in job.databases.items():
        references[f"BACKUP_{application.upper()}_USER"] = (access.secret_name, "username")
        references[f"BACKUP_{application.upper()}_PASSWORD"] = (access.secret_name, "password")
    return references
