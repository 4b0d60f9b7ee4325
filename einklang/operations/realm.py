"""Bring a realm of a running Keycloak to what its document says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from einklang.clients.keycloak import Keycloak, segment
from einklang.errors import CheckError
from einklang.planning.flows import Json
from einklang.planning.realm import Change, Kind, Verb, plan


def apply(keycloak: Keycloak, desired: Json, report: Callable[[str], None]) -> tuple[Change, ...]:
    """Make the realm if it is missing, make the changes that are needed, and look again.

    Returns the changes that were made; none for a realm that is as desired. Users are not touched. Safe to
    interrupt and to repeat at any point: a new realm is enabled by the last change before removals, and a login flow
    is replaced in one step. Raises ClientError when Keycloak refuses, CheckError when a change did not last.
    """
    realm = Realm(keycloak, desired["realm"])
    if realm.missing():
        report(f"create realm {realm.name}")
        realm.create()
    changes = plan(desired, realm.observe(desired))
    for change in changes:
        report(str(change))
        realm.perform(change)
    left = plan(desired, realm.observe(desired)) if changes else ()
    if left:
        raise CheckError(f"realm {realm.name} was changed, but still differs: {'; '.join(map(str, left))}")
    return changes


class Realm:
    """One realm of a Keycloak: its representation, and the API calls that a change stands for."""

    def __init__(self, keycloak: Keycloak, name: str) -> None:
        self.name = name
        self._keycloak = keycloak
        self._path = f"/{segment(name)}"

    def missing(self) -> bool:
        """Whether Keycloak has no such realm."""
        return self._keycloak.get(self._path) is None

    def create(self) -> None:
        """Make it, empty and disabled."""
        self._keycloak.post("", {"realm": self.name, "enabled": False})
        self._keycloak.forget_token()

    def observe(self, desired: Json) -> Json:
        """Its representation; with the real secrets, which an export masks, of the clients that `desired` gives one."""
        observed: Json = self._post("/partial-export", exportClients="true", exportGroupsAndRoles="true")
        with_secret = {client["clientId"] for client in desired.get("clients", ()) if "secret" in client}
        for client in observed["clients"]:
            if client["clientId"] in with_secret and "id" in client:
                client["secret"] = self._get(f"/clients/{client['id']}/client-secret").get("value")
        return observed

    def perform(self, change: Change) -> None:
        """Make one change."""
        _PERFORM[change.kind, change.verb](self, change)

    def _get(self, path: str, **query: str) -> Any:
        return self._keycloak.get(self._path + path, **query)

    def _post(self, path: str, body: Any = None, **query: str) -> Any:
        return self._keycloak.post(self._path + path, body, **query)

    def _put(self, path: str, body: Any) -> None:
        self._keycloak.put(self._path + path, body)

    def _delete(self, path: str, body: Any = None) -> None:
        self._keycloak.delete(self._path + path, body)

    def _update_settings(self, change: Change) -> None:
        self._put("", change.body)

    def _create_role(self, change: Change) -> None:
        self._post("/roles", change.body)

    def _update_role(self, change: Change) -> None:
        self._put(f"/roles/{segment(change.name)}", change.body)

    def _delete_role(self, change: Change) -> None:
        self._delete(f"/roles/{segment(change.name)}")

    def _update_composites(self, change: Change) -> None:
        path = f"/roles/{segment(change.name)}/composites"
        self._membership(path, change)

    def _update_scope_roles(self, change: Change) -> None:
        self._membership(f"/client-scopes/{self._scope_id(change.name)}/scope-mappings/realm", change)

    def _membership(self, path: str, change: Change) -> None:
        for names, send in ((change.body["add"], self._post), (change.body["remove"], self._delete)):
            if names:
                send(path, [self._role(name) for name in names])

    def _role(self, reference: str) -> Any:
        owner, _, name = reference.partition("/")
        where = "" if owner == "realm" else f"/clients/{self._client_id(owner)}"
        return self._get(f"{where}/roles/{segment(name)}")

    def _create_scope(self, change: Change) -> None:
        self._post("/client-scopes", change.body)

    def _update_scope(self, change: Change) -> None:
        path = f"/client-scopes/{self._scope_id(change.name)}"
        self._put(path, {key: value for key, value in change.body.items() if key != "protocolMappers"})
        present = {mapper["name"]: mapper for mapper in self._get(f"{path}/protocol-mappers/models")}
        wanted = {mapper["name"]: mapper for mapper in change.body.get("protocolMappers", ())}
        for name in present.keys() - wanted.keys():
            self._delete(f"{path}/protocol-mappers/models/{present[name]['id']}")
        for name, mapper in wanted.items():
            if name in present:
                self._put(f"{path}/protocol-mappers/models/{present[name]['id']}", {**present[name], **mapper})
            else:
                self._post(f"{path}/protocol-mappers/models", mapper)

    def _delete_scope(self, change: Change) -> None:
        self._delete(f"/client-scopes/{self._scope_id(change.name)}")

    def _create_client(self, change: Change) -> None:
        self._post("/clients", change.body)

    def _update_client(self, change: Change) -> None:
        self._put(f"/clients/{self._client_id(change.name)}", change.body)

    def _delete_client(self, change: Change) -> None:
        self._delete(f"/clients/{self._client_id(change.name)}")

    def _update_client_scopes(self, change: Change) -> None:
        path = f"/clients/{self._client_id(change.name)}"
        for entry in change.body["remove"]:
            kind, _, name = entry.partition("/")
            self._delete(f"{path}/{kind}-client-scopes/{self._scope_id(name)}")
        for entry in change.body["add"]:
            kind, _, name = entry.partition("/")
            self._put(f"{path}/{kind}-client-scopes/{self._scope_id(name)}", None)

    def _update_required_action(self, change: Change) -> None:
        self._put(f"/authentication/required-actions/{segment(change.name)}", change.body)

    def _create_flow(self, change: Change) -> None:
        self._fill_flow(self._new_flow(change.body, top_level=True), change.body)

    def _new_flow(self, flow: Json, *, top_level: bool) -> str:
        names = {key: flow[key] for key in ("alias", "description", "providerId")}
        return str(self._post("/authentication/flows", {**names, "topLevel": top_level}))

    def _fill_flow(self, identity: str, flow: Json) -> None:
        """Add the executions in order; a flow within it gets its place before it is filled, so none is left loose."""
        for priority, execution in enumerate(flow["executions"]):
            body = {"parentFlow": identity, "requirement": execution["requirement"], "priority": priority}
            if "flow" in execution:
                part = self._new_flow(execution["flow"], top_level=False)
                self._post("/authentication/executions", {**body, "authenticatorFlow": True, "flowId": part})
                self._fill_flow(part, execution["flow"])
                continue
            made = self._post("/authentication/executions", {**body, "authenticator": execution["authenticator"]})
            if execution["config"]:
                entry = {"alias": execution["alias"], "config": execution["config"]}
                self._post(f"/authentication/executions/{made}/config", entry)

    def _delete_flow(self, change: Change) -> None:
        # The list of flows has the top-level ones only; a loose piece is found in the export.
        exported = self._post("/partial-export")["authenticationFlows"]
        for flow in exported:
            if flow["alias"] == change.name:
                self._delete(f"/authentication/flows/{flow['id']}")

    def _client_id(self, name: str) -> str:
        return str(self._get("/clients", clientId=name)[0]["id"])

    def _scope_id(self, name: str) -> str:
        return next(str(scope["id"]) for scope in self._get("/client-scopes") if scope["name"] == name)


_PERFORM: dict[tuple[Kind, Verb], Callable[[Realm, Change], None]] = {
    (Kind.SETTINGS, Verb.UPDATE): Realm._update_settings,
    (Kind.ROLE, Verb.CREATE): Realm._create_role,
    (Kind.ROLE, Verb.UPDATE): Realm._update_role,
    (Kind.ROLE, Verb.DELETE): Realm._delete_role,
    (Kind.COMPOSITES, Verb.UPDATE): Realm._update_composites,
    (Kind.SCOPE, Verb.CREATE): Realm._create_scope,
    (Kind.SCOPE, Verb.UPDATE): Realm._update_scope,
    (Kind.SCOPE, Verb.DELETE): Realm._delete_scope,
    (Kind.SCOPE_ROLES, Verb.UPDATE): Realm._update_scope_roles,
    (Kind.CLIENT, Verb.CREATE): Realm._create_client,
    (Kind.CLIENT, Verb.UPDATE): Realm._update_client,
    (Kind.CLIENT, Verb.DELETE): Realm._delete_client,
    (Kind.CLIENT_SCOPES, Verb.UPDATE): Realm._update_client_scopes,
    (Kind.REQUIRED_ACTION, Verb.UPDATE): Realm._update_required_action,
    (Kind.FLOW, Verb.CREATE): Realm._create_flow,
    (Kind.FLOW, Verb.DELETE): Realm._delete_flow,
}
