"""A backup site against who holds a tenant's credentials and knows restic's formats: poison, floods, forged files.

CON.3.A14. No cluster is needed. Where the site refuses something, a counter-proof shows that it would do harm.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from einklang.cli import main
from einklang.clients.restic import Access, Restic
from einklang.errors import CheckError, ClientError, UserError
from einklang.model.backup import MANIFEST_PATH, PART_TAG, RUN_TAG
from einklang.operations.backup import register, upkeep
from einklang.operations.backup.access import of_site
from einklang.operations.backup.repository import Report, prune, report, rewind
from tests.live.backup_place import Place, contents, olpe, request, run, running, serving
from tests.live.forgery import Forger
from tests.unit.test_backup_planning import CLASS

FLOOD, COPIES, KEYS = 1500, 30, 25
TEXT = "documents of olpe, as they should be"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A site at rest, with a sound run and a state of three days ago: its folder, and the run's snapshots."""
    folder = tmp_path_factory.mktemp("template") / "site"
    with running(folder) as here:
        state = here.repository("olpe").save("{}", "/state.json", [f"{PART_TAG}state"], "olpe")
        parts = run(here, "good", TEXT)
        age(here, [state, *parts.values()], timedelta(days=3))
    return folder, parts


@pytest.fixture
def place(template: tuple[Path, dict[str, str]], tmp_path: Path) -> Iterator[Place]:
    """One of its own for each test: what is poisoned stays so."""
    shutil.copytree(template[0], tmp_path / "site")
    with serving(tmp_path / "site") as (here, _):
        yield here


@pytest.fixture
def saved(template: tuple[Path, dict[str, str]]) -> dict[str, str]:
    """The sound run: part -> snapshot."""
    return template[1]


def age(place: Place, snapshots: list[str], by: timedelta) -> None:
    """As if the site had got these so long ago."""
    moment = time.time() - by.total_seconds()
    for name in snapshots:
        os.utime(place.folders.repository("olpe") / "snapshots" / name, (moment, moment))


def judged(place: Place, verify: str = "") -> tuple[Report, dict[str, str]]:
    """The report, and the text of each finding that failed."""
    found = report(place.site(), olpe(), CLASS, datetime.now(UTC), verify)
    return found, {one.check: one.text for one in found.findings if one.result != "pass"}


def intact(place: Place, saved: dict[str, str]) -> None:
    """The good run can be read by the site, whole."""
    repository = place.site().repository("olpe")
    assert repository.read(saved["files"], "/files") == TEXT
    assert repository.read(saved["manifest"], MANIFEST_PATH)


def test_a_flood_of_snapshots_hides_and_pushes_out_none(place: Place, saved: dict[str, str]) -> None:
    """Thousands of runs, dated in the past and the future: the good one is found, kept, and can be read."""
    forger, times = Forger.of(place, "olpe"), ("2020-01-01T00:00:00Z", "2049-01-01T00:00:00Z")
    for number in range(FLOOD):
        forger.snapshot(times[number % 2], [f"{RUN_TAG}p{number}", f"{PART_TAG}manifest"])
    found, failed = judged(place)
    arrived = {each.id: each.arrived for each in place.site().arrived("olpe")}
    assert found.newest == arrived[saved["manifest"]]
    assert f"{FLOOD} runs within a day" in failed["number"]
    assert "manifests that are none: the manifest of run p" in failed["manifests"]
    assert failed["time"] and "recovery point" in failed  # the good one is three days old
    # Nothing of it goes within the daily days; after them the good one stays, and most of the flood does not.
    assert prune(place.site(), "olpe", CLASS, datetime.now(UTC)) == []
    gone = {each.id for each in prune(place.site(), "olpe", CLASS, datetime.now(UTC) + timedelta(days=20))}
    assert len(gone) >= FLOOD - 2
    assert not set(saved.values()) & gone
    intact(place, saved)


def test_what_a_run_says_of_retention_decides_nothing(place: Place, saved: dict[str, str]) -> None:
    """A later run under the same name, and one whose configuration keeps nothing."""
    site, now = place.site(), datetime.now(UTC) + timedelta(days=200)
    before = {each.id for each in prune(site, "olpe", CLASS, now)}
    marked = ["--tag", f"{RUN_TAG}good", "--tag", f"{PART_TAG}manifest", "--tag", "keep:0"]
    words = ["backup", "--host", "olpe", "--stdin-from-command", "--stdin-filename", MANIFEST_PATH, *marked]
    lie = '{"configuration": {"standard": {"backup_classes": {"standard": {"keep_daily": 0}}}}}'
    assert place.restic_of("olpe", *words, "--", "echo", lie).returncode == 0
    assert {each.id for each in prune(site, "olpe", CLASS, now)} <= before
    assert not set(saved.values()) & {each.id for each in prune(site, "olpe", CLASS, now)}


