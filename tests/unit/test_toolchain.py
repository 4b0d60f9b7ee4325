"""The toolchain's logic with a `go` and a `gcc` of our own: nothing is compiled here."""

from __future__ import annotations

import fcntl
import itertools
import json
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from einklang.errors import ClientError, UserError
from einklang.operations.local import toolchain_declaration as declaration
from einklang.operations.local.toolchain import Toolchain, ensure, install_plugins
from einklang.operations.local.toolchain_declaration import Purpose
from einklang.settings import PROJECT_ROOT, Settings

DECLARED = PROJECT_ROOT / "toolchain"

FAKE_GO = """#!/bin/sh
echo "$*" >> "$CALLS"
case "$1 $2" in
  "version ") echo "go version ${FAKE_VERSION:-go1.26.0 linux/amd64}";;
  "mod download")
    mkdir -p "$GOMODCACHE/$4" && echo content > "$GOMODCACHE/$4/file.txt" && mkdir -p "$GOMODCACHE/$4/folder"
    echo content > "$GOMODCACHE/$4/folder/inner.yaml"; echo "int main;" > "$GOMODCACHE/$4/main.c"
    echo "{\\"Dir\\": \\"$GOMODCACHE/$4\\"}";;
  build*)
    mkdir -p "$GOCACHE"
    while [ "$1" != -o ]; do shift; done
    target=$2; shift 2
    for package; do case "$target" in *bin) echo built > "$target/${package##*/}";; *) ls > "$target";; esac; done
    if [ -n "$FAIL" ]; then echo "main.go:1: planted failure"; exit 1; fi;;
esac
"""
FAKE_GCC = '#!/bin/sh\nwhile [ "$1" != -o ]; do shift; done; echo built > "$2"\n'

DECLARATION = """
schema_version: 1
programs:
  one:
    version: v1.0.0
    purpose: cluster
    cold_minutes: 1
    binaries: {alpha: example.org/one/cmd/alpha, beta: example.org/one/cmd/beta}
    variables: {example.org/one.Version: v1.0.0}
    c_binaries: {still: {source: {module: example.org/one, path: main.c}, flags: [-Os]}}
    files: [{source: {module: example.org/one, path: folder}, to: share/folder}]
  host:
    version: v1.5.0
    purpose: pulumi
    cold_minutes: 1
    binaries: {pulumi-language-python: example.org/host}
  two:
    version: v2.0.0
    purpose: pulumi
    cold_minutes: 1
    binaries: {pulumi: .}
    includes: [host]
    plugin: resource-sample-v2.0.0
    embeds: [{source: {module: example.org/two, path: file.txt}, to: embedded.txt}]
    files: [{source: {program: one, module: example.org/one, path: file.txt}, to: bin/script}]
  three:
    version: v3.0.0
    purpose: benchmarks
    cold_minutes: 1
    binaries: {gamma: example.org/three}
"""


class Recorder:
    """A Progress that remembers."""

    def __init__(self) -> None:
        self.steps: list[str] = []
        self.notes: list[str] = []

    @contextmanager
    def step(self, title: str, number: int, total: int) -> Iterator[None]:
        self.steps.append(f"{number}/{total} {title}")
        yield

    def note(self, text: str) -> None:
        self.notes.append(text)


@dataclass
class Bench:
    """A checkout, a cache, and an environment whose `go` only pretends."""

    settings: Settings
    environ: dict[str, str]
    programs: Path

    def ensure(self, *purposes: Purpose, progress: Recorder | None = None) -> Toolchain:
        wanted = purposes or (Purpose.PULUMI, Purpose.CLUSTER)
        return ensure(
            self.settings, progress or Recorder(), wanted, environ=self.environ, clock=itertools.count().__next__
        )

    @property
    def built(self) -> list[str]:
        """Names of what stands in the toolchain's folder, without keys; `logs` and the lock left out."""
        names = (path.name for path in (self.settings.cache / "toolchain").iterdir())
        return sorted(name.rsplit("-", 1)[0] for name in names if name not in {"logs", ".lock"})

    def calls(self, verb: str) -> int:
        path = Path(self.environ["CALLS"])
        return sum(line.startswith(verb) for line in path.read_text().splitlines()) if path.exists() else 0


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    programs = tmp_path / "programs"
    programs.mkdir()
    for name, text in {"go": FAKE_GO, "gcc": FAKE_GCC}.items():
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    declared = tmp_path / "root" / "toolchain"
    for name in ("one", "host", "two", "three"):
        (declared / name).mkdir(parents=True)
        (declared / name / "go.mod").write_text(f"module {name}\n")
        (declared / name / "go.sum").write_text("")
    (declared / "toolchain.yaml").write_text(DECLARATION)
    settings = Settings(root=tmp_path / "root", cache=tmp_path / "cache", home=tmp_path / "home")
    environ = {"PATH": f"{programs}:/usr/bin:/bin", "CALLS": str(tmp_path / "calls")}
    return Bench(settings, environ, programs)


