"""A running tenant brought back to an hour before, killed on the way, and to the present again; one document alone."""

from __future__ import annotations

import hashlib
import re
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from einklang.model.tenant import Tenant
from einklang.operations.restore.job import Restorer
from tests.live import belongings, documents, people
from tests.live.belongings import Belongings
from tests.live.killing import has_pod, killed
from tests.live.postgres import sql
from tests.live.stage import EINKLANG, Stage
from tests.live.test_backups import run

pytestmark = pytest.mark.rehearsal

SECONDS, BRING_SECONDS = 600, 120.0
LABEL = "Baugenehmigung Bahnhofstraße"


@dataclass(frozen=True)
class Brought:
    """What people did before the backup, and after it. letter: of a document that was there before, number and hash."""

    before: Belongings
    after: Belongings
    letter: tuple[str, str]


@pytest.fixture(scope="module")
def tenant(stage: Stage) -> Tenant:
    return stage.tenants[-1]


@pytest.fixture(scope="module")
def brought(stage: Stage, tenant: Tenant) -> Brought:
    before = belongings.bring(stage, tenant, 1, BRING_SECONDS)
    desk = people.enter(stage, before.clerk, f"https://{tenant.hostnames.dms}/")
    content = f"Genehmigt wird {time.time()}".encode()
    answer = documents.upload(desk, tenant, LABEL, content)
    assert answer.status_code == 201, answer.text
    documents.wait_for_file(desk, answer.json()["url"], hashlib.sha256(content).hexdigest())
    run(stage, tenant)
    letter = str(answer.json()["id"]), hashlib.sha256(content).hexdigest()
    return Brought(before, belongings.bring(stage, tenant, 1, BRING_SECONDS), letter)


def stored(stage: Stage, tenant: Tenant) -> set[str]:
    """Of each document in the database whose file is there: the hash of the file's content."""
    rows = sql(stage, tenant, "dms", "SELECT file FROM documents_documentfile")
    where = ["exec", "-n", tenant.namespace, "deploy/dms", "-c", "web", "--"]
    listed = stage.kubectl(*where, "sh", "-c", "cd /var/lib/dms/document_storage && sha256sum *").stdout
    found = dict(reversed(line.split()) for line in listed.splitlines())
    return {found[row] for row in rows if row in found}


def restore(stage: Stage, tenant: Tenant, *words: str) -> str:
    done = stage.run(str(EINKLANG), "restore", tenant.id, *words, timeout=SECONDS)
    return str(done.stdout)


def there(stage: Stage, kept: Belongings) -> tuple[bool, bool, bool]:
    """Whether the letter, the editor's page and the citizen are there."""
    _, address = kept.news
    page = people.visit(stage, kept.tenant).http.get(address)
    known = sql(stage, kept.tenant, "identity", "SELECT email FROM user_entity")
    # News that only editors see yet: others are sent to the login, and where there is none it is not found.
    return kept.letters <= stored(stage, kept.tenant), page.status_code != 404, kept.citizen[0].lower() in known


def test_one_document_comes_back_though_it_was_deleted_for_good(
    stage: Stage, tenant: Tenant, brought: Brought, tmp_path: Path
) -> None:
    number, digest = brought.letter
    delete = (
        f"from mayan.apps.documents.models import Document; Document.objects.get(pk={number}).delete(to_trash=False)"
    )
    where = ["exec", "-n", tenant.namespace, "deploy/dms", "-c", "web", "--"]
    stage.kubectl(*where, "python3", "-m", "django", "shell", "-c", delete)
    assert digest not in stored(stage, tenant)
    shown = restore(stage, tenant, "--document", "bahnhofstraße")
    assert f"{number} {LABEL}: " in shown
    for folder, which in ((tmp_path / "a", number), (tmp_path / "b", LABEL)):
        restore(stage, tenant, "--document", which, "--output", str(folder))
        (file,) = folder.iterdir()
        assert (file.name, oct(file.stat().st_mode & 0o777)) == (LABEL, "0o600")
        assert hashlib.sha256(file.read_bytes()).hexdigest() == digest
    again = stage.run(
        str(EINKLANG), "restore", tenant.id, "--document", number, "--output", str(tmp_path / "a"), check=False
    )
    assert (again.returncode, "there already" in again.stderr) == (1, True)
    assert digest not in stored(stage, tenant)
    assert stage.kubectl("get", "job", Restorer.FINDING, "-n", tenant.namespace, check=False).returncode != 0


def test_the_present_state_is_kept_and_comes_back(stage: Stage, tenant: Tenant, brought: Brought) -> None:
    """Identity, portal and DMS at once; killed twice on the way, with the data beside and amid the change."""
    assert there(stage, brought.before) == there(stage, brought.after) == (True, True, True)
    shown = restore(stage, tenant, "--dry-run")
    assert all(f"{name}: " in shown for name in ("identity", "portal", "dms"))
    words = ("restore", tenant.id, "--yes")
    killed(stage, lambda: has_pod(stage, tenant.namespace, Restorer.NAME), *words)
    assert there(stage, brought.after) == (True, True, True)
    portal = ("deployment", "portal", "-n", tenant.namespace)
    killed(stage, lambda: stage.get(*portal)["spec"]["replicas"] == 0, *words)
    began = time.monotonic()
    said = restore(stage, tenant, "--yes")
    print(f"restore of identity, portal and DMS: {time.monotonic() - began:.0f} s")
    (stamp,) = set(re.findall(r"--back (\d{14})", said))
    assert there(stage, brought.before) == (True, True, True)
    assert there(stage, brought.after) == (False, False, False)
    assert belongings.citizen_of(stage, brought.before)
    assert belongings.news_of(stage, brought.before)
    assert stamp in restore(stage, tenant, "--kept")


def test_the_way_back(stage: Stage, tenant: Tenant, brought: Brought) -> None:
    stamps = dict(re.findall(r"^(\w+): (\d{14})", restore(stage, tenant, "--kept"), re.MULTILINE))
    assert set(stamps) == {"identity", "portal", "dms"}
    for name, stamp in stamps.items():
        restore(stage, tenant, "--only", name, "--back", stamp, "--yes")
    assert there(stage, brought.before) == there(stage, brought.after) == (True, True, True)
    assert belongings.citizen_of(stage, brought.after)
    for name in stamps:
        for kept in re.findall(r"\d{14}", restore(stage, tenant, "--only", name, "--kept")):
            restore(stage, tenant, "--only", name, "--discard", kept, "--yes")
    assert restore(stage, tenant, "--kept").splitlines() == ["identity: nothing", "portal: nothing", "dms: nothing"]
    where = ["exec", "-n", tenant.namespace, "deploy/dms", "-c", "web", "--", "ls", "-a", "/var/lib/dms"]
    assert ".restore-kept" not in stage.kubectl(*where).stdout


def test_a_time_before_the_first_backup_is_refused(stage: Stage, tenant: Tenant) -> None:
    done = stage.run(str(EINKLANG), "restore", tenant.id, "--at", "2020-01-01", "--yes", check=False)
    assert done.returncode == 1
    assert "there is no complete run until 2020-01-01" in done.stderr
