"""Evidence: the findings of one audit with when, by whom and of what they are; and what is kept out of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from pydantic import Field

from einklang.model.base import Model
from einklang.model.finding import Finding

REDACTED = "[entfernt]"
_SECRETS = re.compile(
    r"(?P<head>(?i:password|passwd|secret|token|passphrase|private[-_ ]?key|authorization|cookie)"
    r"[\"']?\s*[:=]\s*[\"']?)"
    r"[^\s\"',;]+"
)
_BEARER = re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}")
_KEY_BLOCK = re.compile(r"-----BEGIN [A-Z ]+-----.*?(-----END [A-Z ]+-----|$)", re.DOTALL)
_JWT = re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")
_LONGEST = 300


class Audit(Model):
    """One audit of some tenants. identity: as whom the API was asked. versions: of what was used and what was seen."""

    started: datetime
    ended: datetime
    cluster: str
    identity: str
    versions: Mapping[str, str]
    tenants: Mapping[str, str] = Field(description="id -> name")
    findings: tuple[Finding, ...] = Field(strict=False)

    def of(self, tenant: str) -> tuple[Finding, ...]:
        """The findings of one tenant."""
        return tuple(finding for finding in self.findings if finding.tenant == tenant)

    def stale(self, now: datetime, days: int) -> bool:
        """Whether it is older than `days` allow."""
        return now - self.ended > timedelta(days=days)


def redacted(text: str) -> str:
    """The text without what looks like a secret, and not longer than a report can show."""
    for pattern in (_KEY_BLOCK, _JWT, _BEARER):
        text = pattern.sub(REDACTED, text)
    text = _SECRETS.sub(lambda match: match["head"] + REDACTED, text)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