def test_builds_all_that_is_asked_for(bench: Bench) -> None:
    progress = Recorder()
    toolchain = bench.ensure(progress=progress)
    assert bench.built == ["host", "one", "two"]
    assert [step.split(" (")[0] for step in progress.steps] == [
        "1/3 building one v1.0.0",
        "2/3 building host v1.5.0",
        "3/3 building two v2.0.0",
    ]
    for name in ("alpha", "beta", "still", "pulumi"):
        assert toolchain.binary(name).is_file()
    assert (toolchain.share("one") / "folder" / "inner.yaml").read_text() == "content\n"
    assert toolchain.builds_pulumi
    assert toolchain.folders == tuple(toolchain.binary(name).parent for name in ("alpha", "pulumi"))


def test_what_stands_beside_the_sources_is_there_when_they_are_compiled(bench: Bench) -> None:
    seen = bench.ensure().binary("pulumi").read_text().split()  # the pretended compiler lists its folder
    assert seen == ["embedded.txt", "go.mod", "go.sum"]


def test_extra_files_below_bin_are_executable(bench: Bench) -> None:
    script = bench.ensure().folders[1] / "script"
    assert script.stat().st_mode & 0o777 == 0o755


def test_included_binaries_stand_beside_and_only_there_on_the_path(bench: Bench) -> None:
    toolchain = bench.ensure()
    folder = toolchain.binary("pulumi").parent
    assert toolchain.binary("pulumi-language-python") == folder / "pulumi-language-python"
    assert (folder / "pulumi-language-python").samefile(
        toolchain.share("host").parent / "bin" / "pulumi-language-python"
    )
    assert toolchain.folders == (toolchain.binary("alpha").parent, folder)


def test_plugins_are_installed_once_and_follow_the_toolchain(bench: Bench, tmp_path: Path) -> None:
    toolchain = bench.ensure()
    link = tmp_path / "plugins" / "resource-sample-v2.0.0" / "pulumi"
    for _ in range(2):
        install_plugins(toolchain, tmp_path)
        assert link.readlink() == toolchain.binary("pulumi")
    moved = replace(toolchain, plugins={"resource-sample-v2.0.0": tmp_path / "elsewhere" / "pulumi"})
    install_plugins(moved, tmp_path)
    assert link.readlink() == tmp_path / "elsewhere" / "pulumi"


def test_warm_path_builds_nothing(bench: Bench) -> None:
    first = bench.ensure()
    before, progress = bench.calls("build"), Recorder()
    assert bench.ensure(progress=progress) == first
    assert (bench.calls("build"), progress.steps, progress.notes) == (before, [], [])


def test_benchmarks_only_when_asked_for(bench: Bench) -> None:
    with pytest.raises(UserError, match="no gamma"):
        bench.ensure().binary("gamma")
    assert bench.ensure(Purpose.BENCHMARKS).binary("gamma").is_file()


def test_failed_build_leaves_nothing_and_says_where_to_look(bench: Bench) -> None:
    bench.environ["FAIL"] = "1"
    with pytest.raises(ClientError, match=r"one v1\.0\.0 could not be built") as caught:
        bench.ensure()
    assert bench.built == []
    assert caught.value.log is not None
    assert str(caught.value.log) in str(caught.value)
    assert "planted failure" in str(caught.value)
    del bench.environ["FAIL"]
    bench.ensure()
    assert bench.built == ["host", "one", "two"]


def test_what_a_killed_build_left_is_removed(bench: Bench) -> None:
    left = bench.settings.cache / "toolchain" / ".building-one-0000000000000000" / "output"
    left.mkdir(parents=True)
    bench.ensure()
    assert bench.built == ["host", "one", "two"]


