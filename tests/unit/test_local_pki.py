"""Keys and certificates of the local cluster: who they name, for how long, and that they are kept."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from einklang.operations.local import pki

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cluster") / "pki"
    pki.ensure(folder, NOW)
    return folder


def certificate(folder: Path, name: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate((folder / f"{name}.crt").read_bytes())


def named(one: x509.Certificate, attribute: x509.ObjectIdentifier) -> list[str]:
    return [str(found.value) for found in one.subject.get_attributes_for_oid(attribute)]


@pytest.mark.parametrize(
    ("name", "common_name", "organization"),
    [
        ("operator", "operator", ["einklang:operators"]),
        ("kubelet", "system:node:einklang-local", ["system:nodes"]),
        ("kube-scheduler", "system:kube-scheduler", []),
        ("apiserver", "kube-apiserver", []),
    ],
)
def test_whom_a_certificate_names(made: Path, name: str, common_name: str, organization: list[str]) -> None:
    one = certificate(made, name)
    assert named(one, NameOID.COMMON_NAME) == [common_name]
    assert named(one, NameOID.ORGANIZATION_NAME) == organization
    one.verify_directly_issued_by(certificate(made, "ca"))


def test_the_api_server_is_known_by_all_its_names(made: Path) -> None:
    names = certificate(made, "apiserver").extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert {str(address) for address in names.get_values_for_type(x509.IPAddress)} >= {"10.243.0.1", "10.96.0.1"}
    assert "kubernetes.default.svc.cluster.local" in names.get_values_for_type(x509.DNSName)


def test_a_user_is_no_server(made: Path) -> None:
    usage = certificate(made, "operator").extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.CLIENT_AUTH]


def test_all_files_are_private(made: Path) -> None:
    assert {oct(path.stat().st_mode & 0o777) for path in made.iterdir()} == {"0o600"}
    assert oct(made.stat().st_mode & 0o777) == "0o700"


def test_a_second_time_changes_nothing(made: Path) -> None:
    before = {path.name: path.read_bytes() for path in made.iterdir()}
    pki.ensure(made, NOW + timedelta(days=300))
    assert before == {path.name: path.read_bytes() for path in made.iterdir()}


def test_what_is_about_to_expire_is_made_anew_but_not_the_authority(tmp_path: Path) -> None:
    pki.ensure(tmp_path, NOW)
    authority, operator, before = (
        certificate(tmp_path, "ca"),
        certificate(tmp_path, "operator"),
        pki.fingerprint(tmp_path),
    )
    pki.ensure(tmp_path, NOW + timedelta(days=340))
    assert certificate(tmp_path, "ca") == authority
    assert certificate(tmp_path, "operator") != operator
    assert pki.fingerprint(tmp_path) != before


@pytest.mark.parametrize("lost", ["ca.crt", "operator.crt", "operator.key", "sa.pub", "encryption.json"])
def test_a_kill_in_the_middle_is_mended(tmp_path: Path, lost: str) -> None:
    pki.ensure(tmp_path, NOW)
    secret = (tmp_path / "sa.key").read_bytes()
    (tmp_path / lost).unlink()
    pki.ensure(tmp_path, NOW)
    certificate(tmp_path, "operator").verify_directly_issued_by(certificate(tmp_path, "ca"))
    assert (tmp_path / "sa.key").read_bytes() == secret


def test_secrets_are_encrypted_with_a_key_of_their_own(tmp_path: Path) -> None:
    pki.ensure(tmp_path, NOW, random=lambda size: bytes(range(size)))
    told = json.loads((tmp_path / "encryption.json").read_text())["resources"][0]
    assert told["resources"] == ["secrets"]
    key = told["providers"][0]["secretbox"]["keys"][0]["secret"]
    assert base64.b64decode(key) == bytes(range(32))
    assert told["providers"][1] == {"identity": {}}  # reads what was written before, never writes


def test_the_local_authority(tmp_path: Path) -> None:
    pki.ensure_authority(tmp_path, pki.LOCAL_AUTHORITY, NOW)
    one = certificate(tmp_path, "ca")
    assert named(one, NameOID.COMMON_NAME) == ["Einklang local CA (not for production)"]
    assert one.not_valid_after_utc - NOW == timedelta(days=3650)
    key = one.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name == "secp256r1"
    assert one.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    before = (tmp_path / "ca.key").read_bytes()
    pki.ensure_authority(tmp_path, pki.LOCAL_AUTHORITY, NOW)
    assert (tmp_path / "ca.key").read_bytes() == before
