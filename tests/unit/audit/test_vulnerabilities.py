"""Packages against a small database: what is affected, what is not, by the rules of each ecosystem."""

from __future__ import annotations

import json
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from einklang.cli import main
from einklang.errors import EXIT_CHANGES_PENDING, EXIT_DONE, UserError
from einklang.model.finding import Result
from einklang.operations.audit import vulnerabilities
from einklang.operations.audit.checks import ALL
from einklang.operations.audit.observed import NotObservedError
from einklang.operations.audit.packages import Package
from einklang.operations.audit.vulnerabilities import load, matches
from tests.unit.audit import recorded
from tests.unit.audit.test_command import home  # noqa: F401 - a fixture
from tests.unit.audit.test_packages import BASH, PLONE, digest_of

TRACKER = {
    "openssl": {
        "CVE-2026-1": {"releases": {"bookworm": {"status": "resolved", "fixed_version": "3.0.15-1~deb12u1"}}},
        "CVE-2026-2": {"releases": {"bookworm": {"status": "open"}, "sid": {"status": "open"}}},
        "CVE-2026-3": {"releases": {"bookworm": {"status": "resolved", "fixed_version": "0"}}},
        "CVE-2026-4": {"releases": {"trixie": {"status": "open"}}},
    }
}


def osv(identifier: str, ecosystem: str, name: str, *events: Any, **more: Any) -> dict[str, Any]:
    affected = {"package": {"ecosystem": ecosystem, "name": name}, "ranges": [{"type": "ECOSYSTEM", "events": events}]}
    return {"id": identifier, "modified": "2026-11-20T00:00:00Z", "affected": [{**affected, **more}]}


RECORDS = [
    osv("DSA-1", "Debian:12", "bash", {"introduced": "0"}, {"fixed": "5.2.15-2+b8"}),
    osv("DSA-2", "Debian:13", "bash", {"introduced": "0"}),
    osv("PYSEC-1", "PyPI", "Products.CMFPlone", {"introduced": "6.0"}, {"fixed": "6.1.5"}),
    osv("PYSEC-2", "PyPI", "plone", {"introduced": "5.0"}, {"last_affected": "6.1"}),
    osv("PYSEC-3", "PyPI", "pillow", versions=["10.0.0"]),
    osv("GO-1", "Go", "golang.org/x/net", {"introduced": "0"}, {"fixed": "0.17.0"}, {"introduced": "0.20.0"}),
    {**osv("GONE", "PyPI", "plone", {"introduced": "0"}), "withdrawn": "2026-01-01T00:00:00Z"},
]


@pytest.fixture
def database(tmp_path: Path) -> vulnerabilities.Database:
    folder = tmp_path / "database"
    folder.mkdir()
    (folder / "debian.json").write_text(json.dumps(TRACKER))
    with zipfile.ZipFile(folder / "all.zip", "w") as archive:
        for record in RECORDS:
            archive.writestr(f"{record['id']}.json", json.dumps(record))
    return load(folder)


def package(locator: str) -> Package:
    name, _, version = locator.partition("?")[0].rpartition("/")[2].partition("@")
    return Package("portal", "image@sha256:0", name, version, "", locator)


@pytest.mark.parametrize(
    ("locator", "found"),
    [
        ("pkg:deb/debian/bash@5.2.15-2%2Bb7?distro=bookworm", [("DSA-1", "5.2.15-2+b8")]),
        ("pkg:deb/debian/bash@5.2.15-2%2Bb8?distro=bookworm", []),
        ("pkg:deb/debian/bash@5.2.15-2%2Bb7", []),  # of which suite, nobody knows
        ("pkg:deb/debian/libssl3@3.0.9-1?distro=bookworm&upstream=openssl",
         [("CVE-2026-1", "3.0.15-1~deb12u1"), ("CVE-2026-2", "")]),
        ("pkg:deb/debian/libssl3@3.0.15-1~deb12u1?distro=bookworm&upstream=openssl", [("CVE-2026-2", "")]),
        ("pkg:deb/debian/libssl3@1:9?distro=bookworm&upstream=openssl%403.0.9-1",
         [("CVE-2026-1", "3.0.15-1~deb12u1"), ("CVE-2026-2", "")]),
        ("pkg:pypi/Products_CMFPlone@6.1.4", [("PYSEC-1", "6.1.5")]),
        ("pkg:pypi/products.cmfplone@6.1.5", []),
        ("pkg:pypi/products.cmfplone@6.1.5rc1", [("PYSEC-1", "6.1.5")]),
        ("pkg:pypi/products.cmfplone@5.9", []),
        ("pkg:pypi/plone@6.1", [("PYSEC-2", "")]),
        ("pkg:pypi/plone@6.1.1", []),
        ("pkg:pypi/pillow@10.0.0", [("PYSEC-3", "")]),
        ("pkg:pypi/pillow@10.0.1", []),
        ("pkg:golang/golang.org/x/net@v0.9.0", [("GO-1", "0.17.0")]),
        ("pkg:golang/golang.org/x/net@v0.17.0", []),
        ("pkg:golang/golang.org/x/net@v0.21.0", [("GO-1", "")]),
        ("pkg:generic/keycloak@26.4.2", []),
    ],
)  # fmt: skip
def test_versions_are_compared_as_their_ecosystem_does(
    database: vulnerabilities.Database, locator: str, found: list[tuple[str, str]]
) -> None:
    assert list(matches(package(locator), database)) == found


