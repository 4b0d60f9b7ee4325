"""The local cluster as a whole: up, down, status, clean."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import TextIO

from einklang.clients import network
from einklang.clients.containerd import Containerd
from einklang.errors import ClientError, UserError
from einklang.operations.local import (
    components,
    configuration,
    host,
    images,
    machine,
    packages,
    pki,
    plan,
    processes,
    site,
    state,
)
from einklang.operations.local.plan import Folders
from einklang.operations.local.processes import Processes
from einklang.operations.local.start import Start, stop
from einklang.operations.local.state import ComponentStatus, Status
from einklang.operations.local.toolchain import Toolchain
from einklang.progress import Progress
from einklang.settings import Settings

__all__ = ["ComponentStatus", "Status", "clean", "data", "down", "status", "up"]
POD_GRACE_SECONDS = 15.0


def up(
    settings: Settings,
    toolchain: Toolchain,
    progress: Progress,
    clock: Callable[[tzinfo], datetime] = datetime.now,
) -> None:
    """Start what does not run. Safe to interrupt and to repeat at any point.

    Raises UserError where this machine cannot run a node or something stands in the way, ClientError where a
    component dies, CheckError where one does not become ready in time.
    """
    host.require()
    packages.ensure(packages.NODE | packages.IMAGES, settings, progress)
    _clear_remains(Folders.of(settings), progress)
    _refuse_conflicts(settings)
    built = images.ensure_images(settings, toolchain, progress)
    with _alone(settings, progress):
        folders = Folders.of(settings)
        pki.ensure(folders.pki, clock(UTC))
        pki.ensure_authority(settings.certificate_authority, pki.LOCAL_AUTHORITY, clock(UTC))
        configuration.write(settings, built.reference("pause"), host.cgroups())
        start = Start(settings, toolchain, built, progress)
        if start.is_done():
            start.import_images()
        else:
            start.run()
        site.start(settings.backup_site, toolchain.binary(site.NAME), clock(UTC))


def status(settings: Settings) -> Status:
    """What runs of the cluster, and the backup site beside it."""
    return replace(state.status(settings), backup_site=site.status(settings.backup_site))


def _refuse_conflicts(settings: Settings) -> None:
    """Raise UserError before anything long begins. `Start` looks again at what it is about to start."""
    folders = Folders.of(settings)
    running = Processes(folders.records, folders.base)
    if not running.strays():
        machine.refuse_conflicts(folders, components.PLACES)


def _clear_remains(folders: Folders, progress: Progress) -> None:
    """Put back what another home's cluster changed on this machine, where all its processes were killed.

    Its data stays, and its own `up` starts it again. One that lives is left alone, and so is one that starts or stops.
    """
    other = machine.anothers(folders)
    if not other:
        return
    dead = Folders(Path(other))
    with _lock_file(dead.base.parent) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        if Processes(dead.records, dead.base).strays():
            return
        with progress.step(f"remove what a killed cluster left on this machine: {other}", 1, 1):
            processes.end(host.cgroup_processes(plan.CGROUP))
            machine.restore(dead)


def down(settings: Settings, progress: Progress) -> None:
    """Stop and remove everything that `up` started and made on this machine; the data stays.

    Works after a crash or a kill of anything; without a cluster it does nothing.
    """
    folders = Folders.of(settings)
    running = Processes(folders.records, folders.base)
    if not machine.anothers(folders):
        site.stop(settings.backup_site)
    if not machine.is_ours(folders) and not running.strays():
        return
    with _alone(settings, progress):
        with progress.step("stop pods and components", 1, 2):
            _stop_pods(folders, running)
            stop(running, components.NAMES)
            processes.end(running.strays())
            processes.end(host.cgroup_processes(plan.CGROUP))
        with progress.step("remove mounts, devices and firewall rules", 2, 2):
            machine.restore(folders)


def data(settings: Settings, *, caches: bool, backups: bool = False) -> list[Path]:
    """What `clean` would remove: the home folder's content, and on demand that of the caches and the backup site."""
    chosen = _to_clean(settings, caches=caches, backups=backups)
    return sorted(path for folder in chosen if folder.exists() for path in folder.iterdir())


def clean(settings: Settings, *, caches: bool, backups: bool = False) -> None:
    """Remove the data of the stopped cluster. Raises UserError while something of it runs or is mounted.

    backups: those of the local backup site too, which nothing else ever removes.
    """
    folders = Folders.of(settings)
    up_still = machine.is_ours(folders) or Processes(folders.records, folders.base).strays()
    if up_still or network.mounts_below(settings.home) or site.status(settings.backup_site).pid:
        raise UserError("the local cluster is up", remedy="einklang local down")
    for folder in _to_clean(settings, caches=caches, backups=backups):
        if folder.exists():
            _remove(folder)


def _to_clean(settings: Settings, *, caches: bool, backups: bool) -> list[Path]:
    chosen = {settings.home: True, settings.cache: caches, settings.backup_site: backups}
    return [folder for folder, wanted in chosen.items() if wanted]


def _remove(folder: Path) -> None:
    for place, _, _ in os.walk(folder):  # Go's module cache is read-only, which stops everybody but root
        Path(place).chmod(0o700)
    shutil.rmtree(folder)


def _stop_pods(folders: Folders, running: Processes) -> None:
    """First the kubelet, which would start them again, then the pods' containers."""
    stop(running, ["kubelet"])
    if running.find("containerd"):
        with contextlib.suppress(ClientError):  # a containerd that does not answer: its containers end with the group
            Containerd(folders.containerd_socket).stop_all(POD_GRACE_SECONDS)


@contextlib.contextmanager
def _alone(settings: Settings, progress: Progress) -> Iterator[None]:
    """One `up` or `down` at a time; the lock ends with the process."""
    with _lock_file(settings.home) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress.note("waiting for another `einklang local` command to end")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _lock_file(home: Path) -> TextIO:
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    return (home / ".lock").open("w")
