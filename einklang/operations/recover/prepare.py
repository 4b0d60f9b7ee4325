"""Before anything is changed: what this machine already holds, and whether a recovery may begin on it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from einklang.errors import UserError
from einklang.operations import seal
from einklang.operations.backup.kit import Entry, Kit
from einklang.operations.environment import write_private
from einklang.operations.recover.journal import Journal
from einklang.settings import Settings

_CLEAN = "einklang local down, then einklang local clean --yes: backups and kit stay"


def journal(settings: Settings, now: datetime, *, rotate: bool) -> Journal:
    """The recovery that is under way, or a new one.

    Raises UserError where secrets of an earlier life would stay valid with `rotate`.
    """
    found = Journal.open(settings.home / "recovery" / "journal.json", now, rotate=rotate)
    if rotate and not found.under_way:
        old = [path for path in _secrets(settings) if path.exists()]
        if old:
            raise UserError(
                f"--rotate makes every secret new, and this home has old ones: {', '.join(map(str, old))}",
                remedy=_CLEAN,
            )
    return found


def passphrase(settings: Settings, kit: Kit, tenants: Sequence[str], identity: str, environ: Mapping[str, str]) -> bool:
    """Give the new state the passphrase of the lost one, as settings of stacks may hold secrets under it.

    Does nothing where there is one already, or the operator gives it by the environment; returns whether it was
    written.
    """
    if settings.passphrase.exists() or "PULUMI_CONFIG_PASSPHRASE" in environ:
        return False
    chosen = next((each.passphrase for each in _entries(kit, tenants, identity) if each.passphrase), "")
    if chosen:
        write_private(settings.passphrase, chosen)
    return bool(chosen)


def evidence_keys(settings: Settings, kit: Kit, tenants: Sequence[str], identity: str) -> None:
    """Let evidence of drills from before the loss prove what it did.

    Not after an attack: who had the lost key could sign what never happened.
    """
    found = "".join(sorted({each.evidence_keys for each in _entries(kit, tenants, identity)}))
    if found:
        write_private(settings.audit_key.with_name(seal.BEFORE), found)


def _entries(kit: Kit, tenants: Sequence[str], identity: str) -> list[Entry]:
    """Of those of whom the kit has something."""
    return [kit.read(tenant, identity) for tenant in tenants if kit.file(tenant).exists()]


def _secrets(settings: Settings) -> list[Path]:
    """What outlives a cluster on this machine: its own keys, the authority's, and the passphrase of the state."""
    return [settings.cluster / "pki", settings.certificate_authority, settings.passphrase, settings.pulumi_state]


def keep_report(settings: Settings, report: Mapping[str, Any], begun: datetime) -> Path:
    """Keep what came of it, beside the journal; returns the file."""
    file = settings.home / "recovery" / f"report-{begun:%Y%m%dT%H%M%SZ}.json"
    write_private(file, json.dumps(report, indent=1, ensure_ascii=False))
    return file
