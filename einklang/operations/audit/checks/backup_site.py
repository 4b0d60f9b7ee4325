"""Backups where they lie: what arrived there, who can open it, and what the site refuses."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from einklang.model.finding import Result, Severity
from einklang.operations.audit.checks.backup import BACKUP, is_new, jobs
from einklang.operations.audit.observed import NotObservedError, Observed, Saved
from einklang.operations.audit.registry import Source, Verdict, absent, check, counted
from einklang.operations.backup.repository import expected_parts

_REFUSED = frozenset({401, 403})
_RECOVERY_POINT, _DRILL = "recovery point", "drill"
_CREDENTIALS = ("RESTIC_PASSWORD", "RESTIC_REST_PASSWORD", "AWS_SECRET_ACCESS_KEY")
_ASK_OPERATOR = "Object Lock und Rechte zeigt nur der Betreiber des Speichers"
_INSIDE = (".svc", ".svc.cluster.local", ".cluster.local")


def _saved(observed: Observed) -> Saved:
    if observed.saved is None:
        raise NotObservedError("das Ziel der Sicherungen wurde nicht angesehen")
    return observed.saved


@check(
    "Sicherungen vollständig und jung genug",
    severity=Severity.HIGH,
    remedy="einklang backup status lesen und die Sicherung von Hand anstoßen; fehlende Stände sind ein Vorfall.",
    source=Source.BACKUPS,
)
def backup_complete(observed: Observed) -> Verdict:
    """At the site: a complete run, young enough for the recovery point, with all its parts, documents and the state."""
    seen = _saved(observed)
    if not seen.judged:
        raise NotObservedError("was am Ziel liegt, sieht nur das Ziel selbst (--site oder --backup-status)")
    judged = [(name, result, text) for name, result, text in seen.judged if name != _DRILL]
    failed = {name: text for name, result, text in judged if result != "pass"}
    plan = observed.resolved.standard.backup_classes[observed.resolved.tenant.backup.class_name]
    limit = observed.now - timedelta(hours=plan.recovery_point_hours)
    if seen.newest and datetime.fromisoformat(seen.newest) < limit:
        # A report of the site may be older than this audit.
        failed.setdefault(_RECOVERY_POINT, f"the newest backup is of {seen.newest}")
    if set(failed) == {_RECOVERY_POINT} and _first_is_not_due(observed):
        return absent("Die Sicherung ist neu eingerichtet; ihre erste Ausführung ist noch nicht fällig.")
    bad = [f"{name}: {text}" for name, text in failed.items()]
    return counted(bad, len(judged), "Prüfungen des Ziels", f"vollständig, jüngster Stand {seen.newest}")


@check(
    "Wiederherstellung geübt",
    severity=Severity.HIGH,
    remedy="einklang drill für den Mandanten; misslingt die Übung, ist die Sicherung selbst der Vorfall.",
    source=Source.BACKUPS,
)
def restore_rehearsed(observed: Observed) -> Verdict:
    """At the site: signed evidence of a restore drill that succeeded, within the interval of the backup class."""
    seen = _saved(observed)
    told = [(result, text) for name, result, text in seen.judged or () if name == _DRILL]
    if not told:
        raise NotObservedError("was am Ziel liegt, sieht nur das Ziel selbst (--site oder --backup-status)")
    result, text = told[0]
    if result != "pass":
        return Verdict(Result.FAIL, "Es gibt keinen gültigen Nachweis einer Wiederherstellungsübung.", (text,))
    if seen.rehearsed is None:
        return absent("Die erste Wiederherstellungsübung ist noch nicht fällig.")
    days = observed.resolved.standard.backup_classes[observed.resolved.tenant.backup.class_name].drill_interval_days
    day = datetime.fromisoformat(seen.rehearsed)
    return Verdict(
        Result.PASS, f"Wiederherstellung geübt am {day:%d.%m.%Y}, mit Nachweis am Ziel; fällig alle {days} Tage."
    )


def _first_is_not_due(observed: Observed) -> bool:
    found = jobs(observed)
    return bool(found) and all(is_new(each, observed) for each in found)


@check(
    "Alle Daten werden gesichert",
    severity=Severity.HIGH,
    remedy="Den Mandanten neu anwenden (pulumi up): der Auftrag der Sicherung entsteht aus seiner Datei.",
)
def backup_scope(observed: Observed) -> Verdict:
    """The job names every application's database, the documents' volume where there is one, and this tenant."""
    wanted = expected_parts(observed.resolved.tenant)
    bad, total = [], 0
    for each, container in _containers(observed):
        total += len(wanted) + 1
        values = {entry["name"]: entry.get("value", "") for entry in container.get("env") or []}
        there = {f"database/{name}" for name in values.get("BACKUP_DATABASES", "").split()}
        there |= {"files"} if values.get("BACKUP_FILES") else set()
        bad += [f"{each}: ohne {part}" for part in wanted if part not in there]
        if values.get("BACKUP_TENANT") != observed.resolved.tenant.id:
            bad.append(f"{each}: sichert unter dem Namen {values.get('BACKUP_TENANT')}")
    return counted(bad, total, "Teile der Sicherung", "Datenbanken und Dokumente aller Dienste")


@check(
    "Sicherungen außerhalb des Clusters",
    severity=Severity.HIGH,
    remedy="einklang:backupSite auf einen Ort außerhalb des Clusters setzen, mit TLS.",
)
def backup_elsewhere(observed: Observed) -> Verdict:
    """The repository's address is over TLS, and of no service, pod or name of the cluster."""
    place = json.loads(observed.config(BACKUP)["repository.json"])["repository"]
    kind, _, address = place.partition(":")
    parts = urlsplit(address)
    bad = []
    if kind not in {"rest", "s3"} or parts.scheme != "https":
        bad.append(f"{place}: kein Ziel mit TLS")
    host = parts.hostname or ""
    if _is_name_of_the_cluster(host) or host in _addresses(observed):
        bad.append(f"{place}: ein Dienst des Clusters")
    return counted(bad, 1, f"Ziel {place}", "TLS, und nicht im Cluster")


