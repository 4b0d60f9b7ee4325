"""What a Go program says of itself."""

from __future__ import annotations

from pathlib import Path

from einklang.clients import process


def modules(program: Path) -> list[tuple[str, str]]:
    """(module path, version) of everything that was linked into the program; none for a program not built by Go."""
    finished = process.run(["go", "version", "-m", program], check=False)
    rows = [line.split("\t") for line in finished.stdout.splitlines()]
    return [(row[2], row[3]) for row in rows if len(row) > 3 and row[1] in {"mod", "dep", "=>"} and row[3]]
