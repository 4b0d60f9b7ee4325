"""The story of a municipality: it asks, understands and gets its tenant, changes it, and gives a module up.

With real parts: a bare repository as the platform's, the workflows' steps as scripts, the comments on an API of the
loopback, the running cluster. The tests are one story, in this order.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from einklang import inventory
from einklang.clients import web
from einklang.model.tenant import Tenant
from tests.live import platform as platforms
from tests.live.people import address, visit
from tests.live.platform import Platform
from tests.live.stage import EINKLANG, GATEWAY, Stage
from tests.unit.forge_server import serve
from tests.unit.repository import git

TENANT, NAMESPACE = "kirchhundem", "tenant-kirchhundem"
PASSWORD = "Sauerland-2026-am-See"
DOCUMENTS = "dms-files"

pytestmark = pytest.mark.rehearsal


@pytest.fixture(scope="module")
def platform(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    with serve() as server:
        made = platforms.make(stage, server, tmp_path_factory.mktemp("requests"))
        yield made
        _take_away(made)


def _take_away(platform: Platform) -> None:
    """The tenant goes, however far the story came."""
    stage = platform.stage
    if TENANT not in stacks(stage):
        return
    file = stage.settings.root / "tenants" / f"{TENANT}.yaml"
    platforms.change(file, r"^status: .*$", "status: leaving")
    stage.run(str(EINKLANG), "up", TENANT, timeout=1800)
    stage.run("pulumi", "destroy", "--yes", "--skip-preview", "--stack", TENANT, "--non-interactive", timeout=1800)
    stage.run("pulumi", "stack", "rm", "--yes", TENANT, "--non-interactive")


def stacks(stage: Stage) -> set[str]:
    return {each["name"] for each in json.loads(stage.run("pulumi", "stack", "ls", "--json").stdout)}


@pytest.fixture
def file(platform: Platform) -> Path:
    """The municipality's file in its own clone."""
    return platform.town / "tenants" / f"{TENANT}.yaml"


def tenant(platform: Platform) -> Tenant:
    return inventory.load(platform.runner, today=date.today()).tenants[TENANT]


def page(platform: Platform) -> int:
    url = f"https://id.{TENANT}.example/realms/{TENANT}/account/"
    return web.status(url, address=GATEWAY, authority=platform.stage.settings.certificate_authority / "ca.crt")


def status(platform: Platform) -> dict[str, Any]:
    done = platform.stage.run(str(EINKLANG), "status", TENANT, "--json", check=False)
    (told,) = json.loads(done.stdout)
    return dict(told)


def well(platform: Platform) -> dict[str, Any]:
    """The status when all is well; the database may still be changing over."""
    deadline = time.monotonic() + 300
    while not (told := status(platform))["well"]:
        assert time.monotonic() < deadline, told
        time.sleep(5)
    return told


def codes(plan: dict[str, Any]) -> set[str]:
    (told,) = plan["tenants"]
    return {point["code"] for point in told["points"]}


def touched(plan: dict[str, Any], *operations: str) -> set[str]:
    (told,) = plan["tenants"]
    return {f"{each['kind']}/{each['name']}" for each in told["actions"] if each["operation"] in operations}


def test_a_request_is_answered_in_german(platform: Platform, file: Path) -> None:
    made = platform.stage.run(
        str(EINKLANG), "new", "--root", str(platform.runner), "--stdout", "--ags", "05966016", "--name", "Kirchhundem",
        "--population", "11412", "--domain", f"{TENANT}.example", "--contact-name", "Organisation",
        "--contact-email", f"it@{TENANT}.example", "--contact-phone", "+49 30 23125 016", "--primary", "#7a3b12",
    )  # fmt: skip
    file.write_text(made.stdout)
    platform.propose(1, "Antrag der Gemeinde Kirchhundem")
    fine, comment = platform.answer(1)
    assert fine
    for words in (f"Ein Bürgerportal unter `www.{TENANT}.example`", "Das ist ein Antrag", "Registrierung steht aus"):
        assert words in comment
    platform.merge(1)
    assert "requested" in status(platform)["state"]


def test_a_mistake_is_answered_with_its_line_and_remedy(platform: Platform, file: Path) -> None:
    before = file.read_text()
    platforms.change(file, r"^status: requested$", "status: aktiv")
    platform.propose(2, "Bitte einrichten")
    fine, comment = platform.answer(2)
    assert not fine
    assert "Bitte noch ändern" in comment
    file.write_text(before)
    platforms.change(file, r"^status: requested$", "status: active")
    platform.propose(2, "Bitte einrichten")
    fine, comment = platform.answer(2)
    assert fine
    assert "Bürgerinnen und Bürger können die Seiten nutzen" in comment


