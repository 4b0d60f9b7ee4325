"""Certificates of the tenants' hostnames: signed here by a local authority, or asked of cert-manager."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

VALID_DAYS = 397
"""The longest that browsers accept of a server certificate (CA/Browser Forum, ballot SC31)."""


@dataclass(frozen=True)
class LocalAuthority:
    """Certificate and key of the local authority, as PEM. Raise `round` to have all certificates signed again."""

    certificate_pem: bytes
    key_pem: bytes
    round: int = 1


@dataclass(frozen=True)
class CertManager:
    """Certificates come from cert-manager's ClusterIssuer of that name, which watches the Gateways."""

    cluster_issuer: str


Issuer = LocalAuthority | CertManager


def secret_name(hostnames: Sequence[str], issuer: Issuer) -> str:
    """Name of the Secret: other hostnames, another authority or another round is another certificate."""
    if isinstance(issuer, CertManager):
        return "tls"
    parts = [*sorted(hostnames), hashlib.sha256(issuer.certificate_pem).hexdigest(), str(issuer.round)]
    return f"tls-{hashlib.sha256(' '.join(parts).encode()).hexdigest()[:8]}"


def sign(authority: LocalAuthority, hostnames: Sequence[str], now: datetime) -> dict[str, str]:
    """A key and a certificate for the hostnames: the content of a Secret of type kubernetes.io/tls, as PEM."""
    signer = serialization.load_pem_private_key(authority.key_pem, password=None)
    issuer = x509.load_pem_x509_certificate(authority.certificate_pem)
    if not isinstance(signer, ec.EllipticCurvePrivateKey):
        raise TypeError("the local authority's key is not an elliptic curve key")
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hostnames[0][:64])]))
        .issuer_name(issuer.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))  # clocks differ
        .not_valid_after(now + timedelta(days=VALID_DAYS))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in hostnames]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        .sign(signer, hashes.SHA256())
    )
    form, clear = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return {
        "tls.key": key.private_bytes(serialization.Encoding.PEM, form, clear).decode(),
        "tls.crt": certificate.public_bytes(serialization.Encoding.PEM).decode(),
    }
