"""A tenant's sites as somebody outside sees them: certificate, TLS versions, answers. Without any credentials.

Values of cookies are dropped at once: what is recorded may be shown.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from einklang.errors import ClientError

OLD = {"TLS 1.0": ssl.TLSVersion.TLSv1, "TLS 1.1": ssl.TLSVersion.TLSv1_1}
NEW = {"TLS 1.2": ssl.TLSVersion.TLSv1_2, "TLS 1.3": ssl.TLSVersion.TLSv1_3}
_KEPT = frozenset(
    {
        "location", "server", "x-powered-by", "via", "strict-transport-security", "content-security-policy",
        "x-frame-options", "x-content-type-options", "referrer-policy", "access-control-allow-origin", "content-type",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Answer:
    """One answer to a GET: status, the headers that matter (lower case), the cookies as `name; flags`."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: tuple[str, ...] = ()


@dataclass(frozen=True)
class SiteFacts:
    """One hostname. application: identity, portal or dms. tls: version -> whether a connection came about.

    verified: the certificate's authority and name are right. certificate_key: kind and size of its key, issuer.
    plain: the answer to HTTP. answers: path -> answer over HTTPS.
    """

    hostname: str
    application: str
    tls: Mapping[str, bool]
    verified: bool
    certificate_ends: datetime | None
    certificate_key: str = ""
    plain: Answer | None = None
    answers: Mapping[str, Answer] = field(default_factory=dict)


@dataclass(frozen=True)
class Way:
    """How to get there. address: connect there instead of where the name leads. authority: PEM file to trust."""

    address: str | None = None
    authority: Path | None = None
    timeout_seconds: float = 15
    https_port: int = 443
    http_port: int = 80


def look(hostname: str, application: str, paths: Iterable[str], way: Way) -> SiteFacts:
    """Ask a site. Raises ClientError where nothing answers there at all."""
    tls = {name: _handshake(hostname, version, way) for name, version in {**OLD, **NEW}.items()}
    if not any(tls.values()):
        raise ClientError(f"{hostname}: no TLS connection comes about", remedy="is the gateway reachable from here?")
    verified, certificate = _certificate(hostname, way)
    with _client(hostname, way) as client:
        answers = {path: _ask(client, f"https://{way.address or hostname}:{way.https_port}", path) for path in paths}
        plain = _ask(client, f"http://{way.address or hostname}:{way.http_port}", "/")
    return SiteFacts(
        hostname,
        application,
        tls,
        verified,
        certificate.not_valid_after_utc if certificate else None,
        _described(certificate) if certificate else "",
        plain,
        answers,
    )


def _client(hostname: str, way: Way) -> httpx.Client:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # judged apart, by _certificate
    return httpx.Client(
        verify=context, timeout=way.timeout_seconds, headers={"Host": hostname}, trust_env=way.address is None
    )


def _ask(client: httpx.Client, base: str, path: str) -> Answer:
    hostname = client.headers["Host"]
    try:
        found = client.get(f"{base}{path}", extensions={"sni_hostname": hostname}, follow_redirects=False)
    except httpx.HTTPError as error:
        raise ClientError(f"{hostname}{path}: {error}") from error
    headers = {name: value for name, value in found.headers.items() if name in _KEPT}
    return Answer(found.status_code, headers, tuple(_flags(line) for line in found.headers.get_list("set-cookie")))


def _flags(line: str) -> str:
    """A cookie's name and flags without its value."""
    first, *flags = [part.strip() for part in line.split(";")]
    return "; ".join([first.partition("=")[0], *flags])


def _handshake(hostname: str, version: ssl.TLSVersion, way: Way) -> bool:
    """Whether the site speaks exactly this version. Old ones need an old security level on our side."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the old versions are what we ask for
        context.minimum_version = context.maximum_version = version
    try:
        with _connected(hostname, way) as raw, context.wrap_socket(raw, server_hostname=hostname):
            return True
    except (ssl.SSLError, ConnectionError):
        return False
    except OSError as error:
        raise ClientError(f"{hostname}: {error}") from error


def _certificate(hostname: str, way: Way) -> tuple[bool, x509.Certificate | None]:
    """Whether the certificate is the site's own and trusted, and the certificate."""
    context = ssl.create_default_context(cafile=str(way.authority) if way.authority else None)
    verified = False
    with (
        contextlib.suppress(ssl.SSLError),
        _connected(hostname, way) as raw,
        context.wrap_socket(raw, server_hostname=hostname),
    ):
        verified = True
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with _connected(hostname, way) as raw, context.wrap_socket(raw, server_hostname=hostname) as wrapped:
        shown = wrapped.getpeercert(binary_form=True)
    return verified, x509.load_der_x509_certificate(shown) if shown else None


def _described(certificate: x509.Certificate) -> str:
    """Kind of the key, and who signed: `ECDSA secp256r1, signed with ecdsa-with-SHA256 by CN=…`."""
    key = certificate.public_key()
    kind = f"RSA {key.key_size}" if isinstance(key, rsa.RSAPublicKey) else type(key).__name__.removesuffix("PublicKey")
    if isinstance(key, ec.EllipticCurvePublicKey):
        kind = f"ECDSA {key.curve.name}"
    algorithm = certificate.signature_hash_algorithm
    return f"{kind}, {algorithm.name if algorithm else 'ohne Hash'}, {certificate.issuer.rfc4514_string()}"


def _connected(hostname: str, way: Way) -> socket.socket:
    return socket.create_connection((way.address or hostname, way.https_port), timeout=way.timeout_seconds)


def expires_in_days(facts: SiteFacts, now: datetime) -> float:
    """Days that the certificate is still good for; negative where it is over or there is none."""
    if facts.certificate_ends is None:
        return -1.0
    return (facts.certificate_ends - now.astimezone(UTC)).total_seconds() / 86400
