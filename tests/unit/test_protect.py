"""What `einklang up` does for backups, and what `einklang kit check` proves: each step looks first, a lack is told."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from einklang.clients.restic import Access, Opened, Snapshot
from einklang.errors import CheckError, ClientError
from einklang.model.backup import MANIFEST_PATH, STATE_PATH
from einklang.operations import seal
from einklang.operations.backup import checking, protect
from einklang.operations.backup.kit import Entry, Kit, new_identity
from einklang.operations.backup.protect import Protection
from einklang.settings import Settings
from tests.components import cases
from tests.unit.test_backup_planning import manifest

TENANT = cases.tenant().tenant
ENTRY = Entry("olpe", "rest:https://backup.example/olpe/", "key", passphrase="phrase")


@dataclass
class Repository:
    """A repository in memory; it stands for the client, whatever it is made from."""

    opened: Opened = Opened.YES
    contents: list[Snapshot] = field(default_factory=list)
    text: str = ""
    saved: list[tuple[str, str, list[str]]] = field(default_factory=list)
    let_in: list[tuple[str, str]] = field(default_factory=list)
    key: str = ""

    def __call__(self, _: object, access: Access | None = None, *__: object) -> Repository:
        self.key = access.key if access else ""
        return self

    def add_key(self, key: str, comment: str) -> None:
        assert comment == TENANT.id
        self.let_in.append((self.key, key))

    def open(self) -> Opened:
        return self.opened

    def snapshots(self) -> list[Snapshot]:
        return self.contents

    def read(self, snapshot: str, path: str) -> str:
        assert path == MANIFEST_PATH
        return self.text

    def save(self, text: str, path: str, tags: list[str], host: str) -> str:
        self.saved.append((path, host, tags))
        return "id"


class Engine:
    """A stack whose state is what it is told."""

    resources: list[str]

    def __init__(self) -> None:
        self.resources, self.exports = ["one"], 0

    def export(self, stack: str) -> str:
        self.exports += 1
        # The manifest's time is another with every export.
        return json.dumps({"version": 3, "deployment": {"manifest": self.exports, "resources": self.resources}})


class Cluster:
    """A namespace with or without a backup."""

    def __init__(self, there: bool = True) -> None:
        self.there = there

    def find(self, *_: str) -> Any:
        return {} if self.there else None


@pytest.fixture
def repository(monkeypatch: pytest.MonkeyPatch) -> Repository:
    made = Repository()
    monkeypatch.setattr(protect, "Restic", made)
    monkeypatch.setattr(checking, "Restic", made)
    access = Access("rest:https://backup.example/olpe/", "key", "olpe", "password")
    monkeypatch.setattr(protect, "of_tenant", lambda *_: access)
    return made


def protection(folder: Path, engine: Engine, *, there: bool = True) -> Protection:
    settings = Settings(root=folder, cache=folder / "cache", home=folder / "home")
    settings.home.mkdir(exist_ok=True)
    settings.passphrase.write_text("phrase\n")
    return Protection(settings, Cluster(there), engine, Path("restic"))  # type: ignore[arg-type]


def test_the_state_is_saved_when_it_has_changed(tmp_path: Path, repository: Repository) -> None:
    engine = Engine()
    given = protection(tmp_path, engine)
    assert given.protect(TENANT) == ["state saved"]
    assert given.protect(TENANT) == []
    engine.resources.append("two")
    assert given.protect(TENANT) == ["state saved"]
    assert repository.saved == [(STATE_PATH, "olpe", ["part:state"])] * 2


def test_a_repository_that_was_made_anew_gets_the_state(
    tmp_path: Path, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The local site was lost: the same address, and nothing of what was saved there."""
    monkeypatch.setattr(protect, "of_tenant", lambda *_: Access(f"{protect.site.URL}olpe/", "key", "olpe", "password"))
    done = iter([["repository made"], [], ["repository made"]])
    monkeypatch.setattr(Protection, "_register", lambda *_: list(next(done)))
    given = protection(tmp_path, Engine())
    assert given.protect(TENANT) == ["repository made", "state saved"]
    assert given.protect(TENANT) == []
    assert given.protect(TENANT) == ["repository made", "state saved"]


