"""restic repositories, as the toolkit uses them: open, make, list, read, keep, check.

Passwords go by environment and by standard input, never by argument. Exit codes: restic's manual, "Scripting".
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

from einklang.clients import process
from einklang.errors import ClientError

_NO_REPOSITORY, _WRONG_KEY = 10, 12
TEXT_BYTES = 64 * 2**20
_AT_ONCE = 500  # ids in one command line
_NAMED_COMPLAINTS = 20
_QUICK_SECONDS = 120.0


class Opened(Enum):
    """What trying to open a repository shows."""

    YES = "opens"
    ABSENT = "there is none"
    WRONG_KEY = "another key"


@dataclass(frozen=True)
class Access:
    """How a repository is reached. key: restic's password. username, password: at a rest-server, else empty.

    authority: file with the certificate of who signed the site's. more: variables of an object store. hint: id of the
    key file that `key` opens: restic tries it first, and without it twenty of all that somebody may have put there.
    """

    repository: str
    key: str = field(repr=False)
    username: str = ""
    password: str = field(default="", repr=False)
    authority: Path | None = None
    more: Mapping[str, str] = field(default_factory=dict, repr=False)
    hint: str = ""

    def environment(self) -> dict[str, str]:
        """For restic."""
        values = {"RESTIC_REPOSITORY": self.repository, "RESTIC_PASSWORD": self.key, **self.more}
        if self.username:
            values |= {"RESTIC_REST_USERNAME": self.username, "RESTIC_REST_PASSWORD": self.password}
        values |= {"RESTIC_KEY_HINT": self.hint} if self.hint else {}
        return values | ({"RESTIC_CACERT": str(self.authority)} if self.authority else {})


@dataclass(frozen=True)
class Snapshot:
    """One snapshot. time: as its client said. tags: `run:…`, `part:…`. tree: hash of what it holds."""

    id: str
    time: str
    tags: tuple[str, ...]
    host: str

    def tag(self, prefix: str) -> str:
        """What follows the prefix in the first tag that has it; empty where none does."""
        return next((tag.removeprefix(prefix) for tag in self.tags if tag.startswith(prefix)), "")


class Restic:
    """One repository. program: restic. cache: folder of its own, or none is kept."""

    def __init__(self, program: Path, access: Access, cache: Path | None = None) -> None:
        self._program, self._access = program, access
        self._cache = ["--cache-dir", str(cache)] if cache else ["--no-cache"]

    def open(self) -> Opened:
        """Whether it is there and the key opens it. Raises ClientError where the site does not answer, or refuses."""
        done = self._run("cat", "config", "--no-lock", check=False, timeout_seconds=_QUICK_SECONDS)
        if done.code == 0:
            return Opened.YES
        if done.code in {_NO_REPOSITORY, _WRONG_KEY}:
            return Opened.ABSENT if done.code == _NO_REPOSITORY else Opened.WRONG_KEY
        raise self._failure("cat config", done)

    def make(self) -> None:
        """Make the repository, with the access's key as its first."""
        self._run("init", "--repository-version", "2")

    def add_key(self, key: str, comment: str) -> None:
        """Let another key open it as well. comment: user that restic shows for it."""
        self._run("key", "add", "--user", comment, "--host", "einklang", "--new-password-file", "/dev/stdin", stdin=key)

    def keys(self) -> tuple[str, list[str]]:
        """The id of the key that opens it here, and of all that can be read."""
        listed = json.loads(self._run("key", "list", "--json", "--no-lock").stdout)
        return next(each["id"] for each in listed if each["current"]), [each["id"] for each in listed]

    def remove_key(self, key: str) -> None:
        """Let the key of that id open it no longer. An append-only site refuses."""
        self._run("key", "remove", key)

    def snapshots(self) -> list[Snapshot]:
        """All of them that can be opened, oldest first by what their clients said."""
        listed = json.loads(self._run("snapshots", "--json", "--no-lock").stdout or "[]") or []
        return [_snapshot(each) for each in sorted(listed, key=lambda each: str(each["time"]))]

    def read(self, snapshot: str, path: str) -> str:
        """The text of a file in a snapshot. Raises ClientError where it is not there, damaged, or larger than a text.

        Who writes a snapshot decides how large it is: a terabyte of zeros takes no room in a repository.
        """
        words = ["dump", "--no-lock", snapshot, path]
        argv = [str(self._program), *self._cache, *words]
        done = process.run_bounded(argv, env={**os.environ, **self._access.environment()}, limit_bytes=TEXT_BYTES)
        if done.code != 0:
            raise self._failure(" ".join(words[:3:2]), done)
        return done.stdout

    def dump(self, snapshot: str, path: str, target: Path) -> None:
        """Write a file of a snapshot, of any length, to `target`. Raises ClientError where it is damaged."""
        self._run("dump", "--no-lock", "--target", str(target), snapshot, path)

    def fetch(self, snapshot: str, folder: Path) -> None:
        """Put everything that a snapshot holds into a folder."""
        self._run("restore", "--no-lock", "--quiet", snapshot, "--target", str(folder))

    def save_folder(self, folder: Path, tags: Sequence[str], host: str) -> str:
        """A snapshot of what a folder holds, as its root; returns its id."""
        marked = [part for tag in tags for part in ("--tag", tag)]
        printed = self._run("backup", "--json", "--quiet", "--host", host, *marked, ".", cwd=folder).stdout
        return str(json.loads(printed.strip().splitlines()[-1])["snapshot_id"])

    def save(self, text: str, path: str, tags: Sequence[str], host: str) -> str:
        """A snapshot of a text under that path; returns its id."""
        marked = [part for tag in tags for part in ("--tag", tag)]
        options = ["--json", "--quiet", "--host", host, "--stdin", "--stdin-filename", path]
        printed = self._run("backup", *options, *marked, stdin=text).stdout
        return str(json.loads(printed.strip().splitlines()[-1])["snapshot_id"])

    def forget(self, snapshots: Sequence[str]) -> None:
        """Remove snapshots. What only they held goes with `prune`. An append-only site refuses."""
        for first in range(0, len(snapshots), _AT_ONCE):
            self._run("forget", *snapshots[first : first + _AT_ONCE])

    def prune(self) -> str:
        """Remove what no snapshot needs; returns restic's report."""
        return self._run("prune", "--max-unused", "5%").stdout

    def repeated(self) -> int:
        """How many blobs the index names more than once. One run does not, two at once may, an attacker does."""
        listed = self._run("list", "blobs", "--no-lock").stdout.splitlines()
        return len(listed) - len(set(listed))

    def check(self, subset: str = "") -> None:
        """Check the structure, and with `subset` (`5%`, `1/7`) read that part of the data.

        Needs no lock: a run may go on meanwhile. Raises ClientError that names everything that was found.
        """
        words = ["check", "--no-lock", *([f"--read-data-subset={subset}"] if subset else [])]
        done = self._run(*words, check=False)
        if done.code != 0:
            raise ClientError(f"restic check on {self._access.repository}: {_complaints(done)}")

    def _run(
        self,
        *words: str,
        stdin: str | None = None,
        check: bool = True,
        timeout_seconds: float | None = None,
        cwd: Path | None = None,
    ) -> process.Finished:
        environment = {**os.environ, **self._access.environment()}
        argv = [str(self._program), *self._cache, *words]
        done = process.run(argv, env=environment, stdin=stdin, cwd=cwd, check=False, timeout_seconds=timeout_seconds)
        if check and done.code != 0:
            raise self._failure(" ".join(words[:2]), done)
        return done

    def _failure(self, what: str, done: process.Finished) -> ClientError:
        said = "; ".join((done.stderr or done.stdout).strip().splitlines()[-4:])
        return ClientError(f"restic {what} on {self._access.repository}: code {done.code}: {said}")


def _snapshot(entry: Mapping[str, Any]) -> Snapshot:
    return Snapshot(str(entry["id"]), str(entry["time"]), tuple(entry.get("tags") or ()), str(entry["hostname"]))


def _complaints(done: process.Finished) -> str:
    """What a check found, each thing once, in its order."""
    lines = [line.strip() for line in done.stderr.splitlines()]
    found = list(dict.fromkeys(line for line in lines if line and not line.startswith("Fatal: ")))
    more = f"; and {len(found) - _NAMED_COMPLAINTS} more" if len(found) > _NAMED_COMPLAINTS else ""
    return f"code {done.code}: " + "; ".join(found[:_NAMED_COMPLAINTS]) + more
