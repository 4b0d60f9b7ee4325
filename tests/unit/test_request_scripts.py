"""The workflows' steps as scripts: a bare repository as the platform's, a server on the loopback as its API."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import yaml

from einklang.settings import PROJECT_ROOT
from tests.unit.forge_server import TOKEN, Server, serve
from tests.unit.repository import commit, commit_tree, git, make_repository
from tests.unit.tenant_folder import GOOD

EINKLANG = Path(sys.executable).parent / "einklang"
EARLY = {"tenants/olpe.yaml": ("100644", GOOD.replace("ring: pilot", "ring: early").encode())}
BAD = {"tenants/olpe.yaml": ("100644", GOOD.replace("ring: pilot", "ring: pilott").encode())}
KUBECONFIG = "apiVersion: v1\nkind: Config\n# the-secret-of-the-cluster\n"


@pytest.fixture
def server() -> Iterator[Server]:
    with serve() as running:
        running.me = "github-actions[bot]"
        yield running


@pytest.fixture
def runner(tmp_path: Path) -> Path:
    """A runner's checkout of main, cloned from the platform's repository beside it."""
    start = make_repository(tmp_path / "start")
    shutil.copytree(PROJECT_ROOT / ".ci", start / ".ci")
    commit(start)
    git(tmp_path, "clone", "-q", "--bare", str(start), "platform.git")
    git(tmp_path, "clone", "-q", "platform.git", "runner")
    return tmp_path / "runner"


def propose(runner: Path, entries: Mapping[str, tuple[str, bytes]], reference: str = "refs/pull/7/head") -> str:
    """Somebody's commit, pushed to where the platform keeps proposals."""
    start = runner.parent / "start"
    head = commit_tree(start, dict(entries))
    git(start, "push", "-q", "--force", str(runner.parent / "platform.git"), f"{head}:{reference}")
    return head


def step(workflow: str, job: str, name: str) -> tuple[str, dict[str, str]]:
    """Command and variables of a step, as the workflow file says."""
    data = yaml.safe_load((PROJECT_ROOT / workflow).read_text(encoding="utf-8"))
    found = next(each for each in data["jobs"][job]["steps"] if each["name"] == name)
    return found["run"], found["env"]


def run(runner: Path, command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A step as the platform runs it: bash, in the checkout, with these variables alone."""
    base = {"PATH": os.environ["PATH"], "HOME": str(runner.parent), "EINKLANG": str(EINKLANG)}
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command],
        cwd=runner,
        env={**base, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def answered(runner: Path, server: Server, workflow: str = ".github/workflows/requests.yml") -> int:
    """Run the step `Answer`; returns its exit code."""
    command, declared = step(workflow, "answer", "Answer")
    given = {
        "${{ github.token }}": TOKEN,
        "${{ github.event.pull_request.number }}": "7",
        "${{ github.sha }}": git(runner, "rev-parse", "HEAD"),
    }
    environment = {name: given.get(value, value) for name, value in declared.items()}
    done = run(runner, command, GITHUB_API_URL=server.url, GITHUB_REPOSITORY="zv/mandanten", **environment)
    assert TOKEN not in done.stdout + done.stderr
    return done.returncode


@pytest.mark.parametrize("platform", ["github", "forgejo"])
def test_a_proposal_is_answered_by_a_comment_that_follows_it(runner: Path, server: Server, platform: str) -> None:
    workflow = f".{platform}/workflows/requests.yml"
    propose(runner, EARLY)
    assert answered(runner, server, workflow) == 0
    (comment,) = server.comments
    assert "Die Reihenfolge bei Neuerungen: `early` statt `pilot`" in comment["body"]
    propose(runner, BAD)
    assert answered(runner, server, workflow) == 1
    (comment,) = server.comments
    assert "Bitte noch ändern" in comment["body"]
    assert "`tenants/olpe.yaml:8:7 ring`" in comment["body"]
    assert git(runner, "status", "--porcelain") == ""


def test_nothing_of_a_proposal_is_run_and_no_variable_gets_out(runner: Path, server: Server, tmp_path: Path) -> None:
    """Tried: every file that a runner could be made to run writes its environment where this test would find it."""
    loot = tmp_path / "loot"
    shell = f"#!/bin/sh\nenv >> {loot}\n".encode()
    python = f"import os; open({str(loot)!r}, 'a').write(repr(dict(os.environ)))\n".encode()
    makefile = f".venv/.ready:\n\tenv >> {loot}\n".encode()
    attributes = b"* filter=loot diff=loot merge=loot\n"
    shells = [".ci/requests/answer", ".ci/requests/fetch", ".envrc", "einklang.sh"]
    pythons = ["sitecustomize.py", "conftest.py", "setup.py", "einklang/__init__.py", "yaml.py", "click.py"]
    propose(
        runner,
        {
            **EARLY,
            **dict.fromkeys(shells, ("100755", shell)),
            **dict.fromkeys(pythons, ("100644", python)),
            "Makefile": ("100644", makefile),
            ".gitattributes": ("100644", attributes),
        },
    )
    assert answered(runner, server) == 0
    assert not loot.exists()
    assert "keiner Kommune" in server.comments[0]["body"]
    # The trap works: run from the proposal's checkout, it would have caught the variables.
    git(runner, "checkout", "-q", "refs/einklang/proposals/7")
    assert run(runner, ".ci/requests/answer", CANARY="x").returncode == 0
    assert "CANARY=x" in loot.read_text()


@pytest.mark.parametrize("number", ["", "7;id", "../7", "-7", "7 8"])
def test_only_numbers_are_fetched(runner: Path, number: str) -> None:
    done = run(runner, '.ci/requests/fetch "$NUMBER"', NUMBER=number, EINKLANG_FORGE="github")
    assert done.returncode != 0
    assert "number" in done.stderr


def test_the_token_for_fetching_stands_in_no_file_and_no_argument(runner: Path, tmp_path: Path) -> None:
    propose(runner, EARLY)
    folder = tmp_path / "bin"
    folder.mkdir()
    spy = folder / "git"
    real = shutil.which("git")
    spy.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/arguments\nexec {real} "$@"\n')
    spy.chmod(0o755)
    path = f"{folder}:{os.environ['PATH']}"
    done = run(runner, ".ci/requests/fetch 7", PATH=path, EINKLANG_FORGE="github", EINKLANG_FORGE_TOKEN=TOKEN)
    assert done.returncode == 0, done.stderr
    assert TOKEN not in (tmp_path / "arguments").read_text()
    assert TOKEN not in (runner / ".git" / "config").read_text()


def test_gitlab_answers_every_open_proposal_from_the_main_branch(runner: Path, server: Server) -> None:
    server.me = "einklang"
    head = propose(runner, EARLY, "refs/merge-requests/7/head")
    server.proposals.append({"iid": 7, "sha": head})
    data = yaml.safe_load((PROJECT_ROOT / ".gitlab-ci.yml").read_text(encoding="utf-8"))
    command = data["answer"]["script"][-1]
    environment = {
        **data["answer"]["variables"],
        "CI_COMMIT_SHA": git(runner, "rev-parse", "HEAD"),
        "CI_API_V4_URL": server.url,
        "CI_PROJECT_ID": "5",
        "EINKLANG_FORGE_TOKEN": TOKEN,
    }
    assert run(runner, command, **environment).returncode == 0
    assert "`early` statt `pilot`" in server.comments[0]["body"]
    propose(runner, BAD, "refs/merge-requests/7/head")
    assert run(runner, command, **environment).returncode == 0
    assert "Bitte noch ändern" in server.comments[0]["body"]


FAKE = """#!/bin/sh
echo "$@" >> "$CALLS"
case "$*" in
  plan*) while [ "$1" != --markdown ]; do shift; done; echo "## Plan" > "$2"
    echo '{"tenants": [{"tenant": "olpe"}], "fingerprint": "0123abcd"}'; exit "${CODE:-2}" ;;
