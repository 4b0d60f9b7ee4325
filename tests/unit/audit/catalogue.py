"""The table of checks in docs/security/audit.md, made from the checks: `python -m tests.unit.audit.catalogue`."""

from __future__ import annotations

from pathlib import Path

from einklang import inventory
from einklang.operations.audit.checks import ALL
from einklang.operations.audit.judge import controls_by_check
from einklang.settings import PROJECT_ROOT
from tests.unit.audit.planted import LIVE, LIVE_OTHERWISE, RECORDED
from tests.unit.audit.violations import VIOLATIONS

PAGE = PROJECT_ROOT / "docs" / "security" / "audit.md"
_HEADING, _NEXT = "| check | looks at", "## How long it takes"
_HEADER = "| check | looks at | severity | answers | broken by | where | found |\n|---|---|---|---|---|---|---|\n"


def table() -> str:
    """One row a check. German titles are the reports'; the sentence is the code's own."""
    answered = controls_by_check(inventory.controls(PROJECT_ROOT))
    rows = [
        f"| `{name}` | {_sentence(check.judge.__doc__ or '')} ({check.source}) | {check.severity} "
        f"| {', '.join(answered[name])} | {' | '.join(_violation(name))} |\n"
        for name, check in ALL.items()
    ]
    return _HEADER + "".join(rows)


def _violation(name: str) -> tuple[str, str, str]:
    """What is broken, where, and what the check came to: the tests hold each line."""
    recorded = f"fail, {len(VIOLATIONS[name])} of {len(VIOLATIONS[name])} recorded"
    live = {**LIVE, **LIVE_OTHERWISE}.get(name)
    if live:
        return live, "live", f"fail; {recorded}"
    what, why = RECORDED[name]
    return what, f"recorded: {why}", recorded


def page(text: str) -> str:
    """The page with the table as it is now."""
    head, _, rest = text.partition("<!-- table -->" if "<!-- table -->" in text else _HEADING)
    return f"{head}{table()}\n{_NEXT}{rest.partition(_NEXT)[2]}"


def _sentence(docstring: str) -> str:
    return " ".join(docstring.split()).rstrip(".").replace("|", "/")


def write(path: Path = PAGE) -> None:
    """Write the table into the page."""
    path.write_text(page(path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    write()
