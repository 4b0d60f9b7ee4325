"""Known vulnerabilities of what a tenant runs: its packages against a database on this machine. Nothing is fetched.

Two formats: OSV records (https://ossf.github.io/osv-schema/; a folder, a file or the zip of an ecosystem) and the
Debian security tracker's JSON. Versions are compared as their ecosystem does (univers), by the events of OSV's schema.
Debian's advisories are about source packages: where an SBOM names none, the package's own name is compared.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote

from univers import versions
from univers.versions import InvalidVersion, Version

from einklang.errors import UserError
from einklang.operations.audit.observed import KnownVulnerability, Observed, Vulnerabilities
from einklang.operations.audit.packages import Package, packages

_REMEDY = "a dump of OSV (https://osv.dev: all.zip of an ecosystem) or of the Debian security tracker (data.json)"
_ECOSYSTEMS: Mapping[str, tuple[str, type[Version]]] = {
    "deb": ("Debian", versions.DebianVersion),
    "pypi": ("PyPI", versions.PypiVersion),
    "golang": ("Go", versions.GolangVersion),
    "npm": ("npm", versions.SemverVersion),
    "maven": ("Maven", versions.MavenVersion),
}
"""Type of package URL -> the ecosystem's name in OSV, and how its versions compare."""
_SUITES = {"bookworm": "12", "trixie": "13"}
_NOT_AFFECTED, _DEBIAN = "0", "pkg:deb/"


@dataclass(frozen=True)
class Advisory:
    """One vulnerability of one package. events: (introduced | fixed | last_affected, version), by range."""

    identifier: str
    ecosystem: str
    package: str
    ranges: Sequence[Sequence[tuple[str, str]]]
    listed: frozenset[str] = frozenset()


@dataclass
class Database:
    """Advisories by ecosystem and package. newest: the last change of a record that it knows."""

    advisories: dict[tuple[str, str], list[Advisory]] = field(default_factory=dict)
    newest: datetime | None = None

    def add(self, advisory: Advisory) -> None:
        """Know one more."""
        self.advisories.setdefault((advisory.ecosystem, advisory.package), []).append(advisory)

    def seen(self, moment: datetime) -> None:
        """Note when a record was changed."""
        self.newest = max(self.newest or moment, moment)


def load(path: Path) -> Database:
    """Read the database. Raises UserError for what is none of the formats, and for one that knows nothing."""
    found, files = Database(), 0
    for name, text in _texts(path):
        files += 1
        try:
            _read(json.loads(text), found)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UserError(f"{name}: no vulnerability database: {error!r}", remedy=_REMEDY) from error
    if not found.advisories:
        raise UserError(f"{path}: {files} files, and no advisory in them", remedy=_REMEDY)
    if found.newest is None:
        # The tracker's JSON has no date: the file's is when it was fetched.
        found.seen(datetime.fromtimestamp(path.stat().st_mtime, UTC))
    return found


def look(observed: Observed, sboms: Path, database: Database) -> Vulnerabilities:
    """What is known about the packages of the tenant's images."""
    listed = list(packages(observed, sboms))
    mine = [each for each in listed if each.locator]
    known = [
        KnownVulnerability(each.workloads, each.image, each.name, each.version, identifier, fixed)
        for each in mine
        for identifier, fixed in matches(each, database)
    ]
    without = tuple(sorted({each.image for each in listed if not each.version and not each.locator}))
    debian = {each.image for each in mine if each.locator.startswith(_DEBIAN)}
    named = {each.image for each in mine if each.locator.startswith(_DEBIAN) and "upstream=" in each.locator}
    newest = database.newest or datetime.fromtimestamp(0, UTC)
    return Vulnerabilities(
        newest.isoformat(timespec="seconds"), len(mine), tuple(known), without, tuple(sorted(debian - named))
    )


def matches(package: Package, database: Database) -> Iterator[tuple[str, str]]:
    """The advisories that concern this version, each with the version that mends it, empty where there is none."""
    kind, names, version, suite = _located(package.locator)
    if kind not in _ECOSYSTEMS:
        return
    ecosystem, scheme = _ECOSYSTEMS[kind]
    told = set()
    for place in (ecosystem, *([f"{ecosystem}:{_SUITES[suite]}"] if suite in _SUITES else [])):
        for name, compared in names(version):
            for advisory in database.advisories.get((place, name), []):
                hit, fixed = _affects(advisory, compared, scheme)
                if hit and advisory.identifier not in told:
                    told.add(advisory.identifier)
                    yield advisory.identifier, fixed


