"""A backup site under many tenants: what is stored, how long it takes, what it costs the server. No cluster."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.live import backup_place
from tests.live.backup_place import Place

REPOSITORIES = (1, 10, 72)
TENANTS = 72
AT_ONCE = 2
FILES, FILE_BYTES = 100, 200_000
CHANGED_SHARE = 0.01
# What the window is computed for: of each tenant so much, of which the changed share is new in a night.
TENANT_GB = 50
_TEMPLATE = "olpe"
_CLOCK_TICKS = os.sysconf("SC_CLK_TCK")
_MB = 1_000_000


@dataclass(frozen=True)
class Round:
    """One run of each of so many repositories. read_mb: of all tenants. stored_mb: that came on top at the site."""

    repositories: int
    name: str
    seconds: float
    read_mb: float
    stored_mb: float
    client_cpu_seconds: float
    server_cpu_seconds: float
    requests: int


def measure(folder: Path, say: Callable[[str], None]) -> list[Round]:
    """Every size: a first run of each, then one with the changed share. folder: an empty one, with 4 GB of room."""
    template = folder / "template"
    with backup_place.running(template):
        pass
    found = []
    for count in REPOSITORIES:
        say(f"{count} repositories of {FILES * FILE_BYTES / _MB:.0f} MB")
        found += _size(folder, template, count)
    return found


def _size(folder: Path, template: Path, count: int) -> list[Round]:
    site, documents, log = folder / "site", folder / "documents", folder / "requests.log"
    names = [f"tenant-{number}" for number in range(count)]
    _make_site(template, site, names)
    changes = random.Random(count)
    _write(documents, range(FILES), changes)
    try:
        with backup_place.serving(site, more=[f"--log={log}"]) as (place, server):
            first = _round(place, server.pid, log, names, documents, "first")
            _write(documents, changes.sample(range(FILES), round(FILES * CHANGED_SHARE)), changes)
            return [first, _round(place, server.pid, log, names, documents, "1 % changed")]
    finally:
        for path in (site, documents):
            shutil.rmtree(path)
        log.unlink(missing_ok=True)


def _make_site(template: Path, site: Path, names: Sequence[str]) -> None:
    """Repositories that are copies of an empty one: making each anew costs a second of scrypt, and is no backup."""
    shutil.copytree(template, site)
    accounts = dict(line.split(":", 1) for line in (site / "htpasswd").read_text().splitlines())
    (site / "htpasswd").write_text("".join(f"{name}:{accounts[_TEMPLATE]}\n" for name in names))
    for name in names:
        shutil.copytree(template / "repositories" / _TEMPLATE, site / "repositories" / name)


def _write(folder: Path, numbers: Sequence[int], source: random.Random) -> None:
    """Files that no compression makes small, as pictures and scans are; half of each is text."""
    folder.mkdir(exist_ok=True)
    for number in numbers:
        text = f"Vermerk {source.random()} ".encode() * (FILE_BYTES // 60)
        (folder / f"{number:04}").write_bytes(source.randbytes(FILE_BYTES // 2) + text[: FILE_BYTES // 2])


def _round(place: Place, server: int, log: Path, names: Sequence[str], documents: Path, name: str) -> Round:
    requests, stored, cpu, clients, began = _lines(log), _stored(place), _cpu(server), os.times(), time.monotonic()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda tenant: _backup(place, tenant, documents), names))
    seconds, after = time.monotonic() - began, os.times()
    children = after.children_user - clients.children_user + after.children_system - clients.children_system
    read = sum(path.stat().st_size for path in documents.iterdir()) * len(names) / _MB
    grown = (_stored(place) - stored) / _MB
    return Round(len(names), name, seconds, read, grown, children, _cpu(server) - cpu, _lines(log) - requests)


def _backup(place: Place, tenant: str, documents: Path) -> None:
    access = place.access(_TEMPLATE)
    environment = {**os.environ, **access.environment(), "RESTIC_REPOSITORY": f"rest:{place.url}/{tenant}/"}
    environment["RESTIC_REST_USERNAME"] = tenant
    argv = [place.restic, "--no-cache", "backup", "--quiet", "--host", tenant, documents]
    subprocess.run(argv, env=environment, check=True, stdout=subprocess.DEVNULL, timeout=300)


def _stored(place: Place) -> int:
    files = place.folders.repositories.rglob("*")
    return sum(path.stat().st_size for path in files if path.is_file())


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _CLOCK_TICKS


def _lines(file: Path) -> int:
    return file.read_bytes().count(b"\n") if file.exists() else 0


def window_hours(rounds: Sequence[Round]) -> tuple[float, float]:
    """For TENANTS of TENANT_GB each: hours that a night's runs take all in all, and those of the very first runs.

    A run takes what it takes with next to nothing new, and what is new goes as fast as the first runs' data went.
    """
    most = max(each.repositories for each in rounds)
    first, changed = [each for each in rounds if each.repositories == most]
    seconds_per_mb = max(0.0, first.seconds - changed.seconds) / (first.read_mb - changed.stored_mb)
    fixed = changed.seconds / most

    def hours(megabytes: float) -> float:
        return TENANTS * (fixed + megabytes * seconds_per_mb) / 3600

    return hours(TENANT_GB * 1000 * CHANGED_SHARE), hours(TENANT_GB * 1000)


def table(rounds: Sequence[Round]) -> str:
    """As Markdown."""
    columns = ("repositories", "run", "seconds", "MB read", "MB stored", "clients' CPU s", "server's CPU s", "requests")
    lines = [f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
    for each in rounds:
        cpu = f"{each.client_cpu_seconds:.1f} | {each.server_cpu_seconds:.2f} | {each.requests}"
        told = f"{each.seconds:.1f} | {each.read_mb:.0f} | {each.stored_mb:.1f} | {cpu}"
        lines.append(f"| {each.repositories} | {each.name} | {told} |")
    night, first = window_hours(rounds)
    lines += [
        "",
        f"{TENANTS} tenants of {TENANT_GB} GB, {AT_ONCE} at once: {night:.1f} h a night, {first:.1f} h at first",
    ]
    return "\n".join(lines)
