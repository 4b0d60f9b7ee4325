"""Where the databases' archive is, and the way back from it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from einklang.errors import UserError
from einklang.operations.backup import archive
from modules.backup_site import BackupSite
from modules.database_archive import Archive

ACCESS = {"access-key-id": "AKOLPE", "secret-access-key": "hidden"}
SITE = BackupSite("s3:https://objects.example:9000/backups/nrw/", ("192.0.2.7/32",), "PEM", ACCESS)
ARCHIVE = Archive(SITE, "olpe", "2026-11", "17 22,10 * * *")
MOMENT = datetime(2026, 11, 28, 9, 30, tzinfo=UTC)


def test_it_is_in_the_tenants_folder_and_opened_by_its_secret() -> None:
    store = ARCHIVE.store()
    assert store["destinationPath"] == "s3://backups/nrw/olpe/archive"
    assert (store["endpointURL"], store["serverName"]) == ("https://objects.example:9000", "2026-11")
    assert store["endpointCA"] == {"name": ARCHIVE.secret, "key": "ca.crt"}
    assert {each["name"] for each in store["s3Credentials"].values()} == {ARCHIVE.secret}
    assert ARCHIVE.content == {**ACCESS, "ca.crt": "PEM"}
    assert "hidden" not in f"{store} {ARCHIVE}"


def test_a_public_store_needs_no_authority() -> None:
    public = replace(ARCHIVE, site=replace(SITE, authority=""))
    assert "endpointCA" not in public.store()
    assert "ca.crt" not in public.content
    assert public.secret != ARCHIVE.secret


def test_the_copies_are_made_on_sundays_when_the_tenant_is_saved() -> None:
    assert ARCHIVE.weekly() == "0 17 22 * * 0"


@pytest.mark.parametrize("name", ["", "..", "2026/11", "Olpe", "a b"])
def test_a_name_that_is_no_folder_is_refused(name: str) -> None:
    with pytest.raises(UserError, match="databaseArchive is"):
        replace(ARCHIVE, name=name)


def test_another_site_than_an_object_store_is_refused() -> None:
    with pytest.raises(UserError, match="needs an S3 site"):
        replace(ARCHIVE, site=BackupSite("rest:https://backup.example:8445/", ("192.0.2.7/32",)))


def running(**more: Any) -> dict[str, Any]:
    return {
        "apiVersion": "postgresql.cnpg.io/v1",
        "metadata": {"name": "database", "namespace": "tenant-olpe"},
        "spec": {"instances": 2, "imageName": "i@sha256:1", "storage": {"size": "5Gi"}, "managed": {}, **more},
    }


def test_the_way_back_stands_beside_what_runs() -> None:
    found = archive.beside(running(backup={"barmanObjectStore": ARCHIVE.store()}), MOMENT)
    assert found["metadata"] == {"name": "database-then", "namespace": "tenant-olpe"}
    spec = found["spec"]
    assert spec["bootstrap"]["recovery"]["recoveryTarget"] == {"targetTime": "2026-11-28 09:30:00+00:00"}
    assert spec["externalClusters"] == [{"name": "archive", "barmanObjectStore": ARCHIVE.store()}]
    assert (spec["instances"], spec["imageName"], spec["storage"]) == (1, "i@sha256:1", {"size": "5Gi"})
    assert "backup" not in spec, "it would write into the archive that it is read from"
    assert "managed" not in spec


def test_an_earlier_archive_is_named() -> None:
    found = archive.beside(running(backup={"barmanObjectStore": ARCHIVE.store()}), MOMENT, "2025-02")
    assert found["spec"]["externalClusters"][0]["barmanObjectStore"]["serverName"] == "2025-02"


def test_without_an_archive_there_is_no_way_back() -> None:
    with pytest.raises(UserError, match="tenant-olpe has no archive"):
        archive.beside(running(), MOMENT)
