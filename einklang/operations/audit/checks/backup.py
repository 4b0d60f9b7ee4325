"""Backups, as far as objects and the tenant's data tell."""

from __future__ import annotations

from datetime import datetime, timedelta

from einklang.model.finding import Result, Severity
from einklang.operations.audit.observed import WORKLOAD_LABEL, Manifest, Observed
from einklang.operations.audit.registry import Verdict, absent, check, counted

BACKUP = "backup"
_LATE = 2
"""A backup is late when so many intervals are over."""


@check(
    "Sicherungsplan vorhanden",
    severity=Severity.MEDIUM,
    remedy="In der Datei der Kommune unter backup eine Sicherungsklasse des Standards wählen.",
)
def backup_plan(observed: Observed) -> Verdict:
    """The tenant's class says how often, how long and how fast."""
    name = observed.resolved.tenant.backup.class_name
    plan = observed.resolved.standard.backup_classes.get(name)
    if plan is None:
        return Verdict(Result.FAIL, f"Die Sicherungsklasse {name} steht nicht im Standard.")
    return Verdict(
        Result.PASS,
        f"Klasse {name}: alle {plan.interval_hours} Stunden, {plan.keep_daily} Tages-, {plan.keep_weekly} Wochen- und "
        f"{plan.keep_monthly} Monatsstände, Wiederherstellung in {plan.recovery_time_hours} Stunden, "
        f"Übung alle {plan.drill_interval_days} Tage.",
    )


@check(
    "Sicherung läuft",
    severity=Severity.HIGH,
    remedy="Die Protokolle der letzten Sicherung lesen; ohne Sicherung bis dahin von Hand sichern.",
)
def backup_job(observed: Observed) -> Verdict:
    """A scheduled job, not suspended, that succeeded within two intervals; a new one has time for its first run."""
    found = jobs(observed)
    if not found:
        return Verdict(Result.FAIL, "Es gibt keine Sicherung: im Namensraum steht kein Auftrag dafür.")
    limit = _limit(observed)
    if all(is_new(each, observed) for each in found):
        return absent("Die Sicherung ist neu eingerichtet; ihre erste Ausführung ist noch nicht fällig.")
    bad = []
    for each in found:
        last = (each.get("status") or {}).get("lastSuccessfulTime")
        if each["spec"].get("suspend"):
            bad.append(f"{each['metadata']['name']}: angehalten")
        elif not last or datetime.fromisoformat(last) < limit:
            bad.append(f"{each['metadata']['name']}: zuletzt erfolgreich {last or 'nie'}")
    return counted(bad, len(found), "Aufträge der Sicherung", f"erfolgreich seit {limit:%d.%m.%Y %H:%M} UTC")


def jobs(observed: Observed) -> list[Manifest]:
    """The tenant's scheduled backups."""
    return [
        each
        for each in observed.objects("CronJob")
        if ((each["spec"]["jobTemplate"]["spec"]["template"].get("metadata") or {}).get("labels") or {}).get(
            WORKLOAD_LABEL
        )
        == BACKUP
    ]


def is_new(job: Manifest, observed: Observed) -> bool:
    """Whether it waits for its first run, and is too young for that to be late."""
    made = job["metadata"].get("creationTimestamp")
    waiting = not (job.get("status") or {}).get("lastSuccessfulTime") and not job["spec"].get("suspend")
    return bool(waiting and made and datetime.fromisoformat(made) >= _limit(observed))


def _limit(observed: Observed) -> datetime:
    plan = observed.resolved.standard.backup_classes[observed.resolved.tenant.backup.class_name]
    return observed.now - _LATE * timedelta(hours=plan.interval_hours)
