"""The Git repository around the checkout, read only: commits are looked at, never checked out.

Only plumbing commands, which run no hooks, filters or helpers that a commit could name. What a commit holds is data of
somebody else: names and sizes are checked before anything is read.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from einklang.errors import ClientError, UserError

# Nothing that could ask or fetch, and no program that a configuration names.
_ENVIRONMENT = {"GIT_TERMINAL_PROMPT": "0", "GIT_NO_LAZY_FETCH": "1", "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
_SETTINGS = ("-c", "core.fsmonitor=false", "-c", "core.quotePath=false")
_TIMEOUT_SECONDS = 120
_REFERENCE = re.compile(r"[A-Za-z0-9_@][A-Za-z0-9_./@{}^~+-]{0,199}", re.ASCII)
MOST_ENTRIES = 20_000
"""A change or a folder with more files is none that anybody reads."""


@dataclass(frozen=True)
class Entry:
    """One file of a commit. link: it is a symbolic link. regular: it is a file as any other."""

    path: str
    blob: str
    size: int
    link: bool
    regular: bool


class Git:
    """One repository. folder: anywhere in it. environ: this process's environment."""

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        # GIT_DIR and its kind would name another repository: a hook sets them.
        kept = {name: value for name, value in environ.items() if not name.startswith("GIT_")}
        self._folder, self._environment = folder, {**kept, **_ENVIRONMENT}

    def commit(self, reference: str) -> str:
        """The commit that a reference names, as 40 hex digits. Raises UserError where there is none."""
        if not _REFERENCE.fullmatch(reference) or ".." in reference:
            raise UserError(f"{reference!r} is no name of a commit", remedy="a branch, a tag, or a commit's id")
        argv = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{reference}^{{commit}}")
        done = self._run(*argv, check=False)
        if done.returncode != 0:
            remedy = "fetch it first; a shallow clone may lack it (git fetch --unshallow)"
            raise UserError(f"there is no commit {reference!r} in {self._folder}", remedy=remedy)
        return _text(done.stdout).strip()

    def merge_base(self, one: str, other: str) -> str:
        """The last commit that both have. Raises UserError where they have none in common."""
        done = self._run("merge-base", one, other, check=False)
        if done.returncode != 0:
            remedy = "fetch the whole history (git fetch --unshallow)"
            raise UserError(f"{one[:12]} and {other[:12]} have no commit in common", remedy=remedy)
        return _text(done.stdout).split()[0]

    def changed(self, before: str, after: str | None) -> list[str]:
        """Paths that differ between two commits, or between a commit and the working tree (untracked files too)."""
        between = [before, after] if after else [before]
        listed = self._names("diff", "--name-only", "-z", "--no-renames", "--no-ext-diff", "--no-textconv", *between)
        if after is None:
            listed += self._names("ls-files", "--others", "--exclude-standard", "-z")
        if len(listed) > MOST_ENTRIES:
            raise UserError(f"the change has {len(listed)} files", remedy="split it")
        return sorted(set(listed))

    def entries(self, commit: str, paths: Sequence[str]) -> list[Entry]:
        """The files of a commit at or below the paths."""
        listed = self._names("ls-tree", "-r", "-l", "-z", "--full-tree", commit, "--", *paths)
        if len(listed) > MOST_ENTRIES:
            raise UserError(f"{', '.join(paths)} in {commit[:12]}: {len(listed)} files", remedy="fewer files")
        return [_entry(line) for line in listed]

    def contents(self, blobs: Sequence[str]) -> Iterator[bytes]:
        """What the blobs hold, in their order; all in one run of git."""
        if not blobs:
            return
        done = self._run("cat-file", "--batch", stdin="".join(f"{blob}\n" for blob in blobs).encode())
        rest = done.stdout
        for blob in blobs:
            header, _, rest = rest.partition(b"\n")
            if header.split()[:2] != [blob.encode(), b"blob"]:
                raise ClientError(f"git cat-file: {header.decode(errors='replace')}")
            size = int(header.split()[2])
            yield rest[:size]
            rest = rest[size + 1 :]

    def head(self) -> str:
        """The commit that is checked out, empty where there is none or no repository."""
        done = self._run("rev-parse", "--verify", "--quiet", "HEAD", check=False)
        return _text(done.stdout).strip()

    def _names(self, *argv: str) -> list[str]:
        return [name for name in _text(self._run(*argv).stdout).split("\0") if name]

    def _run(self, *argv: str, stdin: bytes = b"", check: bool = True) -> subprocess.CompletedProcess[bytes]:
        command = ["git", "-C", str(self._folder), *_SETTINGS, *argv]
        try:
            done = subprocess.run(
                command,
                input=stdin,
                env=self._environment,
                capture_output=True,
                timeout=_TIMEOUT_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ClientError(f"git {argv[0]}: {error}") from error
        if check and done.returncode != 0:
            raise ClientError(f"git {argv[0]}: {_text(done.stderr).strip()}")
        return done


def _text(data: bytes) -> str:
    """Names need not be UTF-8; what is not is shown as U+FFFD, and names no file of ours."""
    return data.decode("utf-8", "replace")


def _entry(line: str) -> Entry:
    """From `<mode> <type> <object> <size>TAB<path>`."""
    facts, _, path = line.partition("\t")
    mode, kind, blob, size = facts.split()
    return Entry(path, blob, int(size) if size != "-" else 0, mode == "120000", kind == "blob" and mode != "120000")
