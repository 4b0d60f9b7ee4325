"""The scanner's files: configuration of clamd, and of freshclam where signatures come from a mirror."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from einklang.model.resolved import ResolvedTenant
from einklang.rendering import render
from modules.flows import SCANNER

CLAMD, FRESHCLAM, AUTHORITY = "clamd.conf", "freshclam.conf", "authority.crt"
SIGNATURES = "/var/lib/clamav"
SCAN_SECONDS = 60
"""The longest that a file is looked at; the document management waits twice as long (its `clamd.py`)."""
_TEST_SIGNATURE = "/usr/share/einklang/signatures/einklang.ndb"
_LOOK_AGAIN_SECONDS = 600


@dataclass(frozen=True)
class SignatureMirror:
    """Where the scanners of all tenants get their signatures.

    url: without a slash at its end; there are main.cvd, daily.cvd and bytecode.cvd. networks: CIDRs in which the server
    is. port: of the URL. databases: file names of the association's own signatures beside ClamAV's. authority: PEM
    certificates by which an https server is known, or empty: those that everybody knows.
    """

    url: str
    port: int
    networks: tuple[str, ...]
    databases: tuple[str, ...] = ()
    authority: str = ""


def files(templates: Path, resolved: ResolvedTenant, mirror: SignatureMirror | None) -> Mapping[str, str]:
    """Name -> content, for the folder /etc/clamav."""
    folder = templates / "scanner"
    clamd = render(
        folder,
        f"{CLAMD}.j2",
        port=SCANNER,
        signatures=SIGNATURES if mirror else _TEST_SIGNATURE.rpartition("/")[0],
        look_again_seconds=_LOOK_AGAIN_SECONDS if mirror else 0,
        threads=resolved.size.scanner.threads,
        file_mib=_file_mib(resolved),
        unpacked_mib=_unpacked_mib(resolved),
        patience_seconds=SCAN_SECONDS,
    )
    if mirror is None:
        return {CLAMD: clamd}
    values = {"signatures": SIGNATURES, "mirror": mirror, "test_signature": _TEST_SIGNATURE}
    freshclam = render(folder, f"{FRESHCLAM}.j2", **values)
    authority = {AUTHORITY: mirror.authority} if mirror.authority else {}
    return {CLAMD: clamd, FRESHCLAM: freshclam, **authority}


def temporary_mib(resolved: ResolvedTenant) -> int:
    """The most that files under scan take on disk: each as it came, and what was unpacked of it."""
    return resolved.size.scanner.threads * (_file_mib(resolved) + _unpacked_mib(resolved))


def _file_mib(resolved: ResolvedTenant) -> int:
    """One more than the document management lets in: its limit is the one that says why."""
    return resolved.standard.modules.dms.upload.max_mib + 1


def _unpacked_mib(resolved: ResolvedTenant) -> int:
    return 4 * resolved.standard.modules.dms.upload.max_mib
