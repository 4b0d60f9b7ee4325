"""What an attacker can write into a repository whose key it holds, past restic: any file, rightly encrypted.

Source: restic's "References: Design" (keys, packs, index, snapshots).
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import secrets
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.poly1305 import Poly1305

from tests.live.backup_place import Place, request

_OVERHEAD = 32  # nonce before, MAC behind
_TYPES = {("data", False): 0, ("tree", False): 1, ("data", True): 2, ("tree", True): 3}


@dataclass(frozen=True)
class Forger:
    """Holds the repository's master key, as everybody does who once opened it."""

    place: Place
    tenant: str
    master: dict[str, Any]

    @classmethod
    def of(cls, place: Place, tenant: str) -> Forger:
        return cls(place, tenant, json.loads(place.restic_of(tenant, "cat", "masterkey", "--no-lock").stdout))

    def seal(self, content: bytes) -> bytes:
        nonce = secrets.token_bytes(16)
        stream = Cipher(algorithms.AES(base64.b64decode(self.master["encrypt"])), modes.CTR(nonce)).encryptor()
        sealed = stream.update(content) + stream.finalize()
        mac_key = algorithms.AES(base64.b64decode(self.master["mac"]["k"]))
        once = Cipher(mac_key, modes.ECB()).encryptor().update(nonce)  # noqa: S305 - one block: Poly1305-AES
        mac = Poly1305.generate_tag(base64.b64decode(self.master["mac"]["r"]) + once, sealed)
        return nonce + sealed + mac

    def put(self, kind: str, content: bytes) -> str:
        """Through the server, as it lets everybody who has the account; returns the name."""
        name = hashlib.sha256(content).hexdigest()
        url = f"{self.place.url}/{self.tenant}/{kind}/{name}"
        access = self.place.access(self.tenant)
        answer = request(self.place, "POST", url, access.username, access.password, content)
        assert answer.status_code == 200, (kind, answer.status_code)
        return name

    def snapshot(self, time: str, tags: Sequence[str]) -> str:
        """One that holds a tree which is nowhere."""
        tree = secrets.token_hex(32)
        told = {"time": time, "tree": tree, "paths": ["/x"], "hostname": self.tenant, "username": "x", "tags": tags}
        return self.put("snapshots", self.seal(json.dumps(told).encode()))

    def lock(self, time: str) -> str:
        told = {"time": time, "exclusive": True, "hostname": "nobody", "username": "nobody", "pid": 1}
        return self.put("locks", self.seal(json.dumps(told).encode()))

    def key(self) -> str:
        """That nobody's password opens, and that costs whoever tries."""
        told = {
            "created": "2026-11-23T20:00:00Z",
            "username": "x",
            "hostname": "x",
            "kdf": "scrypt",
            "N": 32768,
            "r": 8,
            "p": 1,
            "salt": base64.b64encode(os.urandom(64)).decode(),
            "data": base64.b64encode(os.urandom(200)).decode(),
        }
        return self.put("keys", json.dumps(told).encode())

    def indexes(self) -> list[dict[str, Any]]:
        """The blobs that the repository has."""
        names = self.place.restic_of(self.tenant, "list", "index", "--no-lock").stdout.split()
        texts = [self.place.restic_of(self.tenant, "cat", "index", name, "--no-lock").stdout for name in names]
        return [blob for text in texts for pack in json.loads(text)["packs"] for blob in pack["blobs"]]

    def second_copies(self, blobs: Sequence[dict[str, Any]]) -> str:
        """A pack and an index that claim to hold these, and hold noise; returns the index's name."""
        pieces, header, listed, offset = [], b"", [], 0
        for blob in blobs:
            piece = self.seal(os.urandom(blob["length"] - _OVERHEAD))
            whole = blob.get("uncompressed_length")
            header += struct.pack("<BI", _TYPES[(blob["type"], whole is not None)], len(piece))
            header += (struct.pack("<I", whole) if whole is not None else b"") + bytes.fromhex(blob["id"])
            listed.append({**blob, "offset": offset})
            pieces.append(piece)
            offset += len(piece)
        sealed = self.seal(header)
        pack = self.put("data", b"".join(pieces) + sealed + struct.pack("<I", len(sealed)))
        return self.put("index", self.seal(json.dumps({"packs": [{"id": pack, "blobs": listed}]}).encode()))
