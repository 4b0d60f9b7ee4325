"""The program as `pulumi up` runs it: settings, providers, what each stack declares and exports."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pulumi
import pytest
from pulumi.runtime import set_all_config

from einklang.errors import UserError
from einklang.model.tenant import Status, Tenant
from modules.audit_job import AuditArgs
from modules.certificates import CertManager, LocalAuthority
from stacks import platform, providers, settings, tenant
from tests.components import cases, programs, recording
from tests.components.recording import Declared, objects, one, record, refusal

CONFIG = {
    "einklang:storageProvisioner": "rancher.io/local-path",
    "einklang:gatewayHostAddress": "127.0.0.1",
    "einklang:backupSite": "rest:https://10.243.0.1:8445/",
    "einklang:backupNetworks": '["10.243.0.1/32"]',
    "einklang:backupAuthority": "local",
}
KUBECONFIG: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Config",
    "current-context": "here",
    "contexts": [
        {"name": "here", "context": {"cluster": "a", "user": "operator"}},
        {"name": "there", "context": {"cluster": "b", "user": "token"}},
    ],
    "clusters": [
        {"name": "a", "cluster": {"server": "https://192.0.2.1:6443"}},
        {"name": "b", "cluster": {"server": "https://192.0.2.2:6443"}},
    ],
    "users": [
        {"name": "operator", "user": {"client-certificate": "operator.crt", "client-key": "operator.key"}},
        {"name": "token", "user": {"token": "correct horse"}},
    ],
}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home with catalogue, kubeconfig and authority; no setting but those that Pulumi.yaml has."""
    names = [*cases.images(cases.tenant()), "cloudnative-pg:1.27.0", "traefik:3.6.12", "audit:0.1.0"]
    (tmp_path / "images.yaml").write_text(json.dumps({name: cases.image(name) for name in names}))
    (tmp_path / "kubeconfig").write_text(json.dumps(KUBECONFIG))
    (tmp_path / "authority").mkdir()
    (tmp_path / "authority" / "ca.crt").write_bytes(cases.authority().certificate_pem)
    (tmp_path / "authority" / "ca.key").write_bytes(cases.authority().key_pem)
    (tmp_path / "site" / "tls").mkdir(parents=True)
    (tmp_path / "site" / "tls" / "ca.crt").write_text("certificate of the site's authority\n")
    monkeypatch.setenv("EINKLANG_HOME", str(tmp_path))
    monkeypatch.setenv("EINKLANG_BACKUP_SITE", str(tmp_path / "site"))
    monkeypatch.delenv("EINKLANG_ROOT", raising=False)
    monkeypatch.delenv("KUBECONFIG", raising=False)
    set_all_config(dict(CONFIG))
    yield tmp_path
    set_all_config({})


def kubeconfig(declared: list[Declared], name: str) -> Declared:
    (found,) = [each for each in declared if each.type == "pulumi:providers:kubernetes" and each.name == name]
    return found


def test_a_tenants_stack_acts_as_its_deployer_inside_and_as_the_operator_outside() -> None:
    declared = record(lambda: tenant.declare("olpe"))
    deployer = json.loads(kubeconfig(declared, "deployer").manifest["kubeconfig"])
    operator = json.loads(kubeconfig(declared, "operator").manifest["kubeconfig"])
    assert deployer["users"][0]["user"].pop("as") == "system:serviceaccount:tenant-olpe:deployer"
    assert deployer == operator
    assert [entry["name"] for entry in operator["contexts"]] == ["here"]
    assert {each.provider for each in objects(declared)} == {"operator", "deployer"}


def test_renewed_credentials_do_not_look_like_another_cluster() -> None:
    provider = kubeconfig(record(lambda: tenant.declare("olpe")), "operator")
    assert provider.manifest["clusterIdentifier"] == "https://192.0.2.1:6443"


def test_embedded_credentials_are_secret() -> None:
    set_all_config({**CONFIG, "kubernetes:context": "there"})
    declared = record(lambda: tenant.declare("olpe"))
    assert "correct horse" not in repr(declared)
    assert kubeconfig(declared, "deployer").secret


def test_files_with_credentials_are_named_not_read() -> None:
    provider = kubeconfig(record(lambda: tenant.declare("olpe")), "operator")
    assert not provider.secret
    assert "operator.key" in provider.manifest["kubeconfig"]


def test_a_credential_plugins_own_credentials_are_secret(home: Path) -> None:
    plugin = {"exec": {"command": "login", "args": ["--password", "correct horse"]}}
    users = [{"name": "operator", "user": plugin}]
    (home / "kubeconfig").write_text(json.dumps({**KUBECONFIG, "users": users}))
    declared = record(lambda: tenant.declare("olpe"))
    assert "correct horse" not in repr(declared)
    assert kubeconfig(declared, "operator").secret


