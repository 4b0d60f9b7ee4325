"""No secret of a tenant stands in clear anywhere but in its Secret: the real values are searched in every place.

Each place must also show a text that is known to be there: a search that reads nothing finds nothing.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.live.stage import Stage

NAMESPACE = "tenant-olpe"
PUBLIC_KEYS = {"tls.crt", "ca.crt", "username", "client-id"}
PLANTED = "planted-for-the-search"


def needles(value: str) -> set[bytes]:
    """A value as it could stand in a text: raw, and in base64 at each of the three offsets of a longer text.

    A PEM key is searched by the line that holds the private number.
    """
    core = value.splitlines()[1] if value.startswith("-----BEGIN") else value
    found = {core.encode()}
    for offset in range(3):
        encoded = base64.b64encode(b"\0" * offset + core.encode()).rstrip(b"=")
        # The characters at both ends also depend on what stands before and after the value.
        found.add(encoded[2 * offset : -2])
    if core != value:
        found.add(base64.b64encode(value.encode())[60:120])
    return found


@dataclass(frozen=True)
class Place:
    """Where a secret could have got to. parts: name -> content, read when asked. known: a text that it must hold."""

    known: str
    parts: Callable[[Stage], Iterator[tuple[str, bytes]]]


def files(*folders: Callable[[Stage], Path]) -> Callable[[Stage], Iterator[tuple[str, bytes]]]:
    def read(stage: Stage) -> Iterator[tuple[str, bytes]]:
        for folder in folders:
            for path in sorted(folder(stage).rglob("*")):
                try:
                    content = path.read_bytes() if path.is_file() else b""
                except FileNotFoundError:
                    continue  # a log that was rotated, or a lock that was released, while we looked
                yield str(path), content

    return read


def commands(*lines: str) -> Callable[[Stage], Iterator[tuple[str, bytes]]]:
    def read(stage: Stage) -> Iterator[tuple[str, bytes]]:
        for line in lines:
            done = stage.run(*line.split())
            yield line, (done.stdout + done.stderr).encode()

    return read


def objects(stage: Stage) -> Iterator[tuple[str, bytes]]:
    """Everything that the API lists, except the Secrets."""
    kinds = stage.kubectl("api-resources", "--verbs=list", "-o", "name").stdout.split()
    kinds.remove("secrets")
    yield "objects of the API", stage.kubectl("get", ",".join(kinds), "-A", "-o", "json").stdout.encode()


def pod_logs(stage: Stage) -> Iterator[tuple[str, bytes]]:
    for pod in stage.get("pods", "-n", NAMESPACE)["items"]:
        name = pod["metadata"]["name"]
        yield name, stage.kubectl("logs", "-n", NAMESPACE, name, "--all-containers").stdout.encode()


PLACES = {
    "state": Place("namespace/tenant-olpe", files(lambda stage: stage.settings.pulumi_state)),
    "logs of pulumi": Place("tenant-olpe", files(lambda stage: stage.settings.logs)),
    "logs of the cluster": Place("tenant-olpe", files(lambda stage: stage.settings.cluster / "logs")),
    "etcd": Place(f"/registry/secrets/{NAMESPACE}/", files(lambda stage: stage.settings.cluster / "etcd")),
    "pulumi": Place(
        NAMESPACE,
        commands(
            "pulumi preview --diff --show-sames --show-reads --non-interactive --stack olpe",
            "pulumi preview --json --non-interactive --stack olpe",
            "pulumi preview --diff --refresh --non-interactive --stack olpe",
            "pulumi stack export --stack olpe",
            "pulumi stack history --stack olpe --json",
            "pulumi config --stack olpe",
        ),
    ),
    "objects": Place(NAMESPACE, objects),
    "logs of pods": Place("Keycloak", pod_logs),
    "backup site": Place("olpe:$2b$", files(lambda stage: stage.settings.backup_site)),
    "kubeconfig": Place("clusters", lambda stage: iter([("kubeconfig", stage.settings.kubeconfig.read_bytes())])),
}


@pytest.fixture(scope="module")
def values(stage: Stage) -> Mapping[str, str]:
    """`secret/key` -> the value, of everything in the tenant's Secrets that is not public."""
    found = {
        f"{secret['metadata']['name']}/{key}": base64.b64decode(value).decode()
        for secret in stage.get("secrets", "-n", NAMESPACE)["items"]
        for key, value in secret["data"].items()
        if key not in PUBLIC_KEYS
    }
    kinds = {name.partition("/")[2] for name in found}
    assert {"password", "client-secret", "tls.key"} <= kinds, f"the tenant's Secrets hold only {sorted(found)}"
    return found


def search(stage: Stage, place: Place, wanted: Mapping[str, str]) -> list[str]:
    """`secret/key in part` for each value that stands in a part of the place. Fails where the place shows nothing."""
    searched = {name: needles(value) for name, value in wanted.items()}
    hits, seen = [], False
    for part, content in place.parts(stage):
        seen = seen or place.known.encode() in content
        hits += [f"{name} in {part}" for name, forms in searched.items() if any(form in content for form in forms)]
    assert seen, f"{place.known!r} is not there: the search does not read what it should"
    return hits


@pytest.mark.parametrize("name", PLACES)
def test_no_secret_stands_in_clear(stage: Stage, values: Mapping[str, str], name: str) -> None:
    """State with its history and backups, logs, etcd's files, previews, pods, jobs, ConfigMaps, audit log."""
    assert search(stage, PLACES[name], values) == []


@pytest.fixture(scope="module")
def planted(stage: Stage) -> Iterator[Mapping[str, str]]:
    """One random value in a ConfigMap, where it does not belong, and another in a Secret."""
    found = {"config map": secrets.token_urlsafe(32), "secret": secrets.token_urlsafe(32)}
    kinds = {"config map": ["configmap"], "secret": ["secret", "generic"]}
    for name, value in found.items():
        stage.kubectl("create", *kinds[name], PLANTED, f"--from-literal=value={value}", "-n", "default")
    yield found
    stage.kubectl("delete", "configmap,secret", PLANTED, "-n", "default")


@pytest.mark.parametrize("name", ["etcd", "objects", "logs of the cluster"])
def test_what_is_planted_is_found(stage: Stage, planted: Mapping[str, str], name: str) -> None:
    """The counter-proof: a value in a ConfigMap is found in etcd's files, among the objects and in the audit log.

    The value in a Secret beside it is in none of them: etcd holds it encrypted.
    """
    hits = search(stage, PLACES[name], planted)
    assert {hit.partition(" in ")[0] for hit in hits} == {"config map"}


@pytest.mark.parametrize("offset", range(4))
def test_base64_does_not_hide_a_value(offset: int) -> None:
    """The counter-proof of the needles: alone, or anywhere in a longer text that was encoded as a whole."""
    value = secrets.token_urlsafe(32)
    hidden = base64.b64encode(b"{" * offset + value.encode() + b"}")
    assert any(form in hidden for form in needles(value))
    assert not any(form in hidden for form in needles(secrets.token_urlsafe(32)))