def test_compiler_that_outlives_a_killed_build_does_not_disturb(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """It goes on writing to its work folder, so that this cannot be removed."""
    busy = bench.settings.cache / "toolchain" / ".building-one-abcdefgh"
    (busy / "tmp").mkdir(parents=True)
    remove = shutil.rmtree

    def rmtree(path: Path, ignore_errors: bool = False) -> None:
        if path != busy:
            remove(path, ignore_errors=ignore_errors)

    monkeypatch.setattr(shutil, "rmtree", rmtree)
    bench.ensure()
    assert bench.built == [".building-one", "host", "one", "two"]


def test_second_builder_waits_for_the_first(bench: Bench) -> None:
    folder = bench.settings.cache / "toolchain"
    folder.mkdir(parents=True)
    progress = Recorder()
    with (folder / ".lock").open("w") as lock, ThreadPoolExecutor(1) as pool:
        fcntl.flock(lock, fcntl.LOCK_EX)
        second = pool.submit(bench.ensure, progress=progress)
        with pytest.raises(TimeoutError):
            second.result(0.5)
        assert progress.steps == []
        fcntl.flock(lock, fcntl.LOCK_UN)
        second.result(30)
    assert len(progress.steps) == 3
    assert "waiting" in progress.notes[0]


def test_what_another_builder_finished_meanwhile_is_not_built_again(bench: Bench) -> None:
    with ThreadPoolExecutor(3) as pool:
        first, *others = (future.result(30) for future in [pool.submit(bench.ensure) for _ in range(3)])
    assert others == [first, first]
    assert bench.calls("build") == 3


@pytest.mark.parametrize("keep", [False, True])
def test_go_caches_go_unless_they_are_kept(bench: Bench, keep: bool) -> None:
    bench.settings = replace(bench.settings, keep_build_cache=keep)
    bench.ensure()
    assert {(bench.settings.cache / name).exists() for name in ("go-build", "go-mod")} == {keep}


def test_caches_stay_for_the_repetition_of_a_failed_build(bench: Bench) -> None:
    bench.environ["FAIL"] = "1"
    with pytest.raises(ClientError):
        bench.ensure()
    assert (bench.settings.cache / "go-build").exists()


def test_installed_pulumi_is_used(bench: Bench) -> None:
    for name in ("pulumi", "pulumi-language-python"):
        (bench.programs / name).write_text("#!/bin/sh\n")
        (bench.programs / name).chmod(0o755)
    toolchain = bench.ensure()
    assert not toolchain.builds_pulumi
    assert not toolchain.plugins
    assert toolchain.binary("pulumi") == bench.programs / "pulumi"
    assert bench.programs in toolchain.folders
    assert bench.built == ["one"]


def test_our_own_pulumi_on_the_path_is_not_an_installed_one(bench: Bench) -> None:
    toolchain = bench.ensure()
    for name in ("pulumi", "pulumi-language-python"):
        toolchain.binary(name).chmod(0o755)
    bench.environ["PATH"] = f"{toolchain.folders[1]}:{bench.environ['PATH']}"
    assert bench.ensure() == toolchain


def test_pulumi_without_its_python_host_is_not_enough(bench: Bench) -> None:
    (bench.programs / "pulumi").write_text("#!/bin/sh\n")
    (bench.programs / "pulumi").chmod(0o755)
    assert bench.ensure().builds_pulumi


def test_missing_go_is_the_users_move(bench: Bench) -> None:
    (bench.programs / "go").unlink()
    bench.environ["PATH"] = str(bench.programs)
    with pytest.raises(UserError, match="install Go"):
        bench.ensure()


def keys(bench: Bench, go_version: str = "go1.26.0") -> dict[str, str]:
    folder = bench.settings.root / "toolchain"
    return declaration.keys(folder, declaration.load(folder).programs, go_version)


def changed(before: dict[str, str], after: dict[str, str]) -> set[str]:
    return {name for name in before if before[name] != after[name]}


@pytest.mark.parametrize("name", ["go.mod", "go.sum", "main.go"])
def test_key_follows_the_sources_and_those_that_pin_them(bench: Bench, name: str) -> None:
    before = keys(bench)
    (bench.settings.root / "toolchain" / "one" / name).write_text("changed\n")
    assert changed(before, keys(bench)) == {"one", "two"}  # `one` pins a file that `two` takes over


def test_key_follows_what_is_included(bench: Bench) -> None:
    before = keys(bench)
    (bench.settings.root / "toolchain" / "host" / "go.sum").write_text("changed\n")
    assert changed(before, keys(bench)) == {"host", "two"}


def test_key_follows_the_entry_but_not_the_minutes(bench: Bench) -> None:
    before, path = keys(bench), bench.settings.root / "toolchain" / "toolchain.yaml"
    path.write_text(DECLARATION.replace("cold_minutes: 1", "cold_minutes: 2"))
    assert changed(before, keys(bench)) == set()
    path.write_text(DECLARATION.replace("[-Os]", "[-O2]"))
    assert changed(before, keys(bench)) == {"one"}


def test_key_follows_the_compiler_and_the_recipe(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    before = keys(bench)
    assert changed(before, keys(bench, "go1.27.0")) == set(before)
    monkeypatch.setattr(declaration, "RECIPE", "another")
    assert changed(before, keys(bench)) == set(before)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("purpose: pulumi", "purpose: pulumi\n    unknown: 1", "unknown"),
        ("to: bin/script", "to: ../script", r"without '\.\.'"),
        ("to: bin/script", "to: /bin/script", "relative path"),
        ("to: bin/script", "to: etc/script", r"below bin/ or share/"),
        ("cmd/beta", "cmd/delta", "binary beta"),
        ("includes: [host]", "includes: [three]", "two includes three"),
        ("includes: [host]", "includes: [one]", "same purpose"),
        ("schema_version: 1", "schema_version: 2", "schema_version"),
        ("programs:", "programs: [", "toolchain.yaml"),
    ],
)
def test_declaration_with_a_mistake_is_refused(bench: Bench, old: str, new: str, message: str) -> None:
    (bench.settings.root / "toolchain" / "toolchain.yaml").write_text(DECLARATION.replace(old, new))
    with pytest.raises(UserError, match=message):
        bench.ensure()


def test_marker_says_what_was_built(bench: Bench) -> None:
    marker = json.loads((bench.ensure().share("one").parent / "program.json").read_text())
    assert marker == {"program": "one", "version": "v1.0.0", "seconds": 1}
