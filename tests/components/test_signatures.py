"""The setting of the signature mirror: what it means, and what is none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from einklang.errors import UserError
from modules.scanner_configuration import SignatureMirror
from stacks import signatures
from tests.components import cases

URL = "https://signatures.intern.example/clamav"
GOOD = {"url": URL, "networks": ["192.0.2.10/32"]}


def test_left_out_there_is_none() -> None:
    assert signatures.mirror(None) is None


def test_a_mirror_with_everything(tmp_path: Path) -> None:
    authority = tmp_path / "ca.crt"
    authority.write_bytes(cases.authority().certificate_pem)
    value = {**GOOD, "databases": ["association.ndb", "more.yara"], "authority": str(authority)}
    assert signatures.mirror(value) == SignatureMirror(
        URL, 443, ("192.0.2.10/32",), ("association.ndb", "more.yara"), authority.read_text()
    )


@pytest.mark.parametrize(
    ("url", "port"),
    [("http://mirror.example", 80), ("https://mirror.example/a/b", 443), ("http://192.0.2.10:8080/clamav", 8080)],
)
def test_the_port_is_the_addresses_own(url: str, port: int) -> None:
    found = signatures.mirror({**GOOD, "url": url})
    assert found
    assert (found.url, found.port) == (url, port)


@pytest.mark.parametrize(
    "value",
    [
        "https://mirror.example",
        {},
        {"url": URL},
        {"networks": ["192.0.2.10/32"]},
        {**GOOD, "network": "192.0.2.10/32"},
        *({**GOOD, "url": url} for url in (
            7, "", "mirror.example", "ftp://mirror.example", "https://", "https://mirror.example/", "https://a b",
            "https://mirror.example\nDatabaseMirror elsewhere.example", "https://mirror.example?x=1",
            "https://mirror.example:99999", "https://mirror.example:0", "https://mirror.example/a//b",
        )),
        *({**GOOD, "networks": networks} for networks in (
            [], "192.0.2.10/32", ["192.0.2.10"], ["192.0.2.10/8"], ["mirror.example/32"], [7], ["0.0.0.0/0"],
            ["192.0.2.10/32", "::/0"],
        )),
        *({**GOOD, "databases": databases} for databases in (
            "association.ndb", ["../association.ndb"], ["a b.ndb"], ["association.exe"], [".ndb"], [7], ["main.cvd"],
        )),
        {**GOOD, "authority": "/nowhere/ca.crt"},
        {**GOOD, "url": "http://mirror.example", "authority": "/nowhere/ca.crt"},
    ],
)  # fmt: skip
def test_what_is_no_mirror_is_refused_and_says_why(value: Any) -> None:
    with pytest.raises(UserError, match="einklang:signatureMirror") as refused:
        signatures.mirror(value)
    assert "expected: " in str(refused.value)
    assert "own-cluster.md" in str(refused.value)


def test_a_password_is_refused_and_not_repeated() -> None:
    with pytest.raises(UserError, match="no user") as refused:
        signatures.mirror({**GOOD, "url": "https://user:correct-horse@mirror.example"})
    assert "correct-horse" not in str(refused.value)


@pytest.mark.parametrize("content", [b"", b"no certificate", b"key"])
def test_an_authority_is_certificates_and_nothing_else(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "ca.crt"
    own = cases.authority()
    file.write_bytes(own.certificate_pem + own.key_pem if content == b"key" else content)
    with pytest.raises(UserError, match=r"signatureMirror\.authority"):
        signatures.mirror(json.loads(json.dumps({**GOOD, "authority": str(file)})))
