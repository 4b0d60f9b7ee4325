"""Backups of a running tenant: a run under use, what lies at the site afterwards, and who can do what with it."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from einklang.clients.restic import Access, Restic
from einklang.model.backup import STATE_PATH, DatabaseFacts, Manifest
from einklang.model.tenant import Tenant
from einklang.operations.backup.access import of_site
from einklang.operations.backup.kit import Entry, Kit, new_identity
from einklang.operations.backup.repository import Site
from einklang.operations.local import plan
from einklang.operations.local import site as local_site
from einklang.operations.local.site import SiteFolders
from tests.live import documents, people, probes
from tests.live.postgres import checksums, sql
from tests.live.stage import EINKLANG, Stage
from tests.unit import backup_package as package

DATABASES = package.load("databases")
SCRATCH = "backup_test"
RUN_SECONDS = 300


@dataclass
class Writer:
    """A clerk who brings one letter after the other. taken: hashes of those that were accepted."""

    tenant: Tenant
    clerk: httpx.Client
    taken: list[str] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    def work(self) -> None:
        while not self.stop.wait(0.2):
            content = f"Vermerk {secrets.token_hex(16)}".encode()
            if documents.upload(self.clerk, self.tenant, "vermerk.txt", content).status_code == 201:
                self.taken.append(hashlib.sha256(content).hexdigest())


@dataclass(frozen=True)
class Saved:
    """A run. before: hashes of documents that the DMS had taken in when it began. log: what it said."""

    manifest: Manifest
    before: tuple[str, ...]
    log: str


@pytest.fixture(scope="module")
def tenant(stage: Stage) -> Tenant:
    return stage.tenants[-1]


@pytest.fixture(scope="module")
def site(stage: Stage) -> Site:
    return Site(SiteFolders(stage.settings.backup_site), stage.program("restic"))


@pytest.fixture(scope="module")
def access(stage: Stage, tenant: Tenant, tmp_path_factory: pytest.TempPathFactory) -> Access:
    """What stands in the tenant's namespace."""
    return stage.accesses(tmp_path_factory.mktemp("access"))[tenant.id]


@pytest.fixture(scope="module")
def saved(stage: Stage, tenant: Tenant, site: Site) -> Iterator[Saved]:
    """A run while a clerk is writing."""
    employee = people.employ(stage, tenant, "clerk")
    writer = Writer(tenant, people.enter(stage, employee, f"https://{tenant.hostnames.dms}/"))
    thread = threading.Thread(target=writer.work)
    thread.start()
    try:
        deadline = time.monotonic() + documents.DONE_WITHIN_SECONDS
        # The worker takes a file's checksum after the clerk has his answer.
        while len(before := set(writer.taken) & checksums(stage, tenant)) < 5:
            assert time.monotonic() < deadline, "the clerk cannot bring documents"
            time.sleep(0.5)
        log = run(stage, tenant)
    finally:
        writer.stop.set()
        thread.join(60)
    assert len(writer.taken) > len(before), "nobody wrote during the run"
    yield Saved(newest(site, tenant), tuple(before), log)


def run(stage: Stage, tenant: Tenant) -> str:
    """The CronJob's job, begun by hand; returns what it said."""
    name, where = f"backup-test-{secrets.token_hex(3)}", ["-n", tenant.namespace]
    stage.kubectl("create", "job", name, "--from=cronjob/backup", *where)
    try:
        stage.kubectl(
            "wait",
            "--for=condition=complete",
            f"job/{name}",
            *where,
            f"--timeout={RUN_SECONDS}s",
            timeout=RUN_SECONDS + 20,
        )
        return str(stage.kubectl("logs", f"job/{name}", *where).stdout)
    finally:
        stage.kubectl("delete", "job", name, *where)


def newest(site: Site, tenant: Tenant) -> Manifest:
    end = site.seen(tenant).concluded()[0]
    return site.manifest(tenant.id, end)


def test_every_check_passes(stage: Stage, tenant: Tenant, saved: Saved) -> None:
    done = stage.run(str(EINKLANG), "backup", "status", tenant.id, "--json", check=False)
    (found,) = json.loads(done.stdout)
    assert {finding["check"]: finding["text"] for finding in found["findings"] if finding["result"] != "pass"} == {}
    assert done.returncode == 0
    assert saved.manifest.run in saved.log


