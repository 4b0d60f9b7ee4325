"""What lies at a site for a tenant, looked at by the site itself: it needs neither the cluster nor anything in it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError

from einklang.clients.restic import Restic, Snapshot
from einklang.errors import CheckError, ClientError, EinklangError, UserError
from einklang.model.backup import FILES_PART, MANIFEST_PATH, PART_TAG, RUN_TAG, Manifest, next_run
from einklang.model.drill import DRILL_PART
from einklang.model.standard import BackupClass
from einklang.model.tenant import Status, Tenant
from einklang.operations.backup import evidence, upkeep
from einklang.operations.backup.access import of_site
from einklang.operations.local.site import SiteFolders
from einklang.planning.backup import APART, Arrived, Finding, Rehearsed, Seen, judge, metrics, to_forget

_MANIFESTS = 2
_UNSOUND_AT_MOST, _SAID = 60, 200


@dataclass(frozen=True)
class Site:
    """A site by its folder. restic: the program. trusted: public key (PEM) with which drills are signed, if known."""

    folders: SiteFolders
    restic: Path
    trusted: bytes = b""

    def repository(self, tenant: str) -> Restic:
        """A tenant's repository, with the site's key. Raises UserError where the tenant is not registered."""
        return Restic(self.restic, of_site(self.folders, tenant))

    def arrived(self, tenant: str) -> list[Arrived]:
        """All snapshots, with the time at which the site got each."""
        folder = self.folders.repository(tenant) / "snapshots"
        return [_arrived(snapshot, folder / snapshot.id) for snapshot in self.repository(tenant).snapshots()]

    def seen(self, tenant: Tenant) -> Seen:
        """Everything that is judged. A manifest that is none is a finding, and hides no earlier run."""
        snapshots = self.arrived(tenant.id)
        found = Seen(tenant.id, snapshots, {}, expected_parts(tenant))
        reading = Reading(self, tenant.id)
        candidates = found.candidates()
        newest = reading.sound(candidates, _MANIFESTS)
        if newest:
            reading.sound([each for each in candidates if newest[0].arrived - each.arrived >= APART], 1)
        return replace(found, manifests=reading.read, unsound=reading.unsound, drill=self._drill(found))

    def _drill(self, seen: Seen) -> Rehearsed | None:
        """What the newest evidence says; evidence that cannot be believed is a fault, never none at all."""
        arrived = max((each.arrived for each in seen.snapshots if each.part == DRILL_PART), default=None)
        if arrived is None:
            return None
        if not self.trusted:
            return Rehearsed(arrived, "its signature cannot be checked here, the installation's key is not known")
        try:
            found = evidence.newest(self.repository(seen.tenant), seen.tenant, self.trusted)
        except EinklangError as error:
            return Rehearsed(arrived, str(error))
        return Rehearsed(arrived, "; ".join(found.failures()) if found else "it is gone")

    def manifest(self, tenant: str, end: Arrived) -> Manifest:
        """The manifest in a run's last snapshot. Raises CheckError where it is not what it should be."""
        try:
            manifest = Manifest.model_validate_json(self.repository(tenant).read(end.id, MANIFEST_PATH))
        except (ClientError, ValidationError) as error:
            said = plain(" ".join(str(error).split()))[:_SAID]
            raise CheckError(f"the manifest of run {end.run or end.id[:8]} cannot be read: {said}") from error
        if manifest.tenant != tenant or manifest.run != end.run:
            of = plain(f"{manifest.tenant}, run {manifest.run}")[:_SAID]
            raise CheckError(f"the manifest of run {end.run} is of {of}")
        return manifest


class Reading:
    """Manifests of one repository, each read once. unsound: snapshot id -> why it is none."""

    def __init__(self, site: Site, tenant: str) -> None:
        self._site, self._tenant = site, tenant
        self.read: dict[str, Manifest] = {}
        self.unsound: dict[str, str] = {}

    def sound(self, ends: Iterable[Arrived], count: int) -> list[Arrived]:
        """The first so many whose manifest is one. However many others somebody sent, the end is soon reached."""
        found: list[Arrived] = []
        for end in ends:
            if len(found) == count or len(self.unsound) > _UNSOUND_AT_MOST:
                break
            if self._is_sound(end):
                found.append(end)
        return found

    def _is_sound(self, end: Arrived) -> bool:
        if end.id not in self.read and end.id not in self.unsound:
            try:
                self.read[end.id] = self._site.manifest(self._tenant, end)
            except CheckError as error:
                self.unsound[end.id] = error.message
        return end.id in self.read


def expected_parts(tenant: Tenant) -> Sequence[str]:
    """What a run of this tenant has to hold."""
    applications = ["identity", *(name for name in ("portal", "dms") if getattr(tenant.modules, name).enabled)]
    files = [FILES_PART] if tenant.modules.dms.enabled else []
    return [*(f"database/{name}" for name in applications), *files]


