"""Documents about a tenant, from its configuration in force and what the audit found.

The separation concept that OPS.3.2.A4 asks for, and the inventory of keys and certificates. For auditors, in German or
English; no value of a secret is known here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from einklang import rendering
from einklang.clients import outside
from einklang.model.finding import Finding, Result
from einklang.model.messages import Language
from einklang.operations.audit import wording
from einklang.operations.audit.checks.space import encrypts
from einklang.operations.audit.observed import Observed
from einklang.operations.audit.reports.words import WORDS

CONCEPT, KEYS = "trennungskonzept", "schluessel"
LAYERS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "Verwaltung": (
        "Kein gemeinsamer Verwalter: Jeder Mandant wird von seiner eigenen Identität angelegt und geändert; deren "
        "Rechte enden in seinem Namensraum.",
        ("deployer-limited", "no-cluster-admin", "own-subjects", "no-escalating-rights"),
    ),
    "Netz": (
        "Alles ist verboten, was nicht als Verbindung mit Grund erlaubt ist; Pods anderer Mandanten sind nicht zu "
        "erreichen.",
        ("default-deny", "micro-segmentation", "no-wide-peers", "tenants-unreachable"),
    ),
    "Zulassung": (
        "Der Cluster weist ab, was gegen die Regeln verstößt, auch wenn es jemand mit Rechten anlegt.",
        ("pod-security", "admission-policies", "images-by-digest", "images-from-registry"),
    ),
    "Prozesse": (
        "Prozesse laufen ohne root und ohne Capabilities, mit gefilterten Systemaufrufen und unveränderlichem "
        "Dateisystem.",
        ("run-as-non-root", "capabilities", "seccomp", "read-only-root", "host-namespaces", "processes-non-root"),
    ),
    "Ressourcen": (
        "Kein Mandant kann den anderen CPU, Speicher oder Platz nehmen.",
        ("resource-quota", "quota-as-standard", "limit-range", "resource-limits"),
    ),
    "Daten": (
        "Eigene Datenbank, eigene Datenträger, eigene Zugangsdaten.",
        ("own-volumes", "claims-of-class", "secrets-readers", "secrets-by-reference", "database-tls"),
    ),
    "Anmeldung": (
        "Eigener Anmeldedienst mit eigenen Konten; zweiter Faktor für Beschäftigte.",
        ("login-by-identity", "second-factor", "brute-force", "code-flow-only"),
    ),
    "Zugang von außen": (
        "Nur die eigenen Adressen, nur HTTPS, keine Seiten der Verwaltung.",
        ("own-hostnames", "services-inside", "https-only", "admin-pages-closed"),
    ),
}
"""Layer -> what separates there, and the checks that show it; as in docs/security/tenant-separation.md."""
SHARED = (
    "Knoten und ihr Betriebssystemkern",
    "Steuerung des Clusters (API-Server, etcd, Scheduler) und Namensdienst",
    "Gateway: beendet TLS aller Mandanten und kann deren Secrets lesen",
    "Operator für Datenbanken (CloudNativePG)",
    "Bereitstellung von Datenträgern",
    "Betreiber des IT-Verbunds",
)


def render(
    observed: Observed, findings: Sequence[Finding], templates: Path, language: Language = Language.GERMAN
) -> dict[str, str]:
    """File name -> page."""
    words, say = WORDS[language], _said if language is Language.ENGLISH else _as_it_is
    findings = [wording.finding(each) for each in findings] if language is Language.ENGLISH else findings
    tenant = observed.resolved.tenant
    common = {
        "tenant": tenant,
        "standard": observed.resolved.standard.version,
        "size": observed.resolved.size.name.value,
        "taken": observed.now.strftime(words.moment),
    }
    concept = {
        "layers": [{**_layer(name, findings), "words": words.results} for name in LAYERS],
        "flows": list(flows(observed)),
        "accounts": accounts(observed),
        "quota": [each["spec"].get("hard") or {} for each in observed.objects("ResourceQuota")],
        "shared": SHARED,
    }
    keys = {"certificates": certificates(observed), "protections": protections(observed), "secrets": secrets(observed)}
    place = f"audit/{language}"
    return {
        f"{tenant.id}-{CONCEPT}.html": rendering.render(
            templates, f"{place}/concept.html.j2", **common, **say(concept)
        ),
        f"{tenant.id}-{KEYS}.html": rendering.render(templates, f"{place}/keys.html.j2", **common, **say(keys)),
    }


def _said(value: Any) -> Any:
    """Every text in the data in English; findings and words have their own."""
    if isinstance(value, str):
        return wording.worded(value)
    if isinstance(value, Mapping):
        return {key: each if key in {"words", "checks", "controls"} else _said(each) for key, each in value.items()}
    return [_said(each) for each in value] if isinstance(value, list | tuple) else value


def _as_it_is(value: Any) -> Any:
    return value


def _layer(name: str, findings: Sequence[Finding]) -> dict[str, Any]:
    measure, checks = LAYERS[name]
    shown = [each for each in findings if each.check in checks]
    controls = sorted({control for each in shown for control in each.controls if "." in control.partition("-")[0]})
    broken = [each.title for each in shown if each.result is not Result.PASS]
    return {"name": name, "measure": measure, "checks": shown, "controls": controls, "broken": broken}


def flows(observed: Observed) -> Iterable[dict[str, str]]:
    """Every allowed connection of the tenant's network policies, as they are in force."""
    for each in observed.objects("NetworkPolicy"):
        for direction, key, word in (("ingress", "from", "von"), ("egress", "to", "zu")):
            for rule in each["spec"].get(direction) or []:
                numbers = [
                    f"{port.get('protocol', 'TCP')} {port.get('port', 'alle')}" for port in rule.get("ports") or []
                ]
                found = {"policy": each["metadata"]["name"], "word": word, "ports": ", ".join(numbers) or "alle"}
                yield from ({**found, "peer": _peer(peer)} for peer in rule.get(key) or [{}])


