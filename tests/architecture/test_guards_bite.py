"""Every guard catches a planted violation: a guard that cannot fail is a defect."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from einklang.cli import main
from tests.architecture import adr_index
from tests.architecture.guards import docs, hygiene, layout, purity
from tests.architecture.guards.project import CODE, ROOT, Finding

TYPE_TOKEN = "einklang:things:Thing"
COMPONENT = f'''
class Thing(pulumi.ComponentResource):
    def __init__(self):
        super().__init__("{TYPE_TOKEN}", "thing")
        self.register_outputs({{}})
'''
SECOND = COMPONENT.replace("Thing", "Other")
GERMAN = "Das ist ein Text für die Kommune und sie wird ihn lesen.\n"
ENGLISH = "This is the text for an engineer and they read it.\n"

# guard, rule it names, path of the planted file, its content
PLANTED: list[tuple[Callable[[Path], Iterable[Finding]], str, str, str]] = [
    (layout.misplaced, "top level", "notes.md", ENGLISH),
    (layout.misplaced, "top level", "scripts/deploy.py", "x = 1\n"),
    (layout.misplaced, "folder", "modules/values.yaml", "a: 1\n"),
    (layout.misplaced, "folder", "templates/logic.py", "x = 1\n"),
    (layout.misplaced, "folder", "tenants/logos/olpe.gif", "GIF\n"),
    (layout.too_large, "file size", "docs/big.svg", "x" * (layout.FILE_BYTES + 1)),
    (layout.too_large, "module length", "einklang/long.py", "x = 1\n" * (layout.MODULE_LINES + 1)),
    (layout.too_large, "function length", "einklang/f.py", "def f():\n" + "    x = 1\n" * layout.FUNCTION_LINES),
    (layout.uncollected_tests, "test name", "tests/unit/checks.py", "def test_it():\n    assert True\n"),
    (layout.uncollected_tests, "test name", "tests/unit/test_empty.py", "x = 1\n"),
    (layout.uncollected_tests, "test place", "einklang/test_it.py", "def test_it():\n    assert True\n"),
    (layout.components, "one component a file", "modules/things.py", COMPONENT + SECOND),
    (layout.components, "type token", "modules/things.py", COMPONENT.replace(TYPE_TOKEN, "einklang:Thing")),
    (layout.components, "type token", "modules/things.py", COMPONENT.replace(":Thing", ":Things")),
    (layout.components, "outputs", "modules/things.py", COMPONENT.replace("register_outputs", "keep")),
    (layout.components, "component place", "stacks/things.py", COMPONENT),
    (layout.untested, "no test", "einklang/model/lonely.py", "def f(): return 1\n"),
    (hygiene.registries, "registry", "docs/setup.md", "pip install -i https://py" + "pi.org/simple\n"),
    (hygiene.registries, "registry", "images/a/Containerfile", "FROM qu" + "ay.io/keycloak/keycloak\n"),
    (hygiene.registries, "registry", "images/a/sources.list", "deb http://deb.deb" + "ian.org/debian bookworm\n"),
    (hygiene.machine_paths, "machine path", "docs/setup.md", "cd /ho" + "me/erika/einklang\n"),
    (hygiene.machine_paths, "machine path", "images/a/run.sh", "cd /wo" + "rk/main\n"),
    (hygiene.secrets, "secret", "tests/data/key.pem", "-----BEGIN EC PRIV" + "ATE KEY-----\n"),
    (hygiene.leftovers, "merge marker", "einklang/a.py", "<" * 7 + " HEAD\n"),
    (hygiene.leftovers, "note", "einklang/a.py", "# TO" + "DO: later\n"),
    (hygiene.leftovers, "blank", "docs/a.md", "text \n"),
    (hygiene.leftovers, "line ends", "docs/a.md", "text\r\n"),
    (hygiene.leftovers, "line ends", "docs/a.md", "text"),
    (hygiene.languages, "language", "tenants/README.md", ENGLISH),
    (hygiene.languages, "language", "docs/municipalities/a.md", ENGLISH),
    (hygiene.languages, "language", "docs/operators/a.md", GERMAN),
    (hygiene.licence, "licence", "LICENSE", "EUROPEAN UNION PUBLIC LICENCE v. 1.2\n"),
    (purity.clocks, "clock and randomness", "modules/a.py", "import time\ndef f(): return time.time()\n"),
    (purity.clocks, "clock and randomness", "einklang/a.py", "from datetime import date as d\nx = d.today()\n"),
    (purity.clocks, "clock and randomness", "einklang/a.py", "import datetime\nx = datetime.datetime.now()\n"),
    (purity.clocks, "clock and randomness", "modules/a.py", "import random\nx = random.choice([1])\n"),
    (purity.clocks, "clock and randomness", "einklang/model/a.py", "import secrets\nx = secrets.token_hex()\n"),
    (
        purity.import_effects,
        "I/O at import",
        "einklang/a.py",
        "from pathlib import Path\nx = Path('f').exists()\nopen('f', 'w')\n",
    ),
    (purity.network, "network", "einklang/operations/a.py", "from urllib import request\n"),
    (purity.network, "network", "modules/a.py", "import urllib.request\n"),
    (purity.import_effects, "I/O at import", "modules/a.py", "import subprocess\nsubprocess.run(['true'])\n"),
    (purity.import_effects, "I/O at import", "stacks/a.py", "import socket\nx = socket.getaddrinfo('localhost', 1)\n"),
    (purity.import_effects, "import", "stacks/a.py", "import no_such_module\n"),
    (docs.links, "link", "docs/a.md", "[there](nowhere.md)\n"),
    (docs.named_tests, "test", "docs/a.md", "`tests/live/test_gone.py::test_nothing`\n"),
    (docs.links, "link", "docs/a.md", "# A heading\n\n[there](#another-heading)\n"),
    (docs.links, "link", "docs/a.md", "[out](../../etc/passwd)\n"),
    (docs.links, "link", "docs/a.md", "![picture](missing.png)\n"),
    (docs.avoided_words, "words", "docs/a.md", "Each customer has one.\n"),
    (docs.avoided_words, "words", "docs/a.md", "You just run it.\n"),
]


def plant(root: Path, path: str, content: str) -> None:
    target = root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content.encode())


@pytest.mark.parametrize(("guard", "rule", "path", "content"), PLANTED)
def test_a_guard_catches_what_is_planted(
    tmp_path: Path, guard: Callable[[Path], Iterable[Finding]], rule: str, path: str, content: str
) -> None:
    for folder in CODE:  # so that the planted tree is imported, not the installed project
        plant(tmp_path, f"{folder}/__init__.py", "")
    plant(tmp_path, path, content)
    found = list(guard(tmp_path))
    assert any(finding.rule == rule and finding.path == path for finding in found), found


def test_clean_files_pass(tmp_path: Path) -> None:
    plant(tmp_path, "modules/things.py", '"""Things."""\nimport pulumi\n' + COMPONENT)
    plant(tmp_path, "einklang/a.py", "import time\ndef f(clock=time.time): return clock()\n")
    plant(tmp_path, "tests/unit/test_a.py", "from einklang import a\nfrom modules import things\ndef test_a(): pass\n")
    plant(tmp_path, "docs/a.md", f"# A heading\n\n{ENGLISH}\n[here](#a-heading) [there](b.md)\n\n```\n[x](y)\n```\n")
    plant(tmp_path, "docs/b.md", ENGLISH)
    plant(tmp_path, "images/a/run.sh", "cd /ho" + "me/keycloak/data\n")
    guards = [layout.misplaced, layout.too_large, layout.uncollected_tests, layout.components, layout.untested]
    guards += [hygiene.registries, hygiene.machine_paths, hygiene.secrets, hygiene.leftovers, hygiene.executables]
    guards += [hygiene.languages, purity.clocks, docs.links, docs.avoided_words]
    assert [finding for guard in guards for finding in guard(tmp_path)] == []


def test_two_test_modules_of_one_name_collide(tmp_path: Path) -> None:
    for folder in ("unit", "live"):
        plant(tmp_path, f"tests/{folder}/test_a.py", "def test_a(): pass\n")
    assert [finding.rule for finding in layout.uncollected_tests(tmp_path)] == ["test name"]
    plant(tmp_path, "tests/unit/__init__.py", "")
    assert list(layout.uncollected_tests(tmp_path)) == []


@pytest.mark.parametrize(
    ("path", "content", "mode"),
    [("docs/a.md", "text\n", 0o755), ("images/a/run", "#!/bin/sh\n", 0o644), (".ci/run", "text\n", 0o755)],
)
def test_wrong_modes_are_found(tmp_path: Path, path: str, content: str, mode: int) -> None:
    plant(tmp_path, path, content)
    (tmp_path / path).chmod(mode)
    assert [finding.rule for finding in hygiene.executables(tmp_path)] == ["executable"]


def test_a_symbolic_link_is_found(tmp_path: Path) -> None:
    plant(tmp_path, "docs/a.md", "text\n")
    (tmp_path / "docs" / "b.md").symlink_to("a.md")
    assert [finding.rule for finding in hygiene.executables(tmp_path)] == ["symbolic link"]


def test_the_registries_of_the_environment_are_found(tmp_path: Path) -> None:
    plant(tmp_path, "docs/a.md", "see mirror.intern.example\n")
    environ = {"UV_INDEX_URL": "https://name:word@mirror.intern.example/simple", "HOME": "/"}
    assert [finding.rule for finding in hygiene.registries(tmp_path, environ)] == ["registry"]
    assert list(hygiene.registries(tmp_path, {})) == []


@pytest.mark.parametrize(
    "line",
    [
        "make fly",
        "make -s fly",
        'eval "$(make -s fly)"',
        "make up && make fly",
        "einklang fly",
        "EINKLANG_HOME=x einklang fly",
        "sudo .venv/bin/einklang fly && make up",
        "einklang env --yaml",
    ],
)
def test_a_command_that_does_not_exist_is_found(tmp_path: Path, line: str) -> None:
    shutil.copy(ROOT / "Makefile", tmp_path)
    plant(tmp_path, "docs/a.md", f"```sh\n{line}\n```\n\n```console\n$ {line}\n```\n")
    assert [finding.line for finding in docs.commands(tmp_path, main)] == [2, 6]


def test_commands_that_exist_pass(tmp_path: Path) -> None:
    shutil.copy(ROOT / "Makefile", tmp_path)
    block = 'make up TENANTS="olpe"   # all of it\neval "$(make -s env)"\neinklang env --json | jq .\nls fly\n'
    plant(tmp_path, "docs/a.md", f"```sh\n{block}```\n\n```console\n$ make test\nmake fly\n```\n\n```\nmake fly\n```\n")
    assert list(docs.commands(tmp_path, main)) == []


def test_a_word_that_nothing_uses_and_a_page_without_a_way_to_it(tmp_path: Path) -> None:
    plant(tmp_path, "docs/glossary.md", "| word | meaning |\n|---|---|\n| **drift** | x |\n| **tide** | x |\n")
    plant(tmp_path, "docs/README.md", "[words](glossary.md) drift\n")
    plant(tmp_path, "docs/operators/lost.md", "drift\n")
    assert [finding.line for finding in docs.unused_words(tmp_path)] == [4]
    assert [finding.path for finding in docs.unmapped(tmp_path)] == ["docs/operators/lost.md"]


DECISION = "# 0001 A title\n\nStatus: accepted\n\n## Context\n\n## Decision\n\n## Consequences\n\n## Alternatives\n"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("0002-a.md", DECISION),
        ("a.md", DECISION),
        ("0001-a.md", DECISION.replace("accepted", "perhaps")),
        ("0001-a.md", DECISION.replace("## Alternatives\n", "")),
        ("0001-a.md", DECISION + "text\n" * adr_index.PAGE_LINES),
        ("0002-a.md", DECISION.replace("0001", "0002")),
    ],
)
def test_a_malformed_decision_is_refused(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(adr_index.MalformedDecisionError):
        adr_index.index(tmp_path)


def test_a_decision_stands_in_the_index(tmp_path: Path) -> None:
    (tmp_path / "0001-a.md").write_text(DECISION)
    assert "| 0001 | [A title](0001-a.md) | accepted |" in adr_index.index(tmp_path)


# folder, statement, words of the contract that forbids it
IMPORTS = [
    ("einklang/model", "import einklang.inventory", "layers"),
    ("einklang/inventory", "import einklang.planning", "layers"),
    ("einklang/planning", "import einklang.clients.process", "layers"),
    ("einklang/clients", "import einklang.operations.up", "layers"),
    ("modules", "import stacks", "layers"),
    ("modules", "import einklang.clients.process", "upper half"),
    ("stacks", "import einklang.planning", "upper half"),
    ("einklang/operations", "import modules", "out of process"),
    ("einklang/clients", "import pulumi_kubernetes", "out of process"),
    ("modules", "import jinja2", "Jinja2"),
    ("einklang/operations", "import subprocess", "start programs"),
    ("modules", "import httpx", "start programs"),
    ("einklang/clients", "import yaml", "YAML"),
    ("stacks", "import yaml", "YAML"),
    ("einklang/model", "import os", "no I/O"),
    ("modules", "import socket", "through Pulumi alone"),
]


@pytest.fixture(scope="module")
def broken_contracts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Contract -> what lint-imports says of it, for the project's code with all of IMPORTS planted in it."""
    root = tmp_path_factory.mktemp("code")
    shutil.copy(ROOT / "pyproject.toml", root)
    for folder in CODE:
        shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for number, (folder, statement, _) in enumerate(IMPORTS):
        plant(root, f"{folder}/planted_{number}.py", f"{statement}\n")
    done = tool(root, "lint-imports", "--no-cache")
    assert done.returncode == 1, done.stdout + done.stderr
    sections = re.split(r"^(.+(?:\n.+)*)\n-+\n$", done.stdout.partition("Broken contracts")[2], flags=re.MULTILINE)
    return {" ".join(name.split()): text for name, text in zip(sections[1::2], sections[2::2], strict=True)}


