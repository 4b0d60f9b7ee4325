"""Parts of a run, put back and compared with the run's manifest: where the data is, without a way through elsewhere.

Safe to repeat: what is there already as it should be is only compared, and what is there otherwise is not touched.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from einklang_backup.databases import Connect, Frozen, opened
from einklang_backup.restic import CHUNK, Failed, Restic
from einklang_backup.run import STORE
from einklang_backup.settings import Access, Settings

FILES = "files"
DOCUMENTS_DATABASE = "dms"
# restic's start takes a core, as it derives its key, and so does a database's work.
AT_ONCE = 2
# In one transaction each large object holds a lock, and the server has a few thousand of them.
LARGE_OBJECTS_AT_ONCE = 1000
_NAMED_AT_MOST = 5
_STORED = "SELECT file, checksum FROM documents_documentfile ORDER BY md5(file || %s)"
_Told = Future[dict[str, Any]]
_ADOPT = (
    "UPDATE client SET secret = %s WHERE client_id = %s AND realm_id = (SELECT id FROM realm WHERE name = 'master')"
)


@dataclass(frozen=True)
class Order:
    """What is put back where.

    manifest: file with the run's. parts: names, none for all. databases: application -> name of the
    database that takes its dump, where it is not its own. folder: takes the files, None for the volume itself.
    sample: documents whose content is compared. client: of Keycloak's own realm, name and new secret.
    """

    manifest: Path
    parts: tuple[str, ...]
    databases: Mapping[str, str]
    folder: Path | None
    sample: int
    client: tuple[str, str] | None = field(default=None, repr=False)

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Order:
        """Read it. Raises KeyError with the name of what is missing."""
        client, secret = environ.get("RESTORE_CLIENT_ID"), environ.get("RESTORE_CLIENT_SECRET")
        folder = environ.get("RESTORE_FOLDER")
        return cls(
            manifest=Path(environ["RESTORE_MANIFEST"]),
            parts=tuple(environ.get("RESTORE_PARTS", "").split()),
            databases=dict(pair.split("=", 1) for pair in environ.get("RESTORE_DATABASES", "").split()),
            folder=Path(folder) if folder else None,
            sample=int(environ.get("RESTORE_SAMPLE", "200")),
            client=(client, secret) if client and secret else None,
        )


class Restore:
    """Everything that an order names. error: what the database's driver raises. say: gets one line of JSON a part."""

    def __init__(
        self,
        settings: Settings,
        order: Order,
        connect: Connect,
        error: type[Exception],
        say: Callable[[str], None],
        program: str = "restic",
    ) -> None:
        self._settings, self._order, self._connect, self._error, self._say = settings, order, connect, error, say
        self._restic = Restic(settings.restic, settings.tenant, program)

    def perform(self) -> bool:
        """All parts, some at a time, also after one that failed. True where each is as the manifest says.

        Raises Failed where the manifest is not of this tenant, OSError or ValueError where there is none.
        """
        manifest = json.loads(self._order.manifest.read_text())
        if manifest["tenant"] != self._settings.tenant:
            raise Failed(f"the manifest is of {manifest['tenant']}, not of {self._settings.tenant}")
        held = {part["name"]: part for part in manifest["parts"]}
        names, parts = self._order.parts or tuple(held), dict[str, _Told]()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            # The files last: they wait for the database with their rows, which has to have its turn before.
            for name in sorted(names, key=FILES.__eq__):
                rows = parts.get(f"database/{DOCUMENTS_DATABASE}")
                parts[name] = pool.submit(self._part, name, held, manifest, rows)
            passed = [self._tell(name, parts[name].result()) for name in names]
        return all(passed)

    def _tell(self, name: str, told: Mapping[str, Any]) -> bool:
        self._say(json.dumps({"part": name, "result": "pass", "text": "", **told}))
        return told.get("result") != "fail"

    def _part(
        self, name: str, held: Mapping[str, Any], manifest: Mapping[str, Any], rows: _Told | None
    ) -> dict[str, Any]:
        begun = time.monotonic()
        try:
            if name not in held:
                raise Failed(f"the run {manifest['run']} has no such part")
            if name == FILES:
                told = self._files(held[name], manifest, rows)
            else:
                told = self._database(name.partition("/")[2], held[name], manifest)
        except (Failed, self._error, OSError, KeyError) as error:
            told = {"result": "fail", "text": f"{type(error).__name__}: {str(error).strip()}"}
        return {"seconds": round(time.monotonic() - begun, 1), **told}

    def _database(self, name: str, part: Mapping[str, Any], manifest: Mapping[str, Any]) -> dict[str, Any]:
        access = self._access(name)
        expected = manifest["databases"][name]
        there = self._facts(access)
        if not there["tables"]:
            once = [] if expected["large_objects"] > LARGE_OBJECTS_AT_ONCE else ["--single-transaction"]
            sink = ["pg_restore", f"--dbname={access.name}", "--no-owner", "--no-acl", "--exit-on-error", *once]
            passed = self._restic.deliver(part["snapshot"], f"/database/{name}.dump", sink, access.parameters())
            if (passed.sha256, passed.bytes) != (part["sha256"], part["bytes"]):
                raise Failed("what came from the repository is not what was saved: SHA-256 or length differ")
            there = self._facts(access)
        _compare(there, expected)
        with closing(self._session(access)) as connection, connection, connection.cursor() as cursor:
            cursor.execute("ANALYZE")
            if name == "identity" and self._order.client:
                self._adopt(cursor, *self._order.client)
        rows = sum(table["rows"] for table in there["tables"].values())
        return {"bytes": part["bytes"], "tables": len(there["tables"]), "rows": rows}

    def _adopt(self, cursor: Any, client: str, secret: str) -> None:
        """Keycloak makes its first client in an empty database only: the restored one gets this namespace's secret."""
        cursor.execute(_ADOPT, (secret, client))
        if cursor.rowcount != 1:
            raise Failed(f"Keycloak's own realm has no client {client}")

    def _files(self, part: Mapping[str, Any], manifest: Mapping[str, Any], rows: _Told | None) -> dict[str, Any]:
        root, expected = self._settings.files, manifest["files"]
        if root is None or expected is None:
            raise Failed("this tenant has no volume of documents")
        target = self._order.folder or root
        target.mkdir(parents=True, exist_ok=True)
        restored = dict(self._restic.restore(part["snapshot"], str(root), target))
        listed = {path: size for path, size in restored.items() if not _is_folder_or_link(target / path)}
        wrong = [path for path, size in listed.items() if _size(target / path) != size]
        if wrong:
            raise Failed(f"{len(wrong)} files are missing or of another length: {', '.join(wrong[:_NAMED_AT_MOST])}")
        if (len(listed), sum(listed.values())) != (expected["files"], expected["bytes"]):
            raise Failed(
                f"{len(listed)} files with {sum(listed.values())} bytes; the manifest says {expected['files']} with "
                f"{expected['bytes']}"
            )
        if rows:
            rows.result()
        checked = self._sample(target / STORE, expected["missing"], manifest["run"])
        return {"bytes": expected["bytes"], "files": len(listed), "checked": checked}

    def _sample(self, store: Path, missing: int, run: str) -> int:
        """Compare documents with the SHA-256 in their rows, others in each run; returns how many were compared."""
        with closing(self._session(self._access(DOCUMENTS_DATABASE))) as connection, connection.cursor() as cursor:
            cursor.execute(_STORED, (run,))
            rows = list(cursor.fetchall())
        gone = [name for name, _ in rows if not (store / name).is_file()]
        if len(gone) > missing:
            raise Failed(
                f"{len(gone)} documents have no file, the manifest knows of {missing}: "
                f"{', '.join(gone[:_NAMED_AT_MOST])}"
            )
        chosen = [(name, digest) for name, digest in rows if digest and name not in set(gone)][: self._order.sample]
        changed = [name for name, digest in chosen if _digest(store / name) != digest]
        if changed:
            raise Failed(f"{len(changed)} documents have another content: {', '.join(changed[:_NAMED_AT_MOST])}")
        return len(chosen)

    def _access(self, name: str) -> Access:
        """The application's role, at the database that takes the dump."""
        found = next((access for access in self._settings.databases if access.name == name), None)
        if found is None:
            raise Failed(f"this tenant has no database {name}")
        return replace(found, name=self._order.databases.get(name, name))

    def _facts(self, access: Access) -> dict[str, Any]:
        with closing(self._session(access)) as connection:
            return Frozen(access, connection).facts()

    def _session(self, access: Access) -> Any:
        return opened(access, self._connect)


