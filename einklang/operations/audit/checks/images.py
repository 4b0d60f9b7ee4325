"""Images: by digest, from the registries that admission allows, and what runs is what was declared."""

from __future__ import annotations

import re
from datetime import datetime

from einklang.model.finding import Severity
from einklang.operations.audit.observed import NotObservedError, Observed
from einklang.operations.audit.registry import Source, Verdict, check, counted

_DIGEST = re.compile(r"[^@\s]+@(sha256:[0-9a-f]{64})")
_DATABASE_DAYS = 35
_PREFIXES = re.compile(r"\[((?:'[^']+'(?:, )?)+)\]\.exists")


@check(
    "Images mit Digest",
    severity=Severity.HIGH,
    remedy="Das Image im Katalog der Images mit Digest nennen, dann „pulumi up“.",
)
def images_by_digest(observed: Observed) -> Verdict:
    """A tag can be pointed elsewhere, a digest cannot."""
    found = observed.containers()
    bad = [
        f"{place}: {container['image']}" for place, container, _ in found if not _DIGEST.fullmatch(container["image"])
    ]
    return counted(bad, len(found), "Images", "mit Digest")


@check(
    "Images nur aus erlaubten Registries",
    severity=Severity.HIGH,
    remedy="Das Image in die eigene Registry übernehmen und von dort beziehen.",
)
def images_from_registry(observed: Observed) -> Verdict:
    """The prefixes are those that the admission policy lets in."""
    allowed = _allowed(observed)
    found = observed.containers()
    bad = [
        f"{place}: {container['image']}" for place, container, _ in found if not container["image"].startswith(allowed)
    ]
    return counted(bad, len(found), "Images", f"aus {', '.join(allowed)}")


@check(
    "Es läuft, was vereinbart ist",
    severity=Severity.HIGH,
    remedy="Den Pod löschen; der Knoten holt das Image mit dem vereinbarten Digest.",
)
def running_images(observed: Observed) -> Verdict:
    """The node reports the digest that the pod declares, for each container that it has started."""
    pairs = []
    for pod in observed.running:
        declared = {each["name"]: each["image"] for each in pod["spec"]["containers"]}
        for status in pod.get("status", {}).get("containerStatuses") or []:
            if status.get("imageID"):
                wanted = declared.get(status["name"], "")
                pairs.append((f"{pod['metadata']['name']}/{status['name']}", wanted, status["imageID"]))
    bad = [
        f"{place}: läuft mit {runs}" for place, wanted, runs in pairs if _digest(runs) != _digest(wanted) or not wanted
    ]
    return counted(bad, len(pairs), "Laufende Container", "mit dem vereinbarten Image")


@check(
    "Keine bekannten Schwachstellen",
    severity=Severity.HIGH,
    remedy="Die Images mit den genannten Versionen neu bauen (einklang images lock, dann build) und ausrollen.",
    source=Source.PACKAGES,
)
def known_vulnerabilities(observed: Observed) -> Verdict:
    """No package of an image that runs has an advisory in the database that this run was given."""
    found = observed.vulnerabilities
    if found is None:
        raise NotObservedError("keine Datenbank bekannter Schwachstellen (--vulnerabilities)")
    days = (observed.now - datetime.fromisoformat(found.newest)).days
    if days > _DATABASE_DAYS:
        raise NotObservedError(f"die Datenbank bekannter Schwachstellen ist {days} Tage alt ({found.newest})")
    if found.unlisted and not found.known:
        raise NotObservedError(f"{len(found.unlisted)} Images ohne Paketliste: {', '.join(found.unlisted)}")
    if found.sourceless and not found.known:
        raise NotObservedError(f"{len(found.sourceless)} Images ohne Quellpakete: {', '.join(found.sourceless)}")
    bad = [
        f"{each.identifier}: {each.package} {each.version} in {each.image.partition('@')[0]} ({each.workloads}), "
        f"{f'behoben in {each.fixed}' if each.fixed else 'noch nicht behoben'}"
        for each in found.known
    ]
    return counted(bad, found.packages, "Pakete", f"keines in der Datenbank vom {found.newest[:10]}")


def _digest(image: str) -> str:
    match = _DIGEST.fullmatch(image.removeprefix("docker-pullable://"))
    return match[1] if match else image


def _allowed(observed: Observed) -> tuple[str, ...]:
    policies = [
        each
        for each in observed.cluster.of_kind("ValidatingAdmissionPolicy")
        if each["metadata"]["name"] == "einklang-images"
    ]
    if not policies:
        raise NotObservedError("die Regel einklang-images fehlt im Cluster")
    for variable in policies[0]["spec"].get("variables") or []:
        match = _PREFIXES.search(variable["expression"])
        if match:
            return tuple(re.findall(r"'([^']+)'", match[1]))
    raise NotObservedError("die Regel einklang-images nennt keine Registry")
