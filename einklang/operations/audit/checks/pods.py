"""Pods and their containers: Pod Security Standards (baseline and restricted), CIS 5.2, and what Einklang adds.

Looked at are running pods and every template that can make one: what sleeps today runs tomorrow.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from einklang.model.finding import Severity
from einklang.operations.audit.observed import Observed, Spec
from einklang.operations.audit.registry import Verdict, check, counted

Container = Mapping[str, Any]
_PATCH = "Die genannte Stelle im Modul des Dienstes berichtigen und „pulumi up“ ausführen; Pods ohne Vorlage löschen."
_VOLUMES = frozenset(
    {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}
)
_SYSCTLS = frozenset(
    {
        "kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_unprivileged_port_start",
        "net.ipv4.tcp_syncookies", "net.ipv4.ping_group_range", "net.ipv4.ip_local_reserved_ports",
        "net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl",
        "net.ipv4.tcp_keepalive_probes",
    }
)  # fmt: skip
_SELINUX_TYPES = frozenset({"", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"})
_SECCOMP = frozenset({"RuntimeDefault", "Localhost"})


def _containers(observed: Observed, what: str, rule: str, broken: Callable[[Container, Spec], str]) -> Verdict:
    """Judge each container by `broken`, which returns what is wrong with it or nothing."""
    found = observed.containers()
    faults = {place: broken(container, spec) for place, container, spec in found}
    return counted([f"{place}: {fault}" for place, fault in faults.items() if fault], len(faults), what, rule)


def _pods(observed: Observed, rule: str, broken: Callable[[Mapping[str, Any]], str]) -> Verdict:
    faults = {spec.place: broken(spec.content) for spec in observed.specs}
    return counted([f"{place}: {fault}" for place, fault in faults.items() if fault], len(faults), "Pods", rule)


def _security(container: Container) -> Mapping[str, Any]:
    found: Mapping[str, Any] = container.get("securityContext") or {}
    return found


def _either(container: Container, spec: Spec, key: str) -> Any:
    """The container's own setting, else the pod's."""
    own = _security(container)
    return own[key] if key in own else (spec.content.get("securityContext") or {}).get(key)


@check("Keine Namensräume des Knotens", severity=Severity.HIGH, remedy=_PATCH)
def host_namespaces(observed: Observed) -> Verdict:
    """No hostPID, hostIPC, hostNetwork."""
    keys = ("hostPID", "hostIPC", "hostNetwork")
    return _pods(
        observed,
        "ohne Prozesse, Speicher und Netz des Knotens",
        lambda spec: ", ".join(key for key in keys if spec.get(key)),
    )


@check("Keine Ports des Knotens", severity=Severity.HIGH, remedy=_PATCH)
def host_ports(observed: Observed) -> Verdict:
    """No hostPort."""
    return _containers(
        observed,
        "Container",
        "ohne Port des Knotens",
        lambda container, _: ", ".join(
            str(port["hostPort"]) for port in container.get("ports") or [] if port.get("hostPort")
        ),
    )


@check("Keine Verzeichnisse des Knotens", severity=Severity.HIGH, remedy=_PATCH)
def host_paths(observed: Observed) -> Verdict:
    """No hostPath volumes."""
    return _pods(
        observed,
        "ohne Verzeichnis des Knotens",
        lambda spec: ", ".join(volume["name"] for volume in spec.get("volumes") or [] if "hostPath" in volume),
    )


@check("Nur erlaubte Arten von Datenträgern", severity=Severity.MEDIUM, remedy=_PATCH)
def volume_types(observed: Observed) -> Verdict:
    """The kinds that Pod Security `restricted` allows."""
    return _pods(
        observed,
        "nur Arten, die Pod Security erlaubt",
        lambda spec: ", ".join(
            f"{volume['name']}: {kind}"
            for volume in spec.get("volumes") or []
            for kind in volume
            if kind != "name" and kind not in _VOLUMES
        ),
    )


@check("Keine privilegierten Container", severity=Severity.HIGH, remedy=_PATCH)
def privileged(observed: Observed) -> Verdict:
    """No privileged containers."""
    return _containers(
        observed, "Container", "nicht privilegiert", lambda c, _: "privileged" if _security(c).get("privileged") else ""
    )


@check("Keine Ausweitung von Rechten", severity=Severity.HIGH, remedy=_PATCH)
def privilege_escalation(observed: Observed) -> Verdict:
    """allowPrivilegeEscalation is written out as false: left out means true."""
    return _containers(
        observed,
        "Container",
        "allowPrivilegeEscalation: false",
        lambda c, _: "" if _security(c).get("allowPrivilegeEscalation") is False else "nicht ausgeschlossen",
    )


@check("Keine Capabilities", severity=Severity.HIGH, remedy=_PATCH)
def capabilities(observed: Observed) -> Verdict:
    """All are dropped and none is added."""

    def broken(container: Container, _: Spec) -> str:
        found = _security(container).get("capabilities") or {}
        added = list(found.get("add") or [])
        dropped = "" if "ALL" in (found.get("drop") or []) else "nicht alle abgelegt"
        return ", ".join(filter(None, [dropped, *(f"zusätzlich {name}" for name in added)]))

    return _containers(observed, "Container", "alle Capabilities abgelegt", broken)


@check("Kein Container läuft als root", severity=Severity.HIGH, remedy=_PATCH)
def run_as_non_root(observed: Observed) -> Verdict:
    """runAsNonRoot, and no user 0."""

    def broken(container: Container, spec: Spec) -> str:
        if _either(container, spec, "runAsUser") == 0:
            return "runAsUser: 0"
        return "" if _either(container, spec, "runAsNonRoot") is True else "runAsNonRoot fehlt"

    return _containers(observed, "Container", "runAsNonRoot und nicht Benutzer 0", broken)


@check("Systemaufrufe gefiltert", severity=Severity.MEDIUM, remedy=_PATCH)
def seccomp(observed: Observed) -> Verdict:
    """A seccomp profile, of the runtime or of the node."""

    def broken(container: Container, spec: Spec) -> str:
        kind = (_either(container, spec, "seccompProfile") or {}).get("type", "ohne Profil")
        return "" if kind in _SECCOMP else str(kind)

    return _containers(observed, "Container", "mit seccomp-Profil", broken)


@check("Weitere Regeln von Pod Security", severity=Severity.MEDIUM, remedy=_PATCH)
def pod_security_others(observed: Observed) -> Verdict:
    """Sysctls, SELinux options, AppArmor, procMount, Windows host processes, hosts in probes."""

    def broken(container: Container, spec: Spec) -> str:
        pod = spec.content.get("securityContext") or {}
        selinux = _either(container, spec, "seLinuxOptions") or {}
        apparmor = (_either(container, spec, "appArmorProfile") or {}).get("type", "RuntimeDefault")
        faults = {
            "sysctls": [each["name"] for each in pod.get("sysctls") or [] if each["name"] not in _SYSCTLS],
            "seLinuxOptions": selinux.get("type", "") not in _SELINUX_TYPES
            or selinux.get("user")
            or selinux.get("role"),
            "appArmorProfile": apparmor not in {"RuntimeDefault", "Localhost"},
            "procMount": _security(container).get("procMount", "Default") != "Default",
            "hostProcess": (_either(container, spec, "windowsOptions") or {}).get("hostProcess"),
            "Probe mit fremdem Host": any("host" in handler for handler in _handlers(container)),
        }
        return ", ".join(name for name, fault in faults.items() if fault)

    return _containers(observed, "Container", "wie Pod Security es verlangt", broken)


def _handlers(container: Container) -> list[Mapping[str, Any]]:
    """What is asked for by probes and hooks, where a host can be named."""
    asked = [container.get(key) or {} for key in ("livenessProbe", "readinessProbe", "startupProbe")]
    asked += list((container.get("lifecycle") or {}).values())
    found = [each[kind] for each in asked for kind in ("httpGet", "tcpSocket") if kind in each]
    return [handler for handler in found if handler.get("host")]


@check("Dateisystem des Images unveränderlich", severity=Severity.MEDIUM, remedy=_PATCH)
def read_only_root(observed: Observed) -> Verdict:
    """readOnlyRootFilesystem."""
    return _containers(
        observed,
        "Container",
        "readOnlyRootFilesystem: true",
        lambda c, _: "" if _security(c).get("readOnlyRootFilesystem") is True else "beschreibbar",
    )


@check("Anforderung und Grenze für jeden Container", severity=Severity.MEDIUM, remedy=_PATCH)
def resource_limits(observed: Observed) -> Verdict:
    """Requests and limits of CPU and memory."""

    def broken(container: Container, _: Spec) -> str:
        found = container.get("resources") or {}
        missing = [
            f"{part}.{name}"
            for part in ("requests", "limits")
            for name in ("cpu", "memory")
            if name not in (found.get(part) or {})
        ]
        return ", ".join(missing)

    return _containers(observed, "Container", "mit Anforderung und Grenze für CPU und Speicher", broken)


@check("Lebenszeichen jedes Dienstes", severity=Severity.MEDIUM, remedy=_PATCH)
def probes(observed: Observed) -> Verdict:
    """Liveness and readiness of whatever is to run on and on; jobs end by themselves."""
    pods = {f"Pod/{pod['metadata']['name']}": pod["metadata"] for pod in observed.running}
    of_jobs = {
        place
        for place, metadata in pods.items()
        if any(owner["kind"] == "Job" for owner in metadata.get("ownerReferences") or [])
    }
    faults = {
        f"{spec.place}/{container['name']}": [
            key for key in ("livenessProbe", "readinessProbe") if key not in container
        ]
        for spec in observed.specs
        if spec.place not in of_jobs and spec.place.partition("/")[0] not in {"Job", "CronJob"}
        for container in spec.content["containers"]
    }
    bad = [f"{place}: {', '.join(missing)} fehlt" for place, missing in faults.items() if missing]
    return counted(bad, len(faults), "Dienste", "mit Prüfung auf Leben und Bereitschaft")


@check("Initialisierung ohne mehr Rechte als der Dienst", severity=Severity.MEDIUM, remedy=_PATCH)
def init_containers(observed: Observed) -> Verdict:
    """What prepares a pod has no rights that the service has not, and keeps none open: own image by digest, no root."""
    found = [(spec, container) for spec in observed.specs for container in spec.content.get("initContainers") or []]
    bad = []
    for spec, container in found:
        security = _security(container)
        open_rights = security.get("privileged") or security.get("allowPrivilegeEscalation") is not False
        if open_rights or "ALL" not in ((security.get("capabilities") or {}).get("drop") or []):
            bad.append(f"{spec.place}/{container['name']}")
    if not found:
        return counted([], len(observed.specs), "Pods", "keiner braucht eine Initialisierung")
    return counted(bad, len(found), "Container der Initialisierung", "ohne eigene Rechte")
