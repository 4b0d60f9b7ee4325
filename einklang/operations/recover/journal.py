"""What a recovery has done so far, so that a repetition goes on where the last one ended.

It belongs to one cluster, by the identity that Kubernetes gave it: of another, or an emptied one, nothing is done yet.
It stands in the home folder beside the state, and holds no secret.
"""

from __future__ import annotations

import json
import threading
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from einklang.errors import UserError
from einklang.planning.recovery import Outcome

FORMAT = 1
BEGUN, RESTORED, DONE = "begun", "restored", "done"


@dataclass(frozen=True)
class Progressed:
    """How far a tenant is. parts: of the run that are restored and were compared with the manifest, in their order.

    phase: `begun`, `restored` (all parts are in, applications may start), `done`. checks: comparisons that were made.
    seconds, restore_seconds: spent so far, interrupted attempts left out.
    """

    phase: str
    run: str
    parts: tuple[str, ...] = ()
    checks: int = 0
    seconds: float = 0.0
    restore_seconds: float = 0.0
    outcome: Outcome | None = None


class Journal:
    """The record of one recovery. Every change is on the disk before the next step begins."""

    def __init__(self, file: Path, begun: datetime, *, rotate: bool, cluster: str = "") -> None:
        self._file, self._lock = file, threading.Lock()
        self.begun, self.rotate, self._cluster = begun, rotate, cluster
        self._tenants: dict[str, Progressed] = {}

    @classmethod
    def open(cls, file: Path, now: datetime, *, rotate: bool) -> Journal:
        """The one that is under way, or a new one. Raises UserError where that one was begun otherwise."""
        if not file.exists():
            return cls(file, now, rotate=rotate)
        known = json.loads(file.read_text(encoding="utf-8"))
        if known["rotate"] != rotate:
            began = f"{'with' if known['rotate'] else 'without'} --rotate"
            raise UserError(
                f"the recovery that is under way was begun {began}",
                remedy=f"go on {began}; or empty cluster and home (einklang local clean) and begin anew",
            )
        journal = cls(file, datetime.fromisoformat(known["begun"]), rotate=rotate, cluster=known["cluster"])
        journal._tenants = {name: _progressed(each) for name, each in known["tenants"].items()}
        return journal

    @property
    def under_way(self) -> bool:
        """Whether an earlier attempt has written it."""
        return self._file.exists()

    def bind(self, cluster: str) -> None:
        """Say which cluster this is; what was done in another one is not done here."""
        with self._lock:
            if self._cluster != cluster:
                self._cluster, self._tenants = cluster, {}
            self._write()

    def of(self, tenant: str) -> Progressed | None:
        """How far this tenant is; None where nothing was begun."""
        return self._tenants.get(tenant)

    def put(self, tenant: str, progressed: Progressed) -> None:
        """Remember it, whole or not at all."""
        with self._lock:
            self._tenants[tenant] = progressed
            self._write()

    def close(self) -> None:
        """Take it away: a later loss of the cluster is another recovery."""
        self._file.unlink(missing_ok=True)

    def begin(self) -> None:
        """Write it before anything is changed."""
        with self._lock:
            self._write()

    def _write(self) -> None:
        content: dict[str, Any] = {
            "format": FORMAT,
            "cluster": self._cluster,
            "begun": self.begun.isoformat(),
            "rotate": self.rotate,
            "tenants": {name: asdict(each) for name, each in sorted(self._tenants.items())},
        }
        self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        new = self._file.with_suffix(".new")
        new.write_text(json.dumps(content, indent=1), encoding="utf-8")
        new.replace(self._file)


def restarted(known: Progressed | None, run: str) -> Progressed:
    """Where to go on: at what is known of this run, or at its beginning where it is another run."""
    if known and (known.run == run or known.phase != BEGUN):
        return known
    return Progressed(BEGUN, run)


def finished(known: Progressed, outcome: Outcome) -> Progressed:
    """The tenant is done."""
    return replace(known, phase=DONE, outcome=outcome)


def _progressed(entry: dict[str, Any]) -> Progressed:
    outcome = entry["outcome"]
    if outcome:
        outcome = Outcome(**{**outcome, "notes": tuple(outcome["notes"])})
    return Progressed(**{**entry, "parts": tuple(entry["parts"]), "outcome": outcome})
