"""Facts from inside running pods, by testinfra's kubectl backend. Reads only; one call a pod.

The images have no `ps`, `ss` or `netstat`: the facts come from /proc, by a shell. An image without a shell, as the
front's, cannot be looked into; that is recorded, not passed over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import testinfra

from einklang.errors import ClientError

_FACTS = r"""
for f in /proc/[0-9]*/status; do
  while read -r k v _; do [ "$k" = Uid: ] && echo "user $v"; done < $f
done 2>/dev/null
while read -r k v _; do case $k in CapEff:|NoNewPrivs:|Seccomp:) echo "$k $v";; esac; done < /proc/1/status
while read -r _ at _ options _; do [ "$at" = / ] && echo "root ${options%%,*}"; done < /proc/mounts
[ -e /var/run/secrets/kubernetes.io/serviceaccount/token ] && echo "token yes"
for f in /proc/net/tcp /proc/net/tcp6; do
  [ -e $f ] && while read -r _ l _ s _; do [ "$s" = 0A ] && echo "listen $l"; done < $f
done
command -v psql >/dev/null && [ -S "$PGHOST/.s.PGSQL.5432" ] &&
  psql -XtAc "show ssl" postgres 2>/dev/null | while read -r v; do echo "database-tls $v"; done
command -v dpkg-query >/dev/null && dpkg-query -W -f 'package ${Package} ${Version}\n' 2>/dev/null
true
"""
_LOOPBACK = ("0100007F", "00000000000000000000000001000000", "0000000000000000FFFF00000100007F")
_CONNECT_SECONDS = 3
_NO_SHELL = ("executable file not found", "no such file or directory")


@dataclass(frozen=True)
class Place:
    """A container of a running pod. of_job: it ends by itself."""

    namespace: str
    pod: str
    container: str
    workload: str
    of_job: bool = False


@dataclass(frozen=True)
class PodFacts:
    """What is so inside. unreached: why nobody could look (English, from the cluster); the rest is then meaningless.

    users: user ids of all processes. capabilities: of the first process, as a number. seccomp: 2 is a filter.
    listening: ports that are open to other than loopback. database_tls: `on`, where a PostgreSQL answers.
    """

    name: str
    workload: str
    users: tuple[int, ...] = ()
    capabilities: int = 0
    no_new_privileges: bool = False
    seccomp: int = 0
    root_read_only: bool = False
    token: bool = False
    listening: tuple[int, ...] = ()
    database_tls: str = ""
    packages: tuple[str, ...] = ()
    unreached: str = ""


def look(kubeconfig: Path, place: Place) -> PodFacts:
    """Look into one container. Raises ClientError where the cluster does not let us in."""
    code, out, err = _run(kubeconfig, place, _FACTS)
    if code != 0:
        if any(words in err.lower() for words in _NO_SHELL):
            return PodFacts(place.pod, place.workload, unreached="the image has no shell")
        raise ClientError(f"{place.pod}: cannot be looked into: {err.strip().splitlines()[-1][:200] if err else code}")
    return parsed(place, out)


def parsed(place: Place, text: str) -> PodFacts:
    """The facts from what the shell printed."""
    lines = [line.split(maxsplit=1) for line in text.splitlines() if " " in line]
    values: dict[str, list[str]] = {}
    for key, value in lines:
        values.setdefault(key, []).append(value.strip())
    return PodFacts(
        place.pod,
        place.workload,
        users=tuple(sorted({int(user) for user in values.get("user", [])})),
        capabilities=int(values.get("CapEff:", ["0"])[0], 16),
        no_new_privileges=values.get("NoNewPrivs:", ["0"])[0] == "1",
        seccomp=int(values.get("Seccomp:", ["0"])[0]),
        root_read_only=values.get("root", [""])[0] == "ro",
        token="token" in values,
        listening=tuple(sorted({port for entry in values.get("listen", []) if (port := _port(entry))})),
        database_tls=values.get("database-tls", [""])[0],
        packages=tuple(values.get("package", [])),
    )


def _port(entry: str) -> int:
    """The port of a line of /proc/net/tcp, 0 where only the pod itself reaches it."""
    address, _, port = entry.partition(":")
    return 0 if address in _LOOPBACK else int(port, 16)


def connect(kubeconfig: Path, place: Place, targets: Sequence[tuple[str, int]]) -> tuple[tuple[str, int], ...] | None:
    """Those of the targets (address, port) that a process in the container can connect to, all tried at once.

    None where the image has no shell to try it with. Raises ClientError where the cluster does not let us in.
    """
    attempts = "\n".join(
        f'(timeout {_CONNECT_SECONDS} bash -c "exec 3<>/dev/tcp/{address}/{port}" 2>/dev/null'
        f" && echo {address} {port}) &"
        for address, port in targets
    )
    code, out, err = _run(kubeconfig, place, f"command -v bash >/dev/null || exit 9\n{attempts}\nwait\ntrue")
    if code == 9 or (code != 0 and any(words in err.lower() for words in _NO_SHELL)):
        return None
    if code != 0:
        raise ClientError(f"{place.pod}: no connection could be tried: {err.strip()[:200]}")
    found = (line.split() for line in out.splitlines())
    return tuple((address, int(port)) for address, port in found)


def _run(kubeconfig: Path, place: Place, script: str) -> tuple[int, str, str]:
    host = testinfra.get_host(
        f"kubectl://{place.pod}?container={place.container}&namespace={place.namespace}&kubeconfig={kubeconfig}"
    )
    done = host.run(script)
    return int(done.rc), str(done.stdout), str(done.stderr)
