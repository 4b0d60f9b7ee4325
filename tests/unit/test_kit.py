"""The recovery kit: any recovery key opens it, nothing else does; it is written when something has changed."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path

import pytest
from click.testing import CliRunner

from einklang.cli import main
from einklang.clients.restic import Access
from einklang.errors import UserError
from einklang.operations.backup import shares
from einklang.operations.backup.kit import Entry, Kit, identity, new_identity

ENTRY = Entry(
    "olpe", "rest:https://backup.example/olpe/", "key-of-the-repository", "olpe", "password", "PEM", {}, "phrase"
)


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return Kit(tmp_path / "kit", tmp_path / "kit" / "recovery-keys.txt")


def with_key(kit: Kit, name: str) -> str:
    secret, public = new_identity()
    kit.add_key(public, name)
    return secret


def test_every_recovery_key_opens_it(kit: Kit) -> None:
    keys = [with_key(kit, name) for name in ("safe", "office")]
    assert kit.write(ENTRY)
    assert [kit.read("olpe", key) for key in keys] == [ENTRY, ENTRY]
    assert kit.tenants() == ["olpe"]


def test_another_key_does_not(kit: Kit) -> None:
    with_key(kit, "safe")
    kit.write(ENTRY)
    with pytest.raises(UserError, match="does not open it"):
        kit.read("olpe", new_identity()[0])
    with pytest.raises(UserError, match="has nothing of attendorn"):
        kit.read("attendorn", new_identity()[0])


def test_nothing_stands_in_clear_and_only_the_owner_reads(kit: Kit) -> None:
    with_key(kit, "safe")
    kit.write(ENTRY)
    for path in kit.folder.iterdir():
        content = path.read_bytes()
        assert not any(word in content for word in (b"key-of-the-repository", b"password", b"phrase"))
        assert path.stat().st_mode & 0o077 == 0
    assert not any(word in repr(ENTRY) for word in ("key-of-the-repository", "password=", "phrase"))


def test_it_is_written_when_something_has_changed(kit: Kit) -> None:
    assert not kit.write(ENTRY)  # nobody could open it
    with_key(kit, "safe")
    assert kit.write(ENTRY)
    assert not kit.write(ENTRY)
    changed = Entry("olpe", ENTRY.repository, "another", "olpe", "password", "PEM", {}, "phrase")
    assert kit.write(changed)
    second = with_key(kit, "office")
    assert kit.write(changed)  # for the new key too
    assert kit.read("olpe", second).key == "another"


def test_what_an_entry_was_is_kept(kit: Kit) -> None:
    """A cluster that is taken over can make `einklang up` write what opens nothing."""
    secret = with_key(kit, "safe")
    kit.write(ENTRY)
    kit.write(Entry("olpe", ENTRY.repository, "of an attacker"))
    (former,) = (kit.folder / "former").iterdir()
    kit.file("olpe").write_bytes(former.read_bytes())
    assert kit.read("olpe", secret) == ENTRY
    assert kit.tenants() == ["olpe"]


def test_a_file_that_a_kill_left_half_is_written_again(kit: Kit) -> None:
    secret = with_key(kit, "safe")
    kit.write(ENTRY)
    kit.file("olpe").with_suffix(".sha256").unlink()
    assert kit.write(ENTRY)
    assert kit.read("olpe", secret) == ENTRY


def test_a_line_that_is_no_key_is_named(kit: Kit) -> None:
    kit.folder.mkdir()
    kit.recipients.write_text("# safe\nage1nonsense\n")
    with pytest.raises(UserError, match="age1nonsense"):
        kit.write(ENTRY)


def test_an_entry_gives_the_way_in(tmp_path: Path) -> None:
    access = ENTRY.access(tmp_path)
    assert access.authority and access.authority.read_text() == "PEM"
    assert Entry.of("olpe", access, "phrase", "") == ENTRY
    assert access.environment()["RESTIC_REST_PASSWORD"] == "password"
    assert "RESTIC_CACERT" not in Access("s3:https://x/y", "key").environment()


def test_an_identity_file_as_age_writes_it() -> None:
    assert identity("# created: today\n\nTHE-KEY\n") == "THE-KEY"
    with pytest.raises(UserError, match="holds no key"):
        identity("# nothing\n")


def test_any_two_of_three_shares_open_it(kit: Kit) -> None:
    secret = with_key(kit, "council")
    kit.write(ENTRY)
    made = shares.split(secret, 2, 3)
    assert all(len(share.split()) == 33 for share in made)
    for some in (*combinations(made, 2), made):
        assert kit.read("olpe", identity(*(f"# share\n{share}\n" for share in some))) == ENTRY


def test_shares_that_make_no_key_are_refused() -> None:
    made, others = (shares.split(new_identity()[0], 2, 3) for _ in range(2))
    with pytest.raises(UserError, match="2 shares of this recovery key are needed, here are 1"):
        identity(made[0], made[0])
    with pytest.raises(UserError, match="make no recovery key"):
        identity(made[0], others[1])
    words = made[1].split()
    with pytest.raises(UserError, match="make no recovery key"):
        identity(made[0], " ".join([*words[:-1], "academic" if words[-1] != "academic" else "acid"]))
    with pytest.raises(UserError, match="more than one"):
        identity(new_identity()[0], new_identity()[0])


@pytest.mark.parametrize("wrong", ["3/2", "1/3", "2/17", "2", "zwei/3", "2/3/4"])
def test_a_number_of_shares_that_cannot_be_is_refused(wrong: str) -> None:
    with pytest.raises(UserError, match="any 2 of 3"):
        shares.parts(wrong)


def test_a_key_in_shares_by_the_command(tmp_path: Path, kit: Kit) -> None:
    runner, words = CliRunner(), ["kit", "key", str(tmp_path / "council"), "--name", "council", "--shares", "2/3"]
    made = runner.invoke(main, [*words, "--kit", str(kit.folder)])
    assert made.exit_code == 0, made.output
    assert not (tmp_path / "council").exists()
    files = sorted(tmp_path.glob("council-*"))
    assert [file.stat().st_mode & 0o777 for file in files] == [0o600] * 3
    kit.write(ENTRY)
    assert kit.read("olpe", identity(*(file.read_text() for file in files[1:]))) == ENTRY
    again = runner.invoke(main, [*words, "--kit", str(kit.folder)])
    assert (again.exit_code, "is there already" in again.output) == (1, True)


def test_the_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EINKLANG_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("EINKLANG_BACKUP_SITE", str(tmp_path / "site"))
    runner, secret = CliRunner(), tmp_path / "key"
    refused = runner.invoke(main, ["kit", "write", "olpe"])
    assert refused.exit_code == 1
    assert "names no recovery key" in refused.output
    made = runner.invoke(main, ["kit", "key", str(secret), "--name", "safe"])
    assert made.exit_code == 0 and made.output.startswith("age1")
    assert secret.stat().st_mode & 0o777 == 0o600
    assert runner.invoke(main, ["kit", "key", str(secret), "--name", "safe"]).exit_code == 1
    Kit(tmp_path / "site" / "kit", tmp_path / "site" / "kit" / "recovery-keys.txt").write(ENTRY)
    shown = json.loads(runner.invoke(main, ["kit", "show", "--json"]).output)
    assert (shown["tenants"], len(shown["keys"])) == (["olpe"], 1)
