"""Runs that are killed, disks that are full, a site that is gone, damage: reported, and never taken for a backup.

The image's own package, rest-server, restic and Debian's PostgreSQL as processes; no cluster.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from einklang.clients.restic import Restic
from einklang.model.backup import PART_TAG
from einklang.operations.backup.access import of_site
from einklang.operations.backup.repository import report
from einklang.planning.backup import Arrived
from tests.components import cases
from tests.live import backup_databases
from tests.live.backup_databases import Databases, Tenant
from tests.live.backup_place import Place, serving
from tests.live.backup_place import running as site_running
from tests.unit.test_backup_planning import CLASS

KILLS = 6
ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small file system needs root")


@pytest.fixture(scope="module")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    with backup_databases.running() as here:
        for name in ("identity", "portal"):
            here.fill(name, rows=2000)
        here.fill("dms", rows=3000)
        yield here


@pytest.fixture(scope="module")
def documents(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("documents")
    databases.documents(folder, count=40, size=400_000)
    return folder


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site at rest, at which the tenants are registered."""
    folder = tmp_path_factory.mktemp("template") / "site"
    with site_running(folder) as here:
        here.repository("olpe").save("{}", "/state.json", [f"{PART_TAG}state"], "olpe")
    return folder


@pytest.fixture
def tenant(template: Path, databases: Databases, documents: Path, tmp_path: Path) -> Iterator[Tenant]:
    shutil.copytree(template, tmp_path / "site")
    work = tmp_path / "work"
    work.mkdir()
    with serving(tmp_path / "site") as (place, _):
        yield Tenant("olpe", place, databases, documents, work)


def concluded(place: Place) -> list[Arrived]:
    return place.site().seen(cases.tenant().tenant).concluded()


def judged(place: Place, verify: str = "") -> dict[str, str]:
    """The text of each finding that failed."""
    found = report(place.site(), cases.tenant().tenant, CLASS, datetime.now(UTC), verify)
    return {one.check: one.text for one in found.findings if one.result != "pass"}


def whole(tenant: Tenant) -> float:
    """A run that is a backup, and with it everything is well, to the last byte; returns its seconds."""
    before = len(concluded(tenant.place))
    code, said, seconds = tenant.run()
    assert code == 0, said
    assert len(concluded(tenant.place)) == before + 1
    assert judged(tenant.place, verify="100%") == {}
    return seconds


def kill(child: subprocess.Popen[str]) -> None:
    """As a node does that loses its power: every process of the pod at once."""
    os.killpg(child.pid, signal.SIGKILL)
    child.communicate()


def test_a_run_that_is_killed_at_any_moment_is_none(tenant: Tenant) -> None:
    seconds = whole(tenant)
    seed = random.randrange(10**6)
    moments = random.Random(seed)
    for number in range(KILLS):
        before, child = len(concluded(tenant.place)), tenant.begin()
        moment = (number + moments.random()) / KILLS * seconds * 0.9
        time.sleep(moment)
        ended = child.poll() == 0
        if not ended:
            kill(child)
        # One that was quicker than the first is a backup; every other is not.
        assert len(concluded(tenant.place)) == before + ended, f"seed {seed}, killed after {moment:.2f} s"
        failed = judged(tenant.place)
        assert failed == {}, f"seed {seed}: {failed}"
    whole(tenant)


@pytest.mark.parametrize("program", ["restic", "pg_dump"])
def test_a_run_that_loses_a_program_fails_and_says_so(tenant: Tenant, program: str) -> None:
    child, killed = tenant.begin(), False
    while child.poll() is None and not killed:
        killed = any(_kill_of(child.pid, program))
        time.sleep(0.002)
    said, _ = child.communicate(timeout=120)
    assert killed, f"{program} was never seen: {said}"
    assert child.returncode == 1
    assert "failed, it is no backup" in said
    assert concluded(tenant.place) == []
    whole(tenant)


def _kill_of(parent: int, program: str) -> Iterator[bool]:
    """Kill the children of a process that run a program, and are beyond `cat config`."""
    for task in Path(f"/proc/{parent}/task").glob("*/children"):
        try:
            for pid in task.read_text().split():
                words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
                if words[0].decode().endswith(program) and b"cat" not in words:
                    os.kill(int(pid), signal.SIGKILL)
                    yield True
        except OSError:
            continue


@contextmanager
def small(folder: Path, mebibytes: int) -> Iterator[None]:
    """A file system of so much room."""
    folder.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={mebibytes}m", "tmpfs", folder], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


