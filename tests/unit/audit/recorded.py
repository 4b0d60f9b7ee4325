"""Facts that a running cluster showed (data/recorded.json), as what a check sees.

Recorded: all objects of one tenant, the platform's objects that checks look at, the tenant's sites from outside, its
pods from inside, the backup site. Added, because the cluster of developers lacks it: an encrypting storage class, a
backup that ran by its schedule, a restore drill, a database of vulnerabilities.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from einklang import inventory
from einklang.clients.inside import PodFacts
from einklang.clients.outside import Answer, SiteFacts
from einklang.model.exception import StandardException
from einklang.model.resolved import ResolvedTenant
from einklang.operations.audit.observed import (
    Cluster,
    Crossings,
    KnownVulnerability,
    Observed,
    Saved,
    Vulnerabilities,
)
from einklang.settings import PROJECT_ROOT

FILE = Path(__file__).parent / "data" / "recorded.json"
Facts = dict[str, Any]


@cache
def _text() -> str:
    return FILE.read_text(encoding="utf-8")


@cache
def resolved() -> ResolvedTenant:
    recorded = json.loads(_text())
    day = datetime.fromisoformat(recorded["taken"]).date()
    return inventory.load(PROJECT_ROOT, today=day).resolve(recorded["tenant"])


def facts() -> Facts:
    """The recorded facts, to be changed at will, with what the developers' cluster lacks."""
    found: Facts = json.loads(_text())
    one(found, "StorageClass", "einklang")["metadata"].setdefault("annotations", {})["einklang/encrypted"] = "true"
    job = one(found, "CronJob", "backup")
    job["metadata"]["creationTimestamp"], job["status"]["lastSuccessfulTime"] = "2026-01-01T00:00:00Z", found["taken"]
    found["saved"]["judged"].append(["drill", "pass", ""])
    found["saved"]["rehearsed"] = found["taken"]
    found["vulnerabilities"] = {"newest": found["taken"], "packages": 300, "known": []}
    return found


def namespace(found: Facts) -> str:
    return f"tenant-{found['tenant']}"


def one(found: Facts, kind: str, name: str) -> Facts:
    """The object of that kind and name; pods by the beginning of their name. Of the tenant, or of the cluster."""
    own = {namespace(found), ""}
    return next(
        each
        for each in found["objects"]
        if each["kind"] == kind
        and each["metadata"].get("namespace", "") in own
        and (each["metadata"]["name"] == name or (kind == "Pod" and each["metadata"]["name"].startswith(f"{name}-")))
    )


def observed(found: Facts, *exceptions: StandardException, today: date | None = None) -> Observed:
    """The facts as a check sees them."""
    taken = datetime.fromisoformat(found["taken"])
    now = taken if today is None else taken.replace(year=today.year, month=today.month, day=today.day)
    base = resolved()
    tenant = base.tenant.model_copy(update={"exceptions": exceptions})
    cluster = Cluster(
        found["objects"],
        found["version"],
        found["encryption"] and tuple(found["encryption"]),
        found["anonymous_status"],
    )
    return Observed(
        replace(base, tenant=tenant),
        cluster,
        now,
        None if found["sites"] is None else [_site(each) for each in found["sites"]],
        None if found["pods_inside"] is None else [PodFacts(**_tuples(each)) for each in found["pods_inside"]],
        None if found["crossings"] is None else Crossings(**_tuples(found["crossings"])),
        None if found["saved"] is None else _saved(found["saved"]),
        _vulnerabilities(found.get("vulnerabilities")),
    )


def _vulnerabilities(found: Facts | None) -> Vulnerabilities | None:
    if found is None:
        return None
    return Vulnerabilities(**{**found, "known": tuple(KnownVulnerability(*each) for each in found["known"])})


def _saved(each: Facts) -> Saved:
    pairs = {key: tuple(map(tuple, each[key])) for key in ("judged", "foreign") if each[key] is not None}
    return Saved(**{**_tuples(each), **pairs})


def _site(each: Facts) -> SiteFacts:
    answers = {path: _answer(answer) for path, answer in each["answers"].items()}
    ends = datetime.fromisoformat(each["certificate_ends"])
    return SiteFacts(**{**each, "answers": answers, "plain": _answer(each["plain"]), "certificate_ends": ends})


def _answer(each: Facts) -> Answer:
    return Answer(each["status"], each["headers"], tuple(each["cookies"]))


def _tuples(each: Facts) -> Facts:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in each.items()}