def swap(folder: Path, new: Path, kept: Path) -> str:
    """Put `new` in the place of `folder`, which stays as `kept`; returns what was done. Safe to repeat."""
    if not new.exists():
        return "already so"
    if folder.exists():
        if kept.exists():
            raise Failed(f"{kept} is there already")
        folder.rename(kept)
    new.rename(folder)
    return f"{new.name} is {folder.name} now"


def _compare(there: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    """Raises Failed with the tables that are not as they were."""
    tables, wanted = there["tables"], expected["tables"]
    wrong = [name for name in sorted({*tables, *wanted}) if tables.get(name) != wanted.get(name)]
    if wrong:
        raise Failed(f"{len(wrong)} tables are not as they were: {', '.join(_told(wrong, tables, wanted))}")
    if there["large_objects"] != expected["large_objects"]:
        raise Failed(f"{there['large_objects']} large objects, {expected['large_objects']} were saved")


def _told(names: list[str], tables: Mapping[str, Any], wanted: Mapping[str, Any]) -> Iterator[str]:
    for name in names[:_NAMED_AT_MOST]:
        now, then = (side.get(name, {}).get("rows", "no table") for side in (tables, wanted))
        yield f"{name} ({now} rows, {then} saved)"


def _is_folder_or_link(path: Path) -> bool:
    return path.is_dir() or path.is_symlink()


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else -1


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(CHUNK):
            digest.update(block)
    return digest.hexdigest()
