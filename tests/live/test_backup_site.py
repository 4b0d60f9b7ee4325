"""A backup site for real, on loopback: rest-server and restic as they run, and an attacker with a tenant's credentials.

CON.3.A14. No cluster is needed; the programs are those of the toolchain.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from einklang.clients.restic import Access, Opened, Restic
from einklang.errors import ClientError, UserError
from einklang.model.backup import MANIFEST_PATH, PART_TAG, RUN_TAG
from einklang.operations.backup import register
from einklang.operations.backup.access import of_site
from einklang.operations.backup.repository import prune, report
from einklang.operations.local.site import SiteFolders
from tests.live.backup_place import KEYS, Place, contents, olpe, request, run, running
from tests.unit import backup_package as package
from tests.unit.test_backup_planning import CLASS

PACKAGE = package.load("restic")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with running(tmp_path_factory.mktemp("site")) as here:
        yield here


@pytest.fixture(scope="module")
def saved(place: Place) -> dict[str, str]:
    place.repository("olpe").save("{}", "/state.json", [f"{PART_TAG}state"], "olpe")
    return run(place, "r1", "documents of olpe")


def test_what_was_saved_can_be_read(place: Place, saved: dict[str, str]) -> None:
    assert place.repository("olpe").read(saved["files"], "/files") == "documents of olpe"
    place.repository("olpe").check(subset="100%")


def test_registering_again_changes_nothing(place: Place) -> None:
    access = place.access("olpe")
    assert register.fits(place.folders, "olpe", access.password)
    assert not register.fits(place.folders, "olpe", "another")
    assert not register.fits(place.folders, "nobody", access.password)
    assert register.knows(place.folders, "olpe", access.key)
    assert not register.knows(place.folders, "olpe", "another")
    before = place.folders.accounts.read_text()
    hashed = dict(line.split(":", 1) for line in before.splitlines())["olpe"]
    known = register.Registration("olpe", hashed, access.key)
    assert register.accept(place.folders, known, place.restic) == []
    assert place.folders.accounts.read_text() == before


@pytest.mark.parametrize(
    "words",
    [
        ("forget", "latest"),
        ("forget", "--keep-last", "1", "--unsafe-allow-remove-all", "--tag", "part:files"),
        ("forget", "--prune", "latest"),
        ("tag", "--set", "poisoned", "latest"),
        ("rewrite", "--forget", "--exclude", "/files", "latest"),
        ("repair", "snapshots", "--forget"),
        ("key", "remove", "all"),
    ],
)
def test_nothing_is_removed_or_changed_with_the_tenants_credentials(
    place: Place, saved: dict[str, str], words: tuple[str, ...]
) -> None:
    before = contents(place)
    if words[0] == "key":
        listed = json.loads(place.restic_of("olpe", "key", "list", "--json").stdout)
        others = [each["id"] for each in listed if not each["current"]]
        words = ("key", "remove", others[0])
    place.restic_of("olpe", *words)
    after = contents(place)
    assert {path: after.get(path) for path in before} == before
    assert place.repository("olpe").read(saved["files"], "/files") == "documents of olpe"


def test_prune_removes_no_data(place: Place, saved: dict[str, str]) -> None:
    before = contents(place)
    place.restic_of("olpe", "prune", "--max-unused", "0")
    after = contents(place)
    assert {path: after.get(path) for path in before} == before


@pytest.mark.parametrize("method", ["DELETE", "POST", "PUT"])
@pytest.mark.parametrize("kind", ["snapshots", "data", "index", "keys", "config"])
def test_nor_by_the_servers_own_protocol(place: Place, saved: dict[str, str], method: str, kind: str) -> None:
    """restic is only one client: the requests themselves."""
    folder = place.folders.repositories / "olpe"
    file = (
        folder / "config" if kind == "config" else next(path for path in (folder / kind).rglob("*") if path.is_file())
    )
    before, access = contents(place), place.access("olpe")
    url = f"{place.url}/olpe/config" if kind == "config" else f"{place.url}/olpe/{kind}/{file.name}"
    answer = request(place, method, url, access.username, access.password)
    assert answer.status_code in {403, 404, 405}, answer.status_code
    assert contents(place) == before


def test_the_counter_proof_with_the_sites_own_folder(place: Place) -> None:
    """The same words do remove where the site itself says them: the tests above could fail."""
    own = Restic(place.restic, of_site(place.folders, "attendorn"))
    snapshot = place.repository("attendorn").save("x", "/x", [], "attendorn")
    assert snapshot in {each.id for each in own.snapshots()}
    own.forget([snapshot])
    assert snapshot not in {each.id for each in own.snapshots()}


def test_another_tenants_repository_is_out_of_reach(place: Place, saved: dict[str, str]) -> None:
    foreign = f"rest:{place.url}/attendorn/"
    for words in (("snapshots",), ("cat", "config"), ("backup", "--stdin"), ("init",)):
        done = place.restic_of("olpe", *words, repository=foreign)
        assert done.returncode != 0, words
        # With the other tenant's repository key, too: the account is not its own.
        assert place.restic_of("olpe", *words, repository=foreign, key=KEYS["attendorn"]).returncode != 0, words
    for path in ("/attendorn/config", "/attendorn/keys/", "/", "/olpe/../attendorn/config", "/.htpasswd", "/htpasswd"):
        assert request(place, "GET", place.url + path, "olpe", "password-of-olpe").status_code in {401, 403, 404, 405}
    assert request(place, "GET", f"{place.url}/olpe/config", "olpe", "wrong").status_code == 401
    assert request(place, "GET", f"{place.url}/olpe/config", "olpe", "password-of-olpe").status_code == 200


def test_a_poisoned_run_hides_none_of_the_older_ones(place: Place, saved: dict[str, str]) -> None:
    """Dated in the future, with a manifest that lies: the older run is there, and the site notices."""
    marked = ("--tag", f"{RUN_TAG}r0", "--tag", f"{PART_TAG}manifest")
    words = ("backup", "--host", "olpe", "--time", "2036-01-01 00:00:00", "--stdin-from-command", *marked)
    done = place.restic_of("olpe", *words, "--stdin-filename", MANIFEST_PATH, "--", "echo", "{}")
    assert done.returncode == 0, done.stderr
    judged = report(place.site(), olpe(), CLASS, datetime.now(UTC))
    findings = {one.check: one for one in judged.findings}
    assert (findings["manifests"].result, findings["recovery point"].result) == ("fail", "pass")
    assert "r0" in findings["manifests"].text
    assert judged.newest == max(each.arrived for each in place.site().arrived("olpe") if each.id == saved["manifest"])
    assert place.repository("olpe").read(saved["files"], "/files") == "documents of olpe"
    poisoned = {each.id for each in place.site().arrived("olpe") if each.run == "r0"}
    Restic(place.restic, of_site(place.folders, "olpe")).forget(sorted(poisoned))


def test_the_site_judges_and_prunes_by_its_own_clock(place: Place, saved: dict[str, str]) -> None:
    well = report(place.site(), olpe(), CLASS, datetime.now(UTC))
    assert well.well, [one for one in well.findings if one.result != "pass"]
    newest = run(place, "r2", "documents of olpe, changed")
    age_by_days(place, saved, 90)
    assert prune(place.site(), "olpe", CLASS, datetime.now(UTC)) == []  # the first of its month
    tight = CLASS.model_copy(update={"keep_monthly": 1, "keep_weekly": 1})
    run(place, "r3", "documents of olpe, changed again")
    shown = prune(place.site(), "olpe", tight, datetime.now(UTC))
    assert {each.run for each in shown} == {"r1"}
    assert saved["files"] in {each.id for each in place.site().arrived("olpe")}  # only shown
    assert prune(place.site(), "olpe", tight, datetime.now(UTC), dry_run=False) == shown
    left = {each.id for each in place.site().arrived("olpe")}
    assert saved["files"] not in left
    assert newest["files"] in left
    Restic(place.restic, of_site(place.folders, "olpe")).check(subset="100%")


def age_by_days(here: Place, parts: dict[str, str], days: int) -> None:
    """As if the site had got these snapshots so long ago."""
    moment = time.time() - days * 86400
    for snapshot in parts.values():
        os.utime(here.folders.repositories / "olpe" / "snapshots" / snapshot, (moment, moment))


def test_a_damaged_pack_is_found(place: Place) -> None:
    run(place, "r9", "will be damaged", tenant="attendorn")
    folder = place.folders.repositories / "attendorn" / "data"
    for pack in [path for path in folder.rglob("*") if path.is_file()]:
        content = bytearray(pack.read_bytes())
        content[len(content) // 2] ^= 0xFF
        pack.chmod(0o600)
        pack.write_bytes(content)
    with pytest.raises(ClientError):
        Restic(place.restic, of_site(place.folders, "attendorn")).check(subset="100%")


def test_a_stack_that_was_made_anew_is_let_in_beside_the_old_key(place: Place) -> None:
    known = register.Registration("olpe", dict(accounts(place))["olpe"], "key-of-a-new-stack")
    assert register.accept(place.folders, known, place.restic) == ["the tenant's key added"]
    assert Restic(place.restic, replace(place.access("olpe"), key="key-of-a-new-stack")).open() is Opened.YES
    assert place.repository("olpe").open() is Opened.YES


def test_a_lost_key_of_the_site_is_made_again_with_the_tenants(place: Place) -> None:
    (place.folders.keys / "olpe").unlink()
    known = register.Registration("olpe", dict(accounts(place))["olpe"], KEYS["olpe"])
    assert register.accept(place.folders, known, place.restic) == ["the site's key added"]
    (place.folders.keys / "olpe").unlink()
    with pytest.raises(UserError, match="neither the site's key nor the tenant's opens it"):
        register.accept(place.folders, replace(known, key="nobody's"), place.restic)
    register.accept(place.folders, known, place.restic)


def test_after_a_rotation_the_sites_key_and_the_new_one_open_and_no_other(place: Place, tmp_path: Path) -> None:
    """Also a key that an attacker has added: an append-only site takes new ones."""
    folders = SiteFolders(tmp_path)
    old, new = (register.Registration("olpe", "$2b$hash", key) for key in ("old", "new"))
    register.accept(folders, old, place.restic)
    register.accept(folders, new, place.restic)
    repository = str(folders.repositories / "olpe")
    Restic(place.restic, Access(repository, "old")).add_key("attacker", "somebody")
    assert register.retire(folders, "olpe", "new", place.restic) == 2
    opened = {key: Restic(place.restic, Access(repository, key)).open() for key in ("old", "attacker", "new")}
    assert opened == {"old": Opened.WRONG_KEY, "attacker": Opened.WRONG_KEY, "new": Opened.YES}
    assert Restic(place.restic, of_site(folders, "olpe")).open() is Opened.YES
    assert register.retire(folders, "olpe", "new", place.restic) == 0


def accounts(here: Place) -> list[tuple[str, str]]:
    lines = here.folders.accounts.read_text().splitlines()
    return [(name, hashed) for name, _, hashed in (line.partition(":") for line in lines)]


def test_a_stream_that_breaks_leaves_no_snapshot(place: Place) -> None:
    """The image's own way of saving, with the real restic: a program that dies is no end of a stream."""
    environment = {**place.access("olpe").environment(), "PATH": os.environ["PATH"], "RESTIC_CACHE_DIR": "/nonexistent"}
    saver = PACKAGE.Restic(environment, "olpe", str(place.restic))
    before = {each.id for each in place.repository("olpe").snapshots()}
    with pytest.raises(PACKAGE.Failed, match="code 3"):
        saver.stream("/half", [sys.executable, "-c", "print('x' * 3000000); raise SystemExit(3)"], {}, ["run:broken"])
    # Nor a lock that would keep the site from pruning.
    assert list((place.folders.repositories / "olpe" / "locks").iterdir()) == []
    assert {each.id for each in place.repository("olpe").snapshots()} == before
    whole = saver.stream("/whole", [sys.executable, "-c", "print('x' * 3000000)"], {}, ["run:whole"])
    assert (whole.bytes, len(whole.sha256)) == (3000001, 64)
    assert [path for path, _ in saver.paths(whole.snapshot)] == ["/whole"]


def test_a_wrong_password_says_so(place: Place) -> None:
    with pytest.raises(ClientError, match="401"):
        Restic(place.restic, replace(place.access("olpe"), password="wrong")).open()
    assert Restic(place.restic, replace(place.access("olpe"), key="wrong")).open() is Opened.WRONG_KEY
