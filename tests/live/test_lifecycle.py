"""A tenant's life: made, killed in the making, unchanged by a second run, changed by a line, gone without a trace."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import random
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import httpx
import pytest

from einklang import inventory
from einklang.clients import web
from einklang.clients.pulumi import PulumiEngine
from tests.live import documents, people
from tests.live import stage as staging
from tests.live.stage import EINKLANG, GATEWAY, Stage

TENANT, NAMESPACE = "drolshagen", "tenant-drolshagen"
KILLS = 10


@pytest.fixture(scope="module")
def own(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A stage whose tenants may be changed, with a third one; it goes at the end, also when a test failed."""
    root = staging.project_copy(
        stage.settings.root, tmp_path_factory.mktemp("own") / "project", ("tenants", "standards", "services")
    )
    sample = (root / "tenants" / "olpe.yaml").read_text()
    text = sample.replace("olpe.example", "drolshagen.example").replace("id: olpe", f"id: {TENANT}")
    text = re.sub(r"(?m)^name: .*$", "name: Drolshagen", text)
    text = re.sub(r"(?m)^ags: .*$", 'ags: "05966008"', text)
    text = re.sub(r"(?m)^ars: .*$", 'ars: "059660008008"', text)
    text = re.sub(r"(?m)^population: .*$", "population: 11563", text)
    (root / "tenants" / f"{TENANT}.yaml").write_text(text)
    own = stage.with_root(root)
    yield own
    # Whatever a failed test left: a tenant that leaves may be destroyed.
    if any(found["name"] == TENANT for found in stacks(own)):
        change(own, "status: active", "status: leaving")
        change(own, "status: suspended", "status: leaving")
        up(own)
        pulumi(own, "destroy", "--yes", "--skip-preview")


