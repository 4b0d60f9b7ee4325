"""The environment in which plain `pulumi` and `kubectl` work."""

from __future__ import annotations

from pathlib import Path

import pytest

from einklang.operations.environment import environment
from einklang.operations.local.toolchain import Toolchain
from einklang.settings import Settings

SETTINGS = Settings(root=Path("/root-folder"), cache=Path("/cache"), home=Path("/home-folder"))
TOOLCHAIN = Toolchain(binaries={}, shares={}, folders=(Path("/tools/bin"),), plugins={}, builds_pulumi=True)


def test_what_is_set_already_stays() -> None:
    added = environment(SETTINGS, TOOLCHAIN, {"KUBECONFIG": "/mine", "PULUMI_BACKEND_URL": "s3://state"})
    assert (added["KUBECONFIG"], added["PULUMI_BACKEND_URL"]) == ("/mine", "s3://state")


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
