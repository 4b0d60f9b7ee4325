"""What a Go program says of itself."""

from __future__ import annotations

from pathlib import Path

from einklang.clients import process


def modules(program: Path) -> list[tuple[str, str]]:
    """(module path, version) of everything that was linked into the program; none for a program not built by Go.

    The standard library is `stdlib`, as in the Go vulnerability database.
    """
    return parse(process.run(["go", "version", "-m", program], check=False).stdout)


def parse(text: str) -> list[tuple[str, str]]:
    """Read the output of `go version -m`: a replaced module does not count, what replaces it does."""
    head, *lines = text.splitlines() or [""]
    found = [("stdlib", version.removeprefix("go"))] if (version := head.rpartition(": ")[2]).startswith("go1") else []
    for line in lines:
        _, kind, *fields = line.split("\t")
        if kind in {"mod", "dep"} and len(fields) > 1:
            found.append((fields[0], fields[1]))
        elif kind == "=>":
            found[-1] = (fields[0], fields[1])
    return found
