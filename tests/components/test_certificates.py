"""Certificates of the local authority."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from modules.certificates import VALID_DAYS, CertManager, secret_name, sign
from tests.components import cases

HOSTNAMES = ["id.olpe.example", "www.olpe.example"]


def certificate() -> tuple[x509.Certificate, dict[str, str]]:
    content = sign(cases.authority(), HOSTNAMES, cases.NOW)
    return x509.load_pem_x509_certificate(content["tls.crt"].encode()), content


def test_it_is_for_the_hostnames_and_nothing_else() -> None:
    signed, _ = certificate()
    names = signed.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == HOSTNAMES
    assert not signed.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    usage = signed.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.SERVER_AUTH]


def test_it_is_signed_by_the_authority() -> None:
    signed, _ = certificate()
    authority = x509.load_pem_x509_certificate(cases.authority().certificate_pem)
    key = authority.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    assert signed.signature_hash_algorithm
    key.verify(signed.signature, signed.tbs_certificate_bytes, ec.ECDSA(signed.signature_hash_algorithm))
    assert signed.issuer == authority.subject


def test_it_is_valid_from_now_as_long_as_browsers_accept() -> None:
    signed, _ = certificate()
    assert signed.not_valid_before_utc <= cases.NOW
    assert signed.not_valid_after_utc == cases.NOW + timedelta(days=VALID_DAYS)
    assert VALID_DAYS < 398


def test_the_key_belongs_to_it() -> None:
    signed, content = certificate()
    key = serialization.load_pem_private_key(content["tls.key"].encode(), password=None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    assert key.public_key() == signed.public_key()


def test_another_authority_round_or_hostname_is_another_secret() -> None:
    authority = cases.authority()
    names = {
        secret_name(HOSTNAMES, authority),
        secret_name(HOSTNAMES[:1], authority),
        secret_name(HOSTNAMES, replace(authority, round=2)),
        secret_name(HOSTNAMES, replace(authority, certificate_pem=b"another")),
    }
    assert len(names) == 4
    assert secret_name(HOSTNAMES, authority) == secret_name(HOSTNAMES[::-1], authority)


def test_an_issuers_secret_keeps_its_name() -> None:
    issuer = CertManager("association")
    assert secret_name(HOSTNAMES, issuer) == secret_name(HOSTNAMES[:1], issuer) == "tls"


def test_an_authority_with_another_kind_of_key_is_refused() -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    with pytest.raises(TypeError, match="elliptic curve"):
        sign(replace(cases.authority(), key_pem=pem), HOSTNAMES, cases.NOW)