def test_a_database_says_how_old_it_is(database: vulnerabilities.Database, tmp_path: Path) -> None:
    assert database.newest == datetime(2026, 11, 20, tzinfo=UTC)
    file = tmp_path / "tracker.json"
    file.write_text(json.dumps(TRACKER))
    newest = load(file).newest
    assert newest is not None
    assert datetime.now(UTC) - newest < timedelta(hours=1)


@pytest.mark.parametrize("text", ["[", "{}", '{"openssl": 7}', "[7]", '[{"id": "A"}]'])
def test_what_is_no_database_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(UserError):
        load(tmp_path / "a.json")


def test_a_database_that_knows_nothing_finds_nothing_and_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="0 files, and no advisory"):
        load(tmp_path)


def test_an_old_database_and_images_without_a_list_are_no_pass() -> None:
    facts = recorded.facts()
    facts["vulnerabilities"]["newest"] = "2026-01-01T00:00:00+00:00"
    with pytest.raises(NotObservedError, match="Tage alt"):
        ALL["known-vulnerabilities"].judge(recorded.observed(facts))
    facts = recorded.facts()
    facts["vulnerabilities"]["unlisted"] = ("front@sha256:1",)
    with pytest.raises(NotObservedError, match="ohne Paketliste"):
        ALL["known-vulnerabilities"].judge(recorded.observed(facts))
    facts["vulnerabilities"].update(unlisted=(), sourceless=("front@sha256:1",))
    with pytest.raises(NotObservedError, match="ohne Quellpakete"):
        ALL["known-vulnerabilities"].judge(recorded.observed(facts))


def sboms(folder: Path) -> Path:
    """Of every image that the recorded tenant runs: bash and Plone."""
    facts = recorded.facts()
    images = {container["image"] for _, container, _ in recorded.observed(facts).containers()}
    for number, image in enumerate(sorted(images)):
        (folder / str(number)).mkdir(parents=True)
        (folder / str(number) / "digest").write_text(image.rpartition("@")[2])
        mine = [BASH, PLONE] if image.endswith(digest_of("portal")) else [BASH]
        (folder / str(number) / "sbom.spdx.json").write_text(json.dumps({"packages": mine}))
    return folder


def test_the_command_says_which_package_of_which_image(home: Path) -> None:  # noqa: F811 - the fixture
    """`pkg:deb/debian/bash@5.2` without its suite fits a tracker of all suites only; here OSV's `Debian`."""
    file, out = home / "osv.json", home / "out"
    now = datetime.now(UTC).isoformat()
    bad = {**osv("CVE-2026-9", "Debian", "bash", {"introduced": "0"}, {"fixed": "5.3"}), "modified": now}
    command = ["audit", "attendorn", "--only", "packages", "--sbom", str(sboms(home / "sboms"))]
    command += ["--output", str(out), "--vulnerabilities", str(file), "--json"]
    file.write_text(json.dumps([bad]))
    done = CliRunner().invoke(main, command)
    assert done.exit_code == EXIT_CHANGES_PENDING, done.output
    (finding,) = json.loads(done.stdout)["findings"]
    assert (finding["check"], finding["result"]) == ("known-vulnerabilities", Result.FAIL)
    assert any("CVE-2026-9: bash 5.2 in" in each and "behoben in 5.3" in each for each in finding["evidence"])
    assert any("(portal" in each for each in finding["evidence"])
    file.write_text(json.dumps([{**bad, "affected": osv("x", "Debian", "bash", {"introduced": "5.3"})["affected"]}]))
    done = CliRunner().invoke(main, command)
    assert "ohne Quellpakete" in json.loads(done.stdout)["findings"][0]["observed"]  # nobody knows what is missed
    for each in (home / "sboms").glob("*/sbom.spdx.json"):
        each.write_text(each.read_text().replace("pkg:deb/debian/bash@5.2", "pkg:deb/debian/bash@5.2?upstream=bash"))
    assert CliRunner().invoke(main, command).exit_code == EXIT_DONE


def test_without_a_database_packages_are_not_compared(home: Path) -> None:  # noqa: F811 - the fixture
    done = CliRunner().invoke(main, ["audit", "attendorn", "--only", "packages", "--output", str(home / "out")])
    assert done.exit_code == EXIT_CHANGES_PENDING
    assert "keine Datenbank bekannter Schwachstellen" in done.output
