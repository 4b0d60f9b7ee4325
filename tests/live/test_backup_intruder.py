"""Who has taken over the whole cluster, and reads every Secret in it, against the backups of its tenants."""

from __future__ import annotations

import base64
import contextlib
import json
import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
import pytest

from einklang.clients.restic import Access, Restic
from einklang.errors import ClientError
from einklang.operations.backup.access import of_site
from einklang.operations.local.site import URL, SiteFolders
from tests.live.stage import Stage

KINDS = ("snapshots", "data", "index", "keys", "config")
_NOT_KEYS = {".opens", ".known", ".pruned"}


@pytest.fixture(scope="module")
def loot(stage: Stage) -> Mapping[str, bytes]:
    """Every value of every Secret and ConfigMap of all namespaces, as cluster-admin reads them."""
    found = {}
    for kind in ("secrets", "configmaps"):
        for each in json.loads(stage.kubectl("get", kind, "-A", "-o", "json").stdout)["items"]:
            where = f"{each['metadata']['namespace']}/{kind}/{each['metadata']['name']}"
            values = {name: base64.b64decode(value) for name, value in (each.get("binaryData") or {}).items()}
            for name, value in (each.get("data") or {}).items():
                values[name] = base64.b64decode(value) if kind == "secrets" else value.encode()
            found |= {f"{where}/{name}": value for name, value in values.items()}
    return found


@pytest.fixture(scope="module")
def folders(stage: Stage) -> SiteFolders:
    return SiteFolders(stage.settings.backup_site)


@pytest.fixture(scope="module")
def accesses(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Access]:
    """What stands in each tenant's namespace."""
    return stage.accesses(tmp_path_factory.mktemp("loot"))


@pytest.fixture(scope="module")
def restic(stage: Stage) -> Path:
    return stage.program("restic")


@pytest.fixture(scope="module")
def victims(restic: Path, folders: SiteFolders, accesses: Mapping[str, Access]) -> Iterator[Mapping[str, str]]:
    """A snapshot of each tenant, made for this: nothing else is put at risk by the test."""
    made = {name: Restic(restic, access).save("victim", "/victim", [], name) for name, access in accesses.items()}
    yield made
    for name, snapshot in made.items():
        Restic(restic, of_site(folders, name)).forget([snapshot])


def test_nothing_that_the_site_keeps_for_itself_is_in_the_cluster(
    loot: Mapping[str, bytes], folders: SiteFolders, accesses: Mapping[str, Access]
) -> None:
    own = [path for path in folders.keys.iterdir() if path.suffix not in _NOT_KEYS]
    secrets = {path.name: path.read_bytes().strip() for path in [*own, *folders.tls.glob("*.key")]}
    secrets |= {f"hash of {line[0]}": line[1] for line in _accounts(folders)}
    assert len(own) >= len(accesses)
    found = [(name, where) for name, secret in secrets.items() for where, value in loot.items() if secret in value]
    assert found == []
    # The counter-proof: what a tenant's run needs is found this way.
    for access in accesses.values():
        assert any(access.key.encode() in value for value in loot.values())


def _accounts(folders: SiteFolders) -> list[tuple[str, bytes]]:
    lines = folders.accounts.read_bytes().splitlines()
    return [(line.partition(b":")[0].decode(), line.partition(b":")[2]) for line in lines]


def test_all_credentials_together_remove_and_change_nothing(
    restic: Path, folders: SiteFolders, accesses: Mapping[str, Access], victims: Mapping[str, str]
) -> None:
    for name, access in accesses.items():
        repository = folders.repository(name)
        with contextlib.suppress(ClientError):  # restic says that it was refused, and ends with 0 or 1
            Restic(restic, access).forget([victims[name]])
        for kind in KINDS:
            file = repository / "config" if kind == "config" else _newest(repository / kind)
            before, path = file.read_bytes(), f"{kind}/{file.name}" if kind != "config" else kind
            for method in ("DELETE", "POST", "PUT", "PATCH"):
                status = _request(access, method, f"{name}/{path}").status_code
                assert status in {400, 403, 404, 405}, (method, path, status)
            assert file.read_bytes() == before
        assert (repository / "snapshots" / victims[name]).exists()
        assert victims[name] in {each.id for each in Restic(restic, access).snapshots()}


def _newest(folder: Path) -> Path:
    """The file that came last: the victim's, or one that is as good."""
    return max((path for path in folder.rglob("*") if path.is_file()), key=lambda path: path.stat().st_mtime)


def _request(access: Access, method: str, path: str) -> httpx.Response:
    with httpx.Client(verify=ssl.create_default_context(cafile=str(access.authority)), trust_env=False) as client:
        address = URL.removeprefix("rest:") + path
        return client.request(method, address, auth=(access.username, access.password), content=b"poison")


def test_a_tenants_account_opens_no_other_tenants_repository(
    accesses: Mapping[str, Access], victims: Mapping[str, str]
) -> None:
    for name, access in accesses.items():
        for other in accesses:
            for path in (f"{other}/config", f"{other}/snapshots/{victims[other]}", f"{other}/keys/"):
                status = _request(access, "GET", path).status_code
                assert (status == 200) == (name == other), (name, path, status)
        assert _request(access, "GET", "").status_code in {401, 403, 404, 405}
