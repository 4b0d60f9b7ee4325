"""What is so inside the pods: users, rights, mounts, ports, TLS of the database. Facts by testinfra."""

from __future__ import annotations

from collections.abc import Callable

from einklang.clients.inside import PodFacts
from einklang.model.finding import Result, Severity
from einklang.operations.audit.observed import DATABASE, NotObservedError, Observed
from einklang.operations.audit.registry import Source, Verdict, check, counted

_FILTER = 2  # /proc/<pid>/status, Seccomp: 2 is SECCOMP_MODE_FILTER
_AGAIN = "Den Pod löschen; sein Nachfolger entsteht aus der Vorlage. Bleibt der Befund, ist das Image zu berichtigen."


def _each(observed: Observed, rule: str, broken: Callable[[PodFacts], str]) -> Verdict:
    """Judge every pod that could be looked into; who could not is told in the evidence."""
    looked_at = [each for each in observed.pods_inside or [] if not each.unreached]
    bad = [f"{each.name}: {fault}" for each in looked_at if (fault := broken(each))]
    verdict = counted(bad, len(looked_at), "Pods von innen", rule)
    left_out = [f"nicht von innen geprüft: {each.name}" for each in observed.pods_inside or [] if each.unreached]
    return Verdict(verdict.result, verdict.observed, (*verdict.evidence, *left_out))


@check("Kein Prozess läuft als root", severity=Severity.HIGH, remedy=_AGAIN, source=Source.INSIDE)
def processes_non_root(observed: Observed) -> Verdict:
    """User ids of all processes."""
    return _each(
        observed, "kein Prozess als Benutzer 0", lambda pod: "" if pod.users and 0 not in pod.users else str(pod.users)
    )


@check("Prozesse ohne besondere Rechte", severity=Severity.HIGH, remedy=_AGAIN, source=Source.INSIDE)
def processes_without_rights(observed: Observed) -> Verdict:
    """No effective capability, and no way to gain one."""

    def broken(pod: PodFacts) -> str:
        faults = {"Capabilities": pod.capabilities != 0, "no_new_privs fehlt": not pod.no_new_privileges}
        return ", ".join(name for name, fault in faults.items() if fault)

    return _each(observed, "ohne Capabilities, mit no_new_privs", broken)


@check("Filter für Systemaufrufe wirkt", severity=Severity.MEDIUM, remedy=_AGAIN, source=Source.INSIDE)
def seccomp_active(observed: Observed) -> Verdict:
    """The kernel says that a filter is loaded."""
    return _each(
        observed, "seccomp-Filter geladen", lambda pod: "" if pod.seccomp == _FILTER else f"Modus {pod.seccomp}"
    )


@check("Wurzel nur lesbar eingehängt", severity=Severity.MEDIUM, remedy=_AGAIN, source=Source.INSIDE)
def root_mounted_read_only(observed: Observed) -> Verdict:
    """The mount itself, not what was asked for."""
    return _each(observed, "Wurzel nur lesbar", lambda pod: "" if pod.root_read_only else "beschreibbar")


@check("Nur vereinbarte Ports offen", severity=Severity.MEDIUM, remedy=_AGAIN, source=Source.INSIDE)
def ports_as_declared(observed: Observed) -> Verdict:
    """Whatever listens for others is declared by a container of the pod."""
    declared = {
        pod["metadata"]["name"]: {
            port["containerPort"] for each in pod["spec"]["containers"] for port in each.get("ports") or []
        }
        for pod in observed.running
    }
    return _each(
        observed,
        "nur Ports, die der Pod nennt",
        lambda pod: ", ".join(str(port) for port in pod.listening if port not in declared.get(pod.name, set())),
    )


@check(
    "Datenbank spricht TLS",
    severity=Severity.HIGH,
    remedy="In der Datenbank „show ssl“ prüfen; CloudNativePG schaltet TLS ein, wenn sein Zertifikat gilt.",
    source=Source.INSIDE,
)
def database_tls(observed: Observed) -> Verdict:
    """PostgreSQL itself says so."""
    databases = [each for each in observed.pods_inside or [] if each.workload == DATABASE]
    silent = [each.name for each in databases if not each.database_tls]
    if silent:
        raise NotObservedError(f"die Datenbank antwortet nicht: {', '.join(silent)}")
    bad = [f"{each.name}: ssl = {each.database_tls}" for each in databases if each.database_tls != "on"]
    return counted(bad, len(databases), "Datenbanken", "ssl = on")


@check(
    "Pakete bekannt",
    severity=Severity.LOW,
    remedy="Das Image aus dem Katalog bauen, damit es eine Paketliste trägt.",
    source=Source.INSIDE,
)
def packages_known(observed: Observed) -> Verdict:
    """Each image can say which Debian packages it holds, so that an advisory can be compared."""
    looked_at = [each for each in observed.pods_inside or [] if not each.unreached]
    bad = [each.name for each in looked_at if not each.packages]
    verdict = counted(bad, len(looked_at), "Pods von innen", "mit Paketliste")
    if verdict.result is Result.FAIL:
        return verdict
    number = len({package for each in looked_at for package in each.packages})
    return Verdict(Result.PASS, f"{number} verschiedene Pakete in {len(looked_at)} Pods bekannt.")