esac
[ -z "${KUBECONFIG:-}" ] || { cat "$KUBECONFIG"; stat -c %a "$KUBECONFIG"; }
[ -z "${EINKLANG_KUBECONFIG:-}" ] || echo "still in the environment"
"""


@pytest.fixture
def fake(tmp_path: Path) -> dict[str, str]:
    program = tmp_path / "fake"
    program.write_text(FAKE)
    program.chmod(0o755)
    return {"EINKLANG": str(program), "CALLS": str(tmp_path / "calls")}


def test_after_a_merge_the_plan_gives_its_fingerprint_to_the_next_job(
    runner: Path, fake: dict[str, str], tmp_path: Path
) -> None:
    command, declared = step(".github/workflows/apply.yml", "plan", "Plan")
    assert set(declared) == {
        "BEFORE",
        "EINKLANG_KUBECONFIG",
        "PULUMI_BACKEND_URL",
        "PULUMI_CONFIG_PASSPHRASE",
    }
    files = {"GITHUB_STEP_SUMMARY": str(tmp_path / "summary"), "GITHUB_OUTPUT": str(tmp_path / "output")}
    done = run(runner, command, BEFORE="abc", EINKLANG_KUBECONFIG=KUBECONFIG, **files, **fake)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "summary").read_text() == "## Plan\n"
    assert (tmp_path / "output").read_text() == "changes=true\nfingerprint=0123abcd\n"
    assert git(runner, "status", "--porcelain") == ""
    refused = run(runner, command, BEFORE="abc", EINKLANG_KUBECONFIG=KUBECONFIG, CODE="1", **files, **fake)
    assert refused.returncode == 1


def test_exactly_the_approved_plan_is_applied(runner: Path, fake: dict[str, str], tmp_path: Path) -> None:
    command, _ = step(".github/workflows/apply.yml", "apply", "Apply")
    given = {"BEFORE": "abc", "FINGERPRINT": "0123abcd", "EINKLANG_KUBECONFIG": KUBECONFIG}
    done = run(runner, command, **given, TMPDIR=str(tmp_path / "temporary"), **fake)
    assert done.returncode != 0
    (tmp_path / "temporary").mkdir()
    done = run(runner, command, **given, TMPDIR=str(tmp_path / "temporary"), **fake)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "calls").read_text() == "up --since abc --plan 0123abcd\n"
    assert done.stdout == KUBECONFIG + "600\n"
    assert list((tmp_path / "temporary").iterdir()) == []
    without = run(runner, command, **{**given, "FINGERPRINT": ""}, **fake)
    assert without.returncode != 0
