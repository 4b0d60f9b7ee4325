"""`einklang recover`: what it shows before it does anything, what it refuses, and its report."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner, Result

from einklang.cli import main
from einklang.cli import recover as command
from einklang.errors import UserError
from einklang.operations import seal
from einklang.operations.backup.kit import Entry, Kit, new_identity
from einklang.operations.local import site
from einklang.operations.recover import prepare, sources
from einklang.operations.recover.sources import Sources
from einklang.operations.restore.choosing import Chosen
from einklang.planning.recovery import FAILED, RECOVERED, Outcome
from einklang.settings import Settings
from tests.unit.tenant_folder import make_root
from tests.unit.test_backup_planning import manifest

NOW = datetime(2026, 11, 24, tzinfo=UTC)
SECRET, PUBLIC = new_identity()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(root=tmp_path / "root", cache=tmp_path / "cache", home=tmp_path / "home", site=tmp_path / "site")


@pytest.fixture
def kit(settings: Settings) -> Kit:
    made = Kit.of(settings)
    made.add_key(PUBLIC, "test")
    words = {"passphrase": "phrase", "evidence_keys": "a public key"}
    made.write(Entry("olpe", f"{site.URL}olpe/", "key", "olpe", "password", "authority", **words))  # type: ignore[arg-type]
    return made


@pytest.fixture
def run(settings: Settings, kit: Kit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs the command; the repository is told, and what would change anything is recorded instead."""
    make_root(settings.root)
    (tmp_path / "identity").write_text(f"{SECRET}\n")
    for name, path in (("ROOT", settings.root), ("HOME", settings.home), ("BACKUP_SITE", settings.backup_site)):
        monkeypatch.setenv(f"EINKLANG_{name}", str(path))
    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE", raising=False)
    programs = SimpleNamespace(binary=lambda name: Path(name))
    monkeypatch.setattr(command.toolchain, "ensure", lambda *_: programs)
    monkeypatch.setattr(sources, "choose", lambda *_: Chosen(manifest("run-1")))
    monkeypatch.setattr(sources, "Restic", lambda *_: SimpleNamespace(snapshots=list))

    def invoke(*words: str) -> Result:
        return CliRunner().invoke(main, ["recover", "--identity", str(tmp_path / "identity"), *words])

    return invoke


def rebuilt(monkeypatch: pytest.MonkeyPatch, *outcomes: Outcome) -> None:
    monkeypatch.setattr(command, "_tools", lambda *_: None)
    monkeypatch.setattr(command, "Rebuild", lambda *_: SimpleNamespace(perform=lambda: list(outcomes)))


def test_without_yes_it_shows_and_changes_nothing(run: Any, settings: Settings) -> None:
    done = run()
    assert done.exit_code == 2, done.output
    assert "1. olpe (M): run run-1" in done.output
    assert "nothing was changed" in done.output
    assert not settings.home.exists()
    shown = json.loads(run("--json").stdout)
    assert [each["run"] for each in shown["tenants"]] == ["run-1"]


def test_a_tenant_that_the_kit_lacks_is_named(run: Any, kit: Kit) -> None:
    kit.file("olpe").unlink()
    done = run()
    assert "olpe: cannot be recovered: the kit" in done.output


def test_the_report_says_what_was_lost_and_how_long_it_took(
    run: Any, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    figures = {"age_seconds": 7200.0, "seconds": 100.0, "ready_seconds": 200.0, "checks": 300}
    rebuilt(monkeypatch, Outcome("olpe", RECOVERED, run="run-1", **figures))  # type: ignore[arg-type]
    done = run("--yes")
    assert done.exit_code == 0, done.output
    row = next(line for line in done.output.splitlines() if line.startswith("olpe"))
    assert row.split("  ", 1)[1].split() == "recovered run-1 2 h 00 min 3 min 2 min 300".split()  # noqa: SIM905
    (file,) = (settings.home / "recovery").glob("report-*.json")
    assert json.loads(file.read_text())["tenants"][0]["checks"] == 300
    assert settings.passphrase.read_text() == "phrase"
    assert settings.passphrase.stat().st_mode & 0o777 == 0o600
    assert settings.audit_key.with_name(seal.BEFORE).read_text() == "a public key"


def test_a_tenant_that_failed_is_exit_code_4(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    rebuilt(monkeypatch, Outcome("olpe", FAILED, error="a pack is damaged"))
    done = run("--yes", "--json")
    assert done.exit_code == 4
    assert json.loads(done.stdout)["tenants"][0]["error"] == "a pack is damaged"


def test_rotation_gets_a_passphrase_of_its_own(run: Any, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    rebuilt(monkeypatch, Outcome("olpe", RECOVERED))
    assert run("--yes", "--rotate").exit_code == 0
    assert not settings.passphrase.exists()
    assert not settings.audit_key.with_name(seal.BEFORE).exists(), "an attacker may have the key"


@pytest.mark.parametrize("old", ["passphrase", "authority", "cluster/pki", "pulumi"])
def test_rotation_refuses_a_home_with_old_secrets(settings: Settings, old: str) -> None:
    (settings.home / old).mkdir(parents=True)
    with pytest.raises(UserError, match=str(settings.home / old)):
        prepare.journal(settings, NOW, rotate=True)
    prepare.journal(settings, NOW, rotate=False)


def test_rotation_goes_on_where_it_made_the_secrets_itself(settings: Settings) -> None:
    prepare.journal(settings, NOW, rotate=True).begin()
    settings.certificate_authority.mkdir()
    assert prepare.journal(settings, NOW, rotate=True).under_way


def test_a_passphrase_that_is_there_stays(settings: Settings, kit: Kit) -> None:
    settings.home.mkdir()
    settings.passphrase.write_text("mine")
    assert not prepare.passphrase(settings, kit, ["olpe"], SECRET, {})
    assert settings.passphrase.read_text() == "mine"


def test_a_site_is_a_folder_or_an_address(settings: Settings, kit: Kit, tmp_path: Path) -> None:
    entry, elsewhere = kit.read("olpe", SECRET), Entry("olpe", "s3:https://elsewhere/backups/olpe/", "key")

    def access(place: str, entry: Entry = entry) -> Any:
        return Sources(kit, SECRET, Path("restic"), tmp_path, settings.backup_site, place)._access(entry)

    # Each where the kit says; of the local site its folder, as its server does not run yet.
    assert access("", elsewhere).repository == elsewhere.repository
    assert access("").repository == f"{settings.backup_site}/repositories/olpe"
    assert access("rest:https://other:8445").repository == "rest:https://other:8445/olpe/"
    assert access("rest:https://other:8445").username == "olpe"
    folder = access(str(settings.backup_site))
    assert (folder.repository, folder.username) == (f"{settings.backup_site}/repositories/olpe", "")
    with pytest.raises(UserError, match="no backup site"):
        access("/no/such/folder")
