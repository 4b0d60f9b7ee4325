"""The environment in which plain `pulumi` and `kubectl` work."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from einklang.operations.environment import environment, prepare_state
from einklang.operations.local.toolchain import Toolchain
from einklang.settings import Settings

SETTINGS = Settings(root=Path("/root-folder"), cache=Path("/cache"), home=Path("/home-folder"))
TOOLCHAIN = Toolchain(binaries={}, shares={}, folders=(Path("/tools/bin"),), plugins={}, builds_pulumi=True)


def test_what_is_set_already_stays() -> None:
    added = environment(SETTINGS, TOOLCHAIN, {"KUBECONFIG": "/mine", "PULUMI_BACKEND_URL": "s3://state"})
    assert (added["KUBECONFIG"], added["PULUMI_BACKEND_URL"]) == ("/mine", "s3://state")


def test_the_state_has_no_files_that_a_killed_run_leaves_half_written() -> None:
    assert environment(SETTINGS, TOOLCHAIN, {})["PULUMI_BACKEND_URL"] == "file:///home-folder/pulumi?metadata=skip"


def test_passphrase_variable_wins_over_the_file() -> None:
    assert "PULUMI_CONFIG_PASSPHRASE_FILE" in environment(SETTINGS, TOOLCHAIN, {})
    assert "PULUMI_CONFIG_PASSPHRASE_FILE" not in environment(SETTINGS, TOOLCHAIN, {"PULUMI_CONFIG_PASSPHRASE": ""})


def test_virtual_environment_comes_first_on_the_path() -> None:
    folders = environment(SETTINGS, TOOLCHAIN, {"PATH": "/usr/bin"})["PATH"].split(":")
    assert folders == [str(SETTINGS.virtual_environment / "bin"), "/tools/bin", "/usr/bin"]


@pytest.mark.parametrize("environ", [{}, {"PYTHONDONTWRITEBYTECODE": ""}, {"PYTHONPYCACHEPREFIX": "/mine"}])
def test_bytecode_is_left_to_python_where_nothing_forbids_it(environ: dict[str, str]) -> None:
    assert "PYTHONPYCACHEPREFIX" not in environment(SETTINGS, TOOLCHAIN, environ)


def test_bytecode_goes_to_the_cache_where_it_must_not_stand_beside_the_sources() -> None:
    added = environment(SETTINGS, TOOLCHAIN, {"PYTHONDONTWRITEBYTECODE": "1"})
    assert (added["PYTHONDONTWRITEBYTECODE"], added["PYTHONPYCACHEPREFIX"]) == ("", "/cache/bytecode")


@pytest.mark.parametrize("before", ["nothing", "logs of earlier runs", "done already"])
def test_pulumi_keeps_no_debug_logs(tmp_path: Path, before: str) -> None:
    settings = replace(SETTINGS, home=tmp_path)
    logs = settings.pulumi_home / "logs"
    if before == "logs of earlier runs":
        logs.mkdir(parents=True)
        (logs / "organization+einklang+olpe-20261123T064140.log").write_text("all properties")
    if before == "done already":
        prepare_state(settings, TOOLCHAIN)
    prepare_state(settings, TOOLCHAIN)
    assert logs.is_file()


def test_the_logs_of_an_installed_pulumi_are_its_owners_business(tmp_path: Path) -> None:
    prepare_state(replace(SETTINGS, home=tmp_path), replace(TOOLCHAIN, builds_pulumi=False))
    assert not (tmp_path / "pulumi-home").exists()