@dataclass(frozen=True)
class Report:
    """Of one tenant. newest: when its newest complete run arrived. measured: lines of Prometheus.

    drill: when the newest evidence of a restore drill arrived. next_run: when the next backup begins.
    """

    tenant: str
    newest: datetime | None
    findings: Sequence[Finding]
    measured: Sequence[str]
    drill: datetime | None = None
    next_run: datetime | None = None

    @property
    def well(self) -> bool:
        """True where every check passed."""
        return all(finding.result == "pass" for finding in self.findings)


def report(site: Site, tenant: Tenant, backup_class: BackupClass, now: datetime, verify: str = "") -> Report:
    """Judge a tenant's backups. What cannot be told is a finding, never a pass.

    verify: how much of the data to read as well (`5%`, `1/7`, `100%`), nothing where empty.
    """
    try:
        seen = site.seen(tenant)
        readable = [each.id for each in seen.snapshots]
        seen = replace(seen, folder=upkeep.condition(site.folders, tenant.id, readable, now.timestamp()))
    except (EinklangError, OSError) as error:
        failed = [Finding(tenant.id, "readable", "error", str(error))]
        return Report(tenant.id, None, failed, [f'einklang_backup_findings{{tenant="{tenant.id}"}} 1'])
    findings = judge(seen, backup_class, now)
    if verify:
        findings.append(_verified(site, tenant.id, verify))
    sound = seen.newest()
    return Report(
        tenant.id,
        sound[0][0].arrived if sound else None,
        findings,
        metrics(seen, findings, now),
        seen.drill.ended if seen.drill else None,
        next_run(tenant.id, backup_class, now) if tenant.status is Status.ACTIVE else None,
    )


def _verified(site: Site, tenant: str, verify: str) -> Finding:
    """Every index, tree and the named share of the packs is read. Not while the site prunes."""
    try:
        with upkeep.alone(site.folders):
            site.repository(tenant).check(subset=verify)
    except ClientError as error:
        return Finding(tenant, "data", "fail", error.message)
    return Finding(tenant, "data", "pass", "")


def prune(site: Site, tenant: str, backup_class: BackupClass, now: datetime, *, dry_run: bool = True) -> list[Arrived]:
    """Remove what the class does not keep; returns it. With `dry_run` nothing is changed.

    Nobody reaches the repository meanwhile. Raises CheckError while a run is going on, or where pruning would trust
    what is not sound.
    """
    gone = to_forget(site.arrived(tenant), backup_class, now)
    if dry_run:
        return gone
    upkeep.tidy(site.folders, tenant)
    if not gone:
        return gone
    with upkeep.closed(site.folders, tenant):
        upkeep.note_prune(site.folders, tenant, now)
        gone = to_forget(site.arrived(tenant), backup_class, now)
        repository = site.repository(tenant)
        upkeep.require_sound(repository, tenant)
        repository.forget([each.id for each in gone])
        repository.prune()
        left = {each.id for each in gone} & {snapshot.id for snapshot in repository.snapshots()}
        if left:
            raise CheckError(f"{tenant}: {len(left)} snapshots were to be removed and are still there")
    return gone


def rewind(site: Site, tenant: str, moment: datetime, *, dry_run: bool = True) -> list[Path]:
    """Make a repository what it was at a moment: move away every file that the site got later; returns them.

    It can be so exactly because nothing in it ever changes, until the site itself prunes: raises UserError where it did
    so since. With `dry_run` nothing is changed. Nothing is removed: what was moved is in the site's folder `foreign`.
    """
    pruned = upkeep.last_prune(site.folders, tenant)
    if pruned and pruned > moment:
        raise UserError(
            f"{tenant} was pruned at {pruned:%Y-%m-%d %H:%M} UTC: what was there before is not there as it was",
            remedy="a later moment",
        )
    later = upkeep.later_than(site.folders, tenant, moment)
    if not dry_run and later:
        with upkeep.closed(site.folders, tenant):
            later = upkeep.move_later(site.folders, tenant, moment)
            site.repository(tenant).check()
    return later


def _arrived(snapshot: Snapshot, file: Path) -> Arrived:
    return Arrived(
        id=snapshot.id,
        run=plain(snapshot.tag(RUN_TAG)),
        part=plain(snapshot.tag(PART_TAG)) or ("" if snapshot.tag(RUN_TAG) else "unknown"),
        claimed=datetime.fromisoformat(snapshot.time[:19] + _zone(snapshot.time)),
        arrived=datetime.fromtimestamp(file.stat().st_mtime, UTC),
    )


def plain(text: str) -> str:
    """What somebody wrote into a repository, as it may stand on a terminal."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def _zone(time: str) -> str:
    """The offset at the end of restic's times, whose fractions have nine digits."""
    return "+00:00" if time.endswith("Z") else time[-6:]
