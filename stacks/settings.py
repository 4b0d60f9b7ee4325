"""The association's settings: Pulumi configuration of the namespace `einklang`, with the local cluster's defaults."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pulumi

from einklang import inventory
from einklang.errors import UserError
from einklang.settings import Settings
from modules.audit_job import AuditArgs
from modules.backup_site import BackupSite
from modules.certificates import CertManager, Issuer, LocalAuthority
from modules.scanner_configuration import SignatureMirror
from stacks import signatures

_AUDIT_SCHEDULE = "30 3 * * *"
_CERT_MANAGER = "cert-manager:"
_PREFIX = re.compile(r"[a-z0-9][a-z0-9.-]*(:[0-9]+)?/([a-z0-9._-]+/)*")
_BY_DIGEST = re.compile(r"[^@\s]+/[^@\s]+@sha256:[0-9a-f]{64}")


@dataclass(frozen=True)
class StackSettings:
    """What the program needs besides tenants and standards. images: `name:version` -> reference by digest.

    registries: prefixes that end with `/`. protect_platform: destroying the platform is refused. shared_files: the
    storage class gives volumes that several nodes mount. signature_mirror: whence virus scanners get signatures.
    """

    root: Path
    manifests: Path
    images: Mapping[str, str]
    registries: tuple[str, ...]
    storage_provisioner: str
    storage_parameters: Mapping[str, str]
    gateway_host_address: str | None
    protect_platform: bool
    shared_files: bool
    signature_mirror: SignatureMirror | None
    kubeconfig: Path
    context: str | None


def read() -> StackSettings:
    """Read them. Raises UserError where a file is missing or a value is not what it should be."""
    config, local = pulumi.Config("einklang"), Settings.from_environment(os.environ)
    images = _catalogue(Path(config.get("imageCatalogue") or local.image_catalogue))
    kubernetes = pulumi.Config("kubernetes")
    return StackSettings(
        root=local.root,
        manifests=Path(config.get("manifests") or local.manifests),
        images=images,
        registries=_allowed(config.get_object("allowedRegistries")) or _registries(images),
        storage_provisioner=config.require("storageProvisioner"),
        storage_parameters=config.get_object("storageParameters") or {},
        gateway_host_address=config.get("gatewayHostAddress"),
        protect_platform=config.get_bool("protectPlatform") is not False,
        shared_files=_yes(config, "sharedFiles"),
        signature_mirror=signatures.mirror(config.get_object("signatureMirror")),
        kubeconfig=Path(kubernetes.get("kubeconfig") or os.environ.get("KUBECONFIG") or local.kubeconfig),
        context=kubernetes.get("context"),
    )


def issuer() -> Issuer:
    """Where certificates come from: `local`, or `cert-manager:<ClusterIssuer>`. Raises UserError for anything else."""
    config, local = pulumi.Config("einklang"), Settings.from_environment(os.environ)
    value = config.get("certificates") or "local"
    if value.startswith(_CERT_MANAGER):
        return CertManager(value.removeprefix(_CERT_MANAGER))
    if value != "local":
        raise UserError(f"einklang:certificates is {value!r}", remedy=f"local, or {_CERT_MANAGER}<ClusterIssuer>")
    folder = local.certificate_authority
    try:
        certificate, key = (folder / "ca.crt").read_bytes(), (folder / "ca.key").read_bytes()
    except OSError as error:
        raise UserError(f"no local certificate authority in {folder}", remedy="einklang local up") from error
    return LocalAuthority(certificate, key, config.get_int("certificateRound") or 1)


def audit(image: str) -> AuditArgs:
    """The nightly audit: when, and whom the sites' certificates are from. Raises UserError where a file is missing."""
    config = pulumi.Config("einklang")
    path = config.get("auditAuthority")
    if path:
        authority = _pem(Path(path), "name the authority's certificate in einklang:auditAuthority")
    else:
        chosen = issuer()
        authority = chosen.certificate_pem.decode("ascii") if isinstance(chosen, LocalAuthority) else ""
    return AuditArgs(image, config.get("auditSchedule") or _AUDIT_SCHEDULE, authority)


def _yes(config: pulumi.Config, key: str) -> bool:
    """A setting that is on or off, off where it is left out. Raises UserError for anything else."""
    value = config.get(key) or "false"
    if value not in {"true", "false"}:
        raise UserError(f"einklang:{key} is {value!r}", remedy="true or false")
    return value == "true"


def backup_site() -> BackupSite | None:
    """Where tenants are saved; None where the setting says `none`. Raises UserError where it is not complete."""
    config, local = pulumi.Config("einklang"), Settings.from_environment(os.environ)
    url = config.get("backupSite") or ""
    if url == "none":
        return None
    authority = config.get("backupAuthority") or "none"
    keys = {"access-key-id": "backupAccessKeyId", "secret-access-key": "backupSecretAccessKey"}
    access = {key: value for key, name in keys.items() if (value := config.get(name))}
    networks = config.get_object("backupNetworks") or []
    return BackupSite(url, tuple(map(str, networks)), _authority(authority, local), access)


def database_archive() -> str:
    """Name of the databases' archive at the backup site, empty where there is none."""
    return pulumi.Config("einklang").get("databaseArchive") or ""


def _authority(name: str, local: Settings) -> str:
    """The certificate of who signed the site's: `local`, a file, or empty for `none`."""
    if name == "none":
        return ""
    path = local.backup_site / "tls" / "ca.crt" if name == "local" else Path(name)
    return _pem(path, "einklang local up, or name your own site in einklang:backupSite (`none`: nothing is saved)")


def _pem(path: Path, remedy: str) -> str:
    try:
        return path.read_text(encoding="ascii")
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}", remedy=remedy) from error


def _catalogue(path: Path) -> Mapping[str, str]:
    documents = inventory.documents(path)
    if len(documents) != 1 or not isinstance(documents[0], dict):
        raise UserError(f"{path}: not an image catalogue", remedy="einklang images build, or einklang images push")
    images = {str(name): str(reference) for name, reference in documents[0].items()}
    for name, reference in images.items():
        if not _BY_DIGEST.fullmatch(reference):
            raise UserError(f"{path}: {name} is {reference!r}", remedy="registry/path/name@sha256:<64 hex digits>")
    return images


def _allowed(prefixes: object) -> tuple[str, ...]:
    """The registries that are set, none where nothing is.

    A prefix that does not end with `/` would also allow its namesakes: `registry.example` lets in
    `registry.example.elsewhere/`.
    """
    if prefixes is None:
        return ()
    if isinstance(prefixes, list) and all(isinstance(each, str) and _PREFIX.fullmatch(each) for each in prefixes):
        return tuple(prefixes)
    remedy = 'a list of prefixes that end with "/", such as ["registry.intern.example/einklang/"]'
    raise UserError(f"einklang:allowedRegistries is {prefixes!r}", remedy=remedy)


def _registries(images: Mapping[str, str]) -> tuple[str, ...]:
    """The places from which the catalogue's images come."""
    return tuple(sorted({reference.partition("@")[0].rpartition("/")[0] + "/" for reference in images.values()}))
