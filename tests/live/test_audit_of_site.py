"""The audit's checks of a backup site against a real one: as it is meant, and without what it is to be run with."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from einklang.clients import backup_server
from einklang.clients.restic import Access
from einklang.model.finding import Result
from einklang.operations.audit.checks import ALL
from einklang.operations.local import site, toolchain
from einklang.progress import Lines
from einklang.settings import Settings
from tests.live.backup_place import Place, answers, running
from tests.unit.audit import recorded


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with running(tmp_path_factory.mktemp("site")) as here:
        yield here


def results(access: Access) -> dict[str, Result]:
    """What the checks come to with the answers of this server."""
    facts = recorded.facts()
    facts["saved"].update(asdict(backup_server.ask(access, ["attendorn", "somebody-else"])))
    seen = recorded.observed(facts)
    return {name: ALL[name].judge(seen).result for name in ("backup-append-only", "backup-private")}


def test_a_site_as_it_is_meant_passes(place: Place) -> None:
    assert set(results(place.access("olpe")).values()) == {Result.PASS}


@pytest.mark.parametrize(
    ("left_out", "check"), [("--append-only", "backup-append-only"), ("--private-repos", "backup-private")]
)
def test_a_site_without_it_fails(place: Place, left_out: str, check: str, unused_port: Callable[[], int]) -> None:
    """Exactly that check fails, and with the flag it passes again; no repository is changed."""
    programs, port = toolchain.ensure(Settings.from_environment(os.environ), Lines()), unused_port()
    program = programs.binary("rest-server")
    argv = [each for each in site.arguments(place.folders, program, "127.0.0.1", port) if each != left_out]
    before = names(place.folders.repositories)
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            answers(port)
            access = replace(place.access("olpe"), repository=f"rest:https://127.0.0.1:{port}/olpe/")
            found = results(access)
        finally:
            server.send_signal(signal.SIGTERM)
    assert {name for name, result in found.items() if result is Result.FAIL} == {check}
    assert names(place.folders.repositories) == before
    assert results(place.access("olpe"))[check] is Result.PASS


def names(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


@pytest.fixture
def unused_port() -> Callable[[], int]:
    def free() -> int:
        with socket.create_server(("127.0.0.1", 0)) as server:
            return int(server.getsockname()[1])

    return free
