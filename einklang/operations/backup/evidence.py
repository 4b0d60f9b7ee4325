"""The evidence of a drill: signed as an audit is, and kept in the tenant's repository at the backup site.

The repository is append-only for whoever holds the tenant's credentials: evidence can be added, never changed.
"""

from __future__ import annotations

import tempfile
from datetime import datetime
from importlib import metadata
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import ValidationError

from einklang.clients.kubernetes import Kubernetes
from einklang.clients.restic import Restic
from einklang.errors import CheckError
from einklang.model.backup import PART_TAG
from einklang.model.drill import DRILL_PART, DRILL_PATH, Drill
from einklang.model.evidence import Audit
from einklang.operations import seal


def keep(drill: Drill, name: str, kubernetes: Kubernetes, repository: Restic, key: Ed25519PrivateKey) -> str:
    """Seal it and save it at the site; returns the snapshot. name: of the municipality."""
    audit = Audit(
        started=drill.begun,
        ended=drill.ended,
        cluster=kubernetes.server()[0],
        identity=kubernetes.user(),
        versions={"einklang": metadata.version("einklang"), "standard": drill.standard},
        tenants={drill.tenant: name},
        findings=(),
    )
    with tempfile.TemporaryDirectory(prefix="einklang-drill-") as scratch:
        folder = Path(scratch)
        file = folder / DRILL_PATH.lstrip("/")
        file.write_text(drill.model_dump_json(indent=1) + "\n", encoding="utf-8")
        seal.seal(folder, [file], audit, key)
        return repository.save_folder(folder, [f"{PART_TAG}{DRILL_PART}"], drill.tenant)


def newest(repository: Restic, tenant: str, trusted: bytes, not_after: datetime | None = None) -> Drill | None:
    """The newest evidence in a tenant's repository; None where there is none.

    trusted: public key (PEM) of the installation. Raises CheckError where it was not signed with it, or is of another
    tenant: whoever has the tenant's credentials can add snapshots, but has no such key.
    """
    found = [each for each in repository.snapshots() if each.tag(PART_TAG) == DRILL_PART]
    if not_after:
        found = [each for each in found if datetime.fromisoformat(each.time[:19] + "+00:00") <= not_after]
    if not found:
        return None
    with tempfile.TemporaryDirectory(prefix="einklang-drill-") as scratch:
        folder = Path(scratch)
        repository.fetch(found[-1].id, folder)
        seal.verify(folder, trusted)
        try:
            drill = Drill.model_validate_json((folder / DRILL_PATH.lstrip("/")).read_text(encoding="utf-8"))
        except ValidationError as error:
            raise CheckError(f"{tenant}: the evidence {found[-1].id[:8]} cannot be read: {error}") from error
    if drill.tenant != tenant:
        raise CheckError(f"{tenant}: the evidence {found[-1].id[:8]} is of {drill.tenant}")
    return drill
