"""The machine's firewall, by iptables and ipset: which chains and sets there are, and taking some of them out."""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Iterable, Sequence

from einklang.clients import process

FAMILIES = ("iptables", "ip6tables")
_DECLARATION = re.compile(r"^:(\S+) -")
_COMMENT = re.compile(r'--comment ("[^"]*"|\S+)')

# (family, table, chain)
Chain = tuple[str, str, str]


def chains() -> set[Chain]:
    """Every chain of the machine that is not built in."""
    return {(family, *chain) for family in FAMILIES for chain in parse_chains(_saved(family))}


def parse_chains(saved: str) -> set[tuple[str, str]]:
    """(table, chain) of the chains that are not built in, from what iptables-save prints."""
    return {(table, match[1]) for table, line in _by_table(saved) if (match := _DECLARATION.match(line))}


def remove_chains(wanted: Collection[Chain]) -> None:
    """Take the chains out of the firewall, and the rules that lead to them; all others stay as they are."""
    for family in FAMILIES:
        script = removal(_saved(family), {(table, chain) for one, table, chain in wanted if one == family})
        if script:
            process.run([f"{family}-restore", "--noflush"], stdin=script)


def removal(saved: str, wanted: Collection[tuple[str, str]]) -> str:
    """What `iptables-restore --noflush` has to read to remove the (table, chain) from what iptables-save printed."""
    tables: dict[str, tuple[list[str], list[str]]] = {}
    for table, line in _by_table(saved):
        jumps, chains_there = tables.setdefault(table, ([], []))
        words = _COMMENT.sub("", line).split()
        goals = {after for before, after in itertools.pairwise(words) if before in {"-j", "-g"}}
        if (match := _DECLARATION.match(line)) and (table, match[1]) in wanted:
            chains_there.append(match[1])
        elif (
            line.startswith("-A ")
            and (table, words[1]) not in wanted
            and any((table, goal) in wanted for goal in goals)
        ):
            jumps.append(f"-D {line[3:]}")
    return "".join(_section(table, jumps, found) for table, (jumps, found) in tables.items() if jumps or found)


def _section(table: str, jumps: list[str], found: list[str]) -> str:
    emptied, removed = [f"-F {chain}" for chain in found], [f"-X {chain}" for chain in found]
    return "\n".join([f"*{table}", *jumps, *emptied, *removed, "COMMIT", ""])


def set_chain(table: str, chain: str, rules: Sequence[str], entered_from: Iterable[str]) -> None:
    """Write a chain of IPv4 with exactly these rules, entered first from the built-in chains `entered_from`."""
    lines = [f"*{table}", f":{chain} - [0:0]", *(f"-A {chain} {rule}" for rule in rules), "COMMIT"]
    process.run(["iptables-restore", "--noflush"], stdin="\n".join(lines) + "\n")
    for builtin in entered_from:
        jump = [builtin, "-j", chain]
        if process.run(["iptables", "-t", table, "-C", *jump], check=False).code != 0:
            process.run(["iptables", "-t", table, "-I", *jump])


def sets() -> set[str]:
    """Names of the address sets; empty where the kernel has none."""
    return set(process.run(["ipset", "list", "-n"], check=False).stdout.split())


def remove_sets(names: Collection[str]) -> None:
    """Destroy address sets. Sets can be members of sets: those that hold others go first."""
    left = list(names)
    for name in left:
        process.run(["ipset", "flush", name], check=False)
    while left:
        still = [name for name in left if process.run(["ipset", "destroy", name], check=False).code != 0]
        if len(still) == len(left):
            return
        left = still


def _saved(family: str) -> str:
    return process.run([f"{family}-save"]).stdout


def _by_table(saved: str) -> Iterable[tuple[str, str]]:
    table = ""
    for line in saved.splitlines():
        if line.startswith("*"):
            table = line[1:]
        yield table, line
