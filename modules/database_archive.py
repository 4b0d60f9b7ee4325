"""The archive of a tenant's PostgreSQL: what was written, within minutes, in the object store of the backups.

The second way back for databases, where the backup site is S3. Barman writes it, called by CloudNativePG, which has
this built in up to 1.30; the plugin that comes after it reads and writes the same files (docs/adr/0022).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from einklang.errors import UserError
from modules.backup_site import S3, BackupSite

_FOLDER = "archive"
"""Below the tenant's folder in the bucket, beside what restic has there."""
MEMORY_MIB = 384
"""On top of the instance's: Barman takes some 100 MiB for a segment and more for a whole copy, beside the server."""
_SETTING = "einklang:databaseArchive"
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_ACCESS_KEY, _SECRET_KEY, _AUTHORITY = "access-key-id", "secret-access-key", "ca.crt"


@dataclass(frozen=True)
class Archive:
    """Where a cluster's archive is. name: of this life of the cluster; one that is made anew gets another.

    schedule: of the copies of everything that a way back starts from, in cron's five fields (UTC).
    """

    site: BackupSite
    tenant: str
    name: str
    schedule: str

    def __post_init__(self) -> None:
        """Raises UserError for another site than S3, and for a name that is no folder's."""
        if not self.site.is_s3:
            raise UserError(f"{_SETTING} needs an S3 site", remedy="einklang:backupSite: s3:https://<host>/<bucket>")
        if not _NAME.fullmatch(self.name):
            raise UserError(f"{_SETTING} is {self.name!r}", remedy="small letters, digits and hyphens, such as 2026-11")

    @property
    def content(self) -> Mapping[str, str]:
        """What opens the folder."""
        return {**self.site.access, **({_AUTHORITY: self.site.authority} if self.site.authority else {})}

    @property
    def secret(self) -> str:
        """Name of the Secret with `content`. It is never changed: another key gets another Secret."""
        known = self.site.access[_ACCESS_KEY] + self.site.authority
        return f"database-archive-{hashlib.sha256(known.encode()).hexdigest()[:10]}"

    def store(self) -> dict[str, Any]:
        """CloudNativePG's `barmanObjectStore`."""
        parts = urlsplit(self.site.url.removeprefix(S3))
        return {
            "destinationPath": f"s3:/{parts.path.rstrip('/')}/{self.tenant}/{_FOLDER}",
            "endpointURL": f"{parts.scheme}://{parts.netloc}",
            "serverName": self.name,
            "s3Credentials": {"accessKeyId": self._key(_ACCESS_KEY), "secretAccessKey": self._key(_SECRET_KEY)},
            **({"endpointCA": self._key(_AUTHORITY)} if self.site.authority else {}),
            "wal": {"compression": "gzip"},
            "data": {"compression": "gzip", "jobs": 1, "immediateCheckpoint": True},
        }

    def _key(self, name: str) -> dict[str, str]:
        return {"name": self.secret, "key": name}

    def weekly(self) -> str:
        """The copies' schedule in CloudNativePG's six fields: on Sundays."""
        minute, hours, *_ = self.schedule.split()
        return f"0 {minute} {hours.split(',')[0]} * * 0"