def _peer(peer: Mapping[str, Any]) -> str:
    if "ipBlock" in peer:
        return f"Adresse {peer['ipBlock']['cidr']}"
    place = ((peer.get("namespaceSelector") or {}).get("matchLabels") or {}).get("kubernetes.io/metadata.name", "")
    pods = ", ".join(((peer.get("podSelector") or {}).get("matchLabels") or {}).values())
    return f"{pods or 'alle'}{f' im Namensraum {place}' if place else ''}"


def accounts(observed: Observed) -> list[dict[str, str]]:
    """The tenant's accounts, what uses them, and the roles that are bound to them."""
    users: dict[str, set[str]] = {}
    for spec in observed.specs:
        users.setdefault(spec.content.get("serviceAccountName") or "default", set()).add(spec.workload)
    bound: dict[str, set[str]] = {}
    for binding in observed.objects("RoleBinding"):
        for subject in binding.get("subjects") or []:
            bound.setdefault(subject["name"], set()).add(binding["roleRef"]["name"])
    return [
        {
            "name": name,
            "used_by": ", ".join(sorted(filter(None, users.get(name, set())))) or "–",
            "roles": ", ".join(sorted(bound.get(name, set()))) or "keine",
        }
        for name in sorted(each["metadata"]["name"] for each in observed.objects("ServiceAccount"))
    ]


def certificates(observed: Observed) -> list[dict[str, str]]:
    """The certificates of the sites, as they are shown to everybody."""
    return [
        {
            "hostname": site.hostname,
            "key": site.certificate_key or "unbekannt",
            "ends": site.certificate_ends.strftime("%d.%m.%Y") if site.certificate_ends else "unbekannt",
            "days": f"{outside.expires_in_days(site, observed.now):.0f}",
            "versions": ", ".join(name for name, spoken in site.tls.items() if spoken),
            "verified": "ja" if site.verified else "nein",
        }
        for site in observed.sites or []
    ]


def protections(observed: Observed) -> list[dict[str, str]]:
    """What encrypts what, as far as it was observed; what was not observed is said."""
    used = [name for name in observed.cluster.encryption or () if name.startswith("k8s:enc:")]
    databases = [pod for pod in observed.pods_inside or [] if pod.database_tls]
    classes = {each["metadata"]["name"]: each for each in observed.cluster.of_kind("StorageClass")}
    names = {claim["spec"].get("storageClassName", "") for claim in observed.objects("PersistentVolumeClaim")}
    encrypted = [name for name in names if name in classes and encrypts(classes[name])]
    return [
        {
            "what": "Secrets im Speicher des Clusters (etcd)",
            "how": ", ".join(used) or "nicht beobachtet",
            "where": "Konfiguration des API-Servers; Wechsel durch die Betreiber",
        },
        {
            "what": "Verbindungen zur Datenbank",
            "how": f"TLS: {databases[0].database_tls}" if databases else "nicht beobachtet",
            "where": "Zertifikate von CloudNativePG, im Namensraum des Mandanten, erneuern sich selbst",
        },
        {
            "what": "Datenträger",
            "how": f"Speicherklasse {', '.join(encrypted)}" if encrypted else "keine Angabe der Speicherklasse",
            "where": "Betreiber der Knoten",
        },
        {
            "what": "Sicherungen",
            "how": "restic: AES-256 und Poly1305, Schlüssel je Mandant" if observed.saved else "nicht beobachtet",
            "where": "Secret backup und Notfallmappe; Wechsel mit einklang backup register",
        },
        {
            "what": "Anmeldung: Signatur der Token",
            "how": "Schlüsselpaar des Realms",
            "where": "Datenbank des Anmeldedienstes; Wechsel in Keycloak",
        },
    ]


def secrets(observed: Observed) -> list[dict[str, str]]:
    """The Secrets that pods refer to, by name and key; the audit cannot read what is in them."""
    found: dict[tuple[str, str], set[str]] = {}
    for spec in observed.specs:
        for _, container in spec.containers():
            for entry in container.get("env") or []:
                reference = (entry.get("valueFrom") or {}).get("secretKeyRef")
                if reference:
                    found.setdefault((reference["name"], reference["key"]), set()).add(spec.workload or spec.place)
        for volume in spec.content.get("volumes") or []:
            if "secret" in volume:
                name = volume["secret"].get("secretName", "")
                found.setdefault((name, "als Datei"), set()).add(spec.workload or spec.place)
    return [
        {"name": name, "key": key, "used_by": ", ".join(sorted(those))} for (name, key), those in sorted(found.items())
    ]
