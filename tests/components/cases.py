"""Tenants of each size, and what a program gets besides them; everything fixed."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, timedelta
from functools import cache

import pulumi
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.x509.oid import NameOID

from einklang import inventory
from einklang.model.resolved import ResolvedTenant
from einklang.model.tenant import Status
from einklang.settings import PROJECT_ROOT
from modules.backup_site import BackupSite
from modules.certificates import LocalAuthority

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
POPULATIONS = {"S": 12_000, "M": 25_036, "L": 250_000}
"""Size class -> inhabitants of a municipality in it."""
SITE = BackupSite("rest:https://backup.example:8445/", ("192.0.2.7/32",), "certificate of the site's authority\n")
OPTIONS = pulumi.ResourceOptions()


def image(name: str) -> str:
    """A reference by digest, as a catalogue has it."""
    return f"registry.einklang.example/{name}@sha256:{hashlib.sha256(name.encode()).hexdigest()}"


def random(count: int) -> bytes:
    """As many bytes, always the same."""
    return bytes(number % 256 for number in range(count))


@cache
def tenant(size: str = "M", status: Status = Status.ACTIVE) -> ResolvedTenant:
    """Olpe of our examples, with as many inhabitants as the size class has."""
    resolved = inventory.load(PROJECT_ROOT, today=date(2026, 11, 23)).resolve("olpe")
    changed = resolved.tenant.model_copy(update={"population": POPULATIONS[size], "status": status})
    found = resolved.standard.size_of(changed.population)
    assert found.name == size
    return ResolvedTenant(changed, resolved.standard, found, resolved.logo, resolved.services)


def images(resolved: ResolvedTenant) -> dict[str, str]:
    """A catalogue with everything that the tenant's standard names."""
    return {name: image(name) for name in resolved.standard.images.values()}


@cache
def authority() -> LocalAuthority:
    """A local certificate authority, the same in every run.

    The certificate's name in the cluster follows from the authority's certificate, and an ECDSA signature is random:
    so it is signed by an Ed25519 key, whose signatures are not.
    """
    key = ec.derive_private_key(5_966_024, ec.SECP256R1())
    root = ed25519.Ed25519PrivateKey.from_private_bytes(random(32))
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test authority")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=3650))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(root, None)
    )
    pem, clear = serialization.Encoding.PEM, serialization.NoEncryption()
    return LocalAuthority(
        certificate.public_bytes(pem), key.private_bytes(pem, serialization.PrivateFormat.PKCS8, clear)
    )
