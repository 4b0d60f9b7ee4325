"""What `einklang up` does for a tenant's backups: lets it save at the local site, saves its state, writes the kit.

Each step looks first, so that a run that changed nothing costs little. A site elsewhere is registered by its own people
(docs/operators/backups.md); state and kit are the same for both.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from einklang.clients.kubernetes import Kubernetes
from einklang.clients.pulumi import PulumiEngine
from einklang.clients.restic import Access, Opened, Restic
from einklang.errors import CheckError, ClientError
from einklang.model.backup import PART_TAG, STATE_PART, STATE_PATH
from einklang.model.tenant import Tenant
from einklang.operations import seal
from einklang.operations.backup import kit, register
from einklang.operations.backup.access import CONFIG_MAP, of_tenant
from einklang.operations.local import site
from einklang.operations.local.site import SiteFolders
from einklang.settings import Settings


@dataclass(frozen=True)
class Protection:
    """restic: the program. remembered: folder with the hash of each state that was saved."""

    settings: Settings
    kubernetes: Kubernetes
    engine: PulumiEngine
    restic: Path

    def protect(self, tenant: Tenant) -> list[str]:
        """Bring it to be so; returns what was done. Raises what says why it could not be."""
        if self.kubernetes.find("configmap", CONFIG_MAP, "-n", tenant.namespace) is None:
            return ["nothing is saved: there is no backup site (einklang:backupSite)"]
        with tempfile.TemporaryDirectory(prefix="einklang-") as scratch:
            access = of_tenant(self.kubernetes, tenant, Path(scratch))
            if not access.repository.endswith(f"/{tenant.id}/"):
                raise CheckError(
                    f"the ConfigMap {CONFIG_MAP} of {tenant.namespace} names {access.repository}, which is not its own",
                    remedy=f"find out who changed it; pulumi up --refresh --stack {tenant.id}",
                )
            done = self.let_in(tenant, access) + self._save_state(tenant.id, access)
            return done + (["recovery kit written"] if write_kit(self.settings, tenant.id, access) else [])

    def let_in(self, tenant: Tenant, access: Access, before: str = "") -> list[str]:
        """Bring the local site to know the tenant's credentials; returns what was done.

        A site elsewhere is told by its own people. In an object store there is nobody to tell: its account stays, and
        `before`, a key that opens the repository, lets the tenant's in.
        """
        done = self._register(tenant.id, access) if access.repository.startswith(site.URL) else []
        if before and access.more and Restic(self.restic, access).open() is Opened.WRONG_KEY:
            Restic(self.restic, replace(access, key=before)).add_key(access.key, tenant.id)
            done = ["the new key opens the repository"]
        if done:
            # The repository may be another one than that which has the state.
            self._record(tenant.id).unlink(missing_ok=True)
        return done

    def retire(self, tenant: Tenant, access: Access) -> list[str]:
        """At the local site, let no older key open the tenant's repository; returns what was done."""
        if not access.repository.startswith(site.URL):
            return [f"at {access.repository}: remove the older keys there (docs/operators/recovery.md)"]
        gone = register.retire(SiteFolders(self.settings.backup_site), tenant.id, access.key, self.restic)
        return [f"{gone} older keys of the repository removed"]

    def _register(self, tenant: str, access: Access) -> list[str]:
        folders = SiteFolders(self.settings.backup_site)
        if register.fits(folders, tenant, access.password) and register.knows(folders, tenant, access.key):
            return []
        done = register.accept(folders, register.registration(tenant, access), self.restic)
        site.reload(folders.base)
        return done

    def _save_state(self, tenant: str, access: Access) -> list[str]:
        state = self.engine.export(tenant)
        # Where it was saved, too: another repository lacks it. The manifest's time changes with every `up`.
        content = {key: value for key, value in json.loads(state)["deployment"].items() if key != "manifest"}
        digest = hashlib.sha256(f"{access.repository}\n{json.dumps(content)}".encode()).hexdigest()
        record = self._record(tenant)
        if record.exists() and record.read_text() == digest:
            return []
        try:
            Restic(self.restic, access).save(state, STATE_PATH, [f"{PART_TAG}{STATE_PART}"], tenant)
        except ClientError as error:
            raise ClientError(
                f"the stack's state cannot be saved: {error.message}",
                remedy=f"is the tenant let in there? einklang backup register {tenant} --help",
            ) from error
        record.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        record.write_text(digest)
        return ["state saved"]

    def _record(self, tenant: str) -> Path:
        return self.settings.home / "saved-state" / tenant


def write_kit(settings: Settings, tenant: str, access: Access, folder: kit.Kit | None = None) -> bool:
    """Bring a tenant's entry of the kit (the local one where none is named) up to date; True where it was written."""
    passphrase = settings.passphrase.read_text().strip() if settings.passphrase.exists() else ""
    evidence_keys = seal.trusted(settings.audit_key).decode()
    return (folder or kit.Kit.of(settings)).write(kit.Entry.of(tenant, access, passphrase, evidence_keys))