def test_after_the_merge_exactly_the_approved_plan_is_applied(platform: Platform, tmp_path: Path) -> None:
    before = platform.merge(2)
    plan, fingerprint = platform.plan(before, tmp_path)
    assert {each["operation"] for each in plan["tenants"][0]["actions"]} == {"create"}
    other = platform.step("apply", before, "0" * 32, check=False)
    assert (other.returncode, "has changed since it was approved" in other.stderr) == (1, True)
    assert not any(
        each["name"] == TENANT for each in json.loads(platform.stage.run("pulumi", "stack", "ls", "--json").stdout)
    )
    platform.step("apply", before, fingerprint)
    assert page(platform) == 200
    citizen = visit(platform.stage, tenant(platform))
    citizen.register(address("citizen"), PASSWORD)
    assert citizen.code, "the citizen is logged in"


def test_the_status_knows_what_was_applied(platform: Platform) -> None:
    told = well(platform)
    assert (told["state"], told["standard"], told["size"], told["pending"]) == ("active", "2026.1", "S", False)
    assert told["commit"].rstrip("+") == git(platform.runner, "rev-parse", "HEAD")
    assert {"database", "identity", "portal", "dms"} <= {module["name"] for module in told["modules"]}


def test_a_change_of_colour_and_size_is_just_that(platform: Platform, file: Path, tmp_path: Path) -> None:
    platforms.change(file, r'primary: "#7a3b12"', 'primary: "#12507a"')
    platforms.change(file, r"^population: 11412$", "population: 21412")
    platform.propose(3, "Neue Farbe, neue Einwohnerzahl")
    fine, comment = platform.answer(3)
    assert fine
    assert "Die Hauptfarbe der Seiten: `#12507a` statt `#7a3b12`" in comment
    assert "`M` statt `S`" in comment
    before = platform.merge(3)
    assert status(platform)["pending"]
    plan, fingerprint = platform.plan(before, tmp_path)
    assert codes(plan) == {"colour-primary", "size", "short", "resources-changed"}
    assert touched(plan, "delete") == set()
    assert not plan["refused"]
    assert {"Deployment/identity", "ResourceQuota/quota", "Cluster/database"} <= touched(plan, "update")
    platform.step("apply", before, fingerprint)
    assert page(platform) == 200
    told = well(platform)
    assert (told["size"], told["pending"]) == ("M", False)


def test_a_module_with_data_is_given_up_only_with_an_approval(platform: Platform, file: Path, tmp_path: Path) -> None:
    stage = platform.stage
    platforms.change(file, r"(?s)(dms:\n    enabled: )true", r"\1false")
    head = platform.propose(4, "Wir brauchen die E-Akte nicht mehr")
    fine, comment = platform.answer(4)
    assert not fine
    assert comment.index("fehlt eine gültige Genehmigung") < comment.index("Alle Dokumente der E-Akte werden gelöscht")
    # The operators look at it with the running system, without checking it out.
    looked = stage.run(str(EINKLANG), "plan", "--since", "main", "--head", head, "--format", "json", check=False)
    assert looked.returncode == 1
    first = json.loads(looked.stdout)["tenants"][0]["actions"]
    assert {each["name"] for each in first[:2]} == {"dms-broker", DOCUMENTS}
    assert all(each["holds_data"] and each["operation"] == "delete" for each in first[:2])
    # Merged by mistake: nothing is touched, and everything goes on.
    before = platform.merge(4)
    refused = platform.step("plan", before, str(tmp_path / "s"), str(tmp_path / "v"), check=False)
    assert refused.returncode == 1
    applied = stage.run(str(EINKLANG), "up", TENANT, check=False, timeout=1800)
    assert applied.returncode == 4
    assert "no approval covers" in applied.stdout
    stage.kubectl("get", f"pvc/{DOCUMENTS}", "deployment/dms", "-n", NAMESPACE)
    assert page(platform) == 200


def test_with_the_approval_it_goes(platform: Platform, file: Path, tmp_path: Path) -> None:
    until = date.today() + timedelta(days=7)
    approval = f"module: dms, reason: Der Probebetrieb ist beendet., approved_by: Leitung, until: {until}"
    file.write_text(file.read_text() + f"approvals:\n  - {{{approval}}}\n")
    platform.propose(5, "Genehmigt")
    fine, _ = platform.answer(5)
    assert fine
    before = platform.merge(5)
    plan, fingerprint = platform.plan(before, tmp_path)
    (told,) = plan["tenants"]
    assert told["approved"][0]["approved_by"] == "Leitung"
    assert {"dms-data", "dms-off"} <= codes(plan), "compared with what was applied, not with what was merged"
    assert f"PersistentVolumeClaim/{DOCUMENTS}" in touched(plan, "delete")
    platform.step("apply", before, fingerprint)
    gone = platform.stage.kubectl("get", "pvc", DOCUMENTS, "-n", NAMESPACE, check=False)
    assert gone.returncode != 0
    assert page(platform) == 200
    told = well(platform)
    assert not any(module["name"].startswith("dms") for module in told["modules"])
