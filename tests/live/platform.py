"""The platform of the story of requests: a bare repository, an API for comments, and a municipality's clone."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.live import stage as staging
from tests.live.stage import EINKLANG, Stage
from tests.unit.forge_server import TOKEN, Server
from tests.unit.repository import commit, git

DATA = ("tenants", "standards", "services")


@dataclass
class Platform:
    """stage: its project root is the runner's checkout of main. town: the municipality's clone."""

    stage: Stage
    server: Server
    town: Path

    @property
    def runner(self) -> Path:
        """The runner's checkout."""
        return self.stage.settings.root

    def step(self, script: str, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """A step of the workflows, as the runner runs it."""
        done: subprocess.CompletedProcess[str] = self.stage.run(
            f".ci/requests/{script}",
            *arguments,
            check=check,
            timeout=1800,
            EINKLANG=str(EINKLANG),
            EINKLANG_FORGE="github",
            EINKLANG_FORGE_TOKEN=TOKEN,
            GITHUB_API_URL=self.server.url,
            GITHUB_REPOSITORY="zv/mandanten",
        )
        return done

    def propose(self, number: int, message: str) -> str:
        """What the town changed in its clone, as a proposal; returns its commit."""
        head = commit(self.town, message)
        git(self.town, "push", "-q", "origin", f"HEAD:refs/pull/{number}/head")
        return head

    def answer(self, number: int) -> tuple[bool, str]:
        """Whether the proposal can be merged, and the comment."""
        self.server.comments.clear()
        done = self.step("answer", str(number), "main", check=False)
        (comment,) = self.server.comments
        return done.returncode == 0, str(comment["body"])

    def merge(self, number: int) -> str:
        """Merge the proposal into main; returns the commit before. The town goes on from there."""
        before = git(self.runner, "rev-parse", "main")
        git(self.runner, "merge", "-q", "--no-ff", "-m", f"Merge {number}", f"refs/einklang/proposals/{number}")
        git(self.runner, "push", "-q", "origin", "main")
        git(self.town, "pull", "-q", "--no-rebase", "origin", "main")
        return before

    def plan(self, before: str, folder: Path) -> tuple[dict[str, Any], str]:
        """The plan after a merge, as data, and the fingerprint that the next job gets."""
        summary, variables = folder / "summary.md", folder / "variables"
        variables.unlink(missing_ok=True)
        self.step("plan", before, str(summary), str(variables))
        told = dict(line.split("=") for line in variables.read_text().splitlines())
        done = self.stage.run(str(EINKLANG), "plan", "--since", before, "--format", "json", check=False)
        data = json.loads(done.stdout)
        assert data["fingerprint"] == told["fingerprint"], "the plan is the same each time"
        assert told["fingerprint"] in summary.read_text()
        return data, told["fingerprint"]


def make(stage: Stage, server: Server, folder: Path) -> Platform:
    """Set everything up. The program comes by links from the checkout; only data is in the repository."""
    runner = staging.project_copy(stage.settings.root, folder / "runner", DATA)
    shutil.copytree(staging.PROJECT_ROOT / ".ci" / "requests", runner / ".ci" / "requests")
    _same_volumes(runner / "standards")
    git(runner, "init", "-q", "-b", "main")
    (runner / ".git" / "info" / "exclude").write_text(
        "".join(f"/{path.name}\n" for path in runner.iterdir() if path.is_symlink()) + "/Pulumi.*.yaml\n"
    )
    commit(runner, "Start")
    git(folder, "clone", "-q", "--bare", str(runner), "platform.git")
    git(runner, "remote", "add", "origin", str(folder / "platform.git"))
    git(folder, "clone", "-q", "platform.git", "town")
    server.me = "github-actions[bot]"
    return Platform(stage.with_root(runner), server, folder / "town")


def change(file: Path, pattern: str, new: str) -> None:
    """Replace the one place that fits."""
    text, count = re.subn(pattern, new, file.read_text(), count=1, flags=re.MULTILINE)
    assert count == 1, f"{file}: nothing fits {pattern}"
    file.write_text(text)


def _same_volumes(standards: Path) -> None:
    """Give size M the volumes of size S: the storage of the local cluster cannot grow."""
    for file in standards.glob("*.yaml"):
        data = yaml.safe_load(file.read_text())
        small, middle = data["size_classes"]["S"], data["size_classes"]["M"]
        for part in ("database", "dms"):
            middle[part]["storage_gib"] = small[part]["storage_gib"]
        file.write_text(yaml.safe_dump(data, allow_unicode=True, sort_keys=False))
