"""Whether an entry of the kit opens what it should, with nothing of the cluster."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from einklang.clients.restic import Opened, Restic, Snapshot
from einklang.errors import CheckError, ClientError
from einklang.model.backup import MANIFEST_PART, MANIFEST_PATH, PART_TAG, RUN_TAG, STATE_PART, Manifest
from einklang.operations.backup.kit import Entry
from einklang.operations.backup.repository import plain

_LOOKED_AT = 20


def check(entry: Entry, restic: Path, scratch: str) -> str:
    """What was found, in one line. scratch: an existing folder. Raises CheckError, or what restic says."""
    repository = Restic(restic, entry.access(Path(scratch)))
    opened = repository.open()
    if opened is not Opened.YES:
        raise CheckError(f"{entry.repository}: {opened.value}")
    snapshots = repository.snapshots()
    ends = [each for each in snapshots if each.tag(PART_TAG) == MANIFEST_PART]
    if not ends:
        raise CheckError(f"{entry.repository}: there is no complete run yet")
    manifest, unsound = _newest(repository, ends)
    missing = {part.snapshot for part in manifest.parts} - {each.id for each in snapshots}
    if missing:
        raise CheckError(f"{entry.repository}: run {manifest.run} lacks {len(missing)} snapshots")
    if not any(each.tag(PART_TAG) == STATE_PART for each in snapshots):
        raise CheckError(f"{entry.repository}: the stack's state was never saved")
    if not entry.passphrase:
        raise CheckError(f"{entry.tenant}: the entry has no passphrase for the state")
    unread = f"; {unsound} newer ones are none" if unsound else ""
    return (
        f"{len(ends)} runs{unread}, the newest {manifest.run} with {len(manifest.parts)} parts, and the stack's state"
    )


def _newest(repository: Restic, ends: Sequence[Snapshot]) -> tuple[Manifest, int]:
    """The newest manifest that is one, by what the clients said of time, and how many before it are not."""
    said = ""
    for count, end in enumerate(reversed(ends[-_LOOKED_AT:])):
        try:
            return Manifest.model_validate_json(repository.read(end.id, MANIFEST_PATH)), count
        except (ClientError, ValidationError) as error:
            said = said or f"the manifest of {plain(end.tag(RUN_TAG))} is not one: {plain(str(error))}"
    raise CheckError(f"of the newest {min(len(ends), _LOOKED_AT)} runs none can be read: {said}")