def test_a_tenant_that_was_never_saved_is_a_finding(stage: Stage, tenant: Tenant, tmp_path: Path) -> None:
    """The counter-proof: a site that knows nothing."""
    done = stage.run(str(EINKLANG), "backup", "status", tenant.id, "--site", str(tmp_path), check=False)
    assert done.returncode == 2
    assert "error: readable" in done.stdout


@pytest.fixture(params=["identity", "portal", "dms"])
def restored(stage: Stage, tenant: Tenant, site: Site, saved: Saved, request: pytest.FixtureRequest) -> Iterator[str]:
    """The name of a database whose dump stands restored in the scratch database."""
    name = str(request.param)
    part = saved.manifest.part(f"database/{name}")
    assert part
    argv = [str(site.restic), "--no-cache", "dump", "--no-lock", part.snapshot, f"/database/{name}.dump"]
    environment = {**stage.environment, **of_site(site.folders, tenant.id).environment()}
    dump = subprocess.run(argv, env=environment, capture_output=True, check=True, timeout=120).stdout
    assert hashlib.sha256(dump).hexdigest() == part.sha256
    assert len(dump) == part.bytes
    sql(stage, tenant, "postgres", f"DROP DATABASE IF EXISTS {SCRATCH}")
    sql(stage, tenant, "postgres", f"CREATE DATABASE {SCRATCH} TEMPLATE template0")
    try:
        restore = ["exec", "-i", "-n", tenant.namespace, "database-1", "-c", "postgres", "--"]
        command = ["kubectl", *restore, "pg_restore", "-U", "postgres", "-d", SCRATCH, "--no-owner", "--exit-on-error"]
        subprocess.run(command, env=dict(stage.environment), input=dump, check=True, capture_output=True, timeout=300)
        yield name
    finally:
        sql(stage, tenant, "postgres", f"DROP DATABASE {SCRATCH} WITH (FORCE)")


def test_what_is_restored_is_what_the_manifest_says(stage: Stage, tenant: Tenant, saved: Saved, restored: str) -> None:
    """Every table has the rows and the digest that were taken in the moment of the dump, while others wrote."""
    facts: DatabaseFacts = saved.manifest.databases[restored]
    queries = []
    for name in facts.tables:
        schema, _, table = name.partition(".")
        queries.append(DATABASES.TABLE_DIGEST.format(f'"{schema}"."{table}"'))
    lines = sql(stage, tenant, SCRATCH, DATABASES.FORMS, *queries)
    found = {
        name: (int(rows), digest)
        for name, (rows, digest) in zip(facts.tables, (line.split("|") for line in lines), strict=True)
    }
    assert found == {name: (table.rows, table.digest) for name, table in facts.tables.items()}
    (objects,) = sql(stage, tenant, SCRATCH, "SELECT count(*) FROM pg_largeobject_metadata")
    assert int(objects) == facts.large_objects
    assert sum(table.rows for table in facts.tables.values()) > 100
    if restored == "dms":
        sums = set(sql(stage, tenant, SCRATCH, "SELECT checksum FROM documents_documentfile"))
        assert set(saved.before) <= sums


def test_every_document_of_the_database_is_among_the_files(
    stage: Stage, tenant: Tenant, site: Site, saved: Saved, tmp_path: Path
) -> None:
    """By content: those that were there before are in the files' snapshot, and no row lacks its file."""
    files = saved.manifest.files
    part = saved.manifest.part("files")
    assert files and part
    assert (files.missing, files.documents >= len(saved.before)) == (0, True)
    assert files.files >= files.documents
    environment = {**stage.environment, **of_site(site.folders, tenant.id).environment()}
    argv = [str(site.restic), "--no-cache", "restore", "--no-lock", part.snapshot, "--target", str(tmp_path)]
    subprocess.run(argv, env=environment, check=True, capture_output=True, timeout=120)
    found = {hashlib.sha256(path.read_bytes()).hexdigest() for path in tmp_path.rglob("*") if path.is_file()}
    assert set(saved.before) <= found


def test_a_second_run_adds_little(stage: Stage, tenant: Tenant, site: Site, saved: Saved) -> None:
    run(stage, tenant)
    manifest = newest(site, tenant)
    assert manifest.run != saved.manifest.run
    whole, added = sum(part.bytes for part in manifest.parts), sum(part.added_bytes for part in manifest.parts)
    print(f"second run: {added} of {whole} bytes new")
    assert added < whole / 4


