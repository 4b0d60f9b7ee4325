"""A file's content to ClamAV's daemon, by its INSTREAM command (clamd(8))."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterable

# Whoever sends a file waits: for a scanner that is away only for a moment.
_CONNECT_SECONDS, _SCAN_SECONDS = 5, 120
_ANSWER_BYTES = 4096
# What clamd calls a file that is larger, deeper or slower than it looks into (clamd.conf(5), AlertExceedsMax).
_INCOMPLETE = "Heuristics.Limits.Exceeded"


def scan(address: str, chunks: Iterable[bytes]) -> str:
    """The name of the malware that clamd at `host:port` finds, or an empty text.

    Raises OSError where it cannot be reached, or does not say that the file is clean.
    """
    host, _, port = address.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=_CONNECT_SECONDS) as connection:
        connection.settimeout(_SCAN_SECONDS)
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


def incomplete(found: str) -> bool:
    """True where what `scan` returned is no malware: clamd could not look at all of the file."""
    return found.startswith(_INCOMPLETE)


def _malware(answer: str) -> str:
    """`stream: OK`, `stream: Eicar-Test-Signature FOUND` or `… ERROR`."""
    if answer == "stream: OK":
        return ""
    if answer.startswith("stream: ") and answer.endswith(" FOUND"):
        return answer[len("stream: ") : -len(" FOUND")]
    raise OSError(f"clamd answers {answer[:200]!r}")
