"""A file's content to ClamAV's daemon, by its INSTREAM command (clamd(8))."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterable

_TIMEOUT_SECONDS = 120
_ANSWER_BYTES = 4096


def scan(address: str, chunks: Iterable[bytes]) -> str:
    """The name of the malware that clamd at `host:port` finds, or an empty text.

    Raises OSError where it cannot be reached, or does not say that the file is clean.
    """
    host, _, port = address.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=_TIMEOUT_SECONDS) as connection:
        connection.sendall(b"zINSTREAM\0")
        for chunk in chunks:
            if chunk:
                connection.sendall(struct.pack("!L", len(chunk)) + chunk)
        connection.sendall(struct.pack("!L", 0))
        answer = b""
        while not answer.endswith(b"\0"):
            part = connection.recv(_ANSWER_BYTES)
            if not part:
                break
            answer += part
    return _malware(answer.rstrip(b"\0").decode(errors="replace").strip())


def _malware(answer: str) -> str:
    """`stream: OK`, `stream: Eicar-Test-Signature FOUND` or `… ERROR`."""
    if answer == "stream: OK":
        return ""
    if answer.startswith("stream: ") and answer.endswith(" FOUND"):
        return answer[len("stream: ") : -len(" FOUND")]
    raise OSError(f"clamd answers {answer[:200]!r}")
