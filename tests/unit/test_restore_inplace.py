"""A running tenant brought back: data beside first, both change places only when it is right, and the way back."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from einklang.cli import main
from einklang.cli import restore as command
from einklang.errors import CheckError, UserError
from einklang.operations.restore import inplace
from einklang.operations.restore.inplace import InPlace, modules
from einklang.operations.restore.job import Result
from einklang.progress import Silent
from tests.components import cases
from tests.unit.test_restore import Repository, chosen

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
STAMP = f"{NOW:%Y%m%d%H%M%S}"


class Cluster:
    """A namespace with databases; `log` gets what happens, in order."""

    def __init__(self) -> None:
        self.databases, self.log = {"identity", "portal", "dms", "postgres"}, list[str]()
        self.marks = dict[str, str]()
        self.replicas = {"dms": 1, "dms-worker": 1, "identity": 1, "portal": 1}

    def scale(self, _: str, deployment: str, replicas: int) -> None:
        self.replicas[deployment] = replicas
        self.log.append(f"{deployment}={replicas}")

    def get(self, kind: str, *words: str) -> Any:
        if words[-1] == "cnpg.io/instanceRole=primary":
            return {"items": [{"metadata": {"name": "database-2"}}]}
        if kind == "pods":
            names = words[-1].partition("(")[2].rstrip(")").split(",")
            return {"items": [name for name in names if self.replicas[name]]}
        return {"status": {"readyReplicas": self.replicas[words[0]]}}

    def execute(self, _: str, target: str, container: str, *words: str, stdin: str = "") -> str:
        if words[0] == "psql":
            assert (target, container) == ("pod/database-2", "postgres"), "the primary, whichever pod that is"
        else:
            self.log.append(" ".join((target, *words)))
            return ""
        for statement in stdin.replace("\n", " ").split(";"):
            self.obey(statement.strip(), statement.split('"'))
        if "shobj_description" in stdin:
            return "\n".join(f"{name}|{mark}" for name, mark in self.marks.items() if mark)
        if "pg_database_size" in stdin:
            return "1048576\n"
        return "\n".join(sorted(self.databases)) if "pg_database " in stdin else ""

    def obey(self, statement: str, parts: list[str]) -> None:
        """What changes databases."""
        if statement.startswith("DROP DATABASE"):
            self.databases.discard(parts[1])
        elif statement.startswith("CREATE DATABASE"):
            self.databases.add(parts[1])
        elif statement.startswith("COMMENT ON DATABASE"):
            assert parts[1] in self.databases
            self.marks[parts[1]] = statement.partition("'")[2].rstrip("' ")
        elif " RENAME TO " in statement:
            self.databases.remove(parts[1])
            assert parts[3] not in self.databases
            self.databases.add(parts[3])
            self.log.append(f"{parts[1]}->{parts[3]}")


class Restorer:
    """Says what it was told to say; no Job."""

    passed = True

    def __init__(self, cluster: Cluster, _: str) -> None:
        self.cluster = cluster

    def restore(self, order: Any) -> list[Result]:
        self.cluster.log.append(f"restore {' '.join(order.parts)} into {' '.join(order.databases.values())}")
        return [Result(part, self.passed, "other", 1.0, {}) for part in order.parts]

    def swap(self, folder: str, new: str, kept: str) -> None:
        assert not self.cluster.replicas["dms"] + self.cluster.replicas["dms-worker"]
        self.cluster.log.append(f"{Path(new).name} for {Path(folder).name}, {Path(kept).name}")


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Cluster:
    monkeypatch.setattr(inplace, "Restorer", Restorer)
    monkeypatch.setattr(Restorer, "passed", True)
    return Cluster()


def place(cluster: Any) -> InPlace:
    return InPlace(cluster, "tenant-olpe", Silent())


IDENTITY = modules(cases.tenant(), "identity")
DMS = modules(cases.tenant(), "dms")


def test_beside_first_then_both_change_places(cluster: Cluster) -> None:
    place(cluster).restore(chosen(Repository()), DMS, STAMP)
    assert cluster.log == [
        "restore files into dms_new",  # the sample run has no database of the DMS
        "dms=0",
        "dms-worker=0",
        f"dms->dms_before_{STAMP}",
        "dms_new->dms",
        f"document_storage for document_storage, .restore-kept-{STAMP}",
        "dms=1",
        "dms-worker=1",
    ]
    assert place(cluster).kept(DMS[0]) == [STAMP]


def test_what_is_not_as_it_was_saved_replaces_nothing(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Restorer, "passed", False)
    with pytest.raises(CheckError, match="database/identity: other"):
        place(cluster).restore(chosen(Repository()), IDENTITY, STAMP)
    assert cluster.log == ["restore database/identity into identity_new"]
    assert "identity" in cluster.databases


def test_a_failure_while_places_change_leaves_the_module_running(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(InPlace, "_rename", interrupted)
    with pytest.raises(KeyboardInterrupt):
        place(cluster).restore(chosen(Repository()), IDENTITY, STAMP)
    assert cluster.replicas["identity"] == 1
    # Once more, and it ends well.
    monkeypatch.undo()
    monkeypatch.setattr(inplace, "Restorer", Restorer)
    place(cluster).restore(chosen(Repository()), IDENTITY, STAMP)
    assert cluster.databases >= {"identity", f"identity_before_{STAMP}"}


def test_documents_follow_their_database_after_an_interruption(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between the two: the next run first ends what was begun, so that what is kept belongs together."""

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Restorer, "swap", killed)
        with pytest.raises(KeyboardInterrupt):
            place(cluster).restore(chosen(Repository()), DMS, STAMP)
    cluster.log.clear()
    fresh = place(cluster).stamp(DMS, NOW)
    assert fresh == "20261123120001"
    place(cluster).restore(chosen(Repository()), DMS, fresh)
    swaps = [line for line in cluster.log if " for " in line]
    assert [line.rpartition("-")[2] for line in swaps] == [STAMP, fresh]
    assert cluster.log.index(swaps[0]) < cluster.log.index("restore files into dms_new")


