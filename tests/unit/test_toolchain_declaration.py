"""What `toolchain/` declares fits together: every pin stands in go.mod and go.sum."""

from __future__ import annotations

import re

import pytest

from einklang.operations.local import toolchain_declaration as declaration
from einklang.settings import PROJECT_ROOT

DECLARED = PROJECT_ROOT / "toolchain"
PROGRAMS = declaration.load(DECLARED).programs


def test_every_folder_is_declared_and_every_declared_program_has_one() -> None:
    folders = {path.name for path in DECLARED.iterdir() if path.is_dir()}
    assert folders == set(PROGRAMS)


def test_no_binary_is_brought_twice() -> None:
    names = [binary for program in PROGRAMS.values() for binary in program.names]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("name", PROGRAMS)
def test_go_mod_pins_the_declared_version(name: str) -> None:
    """The module that holds the first binary, or for a main of our own the module that it takes its files from."""
    program = PROGRAMS[name]
    package = next(iter(program.binaries.values()))
    wanted = program.sources[0].module if package == "." else package
    pinned = {module: version for module, version in required(name).items() if f"{wanted}/".startswith(f"{module}/")}
    module = max(pinned, key=len)
    if package == ".":  # a commit between releases: the SDK that it is released with has the version
        module = module.replace("/provider/", "/sdk/")
    assert required(name)[module] == program.version


@pytest.mark.parametrize("name", PROGRAMS)
def test_packages_are_tools_of_their_module(name: str) -> None:
    text = (DECLARED / name / "go.mod").read_text()
    for package in PROGRAMS[name].binaries.values():
        if package == ".":
            assert (DECLARED / name / "main.go").is_file()
        else:
            assert re.search(rf"^(tool |\t){re.escape(package)}$", text, re.MULTILINE)


@pytest.mark.parametrize("name", PROGRAMS)
def test_go_sum_pins_the_content_of_every_module_that_files_come_from(name: str) -> None:
    for source in PROGRAMS[name].sources:
        owner = source.program or name
        version = required(owner)[source.module]
        assert f"{source.module} {version} h1:" in (DECLARED / owner / "go.sum").read_text()


def required(name: str) -> dict[str, str]:
    """Module -> version of a go.mod's `require` lines."""
    text = (DECLARED / name / "go.mod").read_text()
    return dict(re.findall(r"^(?:require |\t)(\S+) (v\S+?)(?: // indirect)?$", text, re.MULTILINE))