def pulumi(stage: Stage, *argv: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Plain `pulumi` on the third tenant's stack."""
    done: subprocess.CompletedProcess[str] = stage.run(
        "pulumi", *argv, "--stack", TENANT, "--non-interactive", check=check
    )
    return done


def stacks(stage: Stage) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads(stage.run("pulumi", "stack", "ls", "--json").stdout)
    return found


def up(stage: Stage) -> None:
    stage.run(str(EINKLANG), "up", TENANT)


def change(stage: Stage, old: str, new: str) -> None:
    file = stage.settings.root / "tenants" / f"{TENANT}.yaml"
    file.write_text(file.read_text().replace(old, new))


def reachable(stage: Stage) -> bool:
    url = f"https://id.{TENANT}.example/realms/{TENANT}/account/"
    return web.status(url, address=GATEWAY, authority=stage.settings.certificate_authority / "ca.crt") == 200


@pytest.mark.parametrize("name", ["platform", "olpe", "attendorn"])
def test_a_second_run_changes_nothing(stage: Stage, name: str) -> None:
    """On every stack, by plain Pulumi."""
    done = stage.run(
        "pulumi", "up", "--yes", "--skip-preview", "--expect-no-changes", "--stack", name, "--non-interactive"
    )
    assert re.search(r"\d+ unchanged", done.stdout), done.stdout


def test_a_requested_tenant_is_refused(stage: Stage) -> None:
    """It is not deployed by hand either, and the message says what to do."""
    done = stage.run("pulumi", "preview", "--stack", "lennestadt", "--non-interactive", check=False)
    if "no stack named" in done.stderr:
        stage.run("pulumi", "stack", "init", "lennestadt", "--non-interactive")
        done = stage.run("pulumi", "preview", "--stack", "lennestadt", "--non-interactive", check=False)
        stage.run("pulumi", "stack", "rm", "--yes", "lennestadt", "--non-interactive")
    assert done.returncode != 0
    assert "requested, not active" in done.stdout + done.stderr


def test_killed_at_any_moment_and_repeated_it_ends_well(own: Stage) -> None:
    """`pulumi up` gets SIGKILL, with all its processes, at ten random moments of a tenant's making, and is repeated.

    The moments lie between the start and the usual end of a run; each run goes on where the one before was killed.
    """
    if not any(found["name"] == TENANT for found in stacks(own)):
        own.run("pulumi", "stack", "init", TENANT, "--non-interactive")
    seed = random.randrange(10_000)
    print(f"seed {seed}")
    moments, killed, longest = random.Random(seed), 0, 4.0
    while killed < KILLS:
        # Later runs have less to do: what is killed early creates, what is killed late waits.
        killed += kill_after(own, moments.uniform(1.0, longest))
        longest = min(longest + 3.0, 30.0)
    up(own)
    assert reachable(own)
    done = pulumi(own, "up", "--yes", "--skip-preview", "--expect-no-changes")
    assert "unchanged" in done.stdout


def kill_after(stage: Stage, seconds: float) -> bool:
    """Start `pulumi up`, and kill it with the providers and the program it started; False where it was done before.

    The dead run's lock is released as `einklang up` does it.
    """
    PulumiEngine(stage.settings.root, stage.environment, stage.settings.logs).release_dead_lock(TENANT)
    child = subprocess.Popen(
        ["pulumi", "up", "--yes", "--skip-preview", "--stack", TENANT, "--non-interactive"],
        env=dict(stage.environment), cwd=stage.settings.root, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        code = child.wait(seconds)
    except subprocess.TimeoutExpired:
        for pid in session(child.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        child.wait()
        return True
    assert code == 0, f"pulumi up failed by itself with code {code}"
    # It was quicker than the moment: the next one comes while it makes everything again.
    pulumi(stage, "state", "unprotect", "--all", "--yes")
    pulumi(stage, "destroy", "--yes", "--skip-preview")
    return False


def session(leader: int) -> list[int]:
    """Ids of all processes of the session: Pulumi's plugins have process groups of their own (proc(5), field 6)."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                if int((entry / "stat").read_text().rpartition(")")[2].split()[3]) == leader:
                    found.append(int(entry.name))
    return found


def test_a_one_line_change_reaches_the_tenant_and_nothing_else(own: Stage) -> None:
    """Another colour is another theme, style sheet and emergency page, and another file to save; nothing else changes.

    Pulumi waits until it serves.
    """
    file = own.settings.root / "tenants" / f"{TENANT}.yaml"
    file.write_text(re.sub(r"(?m)^(\s+primary:) .*$", r'\1 "#7a1f3d"', file.read_text()))
    plan = json.loads(pulumi(own, "preview", "--json").stdout)
    changed = {step["urn"].split("::")[-1] for step in plan["steps"] if step["op"] not in {"same", "read"}}
    assert changed
    assert all(re.search("identity|front|portal|configmap.backup$", name) for name in changed), changed
    up(own)
    status = own.get("deployment", "identity", "-n", NAMESPACE)["status"]
    assert status["readyReplicas"] == status["updatedReplicas"] == status["replicas"] == 1
    files = [
        base64.b64decode(content).decode(errors="replace")
        for found in own.get("configmaps", "-n", NAMESPACE)["items"]
        for content in found.get("binaryData", {}).values()
    ]
    assert any("#7a1f3d" in content for content in files)


def test_a_new_standard_reaches_the_tenant_and_keeps_its_content(own: Stage) -> None:
    """A new entry of the file plan, a changed retention and another text of a page; a second run changes nothing."""
    tenant = inventory.load(own.settings.root, today=date.today()).tenants[TENANT]
    dms, portal = f"https://{tenant.hostnames.dms}", f"https://{tenant.hostnames.portal}"
    clerk = people.enter(own, people.employ(own, tenant, "clerk"), f"{dms}/")
    letter = documents.upload(clerk, tenant, "brief.txt", b"Ein Brief von gestern").json()["url"]
    editor = people.enter(own, people.employ(own, tenant, "editor"), f"{portal}/login")
    news = write_news(editor, portal, "Neues vom Rathaus")
    new_standard(own)
    change(own, 'standard: "2026.1"', 'standard: "2026.2"')
    up(own)
    cabinets = clerk.get(f"{dms}/api/v4/cabinets/?page_size=100").json()["results"]
    assert any("Digitale Bürgerdienste" in each["full_path"] for each in cabinets)
    assert query(own, "select years from einklang_dms_retention r join documents_documenttype t on "
                 "t.id = r.document_type_id where t.label = 'Antrag'") == "12"  # fmt: skip
    assert "Nach 20 Minuten" in editor.get(f"{portal}/datenschutz").text
    documents.wait_for_file(clerk, letter, hashlib.sha256(b"Ein Brief von gestern").hexdigest())
    assert "Neues vom Rathaus" in editor.get(news).text
    done = pulumi(own, "up", "--yes", "--skip-preview", "--expect-no-changes")
    assert "unchanged" in done.stdout


def new_standard(stage: Stage) -> None:
    """The next version of the standard: the one before with three changes."""
    folder = stage.settings.root / "standards"
    text = (folder / "2026.1.yaml").read_text()
    for old, new in {
        'version: "2026.1"': 'version: "2026.2"',
        '"013": Datenschutz': '"014": Digitale Bürgerdienste\n          "013": Datenschutz',
        "{title: Antrag, retention: years-10,": "{title: Antrag, retention: years-12,",
        'years-10: {title: "10 Jahre", years: 10}': 'years-10: {title: "10 Jahre", years: 10}\n'
        '  years-12: {title: "12 Jahre", years: 12}',
        "idle_minutes: 30": "idle_minutes: 20",
    }.items():
        assert old in text, old
        text = text.replace(old, new)
    (folder / "2026.2.yaml").write_text(text)


def write_news(editor: httpx.Client, portal: str, title: str) -> str:
    """Fill in the form for news; returns the address of what it made."""
    form = f"{portal}/aktuelles/++add++News Item"
    found = re.search(r'name="_authenticator"[^>]* value="([^"]+)"', editor.get(form).text)
    assert found
    fields = {"form.widgets.IDublinCore.title": title, "form.buttons.save": "Speichern", "_authenticator": found[1]}
    made = editor.post(form, files={name: (None, value) for name, value in fields.items()})
    assert made.is_redirect, made.text[:2000]
    return str(made.headers["location"])


def query(stage: Stage, sql: str) -> str:
    """One value from the DMS's database."""
    asked = ["psql", "-d", "dms", "-tAc", sql]
    return str(stage.kubectl("exec", "-n", NAMESPACE, "database-1", "-c", "postgres", "--", *asked).stdout).strip()


def test_suspended_it_has_no_pods_and_no_routes_and_comes_back(own: Stage) -> None:
    """Data stays; the tenant is back after the line is changed back."""
    change(own, "status: active", "status: suspended")
    up(own)
    wait_for(lambda: not own.get("pods", "-n", NAMESPACE, "--field-selector=status.phase=Running")["items"])
    assert not own.get("httproutes", "-n", NAMESPACE)["items"]
    assert own.get("persistentvolumeclaims", "-n", NAMESPACE)["items"]
    change(own, "status: suspended", "status: active")
    up(own)
    assert reachable(own)


def test_destroyed_it_leaves_no_trace(own: Stage) -> None:
    """An active tenant is protected. One that leaves goes with every object that carries its name, and its data."""
    refused = pulumi(own, "destroy", "--yes", "--skip-preview", check=False)
    assert refused.returncode != 0
    assert "protect" in refused.stdout + refused.stderr
    assert reachable(own)
    volumes = [volume["spec"]["local"]["path"] if "local" in volume["spec"] else volume["spec"]["hostPath"]["path"]
               for volume in own.get("persistentvolumes")["items"]
               if volume["spec"]["claimRef"]["namespace"] == NAMESPACE]  # fmt: skip
    assert volumes
    assert all(Path(volume).exists() for volume in volumes)
    change(own, "status: active", "status: leaving")
    up(own)
    pulumi(own, "destroy", "--yes", "--skip-preview")
    own.run("pulumi", "stack", "rm", "--yes", TENANT, "--non-interactive")
    wait_for(lambda: not traces(own))
    assert traces(own) == []
    assert not any(Path(volume).exists() for volume in volumes)


def traces(stage: Stage) -> list[str]:
    """Every object anywhere in the API whose name, namespace or labels carry the tenant's name, but events."""
    kinds = stage.kubectl("api-resources", "--verbs=list", "-o", "name").stdout.split()
    kinds = [kind for kind in kinds if not kind.startswith("events")]
    objects = stage.get(",".join(kinds), "--all-namespaces")["items"]
    return [
        f"{found['kind']} {found['metadata'].get('namespace', '')}/{found['metadata']['name']}"
        for found in objects
        if TENANT in json.dumps([found["metadata"].get(key) for key in ("name", "namespace", "labels")])
        or TENANT in json.dumps(found.get("spec", {}).get("claimRef", ""))
    ]


def wait_for(condition: object, seconds: float = 90) -> None:
    """Return when the condition holds or the time is over; the caller asserts."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and not condition():  # type: ignore[operator]
        time.sleep(2)
