"""Docs that stay true: links, commands, the index of decisions, the words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import click

from tests.architecture.guards.project import Finding, texts

_FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"!?\[[^\]\n]*\]\(<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\)")
_TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
_COMMAND_LANGUAGES = frozenset({"console", "sh"})
_WRAPPERS = frozenset({"sudo", "time", "exec", "env"})


def markdown(root: Path) -> Iterator[tuple[Path, str]]:
    """Every Markdown file."""
    return ((path, text) for path, text in texts(root) if path.suffix == ".md")


def _line(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1


def _blanked(text: str) -> str:
    """The text with code blanked out, offsets kept."""
    text = _FENCE.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)
    return re.sub(r"`[^`\n]*`", lambda match: " " * len(match[0]), text)


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as code hosts make them."""
    headings = re.findall(r"^#{1,6}\s+(.+?)\s*#*$", _FENCE.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links(root: Path) -> Iterator[Finding]:
    """Relative links that lead nowhere, or out of the repository."""
    for path, text in markdown(root):
        for match in _LINK.finditer(_blanked(text)):
            target, _, fragment = unquote(match[1]).partition("#")
            if re.match(r"[a-z][a-z0-9+.-]*:", target):
                continue
            full = (root / path.parent / target).resolve() if target else root / path
            line = _line(text, match.start())
            if not full.is_relative_to(root.resolve()):
                yield Finding(str(path), line, "link", f"{match[1]} leads out of the repository")
            elif not full.exists():
                yield Finding(str(path), line, "link", f"{match[1]} leads nowhere")
            elif fragment and full.suffix == ".md" and fragment not in anchors(full.read_text(encoding="utf-8")):
                yield Finding(str(path), line, "link", f"{match[1]}: no such heading")


def named_tests(root: Path) -> Iterator[Finding]:
    """Tests that a page names as `tests/<file>.py::<test>` and that are not there."""
    for path, text in markdown(root):
        for match in _TEST.finditer(text):
            file = root / match[1]
            if not file.is_file() or f"def {match[2]}(" not in file.read_text(encoding="utf-8"):
                yield Finding(str(path), _line(text, match.start()), "test", f"{match[1]}::{match[2]} does not exist")


def commands(root: Path, group: click.Group) -> Iterator[Finding]:
    """`make` targets and `einklang` verbs in code blocks marked `sh` or `console` that do not exist."""
    makefile = root / "Makefile"
    targets = set(re.findall(r"^([a-z][a-z-]*):", makefile.read_text(), re.MULTILINE)) if makefile.is_file() else set()
    for path, text in markdown(root):
        for match in _FENCE.finditer(text):
            if match[1] not in _COMMAND_LANGUAGES:
                continue
            start = _line(text, match.start(2))
            for number, line in enumerate(match[2].splitlines()):
                for words in _simple_commands(line, prompted=match[1] == "console"):
                    fault = _fault(words, targets, group)
                    if fault:
                        yield Finding(str(path), start + number, "command", fault)


def _simple_commands(line: str, *, prompted: bool) -> Iterator[list[str]]:
    """The commands of a shell line as words; in a console block only lines with a prompt are commands."""
    stripped = line.strip()
    if prompted and not stripped.startswith(("$ ", "# ")):
        return
    stripped = stripped[2:] if prompted else stripped
    bare = re.sub(r"(?:^|\s)#.*$", "", stripped)
    for inner in re.findall(r"\$\(([^()]*)\)", bare):
        yield from _simple_commands(inner, prompted=False)
    for part in re.split(r"&&|\|\||[;|]", re.sub(r"\"?\$\([^()]*\)\"?", "_", bare)):
        words = part.split()
        while words and (re.match(r"[A-Za-z_]\w*=", words[0]) or words[0] in _WRAPPERS):
            words = words[1:]
        if words:
            yield words


def _fault(words: list[str], targets: set[str], group: click.Group) -> str | None:
    program, arguments = words[0].rpartition("/")[2], words[1:]
    if program == "make":
        wanted = [word for word in arguments if not word.startswith("-") and "=" not in word]
        missing = [word for word in wanted if word not in targets]
        return f"the Makefile has no target {', '.join(missing)}" if missing else None
    if program == "einklang":
        return _verb_fault(arguments, group)
    return None


def _verb_fault(arguments: list[str], group: click.Group) -> str | None:
    command: click.Command = group
    taken: list[str] = []
    for word in arguments:
        if not isinstance(command, click.Group):
            break
        if word.startswith("-"):
            continue
        found = command.get_command(click.Context(command), word)
        taken.append(word)
        if found is None or (found.help or "").startswith("(not available"):
            return f"no such verb: einklang {' '.join(taken)}"
        command = found
    known = {option for parameter in command.params for option in [*parameter.opts, *parameter.secondary_opts]}
    known |= {"--help", "-h", "--version"}
    wrong = [word.split("=")[0] for word in arguments if word.startswith("--") and word.split("=")[0] not in known]
    return f"einklang {' '.join(taken)} has no option {', '.join(wrong)}" if wrong else None


def glossary(root: Path) -> dict[str, int]:
    """The terms of the glossary (first column of its tables, bold) and their lines."""
    text = (root / "docs" / "glossary.md").read_text(encoding="utf-8")
    return {match[1]: _line(text, match.start()) for match in re.finditer(r"^\| \*\*(.+?)\*\*", text, re.MULTILINE)}


def unused_words(root: Path) -> Iterator[Finding]:
    """Terms of the glossary that nothing else in the repository uses."""
    everything = "\n".join(text for path, text in texts(root) if str(path) != "docs/glossary.md").lower()
    for term, line in glossary(root).items():
        if term.lower() not in everything:
            yield Finding("docs/glossary.md", line, "glossary", f"nothing uses {term!r}")


# Word -> what to write. The glossary explains them and may name them.
_AVOIDED = {
    r"customers?": "tenant or municipality",
    r"simply": "say what is to be done",
    r"just": "say what is to be done",
    r"whitelist\w*": "allowlist",
    r"blacklist\w*": "denylist",
    r"master (?:branch|node)": "main, control plane",
}


def avoided_words(root: Path) -> Iterator[Finding]:
    """Words that the glossary and the style replace, in prose."""
    for path, text in markdown(root):
        if str(path) == "docs/glossary.md":
            continue
        prose = _blanked(text)
        for word, instead in _AVOIDED.items():
            for match in re.finditer(rf"\b{word}\b", prose, re.IGNORECASE):
                yield Finding(str(path), _line(text, match.start()), "words", f"{match[0]!r}: {instead}")


def unmapped(root: Path) -> Iterator[Finding]:
    """Pages below docs/ that its map, docs/README.md, does not lead to; the decisions are reached by their index."""
    index = root / "docs" / "README.md"
    linked = {(index.parent / match[1].partition("#")[0]).resolve() for match in _LINK.finditer(index.read_text())}
    for path, _ in markdown(root):
        reached = (root / path).resolve() in linked or path.parts[:2] == ("docs", "adr")
        if path.parts[0] == "docs" and path.name != "README.md" and not reached:
            yield Finding(str(path), 1, "map", "docs/README.md has no link to this page")
