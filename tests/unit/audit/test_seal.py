"""The seal: what was changed after the audit is found."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from einklang.errors import CheckError, UserError
from einklang.operations import seal
from einklang.operations.audit import reports
from tests.unit.audit.samples import CATALOGUES, TEMPLATES, audit


@pytest.fixture
def sealed(tmp_path: Path) -> tuple[Path, bytes]:
    """The folder of a sealed audit, and the public key."""
    private, found = seal.key(tmp_path / "home" / "audit-key.pem"), audit()
    folder = tmp_path / "audit"
    seal.seal(folder, reports.write(found, CATALOGUES, folder, TEMPLATES), found, private)
    return folder, seal.public(private)


def test_an_untouched_audit_verifies(sealed: tuple[Path, bytes]) -> None:
    seal.verify(*sealed)
    manifest = json.loads((sealed[0] / seal.MANIFEST).read_text())
    assert manifest["ended"] == "2026-11-23T12:00:00+00:00"
    assert manifest["versions"]["kubernetes"] == "v1.34.4"
    assert "index.html" in manifest["files"]


@pytest.mark.parametrize("name", ["index.html", "olpe.html", "findings.csv", "junit.xml", "audit.json"])
def test_a_changed_report_is_found(sealed: tuple[Path, bytes], name: str) -> None:
    path = sealed[0] / name
    path.write_text(path.read_text().replace("attendorn", "Attendorn!"))
    path.write_text(path.read_text() + " ")
    with pytest.raises(CheckError, match=name):
        seal.verify(*sealed)


def test_a_missing_report_is_found(sealed: tuple[Path, bytes]) -> None:
    (sealed[0] / "findings.csv").unlink()
    with pytest.raises(CheckError, match=r"findings\.csv"):
        seal.verify(*sealed)


def test_a_changed_manifest_is_found(sealed: tuple[Path, bytes]) -> None:
    path = sealed[0] / seal.MANIFEST
    path.write_text(path.read_text().replace("2026", "2027"))
    with pytest.raises(CheckError, match="not signed"):
        seal.verify(*sealed)


def test_a_seal_from_before_a_rebuild_is_believed(sealed: tuple[Path, bytes], tmp_path: Path) -> None:
    folder, before = sealed
    own = tmp_path / "new" / "audit-key.pem"
    assert seal.trusted(own) == b""
    seal.key(own)
    with pytest.raises(CheckError, match="not signed"):
        seal.verify(folder, seal.trusted(own))
    own.with_name(seal.BEFORE).write_bytes(before)
    seal.verify(folder, seal.trusted(own))
    own.with_name(seal.BEFORE).write_bytes(seal.trusted(own))
    assert seal.trusted(own).count(b"BEGIN") == 2


def test_the_key_beside_the_reports_is_not_trusted(sealed: tuple[Path, bytes], tmp_path: Path) -> None:
    """Whoever changes the reports can seal them again with a key of their own."""
    folder, trusted = sealed
    found = audit("default-deny")
    seal.seal(folder, reports.write(found, CATALOGUES, folder, TEMPLATES), found, seal.key(tmp_path / "other.pem"))
    with pytest.raises(CheckError, match="not signed with this key"):
        seal.verify(folder, trusted)


def test_the_key_is_made_once_and_private(tmp_path: Path) -> None:
    path = tmp_path / "new" / "audit-key.pem"
    assert seal.public(seal.key(path)) == seal.public(seal.key(path))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_is_no_key_or_no_audit_is_said(sealed: tuple[Path, bytes], tmp_path: Path) -> None:
    (tmp_path / "text.pem").write_text("text")
    other = ec.generate_private_key(ec.SECP256R1())
    pem = serialization.Encoding.PEM
    (tmp_path / "ec.pem").write_bytes(
        other.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    for name in ("text.pem", "ec.pem"):
        with pytest.raises(UserError, match=name):
            seal.key(tmp_path / name)
    with pytest.raises(UserError, match="no sealed audit"):
        seal.verify(tmp_path, sealed[1])
    with pytest.raises(UserError, match="no public key"):
        seal.verify(sealed[0], b"text")
    with pytest.raises(UserError, match="Ed25519"):
        seal.verify(sealed[0], other.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo))


def test_an_installation_without_a_key_trusts_nothing_and_makes_none_by_looking(tmp_path: Path) -> None:
    path = tmp_path / "audit-key.pem"
    assert seal.trusted(path) == b""
    assert not path.exists()
    assert seal.trusted(path) == b""
    made = seal.key(path)
    assert seal.trusted(path) == seal.public(made)
