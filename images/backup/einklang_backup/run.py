"""The order of a run: every database's moment, dumps, files, and last the manifest (docs/adr/0016)."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from datetime import datetime
from typing import Any

from einklang_backup.databases import Connect, Frozen, frozen
from einklang_backup.restic import Restic, Saved
from einklang_backup.settings import Settings

FORMAT = 1
MANIFEST_PATH = "/manifest.json"
# Where Mayan keeps documents below its folder; the rest of it can be made again.
STORE = "document_storage"
_NAMED_AT_MOST = 100
_SITE_PATIENCE_SECONDS = 900.0


class Run:
    """One run. name: of the run, in all its tags. clock: UTC. say: gets one line a step."""

    def __init__(
        self,
        settings: Settings,
        name: str,
        connect: Connect,
        clock: Callable[[], datetime],
        say: Callable[[str], None],
        program: str = "restic",
    ) -> None:
        self._settings, self._name, self._connect, self._clock, self._say = settings, name, connect, clock, say
        self._restic = Restic(settings.restic, settings.tenant, program)
        self._parts: list[dict[str, Any]] = []

    def perform(self) -> None:
        """All of it. Raises Failed, or psycopg2's errors; without its manifest what was saved is no backup."""
        # Before any transaction is open: a database keeps what was removed as long as somebody may still look at it.
        self._restic.reach(_SITE_PATIENCE_SECONDS)
        begun, facts, documents = self._clock(), dict[str, Any](), list[str]()
        with ExitStack() as stack:
            databases = [stack.enter_context(frozen(access, self._connect)) for access in self._settings.databases]
            for database in databases:
                facts[database.access.name] = self._dump(database)
                if database.access.name == "dms" and self._settings.files:
                    documents = database.documents()
        files = self._files(documents) if self._settings.files else None
        manifest = {
            "format": FORMAT,
            "tenant": self._settings.tenant,
            "standard": self._settings.standard,
            "run": self._name,
            "begun": _text(begun),
            "ended": _text(self._clock()),
            "parts": self._parts,
            "databases": facts,
            "files": files,
            "configuration": {name: self._document(name) for name in ("tenant", "standard")},
        }
        self._conclude(manifest)

    def _dump(self, database: Frozen) -> dict[str, Any]:
        name = f"database/{database.access.name}"
        facts = database.facts()
        saved = self._restic.stream(
            f"/{name}.dump", database.dump_command(), database.access.parameters(), self._tags(name)
        )
        self._saved(name, saved)
        return facts

    def _files(self, documents: Sequence[str]) -> dict[str, Any]:
        """The volume, after the databases: each row's file was stored before the row, and is still there."""
        root = str(self._settings.files)
        saved = self._restic.folder(root, self._settings.left_out, self._tags("files"))
        self._saved("files", saved)
        store = f"{root}/{STORE}/"
        sizes = dict(self._restic.paths(saved.snapshot))
        found = {path.removeprefix(store) for path in sizes if path.startswith(store)}
        missing = sorted(set(documents) - found)
        if missing:
            self._say(f"{len(missing)} of {len(documents)} documents have no file")
        return {
            "files": len(sizes),
            "bytes": sum(sizes.values()),
            "documents": len(documents),
            "missing": len(missing),
            "missing_names": missing[:_NAMED_AT_MOST],
        }

    def _conclude(self, manifest: dict[str, Any]) -> None:
        """The manifest: it makes the parts a backup."""
        file = self._settings.work / "manifest.json"
        file.write_text(json.dumps(manifest, indent=1, sort_keys=True), encoding="utf-8")
        saved = self._restic.stream(MANIFEST_PATH, ["cat", str(file)], {}, self._tags("manifest"))
        self._say(f"run {self._name} is a backup: manifest {saved.snapshot[:8]}")

    def _document(self, name: str) -> Any:
        return json.loads((self._settings.documents / f"{name}.json").read_text(encoding="utf-8"))

    def _saved(self, name: str, saved: Saved) -> None:
        self._parts.append({"name": name, **asdict(saved)})
        self._say(f"{name}: {saved.bytes} bytes, {saved.added_bytes} new, {saved.seconds} s, {saved.snapshot[:8]}")

    def _tags(self, part: str) -> tuple[str, str]:
        return f"run:{self._name}", f"part:{part}"


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
