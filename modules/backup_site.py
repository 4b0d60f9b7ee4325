"""The backup site, as a tenant's stack knows it: where the repositories are, and which network leads there.

Two kinds: a restic rest-server (append-only, private repositories), and S3 with object lock.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from einklang.errors import UserError

REST, S3 = "rest:", "s3:"
_REMEDY = "rest:https://<host>:<port>/ or s3:https://<host>/<bucket>, and none for no backups"
_HTTPS_PORT = 443


@dataclass(frozen=True)
class BackupSite:
    """url: what stands before the tenant in a repository's address. networks: CIDRs to which its pods may speak.

    authority: PEM of who signed the site's certificate, empty for a public one. access: for S3 the tenant's
    `access-key-id` and `secret-access-key`, made at the object store; a rest-server's password is made by the stack.
    """

    url: str
    networks: Sequence[str]
    authority: str = ""
    access: Mapping[str, str] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        """Raises UserError where a part is not as it should be."""
        kind, parts = self.url.partition(":")[0], urlsplit(self.url.partition(":")[2])
        if f"{kind}:" not in {REST, S3} or parts.scheme != "https" or not parts.hostname or parts.username:
            raise UserError(f"einklang:backupSite is {self.url!r}", remedy=_REMEDY)
        if not self.networks:
            raise UserError(
                "einklang:backupNetworks is empty", remedy='the site\'s addresses, such as ["192.0.2.7/32"]'
            )
        for network in self.networks:
            try:
                ipaddress.ip_network(network)
            except ValueError as error:
                raise UserError(f"einklang:backupNetworks: {error}", remedy='such as ["192.0.2.7/32"]') from error
        if self.is_s3 and set(self.access) != {"access-key-id", "secret-access-key"}:
            raise UserError(
                "an S3 site needs einklang:backupAccessKeyId and einklang:backupSecretAccessKey of the tenant",
                remedy="pulumi config set --secret --stack <tenant> einklang:backupSecretAccessKey",
            )

    @property
    def is_s3(self) -> bool:
        """True for S3, False for a rest-server."""
        return self.url.startswith(S3)

    @property
    def port(self) -> int:
        """The TCP port of the site."""
        return urlsplit(self.url.partition(":")[2]).port or _HTTPS_PORT

    def repository(self, tenant: str) -> str:
        """The address of a tenant's repository, as restic takes it."""
        return f"{self.url.rstrip('/')}/{tenant}/"
