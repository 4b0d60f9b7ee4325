"""The tenant's sites as anybody sees them. Asked without credentials; redirects are looked at, not followed."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from einklang.clients import outside
from einklang.clients.outside import Answer, SiteFacts
from einklang.model.finding import Severity
from einklang.operations.audit.observed import NotObservedError, Observed
from einklang.operations.audit.paths import FOREIGN, closed, foreign_redirects, login
from einklang.operations.audit.registry import Source, Verdict, check, counted

_FRONT = "Die Einstellung im Modul front oder identity berichtigen, dann „pulumi up“."
_GATEWAY = "Die Einstellung am Gateway berichtigen, dann den Stack platform anwenden."
_LEAST_DAYS = 14
_HSTS_SECONDS = 15_552_000
"""180 days, as browsers' preload lists and BSI TR-03116-4 based guidance take as enough."""
_BROKEN = 500
_MAX_AGE = re.compile(r"max-age=(\d+)")


def _sites(observed: Observed) -> Sequence[SiteFacts]:
    if not observed.sites:
        raise NotObservedError("keine Adresse des Mandanten wurde von außen angesehen")
    return observed.sites


def _each_answer(observed: Observed, rule: str, broken: Callable[[SiteFacts, str, Answer], str]) -> Verdict:
    faults = {
        f"{site.hostname}{path}": broken(site, path, answer)
        for site in _sites(observed)
        for path, answer in site.answers.items()
    }
    return counted([f"{place}: {fault}" for place, fault in faults.items() if fault], len(faults), "Antworten", rule)


def _is_page(answer: Answer) -> bool:
    return answer.headers.get("content-type", "").startswith("text/html")


@check("Nur TLS 1.2 und neuer", severity=Severity.HIGH, remedy=_GATEWAY, source=Source.OUTSIDE)
def tls_versions(observed: Observed) -> Verdict:
    """TLS 1.0 and 1.1 are refused (BSI TR-02102-2)."""
    sites = _sites(observed)
    bad = [f"{site.hostname}: {name}" for site in sites for name in outside.OLD if site.tls.get(name)]
    bad += [f"{site.hostname}: weder TLS 1.2 noch 1.3" for site in sites if not any(site.tls[v] for v in outside.NEW)]
    return counted(bad, len(sites), "Adressen", "alte TLS-Versionen abgewiesen")


@check(
    "Zertifikat gültig",
    severity=Severity.HIGH,
    remedy="Das Zertifikat erneuern (docs/operators/day-2.md); bei cert-manager dessen Meldungen lesen.",
    source=Source.OUTSIDE,
)
def certificate(observed: Observed) -> Verdict:
    """Right name, trusted authority, and good for two weeks yet."""
    bad, sites = [], _sites(observed)
    for site in sites:
        days = outside.expires_in_days(site, observed.now)
        if not site.verified:
            bad.append(f"{site.hostname}: falscher Name oder unbekannte Stelle")
        elif days < _LEAST_DAYS:
            bad.append(f"{site.hostname}: noch {days:.0f} Tage")
    return counted(bad, len(sites), "Zertifikate", f"vertrauenswürdig und länger als {_LEAST_DAYS} Tage gültig")


@check("HTTP führt zu HTTPS", severity=Severity.HIGH, remedy=_GATEWAY, source=Source.OUTSIDE)
def https_only(observed: Observed) -> Verdict:
    """The answer to HTTP is a redirect to the same name over HTTPS, and nothing else."""
    bad, sites = [], _sites(observed)
    for site in sites:
        answer = site.plain
        target = urlsplit(answer.headers.get("location", "")) if answer else None
        if answer is None or target is None or answer.status not in {301, 308}:
            bad.append(f"{site.hostname}: Antwort {answer.status if answer else 'fehlt'}")
        elif (target.scheme, target.hostname) != ("https", site.hostname) or answer.cookies:
            bad.append(f"{site.hostname}: führt zu {target.scheme}://{target.hostname}")
    return counted(bad, len(sites), "Adressen", "HTTP leitet zu HTTPS um")


@check("Browser bleiben bei HTTPS (HSTS)", severity=Severity.MEDIUM, remedy=_GATEWAY, source=Source.OUTSIDE)
def hsts(observed: Observed) -> Verdict:
    """Every page says so, for 180 days or longer."""

    def broken(_: SiteFacts, __: str, answer: Answer) -> str:
        if not _is_page(answer):
            return ""
        match = _MAX_AGE.search(answer.headers.get("strict-transport-security", ""))
        return "" if match and int(match[1]) >= _HSTS_SECONDS else "ohne HSTS oder zu kurz"

    return _each_answer(observed, "mit HSTS", broken)


