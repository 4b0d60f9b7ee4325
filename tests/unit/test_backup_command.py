"""`einklang backup`: what it refuses, and with which words; what it does on a real site is in tests/live."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from einklang.cli import main
from einklang.operations.backup import repository
from einklang.operations.backup.register import Registration
from einklang.operations.local.site import SiteFolders
from einklang.planning.backup import Arrived

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SiteFolders:
    monkeypatch.setenv("EINKLANG_HOME", str(tmp_path / "home"))
    folders = SiteFolders(tmp_path / "home-backup-site")
    folders.base.mkdir()
    return folders


def run(*words: str, stdin: str = "") -> Result:
    return CliRunner().invoke(main, ["backup", *words], input=stdin)


def test_where_there_is_no_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EINKLANG_HOME", str(tmp_path / "home"))
    done = run("status", "olpe", "--restic", "/bin/false")
    assert done.exit_code == 1
    assert "remedy: einklang local up, or --site FOLDER" in done.output


def test_a_tenant_that_is_not_registered_is_a_finding(site: SiteFolders) -> None:
    done = run("status", "olpe", "--restic", "/bin/false")
    assert done.exit_code == 2
    assert "error: readable" in done.output
    assert "einklang backup register olpe" in done.output
    assert run("status", "olpe", "--restic", "/bin/false", "--metrics").output.endswith('{tenant="olpe"} 1\n')


def test_requested_tenants_have_no_backups(site: SiteFolders) -> None:
    assert "lennestadt" not in run("status", "--restic", "/bin/false").output


def test_a_registration_that_is_none(site: SiteFolders) -> None:
    for stdin in ("nonsense", "{}", '{"tenant": "olpe"}'):
        done = run("accept", "--restic", "/bin/false", stdin=stdin)
        assert done.exit_code == 1
        assert "remedy: einklang backup register TENANT --show" in done.output


def test_a_registration_shows_no_key() -> None:
    assert "secret" not in repr(Registration("olpe", "hash", "secret"))


def test_pruning_shows_first(site: SiteFolders, monkeypatch: pytest.MonkeyPatch) -> None:
    removed: list[bool] = []
    gone = [Arrived("0123456789", "r1", "files", LONG_AGO, LONG_AGO)]

    def prune(*_: object, dry_run: bool) -> list[Arrived]:
        removed.append(not dry_run)
        return gone

    monkeypatch.setattr("einklang.cli.backup.prune", prune)
    shown = run("prune", "olpe", "--restic", "/bin/false")
    assert "would remove olpe 01234567 r1 files of 2020-01-01" in shown.output
    assert "nothing was removed" in shown.output
    assert "\nremoved" not in shown.output
    assert run("prune", "olpe", "--restic", "/bin/false", "--yes").exit_code == 0
    assert removed == [False, True]


def test_restics_times_with_nine_digits() -> None:
    assert repository._zone("2026-11-23T10:27:48.123456789Z") == "+00:00"
    assert repository._zone("2026-11-23T11:27:48.123456789+01:00") == "+01:00"
