"""A realm as it should be against a realm as it is: the changes that lead from the one to the other.

Both are Keycloak's realm representations, as the admin API exports them. The desired one is laid over the observed
one: what it does not mention stays as it is. What an earlier template made and this one does not mention is removed:
it is known by the attribute `einklang.managed`. Users, their roles and their sessions are no part of this.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from einklang.errors import UserError
from einklang.planning.flows import FlowPlan, Json, plan_flows

MARK = "einklang.managed"
_LISTS = frozenset(
    {
        *("roles", "clients", "clientScopes", "scopeMappings"),
        *("authenticationFlows", "authenticatorConfig", "requiredActions"),
    }
)
_BINDINGS = ("browserFlow", "directGrantFlow", "resetCredentialsFlow", "registrationFlow")
_PLACEHOLDER = re.compile(r"^\$\(env:([A-Z][A-Z0-9_]*)\)$")


class Verb(StrEnum):
    """What happens to a thing."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


class Kind(StrEnum):
    """What a change is about."""

    SETTINGS = "settings"
    ROLE = "role"
    COMPOSITES = "composites of role"
    SCOPE = "client scope"
    SCOPE_ROLES = "roles of client scope"
    CLIENT = "client"
    CLIENT_SCOPES = "scopes of client"
    REQUIRED_ACTION = "required action"
    FLOW = "flow"


@dataclass(frozen=True)
class Change:
    """One change of a realm.

    fields: names of what differs; never values, which may be secrets. body: what is sent, complete where the API
    replaces a whole object.
    """

    verb: Verb
    kind: Kind
    name: str
    fields: tuple[str, ...] = ()
    body: Json = field(default_factory=dict, repr=False)

    def __str__(self) -> str:
        what = f": {', '.join(self.fields)}" if self.fields else ""
        return f"{self.verb} {self.kind} {self.name}{what}"


def fill(value: Any, environ: Mapping[str, str]) -> Any:
    """A copy of the document in which every string `$(env:NAME)` is the variable's value.

    The notation is that of keycloak-config-cli. Raises UserError when a variable is missing or empty.
    """
    if isinstance(value, dict):
        return {key: fill(part, environ) for key, part in value.items()}
    if isinstance(value, list):
        return [fill(part, environ) for part in value]
    match = _PLACEHOLDER.match(value) if isinstance(value, str) else None
    if match is None:
        return value
    if not environ.get(match[1]):
        raise UserError(f"the realm needs the environment variable {match[1]}")
    return environ[match[1]]


def plan(desired: Json, observed: Json) -> tuple[Change, ...]:
    """The changes in the order in which they can be made; empty when nothing is to be done.

    The settings come late and in one piece: they bind the login flow, and they enable a new realm.
    """
    flows = plan_flows(desired, observed)
    return (
        *_objects(Kind.ROLE, _roles(desired), _roles(observed), _role_body),
        *_objects(Kind.SCOPE, _by("name", desired, "clientScopes"), _by("name", observed, "clientScopes"), _laid_over),
        *_objects(Kind.CLIENT, _by("clientId", desired, "clients"), _by("clientId", observed, "clients"), _client_body),
        *_composites(desired, observed),
        *_scope_roles(desired, observed),
        *_client_scopes(desired, observed),
        *_required_actions(desired, observed),
        *(Change(Verb.CREATE, Kind.FLOW, flow["alias"], body=flow) for flow in flows.build),
        *_settings(desired, observed, flows),
        *(Change(Verb.DELETE, Kind.FLOW, name) for name in flows.remove),
        *_removed(Kind.CLIENT, _by("clientId", desired, "clients"), _by("clientId", observed, "clients")),
        *_removed(Kind.SCOPE, _by("name", desired, "clientScopes"), _by("name", observed, "clientScopes")),
        *_removed(Kind.ROLE, _roles(desired), _roles(observed)),
    )


def differing(desired: Json, observed: Json) -> tuple[str, ...]:
    """Names of the entries of `desired` that `observed` does not have like that."""
    return tuple(sorted(key for key, value in desired.items() if not _covers(value, observed.get(key))))


def _covers(desired: Any, observed: Any) -> bool:
    """Whether laying `desired` over `observed` would change nothing; lists of names are sets."""
    if not desired and observed is None:
        return True
    if isinstance(desired, dict):
        return isinstance(observed, dict) and not differing(desired, observed)
    if isinstance(desired, list) and isinstance(observed, list):
        if any(isinstance(entry, dict) for entry in desired):
            return len(desired) == len(observed) and all(map(_covers, desired, observed))
        return sorted(desired) == sorted(observed)
    return bool(desired == observed)


Body = Callable[[Json, Json], Json]


def _objects(kind: Kind, desired: Mapping[str, Json], observed: Mapping[str, Json], body: Body) -> Iterator[Change]:
    for name, wanted in desired.items():
        if name not in observed:
            yield Change(Verb.CREATE, kind, name, body=_marked(body(wanted, {}), kind))
            continue
        sent = body(wanted, observed[name])
        fields = differing(sent, observed[name])
        if fields:
            yield Change(Verb.UPDATE, kind, name, fields, sent)


