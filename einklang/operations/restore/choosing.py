"""Which run is restored: the newest complete one, or the newest that there was at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pydantic import ValidationError

from einklang.clients.restic import Restic, Snapshot
from einklang.errors import CheckError, ClientError, UserError
from einklang.model.backup import MANIFEST_PART, MANIFEST_PATH, PART_TAG, RUN_TAG, Manifest, Part


@dataclass(frozen=True)
class Chosen:
    """A complete run."""

    manifest: Manifest

    @property
    def moment(self) -> datetime:
        """Of the data: when the first of its databases was read."""
        return min([facts.moment for facts in self.manifest.databases.values()] or [self.manifest.begun])

    @property
    def bytes(self) -> int:
        """Of all parts."""
        return sum(part.bytes for part in self.manifest.parts)

    def part(self, name: str) -> Part:
        """The part of that name. Raises CheckError where the run lacks it."""
        found = self.manifest.part(name)
        if found is None:
            raise CheckError(f"run {self.manifest.run} lacks {name}")
        return found


def choose(repository: Restic, tenant: str, expected: Sequence[str] = (), at: datetime | None = None) -> Chosen:
    """The newest run of the tenant, or the newest of which the data is not younger than `at`.

    expected: names of parts that it has to have. Time is what the run says: who restores by the tenant's own
    credentials has no other (the site's `backup status` tells of snapshots with a wrong time).
    Raises UserError where there is none, CheckError where the manifest or a part of the newest one is missing or
    damaged: an older one is taken only when somebody names it.
    """
    snapshots = repository.snapshots()
    ends = [each for each in snapshots if each.tag(PART_TAG) == MANIFEST_PART]
    if at is not None:
        ends = [each for each in ends if _begun(each) <= at]
    if not ends:
        since = f" until {at:%Y-%m-%d %H:%M} UTC" if at else ""
        raise UserError(f"{tenant}: there is no complete run{since}", remedy=f"einklang backup status {tenant}")
    chosen = Chosen(read(repository, tenant, ends[-1]))
    known = {each.id for each in snapshots}
    lost = [part.name for part in chosen.manifest.parts if part.snapshot not in known]
    lost += [name for name in expected if chosen.manifest.part(name) is None]
    if lost:
        raise CheckError(
            f"{tenant}: run {chosen.manifest.run} is not complete, it lacks {', '.join(lost)}",
            remedy=f"an earlier one: --at {_begun(ends[-1]) - timedelta(seconds=1):%Y-%m-%dT%H:%M:%SZ}",
        )
    return chosen


def read(repository: Restic, tenant: str, end: Snapshot) -> Manifest:
    """The manifest in a run's last snapshot. Raises CheckError where it is damaged, or not of this tenant."""
    run = end.tag(RUN_TAG)
    try:
        manifest = Manifest.model_validate_json(repository.read(end.id, MANIFEST_PATH))
    except (ClientError, ValidationError) as error:
        raise CheckError(f"{tenant}: the manifest of run {run} cannot be read: {error}") from error
    if (manifest.tenant, manifest.run) != (tenant, run):
        raise CheckError(f"{tenant}: the manifest of run {run} is of {manifest.tenant}, run {manifest.run}")
    return manifest


def _begun(end: Snapshot) -> datetime:
    """When the run began, by its name; one that has another kind of name began when its manifest was written."""
    try:
        return datetime.strptime(end.tag(RUN_TAG).partition("-")[0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return datetime.fromisoformat(end.time[:19]).replace(tzinfo=UTC)
