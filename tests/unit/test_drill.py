"""Restore drills: what they come to, what they leave, and that nothing of it can be made up afterwards."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from einklang.cli import drill as command
from einklang.cli import main
from einklang.clients.restic import Snapshot
from einklang.clients.visitor import Visitor, one_time_password
from einklang.errors import CheckError, ClientError, UserError
from einklang.model.backup import next_drill, next_run, schedule
from einklang.model.drill import Drill, DrillCheck
from einklang.operations import seal
from einklang.operations.backup import evidence
from einklang.operations.drill import scratch as scratching
from einklang.operations.drill import trying
from einklang.operations.drill.scratch import Scratch
from einklang.operations.restore.ready import settled
from einklang.settings import Settings
from tests.components import cases
from tests.unit.test_backup_planning import CLASS

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
TENANT = cases.tenant().tenant


def check(name: str = "files", result: str = "pass", text: str = "") -> DrillCheck:
    return DrillCheck.model_validate(
        {"name": name, "result": result, "text": text, "seconds": 1.5, "facts": {"files": 3}}
    )


def drill(*checks: DrillCheck, ready: bool = True) -> Drill:
    return Drill(
        tenant="olpe",
        standard="2026.1",
        run="r1",
        moment=NOW - timedelta(hours=3),
        bytes=5,
        begun=NOW,
        ready=NOW + timedelta(seconds=90) if ready else None,
        ended=NOW + timedelta(seconds=100),
        checks=checks or (check(),),
    )


def test_what_a_drill_comes_to() -> None:
    passed = drill()
    assert (passed.passed, passed.failures()) == (True, [])
    assert passed.recovery_time == timedelta(seconds=90)
    assert passed.recovery_point == timedelta(hours=3)
    failed = drill(check(), check("database/dms", "fail", "3 tables are not as they were"), ready=False)
    assert (failed.passed, failed.recovery_time) == (False, None)
    assert failed.failures() == ["database/dms: 3 tables are not as they were"]
    assert not drill(ready=False).passed
    assert drill(ready=False).failures() == ["it did not come to a login"]


class Repository:
    """Keeps folders as snapshots."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.count = folder, 0

    def save_folder(self, folder: Path, tags: list[str], host: str) -> str:
        assert (tags, host) == (["part:drill"], "olpe")
        self.count += 1
        shutil.copytree(folder, self.folder / str(self.count))
        return str(self.count)

    def snapshots(self) -> list[Snapshot]:
        return [Snapshot(str(n + 1), "2026-11-23T12:00:00Z", ("part:drill",), "olpe") for n in range(self.count)]

    def fetch(self, snapshot: str, folder: Path) -> None:
        shutil.copytree(self.folder / snapshot, folder, dirs_exist_ok=True)


class Cluster:
    """Says who and where."""

    def server(self) -> tuple[str, str]:
        return "https://192.0.2.1:6443", ""

    def user(self) -> str:
        return "operator"


@pytest.fixture
def repository(tmp_path: Path) -> Any:
    return Repository(tmp_path)


def test_evidence_is_signed_and_read_again(repository: Any, tmp_path: Path) -> None:
    key = seal.key(tmp_path / "key.pem")
    assert evidence.newest(repository, "olpe", seal.public(key)) is None
    cluster: Any = Cluster()
    evidence.keep(drill(check(result="fail", text="lost"), ready=False), "Olpe", cluster, repository, key)
    evidence.keep(drill(), "Olpe", cluster, repository, key)
    assert evidence.newest(repository, "olpe", seal.public(key)) == drill()
    manifest = json.loads((tmp_path / "2" / "manifest.json").read_text())
    assert (manifest["cluster"], manifest["identity"]) == ("https://192.0.2.1:6443", "operator")


def changed(folder: Path) -> None:
    file = folder / "drill.json"
    file.write_text(file.read_text().replace('"fail"', '"pass"'))


def signed_by_another(folder: Path) -> None:
    (folder / "manifest.sig").write_bytes(seal.key(folder / "own.pem").sign((folder / "manifest.json").read_bytes()))


@pytest.mark.parametrize("plant", [changed, signed_by_another])
def test_evidence_that_was_changed_or_made_up_is_none(
    repository: Any, tmp_path: Path, plant: Callable[[Path], None]
) -> None:
    key, cluster = seal.key(tmp_path / "key.pem"), Cluster()
    evidence.keep(drill(check(result="fail", text="lost"), ready=False), "Olpe", cluster, repository, key)  # type: ignore[arg-type]
    plant(tmp_path / "1")
    with pytest.raises(CheckError):
        evidence.newest(repository, "olpe", seal.public(key))