def _located(locator: str) -> tuple[str, Any, str, str]:
    """Type, name (and source) with versions, version and suite of a package URL."""
    head, _, qualifiers = locator.removeprefix("pkg:").partition("?")
    kind, _, rest = head.partition("/")
    name, _, version = (unquote(part) for part in rest.rpartition("@"))
    asked = parse_qs(qualifiers)
    upstream, suite = asked.get("upstream", [""])[0], asked.get("distro", [""])[0]

    def names(own: str) -> list[tuple[str, str]]:
        if kind == "deb":
            source, _, of_source = upstream.partition("@")
            return [(source or name.removeprefix("debian/"), of_source or own)]
        if kind == "maven":
            return [(name.replace("/", ":"), own)]
        return [(name.lower().replace("_", "-").replace(".", "-") if kind == "pypi" else name, own)]

    return kind, names, version, suite


def _affects(advisory: Advisory, version: str, scheme: type[Version]) -> tuple[bool, str]:
    """Whether the version is affected, and which one mends it. A version that cannot be compared counts as listed."""
    if version in advisory.listed:
        fixed = next((at for events in advisory.ranges for what, at in events if what == "fixed"), "")
        return True, fixed
    try:
        own = scheme(version)
    except InvalidVersion:
        return False, ""
    for events in advisory.ranges:
        hit, fixed = _within(events, own, scheme)
        if hit:
            return True, fixed
    return False, ""


def _within(events: Sequence[tuple[str, str]], own: Version, scheme: type[Version]) -> tuple[bool, str]:
    affected, mended = False, ""
    for what, at in sorted(events, key=lambda event: _order(event, scheme)):
        reached = at == _NOT_AFFECTED or own >= scheme(at)
        if what == "introduced" and reached:
            affected = True
        elif (what == "fixed" and reached) or (what == "last_affected" and own > scheme(at)):
            affected = False
        if what == "fixed" and not reached and affected:
            mended = mended or at
    return affected, mended


def _order(event: tuple[str, str], scheme: type[Version]) -> Any:
    """By version, the beginning of all first."""
    return (0, scheme("0")) if event[1] == _NOT_AFFECTED else (1, scheme(event[1]))


def _texts(path: Path) -> Iterable[tuple[str, str]]:
    try:
        if path.is_dir():
            for file in sorted(path.rglob("*")):
                if file.suffix in {".json", ".zip"}:
                    yield from _texts(file)
        elif path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                for name in archive.namelist():
                    if name.endswith(".json"):
                        yield f"{path}:{name}", archive.read(name).decode()
        else:
            yield str(path), path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError, zipfile.BadZipFile) as error:
        raise UserError(f"{path}: cannot be read: {error}", remedy=_REMEDY) from error


def _read(document: Any, found: Database) -> None:
    if isinstance(document, list):
        for each in document:
            _osv(each, found)
    elif "affected" in document or "withdrawn" in document or "id" in document:
        _osv(document, found)
    else:
        _tracker(document, found)


def _osv(record: Mapping[str, Any], found: Database) -> None:
    found.seen(datetime.fromisoformat(record["modified"]))
    if record.get("withdrawn"):
        return
    for affected in record.get("affected") or []:
        package = affected.get("package")
        if not package:
            continue
        ecosystem, name = package["ecosystem"], package["name"]
        ranges = [
            [(what, str(at)) for event in each["events"] for what, at in event.items()]
            for each in affected.get("ranges") or []
            if each["type"] != "GIT"
        ]
        if ecosystem == "PyPI":
            name = name.lower().replace("_", "-").replace(".", "-")
        found.add(Advisory(record["id"], ecosystem, name, ranges, frozenset(affected.get("versions") or ())))


def _tracker(document: Mapping[str, Any], found: Database) -> None:
    """Source package -> vulnerability -> releases -> suite -> status and fixed_version."""
    for package, advisories in document.items():
        for identifier, entry in advisories.items():
            for suite, state in entry["releases"].items():
                fixed = state.get("fixed_version", "")
                if suite not in _SUITES or fixed == _NOT_AFFECTED:
                    continue
                events = [("introduced", _NOT_AFFECTED), *([("fixed", fixed)] if fixed else [])]
                found.add(Advisory(identifier, f"Debian:{_SUITES[suite]}", package, [events]))
