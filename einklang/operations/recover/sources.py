"""Where a tenant comes back from: its entry of the kit, its repository, the run to restore, its stack's secrets."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from einklang.clients.restic import Access, Restic
from einklang.errors import UserError
from einklang.model.backup import PART_TAG, STATE_PART, STATE_PATH
from einklang.model.tenant import Tenant
from einklang.operations.backup.kit import Entry, Kit
from einklang.operations.backup.repository import expected_parts
from einklang.operations.local import site
from einklang.operations.local.site import SiteFolders
from einklang.operations.restore.choosing import Chosen, choose

_CERTIFICATE = "kubernetes.io/tls"
_PLAINTEXT = "plaintext"


class Engine(Protocol):
    """What is asked of Pulumi."""

    def decrypted(self, stack: str, state: str, passphrase: str) -> dict[str, Any]:
        """A state with its secrets in clear."""


@dataclass(frozen=True)
class Source:
    """One tenant's. chosen: the run. state: snapshot with the newest state of its stack, empty where there is none."""

    entry: Entry = field(repr=False)
    repository: Restic = field(repr=False)
    chosen: Chosen
    state: str


@dataclass(frozen=True)
class Sources:
    """What a kit opens. identity: a recovery key. scratch: an existing folder, for certificates.

    local: folder of the local site, which is read where the kit names that site: its server does not run yet. place: a
    site's folder on this machine, or an address as `rest:https://…/`; empty: where the kit says. at: nothing younger
    is restored.
    """

    kit: Kit
    identity: str = field(repr=False)
    restic: Path
    scratch: Path
    local: Path
    place: str = ""
    at: datetime | None = None

    def of(self, tenant: Tenant) -> Source:
        """Open it. Raises UserError where the kit has no entry or there is no run, CheckError for a damaged one."""
        entry = self.kit.read(tenant.id, self.identity)
        repository = Restic(self.restic, self._access(entry))
        chosen = choose(repository, tenant.id, expected_parts(tenant), self.at)
        states = [each for each in repository.snapshots() if each.tag(PART_TAG) == STATE_PART]
        return Source(entry, repository, chosen, states[-1].id if states else "")

    def _access(self, entry: Entry) -> Access:
        here = self.local.is_dir() and entry.repository.startswith(site.URL)
        place = self.place or (str(self.local) if here else "")
        if not place:
            return entry.access(self.scratch)
        if Path(place).is_dir():
            # The site's own disk: no server, no account.
            return Access(str(SiteFolders(Path(place)).repositories / entry.tenant), entry.key)
        if ":" not in place:
            raise UserError(f"no backup site in {place}", remedy="a site's folder, or an address: rest:https://…/")
        known = entry.access(self.scratch)
        address = f"{place.rstrip('/')}/{entry.tenant}/"
        return Access(address, known.key, known.username, known.password, known.authority, known.more)


def secrets(engine: Engine, source: Source) -> dict[str, dict[str, str]]:
    """What the stack had generated: name of a Secret -> its `data`. Empty where no state was saved.

    Raises ClientError where the kit's passphrase does not open the state.
    """
    if not source.state:
        return {}
    text = source.repository.read(source.state, STATE_PATH)
    document = engine.decrypted(source.entry.tenant, text, source.entry.passphrase)
    return generated(document["deployment"].get("resources") or [])


def generated(resources: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    """The Secrets among a state's resources, in clear. Certificates are signed anew."""
    found = {}
    for resource in resources:
        inputs = resource.get("inputs", {})
        if inputs.get("kind") == "Secret" and inputs.get("type") != _CERTIFICATE:
            data = inputs["data"]
            # How a state marks what was a secret: a value with its JSON beside the mark.
            found[inputs["metadata"]["name"]] = json.loads(data[_PLAINTEXT]) if _PLAINTEXT in data else dict(data)
    return found
