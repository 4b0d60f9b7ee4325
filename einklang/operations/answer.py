"""The answer to a proposal: what is wrong with it, or what it means. By its files alone, without any secret."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from einklang import inventory
from einklang.clients.git import Git
from einklang.errors import UserError
from einklang.inventory import Problem
from einklang.model import messages
from einklang.model.messages import CATALOGUE, Language
from einklang.operations import plan as planning
from einklang.operations import proposal
from einklang.planning import markdown
from einklang.planning.markdown import LIMIT_BYTES, code
from einklang.planning.wording import TEXTS, shortened
from einklang.progress import Silent

_ROOM_BYTES = LIMIT_BYTES - 200
_TITLES = {
    Language.GERMAN: "## Bitte noch ändern",
    Language.ENGLISH: "## Please change this first",
}


@dataclass(frozen=True)
class Answer:
    """The text of the comment. well: the proposal can be merged as far as its files are concerned."""

    text: str
    well: bool


def answer(git: Git, root: Path, base: str, head: str, today: date, language: Language) -> Answer:
    """The answer to the commits from `base` to `head`. Nothing of `head` is checked out or run."""
    try:
        problems = check(git, head, today)
        if problems:
            return Answer(_problems(problems, language), well=False)
        with planning.folders(root) as folders:
            request = planning.since(git, folders, base, head, (), today)
            found = planning.look(request, None, today, Silent())
    except UserError as error:
        # Of the proposal: what cannot even be read is told like any other mistake.
        return Answer(f"{_TITLES[language]}\n\n- {code(error.message)}\n", well=False)
    return Answer(markdown.comment(found.plan, language, found.unchanged), well=not found.plan.refused)


def check(git: Git, head: str, today: date) -> list[Problem]:
    """Every problem of every file of the commit, sorted."""
    with tempfile.TemporaryDirectory(prefix="einklang-check-") as name:
        folder = Path(name)
        proposal.write_out(git, git.commit(head), folder)
        return inventory.check_files(None, root=folder, today=today)


def _problems(problems: Sequence[Problem], language: Language) -> str:
    """As many of them as fit, and the number of the others."""
    text = f"{_TITLES[language]}\n\n{messages.summary(problems, language)}\n\n"
    for number, problem in enumerate(problems):
        block = _problem(problem, language)
        if len(text.encode()) + len(block.encode()) > _ROOM_BYTES:
            return text + f"{TEXTS[language].labels.more.format(count=len(problems) - number)}\n"
        text += block
    return text


def _problem(problem: Problem, language: Language) -> str:
    labels, told = CATALOGUE[language].labels, messages.explain(problem, language)
    place = f"{problem.file}:{problem.line}:{problem.column} {problem.key}".strip()
    lines = [f"**{code(place)}**", "", f"- {labels.found}: {_text(told.found)}"]
    lines += [f"- {labels.expected}: {_text(told.expected)}", f"- {labels.mend}: {_text(told.mend)}"]
    if problem.suggestion:
        lines.append(f"- {labels.suggestion}: {code(problem.suggestion)}")
    return "\n".join([*lines, "", ""])


def _text(text: str) -> str:
    """A sentence that may quote the file: as a code span, in which nothing has a meaning."""
    return code(shortened(text, 400))