def test_evidence_of_another_tenant_is_none(repository: Any, tmp_path: Path) -> None:
    key, cluster = seal.key(tmp_path / "key.pem"), Cluster()
    evidence.keep(drill(), "Olpe", cluster, repository, key)  # type: ignore[arg-type]
    with pytest.raises(CheckError, match="is of olpe"):
        evidence.newest(repository, "attendorn", seal.public(key))


def test_when_the_next_backup_and_the_next_drill_are_due() -> None:
    minute, hour, *_ = schedule("olpe", CLASS).split()
    found = next_run("olpe", CLASS, NOW)
    assert NOW < found <= NOW + timedelta(days=1)
    assert (found.minute, found.hour) == (int(minute), int(hour))
    assert next_run("olpe", CLASS, found) == found + timedelta(days=1)
    assert next_drill("olpe", CLASS, NOW, NOW - timedelta(days=500)) == NOW + timedelta(days=90)
    first = {next_drill(f"tenant-{number}", CLASS, None, NOW) for number in range(72)}
    assert all(NOW <= each < NOW + timedelta(days=90) for each in first)
    assert len({each.date() for each in first}) > 36  # not all of them on a few days


class Kubernetes:
    """A namespace that is there or not."""

    def __init__(self) -> None:
        self.there, self.applied = True, list[Any]()

    def delete(self, kind: str, *words: str, wait_seconds: float | None = None) -> None:
        if kind == "pods":
            assert words[:3] == ("--all", "-n", "drill-olpe")
            return
        assert (kind, words) == ("namespace", ("drill-olpe",))
        self.there = self.there and not wait_seconds

    def get(self, *_: str) -> Any:
        metadata = {"name": "backup", "namespace": "tenant-olpe", "labels": {"a": "b"}, "uid": "1"}
        return {"metadata": metadata, "type": "Opaque", "data": {"repository-key": "c2VjcmV0"}}

    def apply(self, objects: Any) -> None:
        self.applied += objects


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scratch:
    kubernetes: Any = Kubernetes()

    class Engine:
        def __init__(self, _: Path, environment: dict[str, str], __: Path) -> None:
            self.environment = environment

        def up(self, stack: str) -> None:
            kubernetes.there = True
            kubernetes.applied.append((stack, self.environment))

    monkeypatch.setattr(scratching, "PulumiEngine", Engine)
    monkeypatch.setattr(scratching, "wait_until_ready", lambda *_: kubernetes.applied.append("ready"))
    return Scratch(Settings(tmp_path, tmp_path, tmp_path), kubernetes, {"PULUMI_BACKEND_URL": "file:///own"}, TENANT)


def test_nothing_of_a_drill_stays_whatever_happens(place: Scratch, tmp_path: Path) -> None:
    kubernetes: Any = place.kubernetes
    with pytest.raises(KeyboardInterrupt), place.clean():
        assert not kubernetes.there  # what an earlier one left is gone
        place.make()
        assert (tmp_path / "drills" / "olpe.state").is_dir()
        (tmp_path / "Pulumi.olpe.drill.yaml").touch()
        raise KeyboardInterrupt
    assert not kubernetes.there
    assert not (tmp_path / "drills" / "olpe.state").exists()
    assert not (tmp_path / "Pulumi.olpe.drill.yaml").exists()


def test_the_stack_is_held_and_the_tenants_backend_never_knows_of_it(place: Scratch) -> None:
    place.make()
    place.start()
    kubernetes: Any = place.kubernetes
    (held, environment), secret, (started, free), ready = kubernetes.applied
    assert ready == "ready"
    assert held == started == "olpe.drill"
    assert environment["EINKLANG_HOLD"] == "1"
    assert "EINKLANG_HOLD" not in free
    assert "olpe.state" in environment["PULUMI_BACKEND_URL"] == free["PULUMI_BACKEND_URL"]
    assert secret["metadata"] == {"name": "backup", "namespace": "drill-olpe", "labels": {"a": "b"}}


def test_it_has_the_tenants_settings_and_secrets_as_encrypted_as_they_are(place: Scratch, tmp_path: Path) -> None:
    settings = "encryptionsalt: v1:s\nconfig:\n  einklang:backupSecretAccessKey:\n    secure: v1:c\n"
    (tmp_path / "Pulumi.olpe.yaml").write_text(settings)
    place.make()
    assert (tmp_path / "Pulumi.olpe.drill.yaml").read_text() == settings


@pytest.mark.parametrize(
    ("changes", "well"),
    [({}, True), ({"readyReplicas": 0}, False), ({"observedGeneration": 2}, False), ({"updatedReplicas": 0}, False)],
)
def test_what_runs_is_asked_of_the_cluster(changes: dict[str, int], well: bool) -> None:
    status = {"readyReplicas": 1, "updatedReplicas": 1, "observedGeneration": 3} | changes
    assert settled({"metadata": {"generation": 3}, "spec": {"replicas": 1}, "status": status}) is well
    assert settled({"metadata": {"generation": 3}, "spec": {"replicas": 0}, "status": {"observedGeneration": 3}})


