"""The machine's network devices, routes, namespaces, mounts and kernel settings, by iproute2 and /proc."""

from __future__ import annotations

import ipaddress
import json
import socket
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from einklang.clients import process

_SYS = Path("/proc/sys")
_DEVICES = Path("/sys/class/net")
_NAMESPACES = Path("/run/netns")
_LISTENING = "0A"


@dataclass(frozen=True)
class Listener:
    """A TCP socket that listens. address: IPv4 or IPv6; 0.0.0.0 and :: mean every address."""

    address: str
    port: int

    def covers(self, address: str, port: int) -> bool:
        """True where it keeps another program from listening there."""
        return self.port == port and self.address in {address, "0.0.0.0", "::"}  # noqa: S104


def make_bridge(name: str, address: str, alias: str) -> None:
    """A bridge that carries the address, and says in its alias whose it is; idempotent."""
    if not (_DEVICES / name).exists():
        process.run(["ip", "link", "add", name, "type", "bridge"])
    process.run(["ip", "link", "set", name, "alias", alias])
    process.run(["ip", "address", "replace", f"{address}/32", "dev", name])
    process.run(["ip", "link", "set", name, "up"])


def alias(device: str) -> str | None:
    """The device's alias (empty: none); None where there is no such device."""
    try:
        return (_DEVICES / device / "ifalias").read_text().strip()
    except OSError:
        return None


def add_route(destination: str, *words: str) -> None:
    """A route to `destination` (CIDR) by `words` (`dev …` or nothing); with the word `unreachable`, none to it."""
    kind = [word for word in words if word == "unreachable"]
    process.run(["ip", "route", "replace", *kind, destination, *(word for word in words if word not in kind)])


def remove_route(destination: str) -> None:
    """Remove the unreachable route to `destination` where it is there."""
    process.run(["ip", "route", "delete", "unreachable", destination], check=False)


def remove_link(name: str) -> None:
    """Remove a device where it is there."""
    if (_DEVICES / name).exists():
        process.run(["ip", "link", "delete", name])


def routes() -> list[tuple[ipaddress.IPv4Network, str]]:
    """The IPv4 routes of all tables but the default ones: destination and device."""
    found = json.loads(process.run(["ip", "-j", "-4", "route", "show", "table", "all"]).stdout or "[]")
    return [
        (ipaddress.IPv4Network(route["dst"]), route.get("dev", route.get("type", "–")))
        for route in found
        if route["dst"] != "default" and route.get("type") not in {"broadcast", "multicast"}
    ]


def namespaces() -> list[str]:
    """Names of the network namespaces."""
    return sorted(entry.name for entry in _NAMESPACES.iterdir()) if _NAMESPACES.exists() else []


def addresses_in(namespace: str) -> list[ipaddress.IPv4Address]:
    """The IPv4 addresses in a network namespace, without loopback; none where the namespace is broken."""
    shown = process.run(["ip", "-n", namespace, "-j", "-4", "address", "show"], check=False)
    devices = json.loads(shown.stdout or "[]") if shown.code == 0 else []
    found = [ipaddress.IPv4Address(entry["local"]) for device in devices for entry in device.get("addr_info", [])]
    return [address for address in found if not address.is_loopback]


def remove_namespace(name: str) -> None:
    """Remove a network namespace, and with it the devices in it."""
    process.run(["ip", "netns", "delete", name], check=False)
    (_NAMESPACES / name).unlink(missing_ok=True)


def listeners() -> list[Listener]:
    """All TCP sockets that listen on this machine."""
    tables = [Path("/proc/net") / name for name in ("tcp", "tcp6")]
    return [found for table in tables if table.exists() for found in parse_listeners(table.read_text())]


def parse_listeners(table: str) -> list[Listener]:
    """The listening sockets of a /proc/net/tcp or tcp6 table (proc(5): addresses in host byte order, by words)."""
    found = []
    for words in (line.split() for line in table.splitlines()[1:]):
        if len(words) > 3 and words[3] == _LISTENING:
            address, _, port = words[1].partition(":")
            packed = b"".join(bytes.fromhex(address[at : at + 8])[::-1] for at in range(0, len(address), 8))
            parsed = ipaddress.ip_address(packed)
            mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
            found.append(Listener(str(mapped or parsed), int(port, 16)))
    return found


def listening_sockets() -> set[str]:
    """Paths of the Unix sockets that are open on this machine (proc_net_unix: the path is the last column)."""
    lines = Path("/proc/net/unix").read_text().splitlines()[1:]
    return {words[7] for words in (line.split(maxsplit=7) for line in lines) if len(words) > 7}


def connects(address: str, port: int) -> bool:
    """True where something accepts a TCP connection there."""
    try:
        with socket.create_connection((address, port), timeout=1):
            return True
    except OSError:
        return False


def resolves(name: str, server: str) -> bool:
    """True where the name server at `server` answers a question for the address of `name` (RFC 1035) within 1 s."""
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    question = struct.pack(">6H", 1, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack(">2H", 1, 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(1)
        try:
            client.connect((server, 53))
            client.send(question)
            answer = client.recv(4096)
        except OSError:
            return False
    _, flags, _, answers = struct.unpack(">4H", answer[:8])
    return bool(flags & 0xF == 0 and answers > 0)


def kernel_settings(names: Iterable[str]) -> dict[str, str]:
    """Current values of those settings that this kernel has."""
    files = {name: _SYS / name.replace(".", "/") for name in names}
    return {name: file.read_text().strip() for name, file in files.items() if file.exists()}


def set_kernel_settings(values: Mapping[str, str]) -> None:
    """Write settings that differ."""
    for name, value in values.items():
        file = _SYS / name.replace(".", "/")
        if file.read_text().strip() != value:
            file.write_text(value)


def mounts_below(*folders: Path) -> list[str]:
    """Mount points at or below the folders, deepest first."""
    return parse_mounts(Path("/proc/self/mountinfo").read_text(), folders)


def parse_mounts(mountinfo: str, folders: Iterable[Path]) -> list[str]:
    """The mount points of a mountinfo table (proc(5)) at or below the folders, the last mounted first."""
    points = [line.split()[4].encode().decode("unicode_escape") for line in mountinfo.splitlines()]
    wanted = [point for point in points if any(Path(point).is_relative_to(folder) for folder in folders)]
    return sorted(wanted, reverse=True)


def unmount(point: str) -> None:
    """Unmount, also where something still holds it open."""
    if process.run(["umount", point], check=False).code != 0:
        process.run(["umount", "--lazy", point], check=False)