@pytest.mark.parametrize("number", range(len(IMPORTS)), ids=[f"{row[0]}: {row[1]}" for row in IMPORTS])
def test_an_import_rule_bites(broken_contracts: dict[str, str], number: int) -> None:
    folder, _, words = IMPORTS[number]
    planted = f"{folder.replace('/', '.')}.planted_{number} "
    assert any(words in contract and planted in text for contract, text in broken_contracts.items()), broken_contracts


@pytest.mark.parametrize(
    ("command", "content", "complaint"),
    [
        (["ruff", "check"], "import os\n", "F401"),
        (["ruff", "check"], '"""M."""\n\n\ndef public():\n    return 1\n', "D103"),
        (["ruff", "check"], '"""M."""\n\ntry:\n    x = 1\nexcept Exception:\n    x = 2\n', "BLE001"),
        (["ruff", "format", "--check"], "x=1\n", "Would reformat"),
        (["mypy", "--strict"], "def f(x):\n    return x\n", "no-untyped-def"),
    ],
)
def test_a_style_rule_bites(tmp_path: Path, command: list[str], content: str, complaint: str) -> None:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    target = tmp_path / "einklang" / "planted.py"
    target.parent.mkdir()
    target.write_text(content)
    done = tool(tmp_path, *command, str(target.relative_to(tmp_path)))
    assert done.returncode == 1
    assert complaint in done.stdout


def tool(root: Path, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    program = str(Path(sys.executable).parent / name)
    return subprocess.run([program, *arguments], cwd=root, capture_output=True, text=True, check=False, timeout=300)
