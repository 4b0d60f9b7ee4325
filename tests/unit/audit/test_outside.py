"""A site from outside, tried on a server of ours on the loopback: good and bad TLS, headers, cookies."""

from __future__ import annotations

import ssl
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from einklang.clients import outside, web
from einklang.clients.outside import Way
from einklang.errors import ClientError

NAME = "www.olpe.example"
SECRET = "cookie-value-7Q"


class Site(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(302 if self.path == "/to" else 200)
        self.send_header("Location", "https://elsewhere.example/")
        self.send_header("Set-Cookie", f"__ac={SECRET}; Path=/; Secure; HttpOnly")
        self.send_header("X-Internal", "not recorded")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    pem, clear = serialization.Encoding.PEM, serialization.NoEncryption()
    (folder / "site.pem").write_bytes(
        made.public_bytes(pem) + key.private_bytes(pem, serialization.PrivateFormat.PKCS8, clear)
    )
    (folder / "authority.pem").write_bytes(made.public_bytes(pem))
    return folder


@contextmanager
def serving(certificate: Path | None, least: ssl.TLSVersion | None = None) -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate / "site.pem")
        if least:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)
                context.minimum_version = least
            context.set_ciphers("ALL:@SECLEVEL=0")
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield int(server.server_address[1])
    server.shutdown()
    server.server_close()


def facts(ports: tuple[int, int], authority: Path | None) -> outside.SiteFacts:
    way = Way("127.0.0.1", authority, timeout_seconds=3, https_port=ports[0], http_port=ports[1])
    return outside.look(NAME, "portal", ["/", "/to"], way)


def test_a_site_is_recorded_without_values_of_cookies(certificate: Path) -> None:
    with serving(certificate) as secure, serving(None) as plain:
        found = facts((secure, plain), certificate / "authority.pem")
    assert found.verified
    assert found.tls == {"TLS 1.0": False, "TLS 1.1": False, "TLS 1.2": True, "TLS 1.3": True}
    assert 29 < outside.expires_in_days(found, datetime.now(UTC)) < 31
    assert found.answers["/"].cookies == ("__ac; Path=/; Secure; HttpOnly",)
    assert (found.answers["/to"].status, found.answers["/to"].headers["location"]) == (
        302,
        "https://elsewhere.example/",
    )
    assert found.plain is not None
    assert found.plain.status == 200
    assert SECRET not in repr(found)
    assert "not recorded" not in repr(found)


def test_an_old_version_that_a_site_speaks_is_noticed(certificate: Path) -> None:
    """The counter-proof: our side can speak TLS 1.0, so a refusal is the site's."""
    with serving(certificate, ssl.TLSVersion.TLSv1) as secure, serving(None) as plain:
        found = facts((secure, plain), certificate / "authority.pem")
    assert found.tls["TLS 1.0"]
    assert found.tls["TLS 1.1"]


def test_an_unknown_authority_is_noticed(certificate: Path) -> None:
    with serving(certificate) as secure, serving(None) as plain:
        assert not facts((secure, plain), None).verified


def test_nobody_there_is_an_error() -> None:
    with pytest.raises(ClientError):
        facts((1, 1), None)


def test_who_is_unknown_gets_a_status_or_nothing(certificate: Path) -> None:
    with serving(certificate) as secure:
        authority = (certificate / "authority.pem").read_text()
        assert web.unknown_status(f"https://127.0.0.1:{secure}/", authority) is None  # another name: not verified
        assert web.unknown_status(f"https://127.0.0.1:{secure}/", "") is None
    with serving(None) as plain:
        assert web.unknown_status(f"http://127.0.0.1:{plain}/", "") == 200
