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
from modules.certificates import CertManager, Issuer, LocalAuthority

_CERT_MANAGER = "cert-manager:"
_PREFIX = re.compile(r"[a-z0-9][a-z0-9.-]*(:[0-9]+)?/([a-z0-9._-]+/)*")
_BY_DIGEST = re.compile(r"[^@\s]+/[^@\s]+@sha256:[0-9a-f]{64}")


@dataclass(frozen=True)
class StackSettings:
    """What the program needs besides tenants and standards. images: `name:version` -> reference by digest.

    registries: prefixes that end with `/`. protect_platform: destroying the platform is refused.
    """

    root: Path
    manifests: Path
    images: Mapping[str, str]
    registries: tuple[str, ...]
    storage_provisioner: str
    storage_parameters: Mapping[str, str]
    gateway_host_address: str | None
    protect_platform: bool
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