def test_files_are_found_from_the_kubeconfigs_own_place(home: Path) -> None:
    """What is composed stands nowhere; kubectl looks beside the kubeconfig."""
    text = kubeconfig(record(lambda: tenant.declare("olpe")), "operator").manifest["kubeconfig"]
    user = json.loads(text)["users"][0]["user"]
    assert user == {"client-certificate": str(home / "operator.crt"), "client-key": str(home / "operator.key")}


def test_an_unknown_context_is_refused() -> None:
    set_all_config({**CONFIG, "kubernetes:context": "nowhere"})
    assert "'nowhere'" in refusal(lambda: tenant.declare("olpe"), UserError)


def test_an_unknown_tenant_is_refused_with_those_that_exist() -> None:
    said = refusal(lambda: tenant.declare("atlantis"), UserError)
    assert "atlantis" in said
    assert "olpe" in said


def test_the_platforms_stack(home: Path) -> None:
    set_all_config({**CONFIG, "einklang:manifests": str(programs.DATA)})
    declared = record(platform.declare, stack="platform")
    assert {each.provider for each in objects(declared)} == {"operator"}
    assert {"clusters.postgresql.cnpg.io", "gateways.gateway.networking.k8s.io"} <= {each.key[2] for each in declared}
    assert settings.read().registries == ("registry.einklang.example/",)
    assert settings.read().manifests == programs.DATA
    assert settings.read().images == json.loads((home / "images.yaml").read_text())


def test_the_nightly_audit_knows_when_and_whom_to_trust(home: Path, tmp_path: Path) -> None:
    (tmp_path / "ours.crt").write_text("OURS")
    local = (home / "authority" / "ca.crt").read_text()
    for chosen, schedule, authority in (
        ({}, "30 3 * * *", local),
        ({"einklang:auditSchedule": "0 1 * * *", "einklang:certificates": "cert-manager:public"}, "0 1 * * *", ""),
        ({"einklang:auditAuthority": str(tmp_path / "ours.crt")}, "30 3 * * *", "OURS"),
    ):
        set_all_config({**CONFIG, **chosen})
        assert settings.audit("image") == AuditArgs("image", schedule, authority)
    set_all_config({**CONFIG, "einklang:auditAuthority": str(tmp_path / "missing.crt")})
    with pytest.raises(UserError, match=r"missing\.crt"):
        settings.audit("image")


def test_settings_of_another_installation(tmp_path: Path) -> None:
    catalogue, reference = tmp_path / "catalogue.yaml", f"registry.intern.example/keycloak@sha256:{'0' * 64}"
    catalogue.write_text(json.dumps({"keycloak:26.4.2": reference}))
    chosen = {"einklang:imageCatalogue": str(catalogue), "einklang:allowedRegistries": '["registry.intern.example/"]'}
    set_all_config({**CONFIG, **chosen})
    found = settings.read()
    assert found.images == {"keycloak:26.4.2": reference}
    assert found.registries == ("registry.intern.example/",)


@pytest.mark.parametrize(
    "value",
    ['["registry.example"]', '["registry.example/a"]', '["/"]', '[""]', "[1]", '"a/"', '["a/\'b/"]', "{}"],
)
def test_registries_that_would_allow_others_are_refused(value: str) -> None:
    """`registry.example` without a slash also begins `registry.example.elsewhere/`."""
    set_all_config({**CONFIG, "einklang:allowedRegistries": value})
    with pytest.raises(UserError, match="einklang:allowedRegistries"):
        settings.read()


@pytest.mark.parametrize("reference", ["keycloak:26.4.2", "registry.example/keycloak:26.4.2", "keycloak@sha256:00", ""])
def test_a_catalogue_without_digests_is_refused(home: Path, reference: str) -> None:
    (home / "images.yaml").write_text(json.dumps({"keycloak:26.4.2": reference}))
    with pytest.raises(UserError, match=r"keycloak:26\.4\.2 is"):
        settings.read()


@pytest.mark.parametrize("names", [["cloudnative-pg:1.27.0"], ["traefik:1", "traefik:2", "cloudnative-pg:1.27.0"]])
def test_the_platform_needs_one_version_of_each_image(home: Path, names: list[str]) -> None:
    (home / "images.yaml").write_text(json.dumps({name: cases.image(name) for name in names}))
    set_all_config({**CONFIG, "einklang:manifests": str(programs.DATA)})
    assert "versions of traefik" in refusal(platform.declare, UserError)


