"""Changes of tenants, and what Pulumi would do for them: compared from what the components declare."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from einklang.clients import pulumi_preview
from einklang.model.plan import ResourceAction
from einklang.model.resolved import ResolvedTenant
from einklang.model.standard import Standard
from einklang.model.tenant import Tenant
from einklang.planning.proposal import Change
from tests.components import cases, programs
from tests.components.recording import Declared, record


def edited(resolved: ResolvedTenant, **edits: Any) -> ResolvedTenant:
    """The tenant with other values; `branding__primary` names a key inside a key."""
    data = resolved.tenant.model_dump(by_alias=True, mode="json")
    for name, value in edits.items():
        place = data
        *path, last = name.split("__")
        for part in path:
            place = place[part]
        place[last] = value
    tenant = Tenant.model_validate_json(json.dumps(data))
    size = resolved.standard.size_of(tenant.population)
    services = [each for each in resolved.services if each.id in tenant.services]
    logo = resolved.logo if tenant.branding.logo else None
    return replace(resolved, tenant=tenant, size=size, services=services, logo=logo)


def renamed(resolved: ResolvedTenant, tenant: str, name: str) -> ResolvedTenant:
    """The same for another municipality."""
    text = resolved.tenant.model_dump_json(by_alias=True).replace("olpe", tenant).replace("Olpe", name)
    changed = Tenant.model_validate_json(text.replace(f"logos/{tenant}.svg", "logos/olpe.svg"))
    return replace(resolved, tenant=changed)


def next_standard(resolved: ResolvedTenant) -> ResolvedTenant:
    """The same tenant on a later version of the standard: other programs, another file plan."""
    images = {**resolved.standard.images, "keycloak": "keycloak:26.5.0", "portal": "portal:6.2.0"}
    standard: Standard = resolved.standard.model_copy(update={"version": "2027.1", "images": images})
    tenant = resolved.tenant.model_copy(update={"standard": "2027.1"})
    return replace(resolved, tenant=tenant, standard=standard, size=standard.size_of(tenant.population))


def change(before: ResolvedTenant | None, after: ResolvedTenant | None, *, looked: bool = True) -> Change:
    """The change, with what it does to the resources."""
    return Change(before, after, actions(before, after) if looked else None)


def actions(before: ResolvedTenant | None, after: ResolvedTenant | None) -> tuple[ResourceAction, ...]:
    """As Pulumi would tell, without a replacement: those are the provider's decision."""
    old, new = declared(before), declared(after)
    steps: list[Mapping[str, Any]] = []
    for urn in sorted({*old, *new}):
        if urn not in old:
            steps.append({"op": "create", "urn": urn, "newState": {"inputs": new[urn].manifest}})
        elif urn not in new:
            steps.append({"op": "delete", "urn": urn, "oldState": {"protect": old[urn].protect}})
        elif old[urn].manifest != new[urn].manifest:
            paths = dict.fromkeys(differing(old[urn].manifest, new[urn].manifest))
            state = {"oldState": {"protect": old[urn].protect}, "newState": {"inputs": new[urn].manifest}}
            steps.append({"op": "update", "urn": urn, "detailedDiff": paths, **state})
    return pulumi_preview.actions({"steps": steps})


def declared(resolved: ResolvedTenant | None) -> Mapping[str, Declared]:
    """What the tenant's program declares, by URN."""
    if resolved is None:
        return {}
    return _declared(json.dumps(resolved.tenant.model_dump(mode="json"), sort_keys=True), _Boxed(resolved))


def differing(old: Any, new: Any, path: str = "") -> list[str]:
    """Dotted paths of what differs, down to the deepest mapping."""
    if isinstance(old, dict) and isinstance(new, dict):
        return [
            found
            for key in sorted({*old, *new})
            if old.get(key) != new.get(key)
            for found in differing(old.get(key), new.get(key), f"{path}.{key}" if path else key)
        ]
    return [path]


class _Boxed:
    """A tenant as an argument that every other one equals: the text beside it tells them apart."""

    def __init__(self, resolved: ResolvedTenant) -> None:
        self.resolved = resolved

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Boxed)

    def __hash__(self) -> int:
        return 0


@cache
def _declared(_: str, boxed: _Boxed) -> Mapping[str, Declared]:
    images = {name: cases.image(name) for name in boxed.resolved.standard.images.values()}
    tenant = boxed.resolved.tenant.id
    return {each.urn: each for each in record(programs.tenant(boxed.resolved, images=images), stack=tenant)}
