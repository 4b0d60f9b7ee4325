"""An object store with versions and object lock, on the address that pods reach: S3 as an association may have it.

And a tenant that is saved there, by the settings of docs/operators/backups.md.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from einklang.clients.restic import Access, Restic
from einklang.model.tenant import Tenant
from einklang.operations.local import plan, toolchain
from einklang.operations.local.site import SiteFolders
from einklang.operations.local.toolchain_declaration import Purpose
from einklang.progress import Lines
from einklang.settings import Settings
from tests.live.backup_place import answers
from tests.live.stage import EINKLANG, Stage

SETTINGS = ("backupSite", "backupAccessKeyId", "databaseArchive", "backupSecretAccessKey")
PORT, BUCKET, LOCKED_DAYS = 8446, "backups", 1
ADMINISTRATOR = "administrator"


def _secret() -> str:
    return secrets.token_urlsafe(24)


@dataclass(frozen=True)
class Store:
    """authority: file with who signed its certificate. keys: account -> secret; a tenant's has the tenant's id."""

    authority: Path
    keys: dict[str, str] = field(repr=False)

    @property
    def url(self) -> str:
        return f"https://{plan.NODE_ADDRESS}:{PORT}"

    def client(self, account: str = ADMINISTRATOR) -> Any:
        return boto3.client(
            "s3",
            endpoint_url=self.url,
            region_name="us-east-1",
            verify=str(self.authority),
            aws_access_key_id=account,
            aws_secret_access_key=self.keys[account],
            # A body in one piece: a store that refuses closes the connection, and what is still to be sent then is an
            # error of the connection instead of the refusal.
            config=Config(
                s3={"addressing_style": "path"},
                retries={"max_attempts": 1},
                request_checksum_calculation="when_required",
            ),
        )

    def versions(self, prefix: str) -> list[dict[str, Any]]:
        """Every version of every object below the prefix, and whether it is the latest."""
        pages = self.client().get_paginator("list_object_versions").paginate(Bucket=BUCKET, Prefix=prefix)
        return [version for page in pages for version in page.get("Versions", [])]


def move(stage: Stage, tenant: Tenant, store: Store, scratch: Path, archive: str = "") -> None:
    """Let a tenant be saved in the bucket from now on. scratch: an existing folder. archive: of its databases."""
    key, site = stage.accesses(scratch)[tenant.id].key, f"s3:{store.url}/{BUCKET}"
    variables = {"AWS_ACCESS_KEY_ID": tenant.id, "AWS_SECRET_ACCESS_KEY": store.keys[tenant.id]}
    access = Access(f"{site}/{tenant.id}/", key, authority=store.authority, more=variables)
    Restic(stage.program("restic"), access).make()
    for name, value in zip(SETTINGS, (site, tenant.id, archive, store.keys[tenant.id]), strict=True):
        if value:
            kind = "--secret" if name == SETTINGS[-1] else "--plaintext"
            stage.run("pulumi", "config", "set", kind, "--stack", tenant.id, f"einklang:{name}", value)
    stage.run(str(EINKLANG), "up", tenant.id)


def move_back(stage: Stage, tenant: Tenant) -> None:
    """Let it be saved at the local site again."""
    for name in SETTINGS:
        stage.run("pulumi", "config", "rm", "--stack", tenant.id, f"einklang:{name}", check=False)
    stage.run(str(EINKLANG), "up", tenant.id)


@contextmanager
def running(folder: Path, site: SiteFolders, tenants: Sequence[str]) -> Iterator[Store]:
    """A store with a bucket and an account for each tenant, with the rights that docs/operators/backups.md names."""
    program = toolchain.ensure(Settings.from_environment(os.environ), Lines(), {Purpose.TESTS}).binary("versitygw")
    store = Store(site.tls / "ca.crt", {name: _secret() for name in (ADMINISTRATOR, *tenants)})
    for part in ("data", "versions", "accounts"):
        (folder / part).mkdir(mode=0o700)
    accounts = {name: {"access": name, "secret": store.keys[name], "role": "user"} for name in tenants}
    (folder / "accounts" / "users.json").write_text(json.dumps({"accessAccounts": accounts}))
    argv = [
        str(program), "--port", f"{plan.NODE_ADDRESS}:{PORT}", "--quiet",
        "--cert", str(site.tls / "server.crt"), "--key", str(site.tls / "server.key"),
        "--iam-dir", str(folder / "accounts"),
        "posix", "--versioning-dir", str(folder / "versions"), str(folder / "data"),
    ]  # fmt: skip
    environ = {**os.environ, "ROOT_ACCESS_KEY": ADMINISTRATOR, "ROOT_SECRET_KEY": store.keys[ADMINISTRATOR]}
    with (folder / "log").open("w") as log, subprocess.Popen(argv, env=environ, stdout=log, stderr=log) as server:
        try:
            answers(PORT, plan.NODE_ADDRESS)
            _make_bucket(store.client(), tenants)
            yield store
        finally:
            server.terminate()


def _make_bucket(administrator: Any, tenants: Sequence[str]) -> None:
    administrator.create_bucket(Bucket=BUCKET, ObjectLockEnabledForBucket=True)
    retention = {"Mode": "COMPLIANCE", "Days": LOCKED_DAYS}
    administrator.put_object_lock_configuration(
        Bucket=BUCKET,
        ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": retention}},
    )
    statements = [statement for tenant in tenants for statement in _rights(tenant)]
    policy = {"Version": "2012-10-17", "Statement": statements}
    administrator.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(policy))


def _rights(tenant: str) -> list[dict[str, Any]]:
    bucket = f"arn:aws:s3:::{BUCKET}"
    allowed = {"Effect": "Allow", "Principal": [tenant]}
    return [
        {**allowed, "Action": ["s3:GetObject", "s3:PutObject"], "Resource": f"{bucket}/{tenant}/*"},
        {**allowed, "Action": "s3:DeleteObject", "Resource": f"{bucket}/{tenant}/locks/*"},
        {
            **allowed,
            "Action": "s3:ListBucket",
            "Resource": bucket,
            "Condition": {"StringLike": {"s3:prefix": f"{tenant}/*"}},
        },
    ]