def test_a_site_that_does_not_let_it_in_is_an_error_with_a_remedy(
    tmp_path: Path, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> str:
        raise ClientError("401 Unauthorized")

    monkeypatch.setattr(repository, "save", refused)
    given = protection(tmp_path, Engine())
    for _ in range(2):  # and it is not taken for saved
        with pytest.raises(ClientError, match="401 Unauthorized") as caught:
            given.protect(TENANT)
    assert "einklang backup register olpe" in str(caught.value.remedy)


def test_the_kit_follows(tmp_path: Path, repository: Repository) -> None:
    given, (secret, public) = protection(tmp_path, Engine()), new_identity()
    Kit.of(given.settings).add_key(public, "safe")
    assert given.protect(TENANT) == ["state saved", "recovery kit written"]
    entry = Kit.of(given.settings).read("olpe", secret)
    assert (entry.key, entry.password, entry.passphrase, entry.evidence_keys) == ("key", "password", "phrase", "")
    assert given.protect(TENANT) == []
    own = seal.public(seal.key(given.settings.audit_key)).decode()
    assert given.protect(TENANT) == ["recovery kit written"]
    assert Kit.of(given.settings).read("olpe", secret).evidence_keys == own


def test_an_address_that_somebody_changed_in_the_cluster_gets_nothing(
    tmp_path: Path, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the state, nor an entry of the kit that would lead there."""
    other = Access("rest:https://backup.example/attendorn/", "key", "olpe", "password")
    monkeypatch.setattr(protect, "of_tenant", lambda *_: other)
    with pytest.raises(CheckError, match="attendorn/, which is not its own"):
        protection(tmp_path, Engine()).protect(TENANT)
    assert repository.saved == []


def test_without_a_site_it_is_said(tmp_path: Path, repository: Repository) -> None:
    (said,) = protection(tmp_path, Engine(), there=False).protect(TENANT)
    assert "nothing is saved" in said
    assert repository.saved == []


def whole() -> Repository:
    made = manifest("r1")
    ids = {part.name: part.snapshot for part in made.parts}
    found = [Snapshot(number, "2026", ("run:r1", f"part:{name}"), "olpe") for name, number in ids.items()]
    found += [Snapshot("end", "2026", ("run:r1", "part:manifest"), "olpe")]
    found += [Snapshot("state", "2026", ("part:state",), "olpe")]
    return Repository(contents=found, text=made.model_dump_json())


def check(given: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, entry: Entry = ENTRY) -> str:
    monkeypatch.setattr(checking, "Restic", given)
    return checking.check(entry, Path("restic"), str(tmp_path))


def test_an_entry_that_opens_everything(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert "1 runs, the newest r1 with 2 parts" in check(whole(), monkeypatch, tmp_path)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        ({"opened": Opened.WRONG_KEY}, "another key"),
        ({"opened": Opened.ABSENT}, "there is none"),
        ({"contents": []}, "no complete run"),
        ({"contents": whole().contents[1:]}, "lacks 1 snapshots"),
        ({"contents": whole().contents[:-1]}, "state was never saved"),
        ({"text": "{}"}, "is not one"),
    ],
)
def test_what_an_entry_does_not_open_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, spoil: dict[str, Any], said: str
) -> None:
    given = whole()
    for name, value in spoil.items():
        setattr(given, name, value)
    with pytest.raises(CheckError, match=said):
        check(given, monkeypatch, tmp_path)


def test_poison_hides_no_run_from_the_kit(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    given = whole()
    given.contents.append(Snapshot("poison", "2049", ("run:p", "part:manifest"), "olpe"))
    read = given.read
    monkeypatch.setattr(given, "read", lambda snapshot, path: "{}" if snapshot == "poison" else read(snapshot, path))
    assert "2 runs; 1 newer ones are none, the newest r1" in check(given, monkeypatch, tmp_path)


def test_an_entry_without_the_passphrase_is_not_enough(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(CheckError, match="no passphrase"):
        check(whole(), monkeypatch, tmp_path, Entry("olpe", ENTRY.repository, "key"))


@pytest.mark.parametrize(("opened", "let_in"), [(Opened.WRONG_KEY, [("old", "new")]), (Opened.YES, [])])
def test_in_a_bucket_the_key_of_before_lets_the_new_one_in(
    tmp_path: Path, repository: Repository, opened: Opened, let_in: list[tuple[str, str]]
) -> None:
    repository.opened = opened
    access = Access("s3:https://objects.example/backups/olpe/", "new", more={"AWS_ACCESS_KEY_ID": "a"})
    protecting = protection(tmp_path, Engine())
    assert len(protecting.let_in(TENANT, access, before="old")) == len(let_in)
    assert repository.let_in == let_in
    # Without such a key, as in `einklang up`, nothing is asked.
    assert protecting.let_in(TENANT, access) == []