@pytest.mark.parametrize(("value", "protected"), [(None, True), ("true", True), ("false", False)])
def test_the_platform_is_protected_unless_set_otherwise(value: str | None, protected: bool) -> None:
    set_all_config({**CONFIG, **({} if value is None else {"einklang:protectPlatform": value})})
    assert settings.read().protect_platform is protected


def test_a_tenant_learns_of_storage_and_signatures() -> None:
    mirror = {"url": "http://mirror.example:8080", "networks": ["192.0.2.10/32"]}
    chosen = {"einklang:sharedFiles": "true", "einklang:signatureMirror": json.dumps(mirror)}
    set_all_config({**CONFIG, **chosen})
    declared = record(lambda: tenant.declare("olpe"))
    assert one(declared, "PersistentVolumeClaim", "dms-files").manifest["spec"]["accessModes"] == ["ReadWriteMany"]
    assert (
        "PrivateMirror http://mirror.example:8080"
        in one(declared, "ConfigMap", "scanner").manifest["data"]["freshclam.conf"]
    )
    set_all_config(dict(CONFIG))
    declared = record(lambda: tenant.declare("olpe"))
    assert one(declared, "PersistentVolumeClaim", "dms-files").manifest["spec"]["accessModes"] == ["ReadWriteOnce"]
    assert list(one(declared, "ConfigMap", "scanner").manifest["data"]) == ["clamd.conf"]


@pytest.mark.parametrize("value", ["yes", "1", "ReadWriteMany"])
def test_shared_files_are_on_or_off(value: str) -> None:
    set_all_config({**CONFIG, "einklang:sharedFiles": value})
    with pytest.raises(UserError, match="einklang:sharedFiles"):
        settings.read()


def test_a_catalogue_that_is_none_is_refused(home: Path) -> None:
    (home / "images.yaml").write_text("- a list\n")
    with pytest.raises(UserError, match="not an image catalogue"):
        settings.read()


def test_certificates_come_from_the_local_authority_or_from_an_issuer(home: Path) -> None:
    assert settings.issuer() == LocalAuthority(cases.authority().certificate_pem, cases.authority().key_pem, 1)
    set_all_config({**CONFIG, "einklang:certificates": "cert-manager:association"})
    assert settings.issuer() == CertManager("association")
    set_all_config({**CONFIG, "einklang:certificates": "nobody"})
    with pytest.raises(UserError, match="einklang:certificates is 'nobody'"):
        settings.issuer()
    set_all_config(dict(CONFIG))
    (home / "authority" / "ca.key").unlink()
    with pytest.raises(UserError, match="no local certificate authority"):
        settings.issuer()


def test_what_a_tenants_stack_exports(monkeypatch: pytest.MonkeyPatch) -> None:
    exported: dict[str, Any] = {}
    monkeypatch.setattr(pulumi, "export", exported.__setitem__)
    record(lambda: tenant.declare("olpe"))
    applied = json.loads(exported.pop("tenant"))
    assert Tenant.model_validate_json(json.dumps(applied)) == cases.tenant().tenant
    assert exported == {
        "state": Status.ACTIVE.value,
        "namespace": "tenant-olpe",
        "standard": "2026.1",
        "size": "M",
        "urls": {
            "identity": "https://id.olpe.example/realms/olpe/account/",
            "portal": "https://www.olpe.example/",
            "dms": "https://dms.olpe.example/",
        },
    }


def test_providers_tell_embedded_credentials_from_files() -> None:
    chosen = settings.read()
    assert record(lambda: _ignore(providers.operator(chosen)))[0].secret is False


def _ignore(_: object) -> None:
    """The declaration is recorded; its value is not needed."""


def test_saved_secrets_are_made_with_what_was_saved(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one that is named, as a secret; the others are made anew as ever."""
    monkeypatch.setenv("EINKLANG_SAVED_SECRETS", json.dumps({"dms": {"secret-key": "c2F2ZWQ="}, "gone": {}}))
    monkeypatch.setattr(recording, "SECRET", "[secret]")
    monkeypatch.setattr(recording, "_redacted", lambda value: value)
    declared = record(lambda: tenant.declare("olpe"))
    (kept,) = objects(declared, "Secret")[4:5]
    assert kept.key[2] == "dms"
    assert "c2F2ZWQ=" in json.dumps(kept.manifest["data"])
    assert kept.secret
    assert kept.ignore_changes == ("data",)
    assert sum("c2F2ZWQ=" in json.dumps(each.manifest) for each in objects(declared, "Secret")) == 1