def test_the_way_back_and_the_end_of_it(cluster: Cluster) -> None:
    there = place(cluster)
    there.restore(chosen(Repository()), DMS, STAMP)
    later = "20261123130000"
    there.back(DMS[0], STAMP, later)
    assert there.kept(DMS[0]) == ["20261123130000"]  # what was restored is kept in turn
    assert f".restore-kept-{STAMP} for document_storage, .restore-kept-20261123130000" in cluster.log
    with pytest.raises(UserError, match="nothing is kept"):
        there.back(DMS[0], STAMP, later)
    there.discard(DMS[0], "20261123130000")
    assert there.kept(DMS[0]) == []
    assert cluster.log[-1] == "deployment/dms rm -rf /var/lib/dms/.restore-kept-20261123130000"
    with pytest.raises(ValueError, match="invalid literal"):
        there.discard(DMS[0], "20; DROP DATABASE dms")


def test_what_would_be_replaced(cluster: Cluster) -> None:
    (found,) = place(cluster).look(chosen(Repository()), IDENTITY)
    assert (found.module, found.saved_bytes, found.present_bytes) == ("identity", 20 * 2**20, 2**20)
    assert cluster.log == []


def test_a_module_that_the_tenant_does_not_have() -> None:
    assert [module.name for module in modules(cases.tenant())] == ["identity", "portal", "dms"]
    with pytest.raises(UserError, match="olpe has no mail"):
        modules(cases.tenant(), "mail")


def test_the_command_asks_first(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    way = type("Way", (), {"kubernetes": cluster, "progress": Silent(), "restic": Path("restic")})
    monkeypatch.setattr(command, "tools", lambda _: way)
    monkeypatch.setattr(command, "of_tenant", lambda *_: None)
    monkeypatch.setattr(command, "choose", lambda *_: chosen(Repository()))
    words = ["restore", "olpe", "--only", "identity"]
    shown = CliRunner().invoke(main, [*words, "--dry-run"])
    assert (shown.exit_code, cluster.log) == (0, [])
    assert "identity: 20.0 MiB from the backup replace a database of 1.0 MiB" in shown.output
    refused = CliRunner().invoke(main, words, input="n\n")
    assert (refused.exit_code, cluster.log) == (3, [])
    done = CliRunner().invoke(main, [*words, "--yes"])
    assert done.exit_code == 0, done.output
    (stamp,) = place(cluster).kept(IDENTITY[0])
    assert f"einklang restore olpe --back {stamp}" in done.output
    assert f"identity: {stamp}" in CliRunner().invoke(main, [*words, "--kept"]).output
    assert CliRunner().invoke(main, [*words, "--back", "x"]).exit_code == 1
    assert "the state before is back" in CliRunner().invoke(main, [*words, "--back", stamp, "--yes"]).output
    (fresh,) = place(cluster).kept(IDENTITY[0])
    assert CliRunner().invoke(main, [*words, "--discard", fresh, "--yes"]).exit_code == 0
    assert place(cluster).kept(IDENTITY[0]) == []
