"""The realm that the set-up job brings about: passwords, guessing, second factor, clients."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from einklang.model.finding import Severity
from einklang.operations.audit.observed import NotObservedError, Observed
from einklang.operations.audit.registry import Verdict, check, counted

_UP = "„pulumi up“ für den Mandanten: der Auftrag identity-setup stellt den Realm des Standards wieder her."
_POLICY = re.compile(r"(\w+)\(([^)]*)\)")


def _realm(observed: Observed) -> Mapping[str, Any]:
    text = observed.config("identity-realms").get("realm.json")
    if not text:
        raise NotObservedError("die ConfigMap identity-realms nennt keinen Realm")
    realm: Mapping[str, Any] = json.loads(text)
    return realm


@check("Passwortregeln wie im Standard", severity=Severity.HIGH, remedy=_UP)
def password_policy(observed: Observed) -> Verdict:
    """At least as strict as the standard."""
    wanted = observed.resolved.standard.modules.identity.password_policy
    found = dict(_POLICY.findall(_realm(observed).get("passwordPolicy", "")))
    least = {
        "length": wanted.min_length,
        "upperCase": wanted.upper_case,
        "lowerCase": wanted.lower_case,
        "digits": wanted.digits,
        "specialChars": wanted.special_characters,
        "passwordHistory": wanted.history,
    }
    bad = [
        f"{key}: {found.get(key, 'fehlt')} statt {value}"
        for key, value in least.items()
        if int(found.get(key) or 0) < value
    ]
    bad += [f"{key} fehlt" for key in ("notUsername", "notEmail") if key not in found]
    return counted(bad, len(least) + 2, "Passwortregeln", "mindestens wie im Standard")


@check("Schutz gegen Raten von Passwörtern", severity=Severity.HIGH, remedy=_UP)
def brute_force(observed: Observed) -> Verdict:
    """Switched on, and not weaker than the standard."""
    realm, wanted = _realm(observed), observed.resolved.standard.modules.identity.brute_force
    faults = {
        "bruteForceProtected: aus": not realm.get("bruteForceProtected"),
        f"failureFactor: {realm.get('failureFactor')}": (realm.get("failureFactor") or 10**6) > wanted.max_failures,
        f"maxFailureWaitSeconds: {realm.get('maxFailureWaitSeconds')}": (realm.get("maxFailureWaitSeconds") or 0)
        < wanted.max_wait_seconds,
    }
    return counted([what for what, fault in faults.items() if fault], len(faults), "Einstellungen", "wie im Standard")


@check("Zweiter Faktor für Beschäftigte", severity=Severity.HIGH, remedy=_UP)
def second_factor(observed: Observed) -> Verdict:
    """The login flow asks each role that needs it for a code, and no flow goes around it."""
    realm = _realm(observed)
    covered = set(_roles_with_factor(realm))
    roles = {role["name"]: role for role in realm["roles"]["realm"]}
    needed = observed.resolved.standard.modules.identity.second_factor_roles
    bad = [name for name in needed if not covered & _with_composites(roles, name)]
    if realm.get("directGrantFlow") in {None, "direct grant"}:
        bad.append("Anmeldung ohne Seite (direct grant) ist offen")
    return counted(bad, len(needed), "Rollen von Beschäftigten", "mit zweitem Faktor")


def _roles_with_factor(realm: Mapping[str, Any]) -> Iterator[str]:
    """The roles for which a sub-flow of the login requires a code."""
    flows = {flow["alias"]: flow["authenticationExecutions"] for flow in realm.get("authenticationFlows") or []}
    conditions = {each["alias"]: each["config"] for each in realm.get("authenticatorConfig") or []}
    for alias in _reached(flows, realm.get("browserFlow", "")):
        executions = flows[alias]
        asked = [each for each in executions if each.get("authenticator") == "auth-otp-form"]
        if not asked or asked[0]["requirement"] != "REQUIRED":
            continue
        roles = [conditions.get(each.get("authenticatorConfig", ""), {}) for each in executions if each is not asked[0]]
        if len(roles) == 1 and roles[0].get("negate") == "false":
            yield roles[0]["condUserRole"]


def _reached(flows: Mapping[str, list[Mapping[str, Any]]], start: str) -> list[str]:
    """The flow and those it goes through; a sub-flow that is switched off is not gone through."""
    if start not in flows:
        return []
    below = [each for each in flows[start] if each.get("flowAlias") and each["requirement"] != "DISABLED"]
    return [start, *(alias for each in below for alias in _reached(flows, each["flowAlias"]))]


def _with_composites(roles: Mapping[str, Mapping[str, Any]], name: str) -> set[str]:
    inside = ((roles.get(name) or {}).get("composites") or {}).get("realm") or []
    return {name}.union(*(_with_composites(roles, each) for each in inside))


@check("Anwendungen melden nur mit Code und PKCE an", severity=Severity.HIGH, remedy=_UP)
def code_flow_only(observed: Observed) -> Verdict:
    """Clients of the applications: authorization code with PKCE, exact redirect addresses of the tenant's own."""
    own = tuple(f"https://{name}/" for name in observed.resolved.tenant.hostnames.all())
    clients = [client for client in _realm(observed).get("clients") or [] if client.get("enabled", True)]
    bad = []
    for client in clients:
        redirects = client.get("redirectUris") or []
        faults = {
            "implicit flow": client.get("implicitFlowEnabled"),
            "direct grant": client.get("directAccessGrantsEnabled"),
            "ohne PKCE": (client.get("attributes") or {}).get("pkce.code.challenge.method") != "S256",
            "fremde Rücksprungadresse": any(not uri.startswith(own) for uri in redirects),
            "Platzhalter in der Rücksprungadresse": any("*" in uri for uri in redirects),
        }
        bad += [f"{client['clientId']}: {what}" for what, fault in faults.items() if fault]
    return counted(bad, len(clients), "Anwendungen", "nur Authorization Code mit PKCE")


@check("Ereignisse der Anmeldung werden aufbewahrt", severity=Severity.MEDIUM, remedy=_UP)
def login_events(observed: Observed) -> Verdict:
    """Login and admin events are written, for as long as the standard says."""
    realm = _realm(observed)
    seconds = observed.resolved.standard.modules.identity.event_retention_days * 86400
    faults = {
        "Ereignisse aus": not realm.get("eventsEnabled"),
        "Ereignisse der Verwaltung aus": not realm.get("adminEventsEnabled"),
        f"nur {realm.get('eventsExpiration')} Sekunden aufbewahrt": (realm.get("eventsExpiration") or 0) < seconds,
    }
    return counted([what for what, fault in faults.items() if fault], len(faults), "Einstellungen", "wie im Standard")