def test_a_manifest_without_an_end_is_none(place: Place, saved: dict[str, str]) -> None:
    """Zeros take no room in a repository, and all the memory of who reads them. And a name that is no name."""
    marked = ["--tag", f"{RUN_TAG}\x1b[2Jhuge", "--tag", f"{PART_TAG}manifest"]
    words = ["backup", "--host", "olpe", "--stdin-from-command", "--stdin-filename", MANIFEST_PATH, *marked]
    done = place.restic_of("olpe", *words, "--", "head", "-c", "90000000", "/dev/zero")
    assert done.returncode == 0, done.stderr
    found, failed = judged(place)
    assert "prints more than the 67108864 bytes" in failed["manifests"]
    assert found.newest
    assert all(text.isprintable() for text in failed.values())


def test_keys_of_somebody_else_lock_nobody_out(place: Place, saved: dict[str, str]) -> None:
    forger = Forger.of(place, "olpe")
    known, planted = keys(place), {forger.key() for _ in range(KEYS)}
    # The counter-proof: restic gives up after twenty, whether or not the right one is among the others.
    without = replace(of_site(place.folders, "olpe"), hint="", key="not one of them")
    with pytest.raises(ClientError, match="maximum number of keys"):
        Restic(place.restic, without).open()
    _, failed = judged(place)
    assert f"{KEYS} keys that the site did not add" in failed["keys"]
    intact(place, saved)
    assert prune(place.site(), "olpe", CLASS, datetime.now(UTC), dry_run=False) == []
    assert keys(place) == known
    assert {path.name[-64:] for path in (place.folders.foreign / "olpe").iterdir()} == planted
    assert "keys" not in judged(place)[1]
    assert place.repository("olpe").read(saved["files"], "/files") == TEXT


def keys(place: Place) -> set[str]:
    return {path.name for path in (place.folders.repositories / "olpe" / "keys").iterdir()}


def test_a_key_that_is_added_rightly_is_noticed_too(place: Place, saved: dict[str, str]) -> None:
    """Who leaves a second key behind would open the repository after the first was changed."""
    place.repository("olpe").add_key("back door", "attacker")
    assert "1 keys" in judged(place)[1]["keys"]
    known = register.registration("olpe", place.access("olpe"))
    register.accept(place.folders, known, place.restic)
    assert "keys" not in judged(place)[1]
    assert Restic(place.restic, replace(place.access("olpe"), key="back door")).open().value == "another key"


def test_a_lock_of_a_distant_time_keeps_the_site_from_nothing(place: Place, saved: dict[str, str]) -> None:
    later, extra = datetime.now(UTC) + timedelta(days=20), place.repository("olpe").save("x", "/x", [], "olpe")
    name = Forger.of(place, "olpe").lock("2049-01-01T00:00:00Z")
    # Whoever comes now waits; what is looked at needs no lock.
    with pytest.raises(CheckError, match="clients are at work"):
        prune(place.site(), "olpe", CLASS, later, dry_run=False)
    assert "data" not in judged(place, verify="100%")[1]
    lock = place.folders.repositories / "olpe" / "locks" / name
    os.utime(lock, (time.time() - upkeep.LOCK_SECONDS - 60,) * 2)
    assert "1 locks that nobody renews" in judged(place)[1]["locks"]
    assert extra in {each.id for each in prune(place.site(), "olpe", CLASS, later, dry_run=False)}
    assert not lock.exists()
    intact(place, saved)


def poisoned_index(place: Place) -> None:
    """Says of every blob that is there that it stands elsewhere too, many times over."""
    forger = Forger.of(place, "olpe")
    blobs = forger.indexes()
    for kind in ("data", "tree"):  # restic writes packs of one kind anew, and looks into them, where they are mixed
        for _ in range(COPIES):
            forger.second_copies([blob for blob in blobs if blob["type"] == kind])


def test_pruning_trusts_no_index_that_somebody_forged(place: Place, saved: dict[str, str], tmp_path: Path) -> None:
    place.repository("olpe").save("to be removed", "/x", [], "olpe")
    poisoned_index(place)
    later, before = datetime.now(UTC) + timedelta(days=20), contents(place)
    with pytest.raises(CheckError, match="nothing is pruned: the index names"):
        prune(place.site(), "olpe", CLASS, later, dry_run=False)
    assert contents(place) == before
    assert "data" in judged(place, verify="100%")[1]
    intact(place, saved)
    # The counter-proof: restic alone removes the sound pack, and what it held.
    copy = tmp_path / "copy"
    shutil.copytree(place.folders.repositories / "olpe", copy)
    own = replace(of_site(place.folders, "olpe"), repository=str(copy))
    Restic(place.restic, own).prune()
    with pytest.raises(ClientError):
        Restic(place.restic, own).check(subset="100%")