@ROOT
def test_a_full_disk_at_the_site_harms_no_older_run(
    template: Path, databases: Databases, tmp_path: Path, documents: Path
) -> None:
    work, files = tmp_path / "work", tmp_path / "files"
    work.mkdir()
    with small(tmp_path / "site", 40):
        shutil.copytree(template, tmp_path / "site", dirs_exist_ok=True)
        with serving(tmp_path / "site") as (place, _):
            shutil.copytree(documents, files)
            tenant = Tenant("olpe", place, databases, files, work)
            whole(tenant)
            for number in range(30):
                (files / f"more-{number}").write_bytes(os.urandom(1_000_000))
            code, said, _ = tenant.run()
            assert code == 1
            assert "507 Insufficient Storage" in said
            assert len(concluded(place)) == 1
            assert judged(place, verify="100%") == {}
            subprocess.run(["mount", "-o", "remount,size=200m", tmp_path / "site"], check=True)
            whole(tenant)


def _until(true: Callable[[], bool], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.2)


@ROOT
@pytest.mark.parametrize("left", [3 * 2**20, 0], ids=["on the way", "at once"])
def test_a_full_disk_of_the_pod_fails_and_says_so(tenant: Tenant, left: int) -> None:
    with small(tenant.work / "small", 4):
        (tenant.work / "small" / "filler").write_bytes(bytes(4 * 2**20 - left))
        code, said, _ = replace(tenant, work=tenant.work / "small").run()
    assert code == 1
    assert "no space left on device" in said
    assert concluded(tenant.place) == []
    whole(tenant)


@pytest.mark.parametrize("moment", ["before", "during"])
def test_a_site_that_is_gone_for_a_while_gets_the_run_all_the_same(
    template: Path, databases: Databases, tmp_path: Path, documents: Path, moment: str
) -> None:
    shutil.copytree(template, tmp_path / "site")
    work = tmp_path / "work"
    work.mkdir()
    with serving(tmp_path / "site") as (place, _):
        tenant = Tenant("olpe", place, databases, documents, work)
        if moment == "during":
            child = tenant.begin()
            _until(lambda: any((place.folders.repositories / "olpe" / "locks").iterdir()))
    if moment == "before":
        child = tenant.begin()
    time.sleep(2)
    assert child.poll() is None
    with serving(tmp_path / "site", int(place.url.rpartition(":")[2])):
        said, _ = child.communicate(timeout=240)
        assert child.returncode == 0, said
        assert judged(place, verify="100%") == {}


def test_a_site_that_lets_nobody_in_is_told_at_once(tenant: Tenant) -> None:
    for change, said in ({"RESTIC_REST_PASSWORD": "wrong"}, "401"), ({"RESTIC_PASSWORD": "wrong"}, "wrong password"):
        child = tenant.begin(change)
        text, _ = child.communicate(timeout=60)
        assert child.returncode == 1
        assert "restic cat: code" in text and said in text
    assert concluded(tenant.place) == []


def pack(tenant: Tenant) -> Path:
    """The largest: it holds documents."""
    folder = tenant.place.folders.repository("olpe") / "data"
    return max((path for path in folder.rglob("*") if path.is_file()), key=lambda path: path.stat().st_size)


def one(tenant: Tenant, kind: str) -> Path:
    folder = tenant.place.folders.repository("olpe") / kind
    return max(folder.iterdir(), key=lambda path: path.stat().st_mtime)


def spoil(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.chmod(0o600)
    path.write_bytes(content)


def test_damage_is_named_and_nothing_is_left_out_silently(tenant: Tenant, tmp_path: Path) -> None:
    """Each kind of damage, and one after the other mended by the file as it was."""
    whole(tenant)
    whole(tenant)
    victim, index, snapshot = pack(tenant), one(tenant, "index"), one(tenant, "snapshots")
    for path, harm, check in (
        (victim, spoil, "data"),
        (victim, Path.unlink, "data"),
        (index, spoil, "data"),
        (index, Path.unlink, "data"),
        (snapshot, spoil, "unreadable"),
    ):
        kept = path.read_bytes()
        if harm is Path.unlink:
            path.chmod(0o600)
        harm(path)
        failed = judged(tenant.place, verify="100%")
        assert check in failed, (path, harm, failed)
        if harm is spoil or path == victim:
            assert path.name[:8] in failed[check], failed
        path.unlink(missing_ok=True)
        path.write_bytes(kept)
        assert judged(tenant.place, verify="100%") == {}


def test_a_damaged_pack_ends_what_reads_it(tenant: Tenant, tmp_path: Path) -> None:
    """Whoever restores is told, too: no file that is damaged passes for whole."""
    whole(tenant)
    spoil(pack(tenant))
    repository = of_site(tenant.place.folders, "olpe")
    files = next(each for each in tenant.place.site().arrived("olpe") if each.part == "files")
    argv = [tenant.place.restic, "--no-cache", "restore", "--no-lock", files.id, "--target", tmp_path / "out"]
    done = subprocess.run(argv, env={**os.environ, **repository.environment()}, capture_output=True, text=True)
    assert done.returncode != 0
    assert "ignoring error for" in done.stderr
    assert Restic(tenant.place.restic, repository).snapshots()  # what is whole can still be seen
