"""What opens a tenant's repository: from the tenant's namespace, or as the site itself."""

from __future__ import annotations

import base64
import json
from pathlib import Path

from einklang.clients.kubernetes import Kubernetes
from einklang.clients.restic import Access
from einklang.errors import UserError
from einklang.model.tenant import Tenant
from einklang.operations.local.site import SiteFolders

KEYS_SUFFIX = ".known"
SECRET = CONFIG_MAP = "backup"  # noqa: S105 - the name of a Secret


def of_tenant(kubernetes: Kubernetes, tenant: Tenant, scratch: Path) -> Access:
    """What the tenant's own runs use. scratch: an existing folder, for the certificate of the site's authority.

    Needs the right to read Secrets of the namespace: the operators have it. Raises ClientError where the tenant has no
    backup.
    """
    secret = kubernetes.get("secret", SECRET, "-n", tenant.namespace)["data"]
    username, password, key = (
        base64.b64decode(secret[name]).decode() for name in ("username", "password", "repository-key")
    )
    place = json.loads(kubernetes.get("configmap", CONFIG_MAP, "-n", tenant.namespace)["data"]["repository.json"])
    authority = None
    if place["authority"]:
        authority = scratch / f"{tenant.id}.crt"
        authority.write_text(place["authority"])
    if not place["repository"].startswith("rest:"):
        return Access(place["repository"], key, authority=authority, more=_object_store(kubernetes, tenant))
    return Access(place["repository"], key, username, password, authority)


def _object_store(kubernetes: Kubernetes, tenant: Tenant) -> dict[str, str]:
    """The keys of the object store, where the CronJob finds them too."""
    job = kubernetes.get("cronjob", "backup", "-n", tenant.namespace)["spec"]["jobTemplate"]["spec"]["template"]
    found = {}
    for variable in job["spec"]["containers"][0]["env"]:
        if variable["name"].startswith("AWS_"):
            reference = variable["valueFrom"]["secretKeyRef"]
            data = kubernetes.get("secret", reference["name"], "-n", tenant.namespace)["data"]
            found[variable["name"]] = base64.b64decode(data[reference["key"]]).decode()
    return found


def of_site(folders: SiteFolders, tenant: str) -> Access:
    """The site's own way into a repository: by its folder, with the site's key, not append-only.

    Raises UserError where the tenant is not registered.
    """
    try:
        key = (folders.keys / tenant).read_text(encoding="ascii").strip()
    except OSError as error:
        raise UserError(
            f"the site {folders.base} has no key of {tenant}: {error.strerror}",
            remedy=f"einklang backup register {tenant}",
        ) from error
    return Access(str(folders.repository(tenant)), key, hint=next(iter(known_keys(folders, tenant)), ""))


def known_keys(folders: SiteFolders, tenant: str) -> list[str]:
    """The ids of the keys that the site has let in, its own first; none where it has no note of them."""
    note = folders.keys / f"{tenant}{KEYS_SUFFIX}"
    return note.read_text(encoding="ascii").split() if note.exists() else []
