"""Keys and certificates of the local cluster, and the authority that signs the tenants' certificates.

Keys are EC P-256, files are 0600, certificates of users and servers are made anew before they expire.
"""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import json
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from einklang.operations.local import plan

AUTHORITY_DAYS = 3650
CERTIFICATE_DAYS = 365
RENEW_BEFORE_DAYS = 30
ENCRYPTION = "encryption.json"
_PEM = serialization.Encoding.PEM
LOCAL_AUTHORITY = "Einklang local CA (not for production)"


@dataclass(frozen=True)
class Subject:
    """A certificate to make. file: its name without suffix. names: DNS names and addresses, for servers."""

    file: str
    common_name: str
    organization: str | None = None
    names: Sequence[str] = ()


SUBJECTS = (
    Subject(
        "apiserver",
        "kube-apiserver",
        names=(
            "kubernetes",
            "kubernetes.default",
            "kubernetes.default.svc",
            f"kubernetes.default.svc.{plan.CLUSTER_DOMAIN}",
            "localhost",
            "127.0.0.1",
            plan.NODE_ADDRESS,
            plan.API_SERVICE_ADDRESS,
        ),
    ),
    Subject("etcd", "etcd", names=("localhost", "127.0.0.1")),
    Subject("apiserver-etcd-client", "kube-apiserver-etcd-client"),
    Subject("apiserver-kubelet-client", "kube-apiserver-kubelet-client"),
    Subject("kubelet-server", plan.NODE_NAME, names=(plan.NODE_NAME, plan.NODE_ADDRESS)),
    Subject("kubelet", f"system:node:{plan.NODE_NAME}", "system:nodes"),
    Subject("kube-controller-manager", "system:kube-controller-manager"),
    Subject("kube-scheduler", "system:kube-scheduler"),
    Subject("kube-proxy", "system:kube-proxy"),
    Subject("kube-router", "einklang:kube-router"),
    # Makes the cluster's own roles and add-ons; nobody works with it.
    Subject("bootstrap", "einklang:bootstrap", "system:masters"),
    Subject("operator", "operator", plan.OPERATORS_GROUP),
)


def ensure(folder: Path, now: datetime, random: Callable[[int], bytes] = os.urandom) -> None:
    """Make what is missing or about to expire.

    That is the authority `ca`, the SUBJECTS, the service accounts' key `sa`, and the key of the Secrets in etcd.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    ensure_authority(folder, "kubernetes", now)
    authority, key = _read(folder / "ca")
    for subject in SUBJECTS:
        if not _valid(folder / subject.file, authority, now):
            _issue(folder, subject, authority, key, now)
    _ensure_service_account_key(folder)
    if not (folder / ENCRYPTION).exists():
        _write(folder / ENCRYPTION, json.dumps(encryption_at_rest(random(32))).encode())


def ensure_server(folder: Path, common_name: str, names: Sequence[str], now: datetime) -> None:
    """Make an authority of that name in `folder`, and the certificate `server` for these addresses, anew in time."""
    ensure_authority(folder, f"{common_name}: authority", now)
    authority, key = _read(folder / "ca")
    if not _valid(folder / "server", authority, now):
        _issue(folder, Subject("server", common_name, names=names), authority, key, now)


def fingerprint(folder: Path) -> str:
    """Of all certificates."""
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(folder.glob("*.crt")))).hexdigest()


def encryption_at_rest(key: bytes) -> dict[str, Any]:
    """The API server's EncryptionConfiguration: Secrets are encrypted before etcd sees them.

    key: 32 bytes (secretbox: XSalsa20 and Poly1305).
    """
    secretbox = {"keys": [{"name": "1", "secret": base64.b64encode(key).decode()}]}
    return {
        "apiVersion": "apiserver.config.k8s.io/v1",
        "kind": "EncryptionConfiguration",
        "resources": [{"resources": ["secrets"], "providers": [{"secretbox": secretbox}, {"identity": {}}]}],
    }


def ensure_authority(folder: Path, common_name: str, now: datetime) -> None:
    """Make `ca.crt` and `ca.key` in `folder` once."""
    if (folder / "ca.crt").exists():
        return
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    usage = x509.KeyUsage(True, False, False, False, False, True, True, False, False)
    certificate = (
        _builder(name, name, key, now, AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    _write_key(folder / "ca.key", key)
    _write(folder / "ca.crt", certificate.public_bytes(_PEM))


def _ensure_service_account_key(folder: Path) -> None:
    """`sa.key` signs the service accounts' tokens; the API server checks them with `sa.pub`."""
    if not (folder / "sa.key").exists():
        _write_key(folder / "sa.key", ec.generate_private_key(ec.SECP256R1()))
    if not (folder / "sa.pub").exists():
        public = _read_key(folder / "sa.key").public_key()
        _write(folder / "sa.pub", public.public_bytes(_PEM, serialization.PublicFormat.SubjectPublicKeyInfo))


def _issue(
    folder: Path, subject: Subject, authority: x509.Certificate, signer: ec.EllipticCurvePrivateKey, now: datetime
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, subject.common_name)]
    if subject.organization:
        attributes.insert(0, x509.NameAttribute(NameOID.ORGANIZATION_NAME, subject.organization))
    usages = [ExtendedKeyUsageOID.CLIENT_AUTH, *([ExtendedKeyUsageOID.SERVER_AUTH] if subject.names else [])]
    builder = _builder(x509.Name(attributes), authority.subject, key, now, CERTIFICATE_DAYS)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
    builder = builder.add_extension(
        x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
    )
    if subject.names:
        builder = builder.add_extension(x509.SubjectAlternativeName(list(_general(subject.names))), critical=False)
    _write_key(folder / f"{subject.file}.key", key)
    _write(folder / f"{subject.file}.crt", builder.sign(signer, hashes.SHA256()).public_bytes(_PEM))


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime, days: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))  # clocks differ
        .not_valid_after(now + timedelta(days=days))
    )


def _general(names: Sequence[str]) -> Iterable[x509.GeneralName]:
    for name in names:
        try:
            yield x509.IPAddress(ipaddress.ip_address(name))
        except ValueError:
            yield x509.DNSName(name)


def _valid(stem: Path, authority: x509.Certificate, now: datetime) -> bool:
    if not stem.with_suffix(".crt").exists() or not stem.with_suffix(".key").exists():
        return False
    certificate = x509.load_pem_x509_certificate(stem.with_suffix(".crt").read_bytes())
    try:
        certificate.verify_directly_issued_by(authority)
    except InvalidSignature:
        return False
    return certificate.not_valid_after_utc - now > timedelta(days=RENEW_BEFORE_DAYS)


def _read(stem: Path) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    certificate = x509.load_pem_x509_certificate(stem.with_suffix(".crt").read_bytes())
    return certificate, _read_key(stem.with_suffix(".key"))


def _read_key(path: Path) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)  # noqa: S101 (this module wrote it)
    return key


def _write_key(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    form, no_password = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    _write(path, key.private_bytes(_PEM, form, no_password))


def _write(path: Path, content: bytes) -> None:
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    new.replace(path)
