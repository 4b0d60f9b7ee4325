"""Which files a person asked about."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from einklang.inventory.collection import FOLDERS, name_problem, shown_name
from einklang.model.problem import Code, Problem


@dataclass
class Selection:
    """Files and folders by their shown names; drafts are tenant files from outside the folders.

    problems: of what was asked for and is no file of the inventory.
    """

    names: set[str] = field(default_factory=set)
    folders: list[str] = field(default_factory=list)
    drafts: dict[str, Path] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def covers(self, problem: Problem) -> bool:
        """Whether the problem is in one of the files."""
        return problem.file in self.names or problem.file.startswith(tuple(self.folders))


def select(root: Path, paths: Iterable[Path]) -> Selection:
    """Sort the paths into files of the inventory, its folders, and drafts."""
    selection = Selection()
    for path in paths:
        if path.is_dir() and not path.is_symlink():
            _add_folder(selection, root, path)
        else:
            _add_file(selection, root, path)
    return selection


def _add_folder(selection: Selection, root: Path, path: Path) -> None:
    folders = {(root / folder).resolve(): f"{folder}/" for folder in FOLDERS} | {root.resolve(): ""}
    folder = folders.get(path.resolve())
    if folder is None:
        selection.problems.append(Problem(shown_name(root, path), 1, 1, "", Code.NOT_A_FILE))
    else:
        selection.folders.append(folder)


def _add_file(selection: Selection, root: Path, path: Path) -> None:
    shown = shown_name(root, path)
    fault = name_problem(path, shown)
    if not path.exists() and not path.is_symlink():
        selection.problems.append(Problem(shown, 1, 1, "", Code.NOT_FOUND))
    elif fault:
        selection.problems.append(fault)
    else:
        selection.names.add(shown)
        if path.parent.resolve() not in {(root / folder).resolve() for folder in FOLDERS}:
            selection.drafts[path.name] = path