def _is_name_of_the_cluster(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return "." not in host or host.endswith(_INSIDE)
    return False


def _addresses(observed: Observed) -> set[str]:
    """Of services and of pods with an address of their own; a pod on the host's network has the node's."""
    services = {each["spec"].get("clusterIP", "") for each in observed.cluster.of_kind("Service")}
    pods = {
        each.get("status", {}).get("podIP") or ""
        for each in observed.cluster.of_kind("Pod")
        if not each["spec"].get("hostNetwork")
    }
    return services | pods


@check(
    "Eigene Zugangsdaten der Sicherung",
    severity=Severity.HIGH,
    remedy="Kein anderer Dienst darf die Secrets der Sicherung einbinden; den Mandanten neu anwenden.",
)
def backup_credentials(observed: Observed) -> Verdict:
    """Key and password come from Secrets that no other workload uses: who takes over a service cannot reach backups."""
    found = {
        entry["valueFrom"]["secretKeyRef"]["name"]
        for _, container in _containers(observed)
        for entry in container.get("env") or []
        if entry["name"] in _CREDENTIALS and "secretKeyRef" in (entry.get("valueFrom") or {})
    }
    others = [spec for spec in observed.specs if spec.workload != BACKUP]
    bad = [f"{spec.place}: {name}" for spec in others for name in sorted(found & set(_secrets(spec.content)))]
    return counted(bad, len(found) and len(others), "Andere Dienste", "keiner verwendet Zugangsdaten der Sicherung")


def _secrets(spec: Any) -> Iterator[str]:
    """Names of the Secrets that a pod mounts or reads into its environment."""
    for volume in spec.get("volumes") or []:
        sources = [volume, *((volume.get("projected") or {}).get("sources") or [])]
        yield from (each["secret"].get("secretName") or each["secret"].get("name", "")
                    for each in sources if "secret" in each)  # fmt: skip
    for kind in ("initContainers", "containers"):
        for container in spec.get(kind) or []:
            references = [(entry.get("valueFrom") or {}).get("secretKeyRef") for entry in container.get("env") or []]
            references += [entry.get("secretRef") for entry in container.get("envFrom") or []]
            yield from (reference["name"] for reference in references if reference)


def _containers(observed: Observed) -> Iterator[tuple[str, Any]]:
    for each in jobs(observed):
        for container in each["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]:
            yield f"CronJob/{each['metadata']['name']}/{container['name']}", container


def _require_answers(seen: Saved, status: int | None) -> None:
    """Raises NotObservedError where the site was not asked for that status, or refuses the tenant itself."""
    if status is None:
        raise NotObservedError(f"{seen.repository} ist kein rest-server: {_ASK_OPERATOR}")
    if seen.own != 200:
        raise NotObservedError(f"Lesen mit den eigenen Zugangsdaten: HTTP {seen.own}, eine Ablehnung beweist nichts")


@check(
    "Sicherungen verschlüsselt, Schlüssel je Mandant",
    severity=Severity.HIGH,
    remedy="einklang backup register für den Mandanten; gleiche Schlüssel zweier Mandanten sofort trennen.",
    source=Source.BACKUPS,
)
def backup_encrypted(observed: Observed) -> Verdict:
    """The tenant's key opens the repository, a random one does not, and no neighbour has the same."""
    seen = _saved(observed)
    bad = []
    if seen.key != "opens":
        bad.append(f"der Schlüssel des Mandanten: {seen.key}")
    if seen.stranger != "another key":
        bad.append(f"ein beliebiger Schlüssel: {seen.stranger}")
    bad += [f"derselbe Schlüssel wie {name}" for name in seen.same_key]
    return counted(bad, 3, "Schlüssel", "nur der eigene öffnet")


@check(
    "Sicherungen lassen sich nicht löschen",
    severity=Severity.HIGH,
    remedy="Das Ziel nur anhängend betreiben (rest-server --append-only, S3 mit Object Lock).",
    source=Source.BACKUPS,
)
def backup_append_only(observed: Observed) -> Verdict:
    """With the tenant's own credentials: reading is allowed, removing is not (tried on a name that cannot exist)."""
    seen = _saved(observed)
    _require_answers(seen, seen.removal)
    bad = [] if seen.removal in _REFUSED else [f"Löschen: HTTP {seen.removal} statt 403"]
    return counted(bad, 1, "Löschversuche", "abgelehnt, während Lesen gelingt")


@check(
    "Sicherungen nur mit eigenen Zugangsdaten",
    severity=Severity.HIGH,
    remedy="Das Ziel mit Konten je Mandant betreiben (rest-server --private-repos mit htpasswd).",
    source=Source.BACKUPS,
)
def backup_private(observed: Observed) -> Verdict:
    """Nobody reads without credentials, and those of this tenant open no other tenant's repository."""
    seen = _saved(observed)
    _require_answers(seen, seen.own)
    tried = [("ohne Zugangsdaten", seen.anonymous), *((f"bei {name}", status) for name, status in seen.foreign)]
    bad = [f"{where}: HTTP {status}" for where, status in tried if status not in _REFUSED]
    return counted(bad, len(tried), "Versuche mit fremden oder keinen Zugangsdaten", "abgelehnt")
