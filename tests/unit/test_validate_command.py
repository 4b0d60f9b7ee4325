"""`einklang validate` as people and programs use it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from einklang import cli
from einklang.cli import main
from einklang.errors import UserError
from einklang.settings import PROJECT_ROOT

from .tenant_folder import GOOD, make_root, write


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("EINKLANG_ROOT", raising=False)
    return make_root(tmp_path)


def test_good_files(root: Path) -> None:
    result = CliRunner().invoke(main, ["validate", "--root", str(root)])
    assert (result.exit_code, result.output) == (0, "Keine Fehler gefunden.\n")


@pytest.mark.parametrize(("lang", "words"), [("de", "Meinten Sie: pilot"), ("en", "Did you mean: pilot")])
def test_bad_file(root: Path, lang: str, words: str) -> None:
    write(root, "olpe", GOOD.replace("ring: pilot", "ring: pilott"))
    result = CliRunner().invoke(main, ["validate", "--root", str(root), "--lang", lang])
    assert result.exit_code == 1
    assert "tenants/olpe.yaml:8:7: ring\n" in result.output
    assert words in result.output
    assert "\x1b" not in result.output


def test_json(root: Path) -> None:
    write(root, "olpe", GOOD.replace("ring: pilot", "ring: pilott"))
    result = CliRunner().invoke(main, ["validate", "--root", str(root), "--json", "--lang", "en"])
    data = json.loads(result.output)
    assert result.exit_code == 1
    assert data["valid"] is False
    message = data["problems"][0].pop("message")
    assert data["problems"] == [
        {
            "file": "tenants/olpe.yaml",
            "line": 8,
            "column": 7,
            "key": "ring",
            "code": "choice",
            "found": "pilott",
            "expected": "pilot, early, broad",
            "suggestion": "pilot",
            "related": "",
        }
    ]
    assert message["expected"] == "one of: pilot, early, broad"


def test_json_of_good_files(root: Path) -> None:
    result = CliRunner().invoke(main, ["validate", "--root", str(root), "--json"])
    assert json.loads(result.output) == {"valid": True, "problems": []}


@pytest.mark.parametrize("folder", [".", "tenants", "tenants/logos"])
def test_from_any_folder_of_the_checkout(root: Path, monkeypatch: pytest.MonkeyPatch, folder: str) -> None:
    path = write(root, "olpe", GOOD.replace("ring: pilot", "ring: pilott"))
    monkeypatch.chdir(root / folder)
    for arguments in ([], [str(path)]):
        result = CliRunner().invoke(main, ["validate", *arguments])
        assert result.exit_code == 1
        assert "tenants/olpe.yaml:8:7" in result.output


def test_colour_only_on_a_terminal(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(root, "olpe", GOOD.replace("ring: pilot", "ring: pilott"))
    arguments = ["validate", "--root", str(root)]
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b" in CliRunner().invoke(main, arguments, color=True).output
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in CliRunner().invoke(main, arguments, color=True).output


def test_help_is_of_use() -> None:
    result = CliRunner().invoke(main, ["validate", "--help"])
    for word in ("--lang", "--json", "--root", "Exit code", "tenants/olpe.yaml"):
        assert word in result.output


def test_wrong_usage_is_an_error_like_any_other() -> None:
    for arguments in (["validate", "--nonsense"], ["nonsense"], ["--nonsense"]):
        assert CliRunner().invoke(main, arguments).exit_code == 1


def test_starts_without_what_it_does_not_need() -> None:
    script = (
        "import sys; from einklang.cli import main\n"
        "try: main(['validate'])\n"
        "except SystemExit as end: print(end.code, *sorted(set(sys.modules) & set(sys.argv[1:])))"
    )
    unneeded = ["pulumi", "rich", "httpx", "cryptography", "jinja2", "asyncio"]
    done = subprocess.run(
        [sys.executable, "-c", script, *unneeded], capture_output=True, text=True, cwd=PROJECT_ROOT, check=True
    )
    assert done.stdout.splitlines()[-1] == "0"


def _verb(monkeypatch: pytest.MonkeyPatch, action: Exception | None) -> None:
    @click.command("verb")
    def command() -> None:
        if action:
            raise action

    monkeypatch.setattr(cli.LazyGroup, "get_command", lambda *_: command)


@pytest.mark.parametrize(
    ("action", "code", "words"),
    [
        (None, 0, ""),
        (UserError("wrong", remedy="mend it"), 1, "remedy: mend it"),
        (KeyboardInterrupt(), 3, "safe to run the command again"),
    ],
)
def test_exit_codes(monkeypatch: pytest.MonkeyPatch, action: Exception | None, code: int, words: str) -> None:
    _verb(monkeypatch, action)
    result = CliRunner().invoke(main, ["verb"])
    assert result.exit_code == code
    assert words in result.output


def test_broken_module_takes_only_its_own_verb_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def import_module(name: str) -> object:
        raise ImportError(f"no {name}")

    monkeypatch.setattr(cli.importlib, "import_module", import_module)
    result = CliRunner().invoke(main, ["--help"])
    assert result.exit_code == 0
    assert "validate" in result.output
    result = CliRunner().invoke(main, ["validate", "--json"])
    assert result.exit_code == 1
    assert "not available: no einklang.cli.validate" in result.output
