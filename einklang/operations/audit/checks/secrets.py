"""Credentials: only by reference, none in configuration, encrypted where the API server keeps them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from einklang.model.finding import Result, Severity
from einklang.operations.audit.observed import NotObservedError, Observed
from einklang.operations.audit.registry import Verdict, check, counted

_NAMES = re.compile(r"(?i)(passw|secret|token|credential|api_?key|private_?key|passphrase)")
_HARMLESS = re.compile(r"(?i)(_file|_path|_name|_url|_seconds|_lifespan|_ttl)$")
_IN_TEXT = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY|\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\."
    r"|[a-z]+://[^/\s:@$]+:[^/\s:@${}]+@"
    r"|(?i:\"?\b(?:password|client_?secret|api_?key)\b\"?\s*[:=]\s*\"(?!\*+\")[^\"\s${}<>%*]{8,}\")"
)


@check(
    "Zugangsdaten nur als Verweis",
    severity=Severity.HIGH,
    remedy="Den Wert in ein Secret legen und mit secretKeyRef darauf verweisen; den alten Wert als bekannt ansehen und "
    "wechseln.",
)
def secrets_by_reference(observed: Observed) -> Verdict:
    """No environment variable or argument holds what its name says is secret. Values are never shown."""
    found = observed.containers()
    bad = []
    for place, container, _ in found:
        for entry in container.get("env") or []:
            named = _NAMES.search(entry["name"]) and not _HARMLESS.search(entry["name"])
            if entry.get("value") and (named or _IN_TEXT.search(entry["value"])):
                bad.append(f"{place}: Umgebungsvariable {entry['name']}")
        for argument in [*(container.get("command") or []), *(container.get("args") or [])]:
            name, sign, value = argument.partition("=")
            if (sign and value and "$(" not in value and _NAMES.search(name)) or _IN_TEXT.search(argument):
                bad.append(f"{place}: Argument {name[:40]}")
    return counted(bad, len(found), "Container", "keine Zugangsdaten im Klartext")


@check(
    "Keine Zugangsdaten in ConfigMaps",
    severity=Severity.HIGH,
    remedy="Den Wert in ein Secret verschieben und wechseln.",
)
def config_without_secrets(observed: Observed) -> Verdict:
    """No private key, token or password in a ConfigMap; what is found is named by its place alone."""
    maps = observed.objects("ConfigMap")
    bad = [
        f"{each['metadata']['name']}/{key}"
        for each in maps
        for key, text in (each.get("data") or {}).items()
        if _secret_in(key, text)
    ]
    return counted(bad, len(maps), "ConfigMaps", "ohne Zugangsdaten")


def _secret_in(key: str, text: str) -> bool:
    named = _NAMES.search(key) and "." not in key and not _HARMLESS.search(key)
    return bool((named and text.strip()) or any(True for _ in _matches(text)))


def _matches(text: str) -> Iterator[str]:
    yield from (match[0] for match in _IN_TEXT.finditer(text))


@check(
    "Secrets im Speicher des Clusters verschlüsselt",
    severity=Severity.HIGH,
    remedy="Dem API-Server eine EncryptionConfiguration für Secrets geben und alle Secrets neu schreiben lassen.",
)
def secrets_encrypted(observed: Observed) -> Verdict:
    """By the API server's own count of what it wrote with which transformer."""
    if observed.cluster.encryption is None:
        raise NotObservedError("der API-Server gibt keine Auskunft über seine Verschlüsselung (/metrics)")
    used = [name for name in observed.cluster.encryption if name.startswith("k8s:enc:")]
    if not used:
        return Verdict(Result.FAIL, "Der API-Server hat nichts verschlüsselt geschrieben.")
    return Verdict(Result.PASS, f"Der API-Server verschlüsselt mit {', '.join(used)}.")
