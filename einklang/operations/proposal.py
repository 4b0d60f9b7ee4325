"""A proposal: the commits of somebody who asks for a change. Its data is read; nothing of it is checked out or run."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from einklang.clients.git import Entry, Git
from einklang.errors import UserError

TENANTS, LOGOS, STANDARDS, SERVICES = "tenants", "tenants/logos", "standards", "services"
FOLDERS = (TENANTS, STANDARDS, SERVICES)
MOST_BYTES = 256 * 1024
"""More than any file of these folders may have; a larger one is told by its size and not read."""
MOST_BYTES_TOGETHER = 512 * 1024 * 1024
_BATCH = 500
_SUFFIX = ".yaml"
_LINK_TARGET = "refused"


@dataclass(frozen=True)
class Difference:
    """Which files a proposal changes. tenants: ids. shared: standards and services that tenants refer to. logos: paths
    from tenants/ on. elsewhere: everything else.
    """

    tenants: frozenset[str]
    shared: frozenset[str]
    logos: frozenset[str]
    elsewhere: tuple[str, ...]


def sort_out(paths: Iterable[str]) -> Difference:
    """Tell the changed files apart by where they are."""
    tenants, shared, logos, elsewhere = set(), set(), set(), []
    for path in paths:
        folder, _, name = path.rpartition("/")
        if name.startswith("."):
            elsewhere.append(path)  # nobody reads it as a tenant
        elif folder == TENANTS and name.endswith(_SUFFIX):
            tenants.add(name.removesuffix(_SUFFIX))
        elif folder == LOGOS:
            logos.add(path.removeprefix(f"{TENANTS}/"))
        elif folder in {STANDARDS, SERVICES} and name.endswith(_SUFFIX):
            shared.add(name.removesuffix(_SUFFIX))
        else:
            elsewhere.append(path)
    return Difference(frozenset(tenants), frozenset(shared), frozenset(logos), tuple(elsewhere))


def concerned(difference: Difference, root: Path) -> frozenset[str]:
    """The tenants that a change may concern: its own files, and those whose file names what is changed.

    A look at the text is enough: who is named here without need turns out to be unchanged.
    """
    words = [word.encode() for word in (*difference.shared, *difference.logos)]
    found = set(difference.tenants)
    for path in (root / TENANTS).glob(f"*{_SUFFIX}") if words else ():
        if path.is_file() and not path.is_symlink() and any(word in path.read_bytes() for word in words):
            found.add(path.stem)
    return frozenset(found)


def write_out(git: Git, commit: str, folder: Path, only: Collection[str] | None = None) -> None:
    """Write the commit's tenants, standards and services below `folder`. only: ids of tenants (None: all).

    A symbolic link becomes one that leads nowhere, and what is too large a file of that size: the reader then says what
    is wrong with them. Raises UserError for what cannot be a name.
    """
    for name in FOLDERS:
        (folder / name).mkdir(parents=True, exist_ok=True)
    if only is None:
        _write(git, git.entries(commit, FOLDERS), folder)
        return
    chosen = git.entries(commit, [f"{TENANTS}/{tenant}{_SUFFIX}" for tenant in sorted(only)]) if only else []
    _write(git, chosen, folder)
    texts = [_place(folder, entry).read_bytes() for entry in chosen if _readable(entry)]
    shared = git.entries(commit, (LOGOS, STANDARDS, SERVICES))
    logos = {entry.path for entry in shared if any(_file_name(entry) in text for text in texts)}
    _write(git, [entry for entry in shared if entry.path in logos or not entry.path.startswith(LOGOS)], folder)


def _write(git: Git, entries: Sequence[Entry], folder: Path) -> None:
    readable = [entry for entry in entries if _readable(entry)]
    if sum(entry.size for entry in readable) > MOST_BYTES_TOGETHER:
        raise UserError("the proposal's files are too large together", remedy="remove what does not belong there")
    for start in range(0, len(readable), _BATCH):
        batch = readable[start : start + _BATCH]
        for entry, content in zip(batch, git.contents([entry.blob for entry in batch]), strict=True):
            _place(folder, entry).write_bytes(content)
    for entry in entries:
        if entry.link or not entry.regular:
            _place(folder, entry).symlink_to(_LINK_TARGET)
        elif entry.size > MOST_BYTES:
            with _place(folder, entry).open("wb") as stream:
                stream.truncate(entry.size)


def _readable(entry: Entry) -> bool:
    return entry.regular and entry.size <= MOST_BYTES


def _file_name(entry: Entry) -> bytes:
    return entry.path.rpartition("/")[2].encode()


def with_program(data: Path, root: Path) -> None:
    """Put links to the rest of the checkout beside the data, so that the folder is a project that Pulumi runs.

    The program is the checkout's, the data is the proposal's.
    """
    for path in root.iterdir():
        target = data / path.name
        if path.name not in {*FOLDERS, ".git"} and not target.exists():
            target.symlink_to(path)


def _place(folder: Path, entry: Entry) -> Path:
    """Where the file goes. Git itself refuses such names; we do not rely on that."""
    path = PurePosixPath(entry.path)
    if path.is_absolute() or ".." in path.parts or "\ufffd" in entry.path or entry.path in FOLDERS:
        raise UserError(f"{entry.path!r}: a file cannot have this name", remedy="rename it")
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    return target