def test_one_drill_of_a_tenant_at_a_time(place: Scratch) -> None:
    with place.clean(), pytest.raises(UserError, match="under way"), place.clean():
        raise AssertionError


class Pages(Visitor):
    """A site made of forms that follow each other. sent: what was filled in."""

    def __init__(self, forms: list[str], end: str) -> None:
        self.forms, self.end, self.sent = list(forms), end, list[dict[str, str]]()

    def open(self, url: str) -> None:
        assert url == "https://dms.example/"

    def shows(self, field: str) -> bool:
        return bool(self.forms) and self.forms[0] == field

    def value(self, field: str) -> str:
        return "secret"

    def submit(self, **fields: str) -> None:
        self.forms.pop(0)
        self.sent.append(fields)

    @property
    def place(self) -> str:
        return self.end


GUEST = trying.Guest("drill@drill.invalid", "password")


def test_the_guest_logs_in_with_a_second_factor() -> None:
    pages = Pages(["password", "totpSecret"], "https://dms.example/#/")
    trying.log_in(pages, GUEST, "https://dms.example/", lambda: 59.0)
    assert pages.sent[0] == {"username": "drill@drill.invalid", "password": "password"}
    assert pages.sent[1]["totp"] == one_time_password("secret", 59)


@pytest.mark.parametrize(
    ("forms", "end", "told"),
    [
        (["password", "totpSecret"], "https://id.example/login", "the login ended at https://id.example/login"),
        (["password"], "https://dms.example/", "no second factor"),
        ([], "https://dms.example/", "no second factor"),
    ],
)
def test_a_login_that_is_none(forms: list[str], end: str, told: str) -> None:
    with pytest.raises(CheckError, match=told):
        trying.log_in(Pages(forms, end), GUEST, "https://dms.example/")


class Documents(Pages):
    """An API with one document."""

    def __init__(self, count: int, content: bytes) -> None:
        super().__init__([], "")
        self.count, self.content = count, content

    def json(self, url: str) -> Any:
        if url.endswith("/files/"):
            digest = hashlib.sha256(b"as it was").hexdigest()
            return {"results": [{"id": 1, "url": "https://dms/files/1/", "checksum": digest}]}
        return {"count": self.count, "results": [{"id": 7, "url": "https://dms/7/"}][: self.count]}

    def get(self, url: str) -> Any:
        assert url == "https://dms/files/1/download/"
        return type("Answer", (), {"content": self.content})


def test_documents_are_read_and_compared() -> None:
    assert trying.read_documents(Documents(1, b"as it was"), "https://dms/", 1, 5) == {"documents": 1, "read": 1}
    assert trying.read_documents(Documents(0, b""), "https://dms/", 0, 5) == {"documents": 0, "read": 0}
    with pytest.raises(CheckError, match="document 7: its file 1 has another content"):
        trying.read_documents(Documents(1, b"changed"), "https://dms/", 1, 5)
    with pytest.raises(CheckError, match="0 documents are shown, and the backup holds 4"):
        trying.read_documents(Documents(0, b""), "https://dms/", 4, 5)
    with pytest.raises(CheckError, match="9 documents are shown"):
        trying.read_documents(Documents(9, b""), "https://dms/", 4, 5)


def test_a_visitor_asks_nobody_but_the_forwarded_ports() -> None:
    with pytest.raises(ClientError, match="no forwarded port"):
        Visitor({"dms.example": "127.0.0.1:1"}).open("https://elsewhere.example/?code=secret")


def test_a_code_of_the_second_factor() -> None:
    """RFC 6238, appendix B (SHA-1), the last six of eight digits."""
    assert one_time_password("12345678901234567890", 59) == "287082"


def test_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [drill(), drill(check("database/dms", "fail", "pack is damaged"), ready=False)]
    monkeypatch.setattr(command, "tools", lambda _: None)
    monkeypatch.setattr(command, "drill", lambda *_, **__: found.pop(0))
    well = CliRunner().invoke(main, ["drill", "olpe"])
    assert (well.exit_code, "recovery time (RTO): 90 s" in well.output) == (0, True)
    ill = CliRunner().invoke(main, ["drill", "olpe", "--at", "2026-11-23"])
    assert ill.exit_code == 2
    assert "NOT RESTORED" in ill.output
    assert "fail  database/dms: pack is damaged" in ill.output
    assert CliRunner().invoke(main, ["drill", "nowhere"]).exit_code == 1
    assert CliRunner().invoke(main, ["drill", "olpe", "--at", "yesterday"]).exit_code == 1
    for wrong in ([], ["olpe", "--due"], ["olpe", "--dry-run"], ["--due", "--at", "2026-11-23"]):
        assert CliRunner().invoke(main, ["drill", *wrong]).exit_code == 1, wrong