def test_a_poisoned_repository_becomes_again_what_it_was(place: Place, saved: dict[str, str]) -> None:
    site, good = place.site(), contents(place)
    time.sleep(0.05)
    moment = datetime.now(UTC)
    time.sleep(0.05)
    poisoned_index(place)
    forger = Forger.of(place, "olpe")
    forger.snapshot("2049-01-01T00:00:00Z", [f"{RUN_TAG}p", f"{PART_TAG}manifest"])
    forger.put("snapshots", b"no snapshot at all")
    forger.key()
    place.repository("olpe").save("of an attacker", "/files", [f"{RUN_TAG}p", f"{PART_TAG}files"], "olpe")
    assert rewind(site, "olpe", moment)
    words = ["backup", "rewind", "olpe", "--site", str(place.folders.base), "--restic", str(place.restic)]
    shown = CliRunner().invoke(main, [*words, "--to", moment.isoformat()])
    assert "1 of keys" in shown.output and "would be moved away" in shown.output
    done = CliRunner().invoke(main, [*words, "--to", moment.isoformat(), "--yes"])
    assert done.exit_code == 0, done.output
    assert contents(place) == good
    assert set(judged(place, verify="100%")[1]) == {"recovery point", "time"}  # it is three days old
    run(place, "after", TEXT)
    assert set(judged(place)[1]) == {"time"}  # of the days by which the test made it older


def test_what_was_pruned_since_cannot_be_rewound(place: Place, saved: dict[str, str]) -> None:
    moment, extra = datetime.now(UTC), place.repository("olpe").save("x", "/x", [], "olpe")
    age(place, [extra], timedelta(days=30))
    prune(place.site(), "olpe", CLASS, datetime.now(UTC), dry_run=False)
    with pytest.raises(UserError, match="olpe was pruned at"):
        rewind(place.site(), "olpe", moment)


def test_a_snapshot_that_is_none_is_reported_and_nothing_is_pruned_with_it(place: Place, saved: dict[str, str]) -> None:
    name = Forger.of(place, "olpe").put("snapshots", b"no snapshot at all")
    assert name in judged(place)[1]["unreadable"]
    intact(place, saved)


def test_an_interrupted_prune_gives_the_repository_back(place: Place, saved: dict[str, str]) -> None:
    """The site was switched off while it pruned; meanwhile somebody made another repository in the place."""
    folders = place.folders
    folders.closed.mkdir()
    (folders.repositories / "olpe").rename(folders.closed / "olpe")
    assert judged(place)[0].newest  # the site finds it all the same
    made = place.restic_of("olpe", "init", key="of an attacker")
    assert made.returncode == 0, made.stderr
    known = register.registration("olpe", place.access("olpe"))
    assert register.accept(folders, known, place.restic) == ["account written"]
    intact(place, saved)
    assert not (folders.closed / "olpe").exists()
    assert len(list((folders.foreign / "olpe").iterdir())) == 1


def test_nobody_reaches_a_repository_at_which_the_site_works(place: Place, saved: dict[str, str]) -> None:
    with upkeep.closed(place.folders, "olpe"):
        assert place.restic_of("olpe", "snapshots").returncode == 10
        forged = request(place, "POST", f"{place.url}/olpe/index/{'0' * 64}", "olpe", "password-of-olpe")
        assert forged.status_code in {400, 404, 500}
    assert place.repository("olpe").read(saved["files"], "/files") == TEXT


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", "/olpe/"),
        ("POST", "/olpe/?create=true"),
        ("POST", "/olpe/../attendorn/config"),
        ("POST", "/attendorn/?create=true"),
        ("POST", "/olpe/..%2Fattendorn/config"),
        ("PATCH", "/olpe/config"),
        ("MOVE", "/olpe/config"),
        ("DELETE", "/attendorn/locks/x"),
        ("GET", "/olpe/data/..%2f..%2f..%2fhtpasswd"),
        ("GET", "/olpe/..%2f..%2fkeys%2fattendorn"),
    ],
)
def test_other_requests_change_and_show_nothing_either(
    place: Place, saved: dict[str, str], method: str, path: str
) -> None:
    def everything() -> dict[str, bytes]:
        files = [file for file in place.folders.base.rglob("*") if file.is_file() and file != place.folders.log]
        return {str(file): file.read_bytes() for file in files}

    before = everything()
    answer = request(place, method, place.url + path, "olpe", "password-of-olpe")
    assert everything() == before
    assert b"$2" not in answer.content and (place.folders.keys / "attendorn").read_bytes() not in answer.content


def test_the_sites_own_way_is_none_for_a_tenant(place: Place, saved: dict[str, str]) -> None:
    """The site's key opens a repository only for who has the folder or the account; the counter-proof is the folder."""
    own = of_site(place.folders, "attendorn")
    through = Access(
        f"rest:{place.url}/attendorn/", own.key, "olpe", "password-of-olpe", place.access("olpe").authority
    )
    with pytest.raises(ClientError, match=r"401|403"):
        Restic(place.restic, through).open()
    assert Restic(place.restic, own).open().value == "opens"
