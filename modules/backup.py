"""The tenant's backup: the job that brings everything of it to the backup site, and what opens its repository there.

CON.3.A5, A13, A14: regular, encrypted before it leaves, with credentials that can add and never remove.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pulumi

from einklang.model.resolved import ResolvedTenant
from modules import backup_job
from modules.backup_job import ACCESS, DOCUMENTS, NAME, BackupJob
from modules.backup_site import BackupSite
from modules.database import DatabaseAccess
from modules.kubernetes import Manifest, Object

_SECRET_BYTES = 32


@dataclass(frozen=True)
class BackupArgs:
    """image: by tag and digest. databases: application -> access; all are saved. suspended: no runs.

    files: the tenant has a volume of documents. shared_files: several nodes may mount it. random: n -> n random bytes.
    """

    resolved: ResolvedTenant
    namespace: str
    image: str
    site: BackupSite
    databases: Mapping[str, DatabaseAccess]
    files: bool
    shared_files: bool
    suspended: bool
    random: Callable[[int], bytes]


class Backup(pulumi.ComponentResource):
    """A CronJob in the class's window. The site takes its data once the tenant is registered there."""

    def __init__(self, name: str, args: BackupArgs, opts: pulumi.ResourceOptions) -> None:
        super().__init__("einklang:backup:Backup", name, None, opts)
        job = _job(args)
        before: list[pulumi.Resource] = [
            Object(_secret(job, args.random), self._options()),
            Object(_documents(job), self._options()),
        ]
        if args.site.is_s3:
            before.append(Object(_access(job), self._options()))
        Object(backup_job.cron_job(job), self._options(before))
        self.register_outputs({"repository": args.site.repository(args.resolved.tenant.id)})

    def _options(self, depends_on: Sequence[pulumi.Resource] = ()) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=list(depends_on))


def _job(args: BackupArgs) -> BackupJob:
    digest = hashlib.sha256(args.site.access.get("access-key-id", "").encode()).hexdigest()[:10]
    return BackupJob(
        resolved=args.resolved,
        namespace=args.namespace,
        image=args.image,
        site=args.site,
        databases=args.databases,
        files=args.files,
        shared_files=args.shared_files,
        suspended=args.suspended,
        # The content of a Secret is never changed: another key gets another Secret.
        access_secret=f"{ACCESS}-{digest}" if args.site.is_s3 else "",
    )


def _secret(job: BackupJob, random: Callable[[int], bytes]) -> Manifest:
    """The repository's key, and the name and password at a rest-server."""

    def value() -> str:
        return base64.urlsafe_b64encode(random(_SECRET_BYTES)).decode().rstrip("=")

    content = {"username": job.resolved.tenant.id, "password": value(), "repository-key": value()}
    metadata = job.metadata(NAME)
    return {"apiVersion": "v1", "kind": "Secret", "type": "Opaque", "metadata": metadata, "stringData": content}


def _access(job: BackupJob) -> Manifest:
    """What the object store gave this tenant."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "Opaque",
        "metadata": job.metadata(job.access_secret),
        "stringData": dict(job.site.access),
    }


def _documents(job: BackupJob) -> Manifest:
    """What the tenant is made from, saved with each run, and where its repository is. It holds no secret."""
    data = {
        "tenant.json": job.resolved.tenant.model_dump_json(by_alias=True, indent=1),
        "standard.json": job.resolved.standard.model_dump_json(by_alias=True, indent=1),
        "repository.json": json.dumps({"repository": job.repository, "authority": job.site.authority}, indent=1),
    }
    if job.site.authority:
        data["authority.crt"] = job.site.authority
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": job.metadata(DOCUMENTS), "data": data}