def test_credentials_from_the_namespace_remove_nothing(
    site: Site, tenant: Tenant, saved: Saved, access: Access
) -> None:
    attacker, before = Restic(site.restic, access), {each.id for each in site.arrived(tenant.id)}
    for part in saved.manifest.parts:
        done = subprocess.run(
            [str(site.restic), "--no-cache", "forget", part.snapshot],
            env={"PATH": "/usr/bin:/bin", "HOME": "/tmp", **access.environment()},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert "403" in done.stderr or done.returncode != 0
    assert before <= {each.id for each in site.arrived(tenant.id)}
    assert before <= {each.id for each in attacker.snapshots()}


def test_no_other_pod_of_the_tenant_reaches_the_site(stage: Stage, tenant: Tenant, saved: Saved) -> None:
    target = probes.Target("backup site", plan.NODE_ADDRESS, local_site.PORT)
    assert probes.listens(target)
    found = [pod for pod in probes.pods(stage, tenant.namespace) if pod.workload != "backup"]
    assert len(found) > 5
    assert [pod.name for pod in found if probes.connects(stage, pod, target)] == []


def test_the_state_is_there_and_holds_no_secret_in_clear(
    stage: Stage, tenant: Tenant, site: Site, saved: Saved, access: Access
) -> None:
    states = [each for each in site.arrived(tenant.id) if each.part == "state"]
    text = site.repository(tenant.id).read(max(states, key=lambda each: each.arrived).id, STATE_PATH)
    resources = json.loads(text)["deployment"]["resources"]
    assert any(each["urn"].endswith("secret/backup") for each in resources)
    for value in (access.key, access.password, *people.secret_values(stage, tenant).values()):
        assert value not in text
        assert base64.b64encode(value.encode()).decode() not in text


def test_the_kit_opens_what_was_saved(
    stage: Stage, tenant: Tenant, saved: Saved, access: Access, tmp_path: Path
) -> None:
    secret, public = new_identity()
    kit = Kit(tmp_path / "kit", tmp_path / "kit" / "recovery-keys.txt")
    kit.add_key(public, "live test")
    passphrase = stage.settings.passphrase.read_text().strip()
    assert kit.write(Entry.of(tenant.id, access, passphrase, ""))
    identity = tmp_path / "identity"
    identity.write_text(secret + "\n")
    assert check(stage, kit, identity) == (0, "pass")
    # The counter-proof: an entry with another repository's key.
    wrong = Access(access.repository, "another", access.username, access.password, access.authority)
    assert kit.write(Entry.of(tenant.id, wrong, passphrase, ""))
    assert check(stage, kit, identity) == (2, "fail")


def check(stage: Stage, kit: Kit, identity: Path) -> tuple[int, str]:
    words = ["kit", "check", "--kit", str(kit.folder), "--identity", str(identity), "--json"]
    done = stage.run(str(EINKLANG), *words, check=False)
    return done.returncode, json.loads(done.stdout)[0]["result"]


def test_the_site_is_shown_beside_the_cluster(stage: Stage) -> None:
    found: dict[str, Any] = json.loads(stage.run(str(EINKLANG), "local", "status", "--json").stdout)
    assert found["well"]
    assert "backup site" in [each["name"] for each in found["components"] if each["pid"]]


def test_a_table_that_another_session_has_for_itself_is_no_part_of_a_backup(stage: Stage, tenant: Tenant) -> None:
    """Plone makes such tables while it works; nobody else may read them, and a run that tried would fail."""
    mine = "SELECT count(*) FROM pg_catalog.pg_tables WHERE tablename = 'planted'"
    held = ("CREATE TEMPORARY TABLE planted (a int)", "SELECT pg_sleep(20)")
    session = threading.Thread(target=lambda: sql(stage, tenant, "portal", *held))
    session.start()
    try:
        deadline = time.monotonic() + 15
        while sql(stage, tenant, "portal", mine) != ["1"]:
            assert time.monotonic() < deadline
        found = sql(stage, tenant, "portal", DATABASES._TABLES)
    finally:
        session.join()
    assert any(line.startswith("public|") for line in found)
    assert not any("planted" in line for line in found)