@check("Schutz der Seiten im Browser", severity=Severity.MEDIUM, remedy=_FRONT, source=Source.OUTSIDE)
def page_headers(observed: Observed) -> Verdict:
    """Pages: content security policy, no foreign frames, no guessing of types."""

    def broken(_: SiteFacts, __: str, answer: Answer) -> str:
        if not _is_page(answer):
            return ""
        policy = answer.headers.get("content-security-policy", "")
        faults = {
            "ohne Content-Security-Policy": not policy,
            "von jedem einzurahmen": "frame-ancestors" not in policy and "x-frame-options" not in answer.headers,
            "Typen werden geraten": answer.headers.get("x-content-type-options") != "nosniff",
        }
        return ", ".join(what for what, fault in faults.items() if fault)

    return _each_answer(observed, "mit Kopfzeilen, die Seiten schützen", broken)


@check("Keine Auskunft über Programme", severity=Severity.LOW, remedy=_FRONT, source=Source.OUTSIDE)
def no_banners(observed: Observed) -> Verdict:
    """No header names a program and its version."""
    return _each_answer(
        observed,
        "ohne Namen von Programmen",
        lambda _, __, answer: ", ".join(name for name in ("server", "x-powered-by", "via") if name in answer.headers),
    )


@check("Kein offener Zugriff fremder Seiten (CORS)", severity=Severity.MEDIUM, remedy=_FRONT, source=Source.OUTSIDE)
def no_open_cors(observed: Observed) -> Verdict:
    """No answer may be read by every other site."""
    return _each_answer(
        observed,
        "nicht für fremde Seiten lesbar",
        lambda _, __, answer: "für alle lesbar" if answer.headers.get("access-control-allow-origin") == "*" else "",
    )


@check("Cookies geschützt", severity=Severity.HIGH, remedy=_FRONT, source=Source.OUTSIDE)
def cookies(observed: Observed) -> Verdict:
    """Secure and SameSite; HttpOnly too, except what scripts need to prove that a form is the site's own."""

    def broken(_: SiteFacts, __: str, answer: Answer) -> str:
        return ", ".join(fault for cookie in answer.cookies if (fault := _cookie(cookie)))

    return _each_answer(observed, "Cookies nur über HTTPS und nur für diese Seite", broken)


def _cookie(cookie: str) -> str:
    name, *flags = [part.strip().lower() for part in cookie.split(";")]
    keys = {flag.partition("=")[0] for flag in flags}
    needed = {"secure", "samesite"} | (set() if "csrf" in name else {"httponly"})
    over = any(flag.startswith("max-age=0") or "01 jan 1970" in flag or "01-jan-1970" in flag for flag in flags)
    return "" if over or needed <= keys else f"{name}: ohne {', '.join(sorted(needed - keys))}"


@check(
    "Seiten der Verwaltung geschlossen",
    severity=Severity.HIGH,
    remedy="Den Pfad im Modul der Anwendung schließen (öffentliche und geschlossene Pfade), dann „pulumi up“.",
    source=Source.OUTSIDE,
)
def admin_pages_closed(observed: Observed) -> Verdict:
    """What only operators need does not exist for others: 403 or 404."""
    tried = [
        (site, path, site.answers[path]) for site in _sites(observed) for path in closed(site.application)
        if path in site.answers
    ]  # fmt: skip
    silent = [f"{site.hostname}{path}" for site, path, answer in tried if answer.status >= _BROKEN]
    if silent:
        raise NotObservedError(f"die Anwendung antwortet zurzeit nicht: {', '.join(silent)}")
    bad = [f"{site.hostname}{path}: {answer.status}" for site, path, answer in tried if answer.status not in {403, 404}]
    return counted(bad, len(tried), "Seiten der Verwaltung", "von außen nicht vorhanden")


@check("Anmeldung nur über den Anmeldedienst", severity=Severity.HIGH, remedy=_FRONT, source=Source.OUTSIDE)
def login_by_identity(observed: Observed) -> Verdict:
    """Where an application asks for a login, it sends to the tenant's own identity service."""
    identity = observed.resolved.tenant.hostnames.identity
    tried = [(site, path) for site in _sites(observed) for path in login(site.application)]
    bad = []
    for site, path in tried:
        answer = site.answers[path]
        target = urlsplit(answer.headers.get("location", ""))
        own_step = target.hostname in {None, site.hostname} and "/oidc/" in f"{target.path}/"
        if answer.status not in {302, 303, 307} or not (target.hostname == identity or own_step):
            bad.append(f"{site.hostname}{path}: {answer.status} {target.hostname or target.path}")
    return counted(bad, len(tried), "Anmeldungen", f"über {identity}")


@check("Keine Weiterleitung auf fremde Seiten", severity=Severity.HIGH, remedy=_FRONT, source=Source.OUTSIDE)
def foreign_redirects_refused(observed: Observed) -> Verdict:
    """No address takes a visitor to another site because a link says so."""
    tried = [
        (site, path, site.answers[path])
        for site in _sites(observed)
        for path in foreign_redirects(site.application, observed.resolved.tenant.id)
        if path in site.answers
    ]
    bad = [
        f"{site.hostname}{path}: führt zu {answer.headers['location'][:80]}"
        for site, path, answer in tried
        if urlsplit(answer.headers.get("location", "")).hostname == FOREIGN
    ]
    return counted(bad, len(tried), "Versuche", "kein Sprung auf eine fremde Seite")
