"""A Git repository with one valid tenant on `main`, and what a test commits to it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from tests.unit.tenant_folder import make_root

_IDENTITY = {
    "GIT_AUTHOR_NAME": "Test",
    "GIT_AUTHOR_EMAIL": "test@example.org",
    "GIT_COMMITTER_NAME": "Test",
    "GIT_COMMITTER_EMAIL": "test@example.org",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
}


def git(folder: Path, *argv: str, stdin: bytes | None = None) -> str:
    """Run git in the folder; its output."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    done = subprocess.run(
        ["git", "-C", str(folder), *argv], env={**kept, **_IDENTITY}, input=stdin, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode().strip()


def make_repository(folder: Path) -> Path:
    """A repository whose `main` holds the good tenant, the standards and the services."""
    folder.mkdir(parents=True)
    git(folder, "init", "-q", "-b", "main")
    make_root(folder)
    commit(folder, "Start")
    return folder


def commit(folder: Path, message: str = "Change") -> str:
    """Commit everything; returns the commit."""
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "--allow-empty", "-m", message)
    return git(folder, "rev-parse", "HEAD")


def commit_tree(folder: Path, entries: dict[str, tuple[str, bytes]], parent: str = "main") -> str:
    """A commit made beside the working tree, with entries that no checkout could make. path -> mode and content.

    Only for paths of one or two folders.
    """
    git(folder, "read-tree", parent)
    for path, (mode, content) in entries.items():
        blob = git(folder, "hash-object", "-w", "--stdin", stdin=content)
        git(folder, "update-index", "--add", "--cacheinfo", f"{mode},{blob},{path}")
    tree = git(folder, "write-tree")
    git(folder, "read-tree", "HEAD")
    return git(folder, "commit-tree", tree, "-p", parent, "-m", "Proposal")
