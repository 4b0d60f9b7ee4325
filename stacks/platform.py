"""The stack `platform`."""

from __future__ import annotations

import pulumi

from einklang import inventory
from einklang.errors import UserError
from modules.gateway import GatewayArgs
from modules.platform import Platform, PlatformArgs
from stacks import providers, settings

NAME = "platform"


def declare() -> None:
    """Declare what the tenants share."""
    chosen = settings.read()
    args = PlatformArgs(
        database_operator=inventory.documents(chosen.manifests / "cloudnative-pg.yaml"),
        database_operator_image=_image(chosen, "cloudnative-pg"),
        gateway_definitions=inventory.documents(chosen.manifests / "gateway-api.yaml"),
        gateway=GatewayArgs(_image(chosen, "traefik"), chosen.gateway_host_address or None),
        audit=settings.audit(_image(chosen, "audit")),
        registries=chosen.registries,
        storage_provisioner=chosen.storage_provisioner,
        storage_parameters=chosen.storage_parameters,
        protect=chosen.protect_platform,
    )
    Platform("platform", args, pulumi.ResourceOptions(provider=providers.operator(chosen)))


def _image(chosen: settings.StackSettings, name: str) -> str:
    """The platform runs the one version that the catalogue holds. Raises UserError where there is none, or several."""
    found = [reference for tag, reference in chosen.images.items() if tag.partition(":")[0] == name]
    if len(found) != 1:
        raise UserError(
            f"the image catalogue has {len(found)} versions of {name}, and the platform needs one",
            remedy="einklang images build, or name your catalogue in the setting einklang:imageCatalogue",
        )
    return found[0]
