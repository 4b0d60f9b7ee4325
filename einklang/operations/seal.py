"""The seal of an audit: hashes of all its files, when it was and with which versions, signed (Ed25519).

Whoever has the public key can tell whether a report was changed afterwards. The key proves which installation made
it, not that the installation told the truth.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from einklang.errors import CheckError, UserError
from einklang.model.evidence import Audit

MANIFEST, SIGNATURE, PUBLIC_KEY = "manifest.json", "manifest.sig", "audit-key.pub.pem"
BEFORE = "audit-keys-before.pub.pem"
"""Beside the installation's key: the public ones of those that a rebuild has replaced."""
_PEM = re.compile(rb"-----BEGIN .*?-----END [A-Z ]*-----", re.DOTALL)


def key(path: Path) -> Ed25519PrivateKey:
    """The installation's key for audits, made at the first use (mode 0600). Raises UserError where it is none."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        new = Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        temporary = path.with_suffix(".new")
        temporary.touch(mode=0o600)
        temporary.write_bytes(new)
        temporary.replace(path)
    try:
        found = serialization.load_pem_private_key(path.read_bytes(), None)
    except ValueError as error:
        raise UserError(f"{path}: not a private key", remedy="move it away; a new one is made") from error
    if not isinstance(found, Ed25519PrivateKey):
        raise UserError(f"{path}: not an Ed25519 key", remedy="move it away; a new one is made")
    return found


def trusted(path: Path) -> bytes:
    """The public half of the installation's key, and those from before a rebuild (PEM, one after the other).

    Empty where there is none yet.
    """
    own, file = public(key(path)) if path.exists() else b"", path.with_name(BEFORE)
    before = file.read_bytes() if file.exists() else b""
    return before if own in before else own + before


def public(private: Ed25519PrivateKey) -> bytes:
    """Its public half as PEM: what an auditor gets once, on a way of its own."""
    return private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def seal(folder: Path, files: Iterable[Path], audit: Audit, private: Ed25519PrivateKey) -> Path:
    """Write manifest, signature and public key beside the files; returns the manifest."""
    manifest = {
        "started": audit.started.isoformat(),
        "ended": audit.ended.isoformat(),
        "cluster": audit.cluster,
        "identity": audit.identity,
        "versions": dict(audit.versions),
        "tenants": sorted(audit.tenants),
        "files": {path.name: _digest(path) for path in sorted(files)},
    }
    text = (json.dumps(manifest, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()
    (folder / MANIFEST).write_bytes(text)
    (folder / SIGNATURE).write_bytes(private.sign(text))
    (folder / PUBLIC_KEY).write_bytes(public(private))
    return folder / MANIFEST


def verify(folder: Path, trusted: bytes) -> None:
    """Return where nothing was changed since the seal. trusted: public keys (PEM) that the reader had before.

    The key that lies beside the reports is not asked: whoever changes a report could change that too.
    Raises CheckError that says what is wrong, UserError where there is no seal.
    """
    try:
        text, signature = (folder / MANIFEST).read_bytes(), (folder / SIGNATURE).read_bytes()
    except OSError as error:
        raise UserError(f"{folder}: no sealed audit", remedy="name the folder that einklang audit wrote") from error
    if not any(_signed(known, signature, text) for known in _public_keys(trusted)):
        raise CheckError(f"{folder / MANIFEST}: not signed with this key, or changed since")
    wrong = [name for name, digest in json.loads(text)["files"].items() if _digest(folder / name) != digest]
    if wrong:
        raise CheckError(f"{folder}: changed since the audit: {', '.join(sorted(wrong))}")


def _public_keys(trusted: bytes) -> list[Ed25519PublicKey]:
    found: list[Ed25519PublicKey] = []
    for block in _PEM.findall(trusted) or [trusted]:
        try:
            known = serialization.load_pem_public_key(block)
        except ValueError as error:
            raise UserError("the key to check with is no public key (PEM)") from error
        if not isinstance(known, Ed25519PublicKey):
            raise UserError("the key to check with is no Ed25519 key")
        found.append(known)
    return found


def _signed(known: Ed25519PublicKey, signature: bytes, text: bytes) -> bool:
    try:
        known.verify(signature, text)
    except InvalidSignature:
        return False
    return True


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "missing"
