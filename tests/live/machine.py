"""What of this machine a cluster could change, as text to compare, and what only a cluster of ours makes."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

_SETTINGS = ("kernel", "vm", "net/ipv4", "net/ipv6/conf/all", "net/netfilter", "net/bridge")
# Counters and random numbers; settings of devices come and go with these.
_RESTLESS = re.compile(
    r"/random/|ns_last_pid|/pty/nr|conntrack_count|/neigh/|tainted|dentry|/perf_|sched_domain|_flush"
)
_PLACES = ("/var/log/containers", "/var/log/pods", "/var/lib/cni", "/var/lib/kubelet", "/run/containerd", "/run/netns")
_OURS = re.compile(r"KUBE-|CNI-|EINKLANG-|kube-router|ekl-node|veth|/cni-|einklang/kubepods|10\.24[34]\.|10\.96\.")


def snapshot() -> dict[str, list[str]]:
    """Aspect -> sorted lines."""
    aspects = {
        "links": _words("ip", "-o", "link", "show", column=1),
        "routes": _lines("ip", "-o", "route", "show", "table", "all"),
        "mounts": [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()],
        "ipsets": _lines("ipset", "list", "-n"),
        "cgroups": [str(path) for path in Path("/sys/fs/cgroup").glob("*/*") if path.is_dir()],
        "settings": list(_settings()),
        "places": [str(path) for place in _PLACES for path in (Path(place), *Path(place).rglob("*")) if path.exists()],
    }
    for family in ("iptables", "ip6tables"):
        aspects[family] = [line for line in _lines(f"{family}-save") if _is_rule(line)]
    return {aspect: sorted(lines) for aspect, lines in aspects.items()}


def differences(before: dict[str, list[str]], after: dict[str, list[str]]) -> list[str]:
    """`+` for what came and `-` for what went, with its aspect."""
    came = [f"+ {aspect}: {line}" for aspect, lines in after.items() for line in lines if line not in before[aspect]]
    went = [f"- {aspect}: {line}" for aspect, lines in before.items() for line in lines if line not in after[aspect]]
    return came + went


def ours(taken: dict[str, list[str]]) -> list[str]:
    """Lines of a snapshot that only a cluster of ours makes."""
    return [f"{aspect}: {line}" for aspect, lines in taken.items() for line in lines if _OURS.search(line)]


def processes(folder: Path) -> list[str]:
    """Command lines of living processes that name something below `folder`, tests and commands of our own left out."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = entry.read_bytes().decode(errors="replace").rstrip("\0").split("\0")
        except OSError:
            continue
        if any(f"{folder}/" in word for word in words[1:]) and "python" not in words[0]:
            found.append(" ".join(words)[:200])
    return sorted(found)


def _settings() -> Iterator[str]:
    for part in _SETTINGS:
        for path in (Path("/proc/sys") / part).rglob("*"):
            if path.is_file() and not _RESTLESS.search(str(path)):
                try:
                    yield f"{path}={path.read_text().split()}"
                except OSError:  # some can only be written
                    continue


def _is_rule(line: str) -> bool:
    """True for rules and for chains that are not built in."""
    return line.startswith("-A") or (line.startswith(":") and " - " in line)


def _lines(*argv: str) -> list[str]:
    return subprocess.run(argv, capture_output=True, text=True, check=False).stdout.splitlines()


def _words(*argv: str, column: int) -> list[str]:
    return [line.split()[column].rstrip(":") for line in _lines(*argv)]
