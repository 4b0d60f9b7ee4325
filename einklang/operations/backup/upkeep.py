"""The site's own work at a repository's files: what is not as it should be there, and peace while it prunes.

Whoever holds a tenant's credentials can put files into its repository: keys, locks, indexes, snapshots. restic believes
what an index says, and would remove a sound pack of which somebody claims that it stands elsewhere too. So the site
takes a repository out of the server's reach, looks, prunes, and puts it back.
"""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from einklang.clients.restic import Restic
from einklang.errors import CheckError, ClientError
from einklang.operations.backup.access import known_keys
from einklang.operations.local.site import SiteFolders
from einklang.planning.backup import Folder

# restic writes a running client's lock anew every five minutes.
LOCK_SECONDS = 1800.0
_PRUNED = ".pruned"


@contextmanager
def alone(folders: SiteFolders) -> Iterator[None]:
    """One registration or upkeep at a time; the lock ends with the process."""
    folders.base.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folders.base / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def condition(folders: SiteFolders, tenant: str, readable: Sequence[str], now: float) -> Folder:
    """What stands out among the files. readable: the snapshots that can be opened. now: seconds, as files have them."""
    place = folders.repository(tenant)
    disk = os.statvfs(place)
    return Folder(
        unreadable=sorted(set(_names(place / "snapshots")) - set(readable)),
        foreign_keys=_foreign_keys(folders, tenant),
        old_locks=[path.name for path in _old_locks(place, now)],
        free=disk.f_bavail / max(1, disk.f_blocks),
    )


@contextmanager
def closed(folders: SiteFolders, tenant: str) -> Iterator[None]:
    """Have the repository where the server does not find it. Clients that come meanwhile are told that there is none.

    Raises CheckError while a run is going on. Safe to interrupt: `reopen` puts back what was left.
    """
    with alone(folders):
        reopen(folders, tenant)
        place = folders.repositories / tenant
        fresh = _names(place / "locks")
        if fresh:
            raise CheckError(
                f"{tenant}: {len(fresh)} clients are at work in the repository (locks {', '.join(sorted(fresh)[:3])})",
                remedy="again when the run has ended; a lock that nobody renews is no hindrance after half an hour",
            )
        folders.closed.mkdir(mode=0o700, exist_ok=True)
        place.rename(folders.closed / tenant)
        try:
            yield
        finally:
            reopen(folders, tenant)


def tidy(folders: SiteFolders, tenant: str, clock: Callable[[], float] = time.time) -> None:
    """Move away, not remove, keys that the site did not add and locks that nobody renews."""
    with alone(folders):
        reopen(folders, tenant)
        place = folders.repositories / tenant
        _move(folders, tenant, _old_locks(place, clock()))
        clear_keys(folders, tenant)


def reopen(folders: SiteFolders, tenant: str) -> None:
    """Give a repository back to the server, where it is not. What somebody put in its place is moved away.

    Whoever calls is `alone`: a lock in it is of a process of the site that is no more.
    """
    inside, place = folders.closed / tenant, folders.repositories / tenant
    if inside.exists():
        _move(folders, tenant, [inside / "locks" / name for name in _names(inside / "locks")])
        if place.exists():
            _move(folders, tenant, [place])
        inside.rename(place)


def clear_keys(folders: SiteFolders, tenant: str) -> list[str]:
    """Move away the keys that the site did not add; returns their ids. restic tries but twenty, whatever they cost."""
    foreign = _foreign_keys(folders, tenant)
    _move(folders, tenant, [folders.repository(tenant) / "keys" / name for name in foreign])
    return foreign


def require_sound(repository: Restic, tenant: str) -> None:
    """Before pruning. Raises CheckError where a second copy that the index names is none.

    restic keeps one of several copies, and does not look which of them is right.
    """
    repeated = repository.repeated()
    if not repeated:
        return
    try:
        repository.check(subset="100%")
    except ClientError as error:
        raise CheckError(
            f"{tenant}: nothing is pruned: the index names {repeated} blobs more than once, and not all are sound: "
            f"{error.message}",
            remedy="docs/operators/backups.md, after an attack",
        ) from error


def note_prune(folders: SiteFolders, tenant: str, now: datetime) -> None:
    """Remember when the site changed the repository."""
    (folders.keys / f"{tenant}{_PRUNED}").write_text(now.isoformat() + "\n", encoding="ascii")


def last_prune(folders: SiteFolders, tenant: str) -> datetime | None:
    """When the site last changed the repository; None where it never did."""
    note = folders.keys / f"{tenant}{_PRUNED}"
    return datetime.fromisoformat(note.read_text(encoding="ascii").strip()) if note.exists() else None


def later_than(folders: SiteFolders, tenant: str, moment: datetime) -> list[Path]:
    """The files that the site got after a moment, but for the keys that it added itself."""
    place, known = folders.repository(tenant), set(known_keys(folders, tenant))
    files = [path for path in place.rglob("*") if path.is_file() and path.name not in known]
    return sorted(path for path in files if path.stat().st_mtime > moment.timestamp())


def move_later(folders: SiteFolders, tenant: str, moment: datetime) -> list[Path]:
    """Move those away; returns where they were."""
    paths = later_than(folders, tenant, moment)
    _move(folders, tenant, paths)
    return paths


def _foreign_keys(folders: SiteFolders, tenant: str) -> list[str]:
    """None where the site has no note of what is right."""
    known = known_keys(folders, tenant)
    return sorted(set(_names(folders.repository(tenant) / "keys")) - set(known)) if known else []


def _old_locks(place: Path, now: float) -> list[Path]:
    """By the time at which the site got them: a client may write any time into one."""
    found = []
    for name in _names(place / "locks"):
        path = place / "locks" / name
        with contextlib.suppress(FileNotFoundError):
            if now - path.stat().st_mtime > LOCK_SECONDS:
                found.append(path)
    return found


def _names(folder: Path) -> list[str]:
    """Of files as restic names them; not of an upload that is under way."""
    return [path.name for path in folder.iterdir() if len(path.name) == 64] if folder.is_dir() else []


def _move(folders: SiteFolders, tenant: str, paths: Sequence[Path]) -> None:
    """Out of the repository, under a name that is free."""
    for path in paths:
        target = _free(folders.foreign / tenant, f"{path.parent.name}-{path.name}")
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with contextlib.suppress(FileNotFoundError):  # a lock may go by itself
            path.rename(target)


def _free(folder: Path, name: str) -> Path:
    """The name with the first number that nothing has."""
    return next(path for number in itertools.count(1) if not (path := folder / f"{number}-{name}").exists())