def _role_body(wanted: Json, present: Json) -> Json:
    return _laid_over(_without(wanted, "composites"), present)


def _client_body(wanted: Json, present: Json) -> Json:
    # An update does not touch the assigned scopes: that is a change of its own.
    scopes = ("defaultClientScopes", "optionalClientScopes")
    return _laid_over(_without(wanted, *scopes) if present else wanted, present)


def _laid_over(wanted: Json, present: Json) -> Json:
    """What to send: the wanted entries, and all attributes, because the API replaces those as a whole."""
    if "attributes" not in wanted or not present:
        return dict(wanted)
    return {**wanted, "attributes": {**present.get("attributes", {}), **wanted["attributes"]}}


def _marked(body: Json, kind: Kind) -> Json:
    mark: Any = ["true"] if kind is Kind.ROLE else "true"
    return {**body, "attributes": {**body.get("attributes", {}), MARK: mark}}


def _removed(kind: Kind, desired: Mapping[str, Json], observed: Mapping[str, Json]) -> Iterator[Change]:
    for name, present in observed.items():
        if name not in desired and MARK in present.get("attributes", {}):
            yield Change(Verb.DELETE, kind, name)


def _composites(desired: Json, observed: Json) -> Iterator[Change]:
    present = _roles(observed)
    for name, role in _roles(desired).items():
        if "composites" in role:
            yield from _membership(Kind.COMPOSITES, name, _parts(role), _parts(present.get(name, {})))


def _parts(role: Json) -> set[str]:
    """The roles within a role: `realm/name` and `client id/name`."""
    composites = role.get("composites", {})
    found = {f"realm/{name}" for name in composites.get("realm", ())}
    return found | {f"{client}/{name}" for client, names in composites.get("client", {}).items() for name in names}


def _scope_roles(desired: Json, observed: Json) -> Iterator[Change]:
    present = {entry.get("clientScope"): entry["roles"] for entry in observed.get("scopeMappings", ())}
    for entry in desired.get("scopeMappings", ()):
        scope = entry["clientScope"]
        wanted = {f"realm/{role}" for role in entry["roles"]}
        yield from _membership(Kind.SCOPE_ROLES, scope, wanted, {f"realm/{role}" for role in present.get(scope, ())})


def _client_scopes(desired: Json, observed: Json) -> Iterator[Change]:
    present = _by("clientId", observed, "clients")
    for name, client in _by("clientId", desired, "clients").items():
        if name in present and "defaultClientScopes" in client:
            before = {f"default/{scope}" for scope in present[name]["defaultClientScopes"]}
            before |= {f"optional/{scope}" for scope in present[name]["optionalClientScopes"]}
            after = {f"default/{scope}" for scope in client["defaultClientScopes"]}
            after |= {f"optional/{scope}" for scope in client["optionalClientScopes"]}
            yield from _membership(Kind.CLIENT_SCOPES, name, after, before)


def _membership(kind: Kind, name: str, desired: set[str], observed: set[str]) -> Iterator[Change]:
    add, remove = sorted(desired - observed), sorted(observed - desired)
    if add or remove:
        fields = (*(f"+{entry}" for entry in add), *(f"-{entry}" for entry in remove))
        yield Change(Verb.UPDATE, kind, name, fields, {"add": add, "remove": remove})


def _required_actions(desired: Json, observed: Json) -> Iterator[Change]:
    present = _by("alias", observed, "requiredActions")
    for name, action in _by("alias", desired, "requiredActions").items():
        if name not in present:
            raise UserError(f"this Keycloak has no required action {name}")
        fields = differing(action, present[name])
        if fields:
            yield Change(Verb.UPDATE, Kind.REQUIRED_ACTION, name, fields, {**present[name], **action})


def _settings(desired: Json, observed: Json, flows: FlowPlan) -> Iterator[Change]:
    wanted = {key: value for key, value in desired.items() if key not in _LISTS}
    wanted |= {key: flows.names.get(wanted[key], wanted[key]) for key in _BINDINGS if key in wanted}
    fields = differing(wanted, observed)
    if fields:
        body = _laid_over({key: wanted[key] for key in {"realm", *fields}}, observed)
        yield Change(Verb.UPDATE, Kind.SETTINGS, wanted["realm"], fields, body)


def _roles(realm: Json) -> Mapping[str, Json]:
    return {role["name"]: role for role in realm.get("roles", {}).get("realm", ())}


def _by(key: str, realm: Json, name: str) -> Mapping[str, Json]:
    entries: Iterable[Json] = realm.get(name, ())
    return {entry[key]: entry for entry in entries}


def _without(entries: Json, *names: str) -> Json:
    return {key: value for key, value in entries.items() if key not in names}
