"""No input crashes or stalls the reader: mutations of a good file with a fixed seed, and inputs made to be slow."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator

import pytest
import yaml

from einklang.inventory.document import Document
from einklang.inventory.reader import _Reader, parse
from einklang.inventory.text import decode
from einklang.inventory.validation import validated
from einklang.model.messages import Language, render
from einklang.model.tenant import Tenant

from .tenant_folder import GOOD

ROUNDS = 400
PIECES = [
    b"\t",
    b"&a ",
    b"*a",
    b"!!x ",
    b"<<: ",
    b"---\n",
    b"...\n",
    b"'",
    b'"',
    b"[",
    b"]",
    b"{",
    b"}",
    b"|\n",
    b">-\n",
]
PIECES += [
    b"? ",
    b": ",
    b"- ",
    b"#",
    b"%",
    b"@",
    b"`",
    b"\\",
    b"\0",
    b"\xff",
    b"\xc3",
    b"\r",
    b"\xe2\x80\xa8",
    b"0x",
    b"no",
    b"~",
]
PIECES += [
    b"\n",
    b"    ",
    b'"\\ud800"',
    b"9" * 400,
    b"2027-99-99",
    b"1:2:3",
    b"\xf0\x9f\x8f\x9b",
    b".inf",
    b"!<tag:x>",
    b"\x85",
]


def mutations(seed: int, rounds: int) -> Iterator[bytes]:
    chance = random.Random(seed)  # the same every time on purpose
    good = GOOD.encode()
    for _ in range(rounds):
        data = bytearray(good)
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(data))
            action = chance.randrange(4)
            if action == 0:
                data[at:at] = chance.choice(PIECES)
            elif action == 1:
                del data[at : at + chance.randint(1, 30)]
            elif action == 2:
                data[at] = chance.randrange(128)
            else:
                end = at + chance.randint(1, 60)
                data[at:at] = data[at:end]
        yield bytes(data)


@pytest.mark.timeout(60)
def test_mutated_files_never_crash() -> None:
    refused = 0
    for data in mutations(20261123, ROUNDS):
        document = parse("tenants/olpe.yaml", data)
        tenant = validated(document, Tenant)
        assert (tenant is None) == bool(document.problems), "nothing is half-read"
        lines = data.count(b"\n") + data.count(b"\r") + 1
        for problem in document.problems:
            assert 1 <= problem.line <= lines
            assert problem.column >= 1
            for language in Language:
                render(problem, language).encode("utf-8")
        refused += tenant is None
    assert refused > ROUNDS / 2, "the mutations bite"


SLOW = {
    "nested lists": b"[" * 65_000,
    "nested mappings": b"{a: " * 16_000,
    "nested sequences": b"- " * 32_000,
    "nested questions": b"? " * 32_000,
    "one long line": b"a" * 65_000,
    "one long key": b"a" * 65_000 + b": 1",
    "many keys": b"".join(b"k%d: 1\n" % n for n in range(6_000)),
    "many similar keys": b"".join(b"populatio%d: 1\n" % n for n in range(3_500)),
    "many duplicate keys": b"id: x\n" * 10_000,
    "many entries": b"services: [" + b"a," * 32_000 + b"]",
    "many anchors": b"a: " + b"&a " * 20_000,
    "many aliases": b"a: [" + b"*a," * 20_000 + b"]",
    "many escapes": b'a: "' + b"\\x41" * 16_000 + b'"',
    "many tabs": b"\t\n" * 32_000,
    "many control characters": b"\x01" * 65_000,
    "many documents": b"---\n" * 16_000,
    "many digits": b"population: " + b"9" * 65_000,
    "many colons": b"a: " + b"1:" * 32_000,
    "many quotation marks": b"'" * 65_000,
    "many tags": b"!a " * 20_000,
    "long hostname": b"domain: " + b"a-" * 32_000,
    "long address": b"contacts: {operations: {email: " + b"a." * 30_000 + b"}}",
}


@pytest.mark.timeout(20)
@pytest.mark.parametrize("what", SLOW)
def test_no_input_stalls(what: str) -> None:
    assert len(SLOW[what]) <= 65_536
    began = time.process_time()
    document = parse("x", SLOW[what])
    assert validated(document, Tenant) is None
    assert document.problems
    assert time.process_time() - began < 5.0


def test_both_parsers_read_the_same() -> None:
    """What the quick parser lets pass means to the other one the same, at the same places."""
    compared = 0
    for data in mutations(7, 4 * ROUNDS):
        quick = parse("x.yaml", data)
        if quick.problems:
            continue
        text = decode(data, Document("x.yaml"))
        assert text is not None
        slow = Document("x.yaml")
        _Reader(slow, text, yaml.SafeLoader).read()
        if slow.problems:
            # libyaml knows more of YAML 1.2: a question mark at the end of a plain text inside braces.
            assert {problem.code.value.partition("-")[0] for problem in slow.problems} == {"syntax"}
            continue
        assert (quick.value, quick.texts) == (slow.value, slow.texts), text
        assert (quick.keys, quick.values) == (slow.keys, slow.values), text
        compared += 1
    assert compared > 100
