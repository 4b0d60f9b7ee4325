"""The realm's document: valid for every tenant, and as strict as it has to be."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from functools import cache
from typing import Any

import pytest

from einklang import inventory
from einklang.errors import UserError
from einklang.model.resolved import ResolvedTenant
from einklang.model.vocabulary import Language
from einklang.planning.flows import PREFIX, plan_flows
from einklang.planning.realm import Kind, Verb, fill, plan
from einklang.settings import PROJECT_ROOT
from modules.identity_realm import STAFF_MARKER, master_document, realm_document

TEMPLATES = PROJECT_ROOT / "templates"
STAFF = ("editor", "clerk", "registrar", "auditor", "administrator")


@cache
def resolved(tenant: str = "olpe") -> ResolvedTenant:
    return inventory.load(PROJECT_ROOT, today=date(2026, 11, 23)).resolve(tenant)


def realm(tenant: ResolvedTenant | None = None) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(realm_document(TEMPLATES, tenant or resolved()))
    return document


def with_tenant(**changes: object) -> ResolvedTenant:
    return replace(resolved(), tenant=resolved().tenant.model_copy(update=changes))


def client(name: str, tenant: ResolvedTenant | None = None) -> dict[str, Any]:
    (found,) = [client for client in realm(tenant)["clients"] if client["clientId"] == name]
    return dict(found)


def flow(name: str) -> list[dict[str, Any]]:
    (found,) = [flow for flow in realm()["authenticationFlows"] if flow["alias"] == name]
    return list(found["authenticationExecutions"])


@pytest.mark.parametrize("tenant", ["olpe", "attendorn", "lennestadt"])
@pytest.mark.parametrize("population", [1_000, 50_000, 400_000])
@pytest.mark.parametrize("languages", [("de", "en"), ("en", "de"), ("de",)])
def test_every_tenant_gets_strict_json(tenant: str, population: int, languages: tuple[str, ...]) -> None:
    found, chosen = resolved(tenant), tuple(Language(language) for language in languages)
    size = found.standard.size_of(population)
    changed = found.tenant.model_copy(update={"population": population, "languages": chosen})
    document = realm(replace(found, tenant=changed, size=size))
    assert document["realm"] == tenant
    assert document["displayName"] == found.tenant.name
    assert document["defaultLocale"] == languages[0]
    assert document["supportedLocales"] == list(languages)


@pytest.mark.parametrize("name", ['Bad "Quellen" {{ 1 }}', "Müllheim & Söhne <b>", "C\\Stadt", "O'Dorf ${x}"])
def test_no_name_breaks_out(name: str) -> None:
    document = realm(with_tenant(name=name))
    assert document["displayName"] == name
    assert "<" not in document["displayNameHtml"]
    assert client("portal", with_tenant(name=name))["name"] == f"Bürgerportal {name}"


def test_documents_hold_no_secret_and_name_each_variable() -> None:
    assert client("portal")["secret"] == "$(env:PORTAL_CLIENT_SECRET)"
    assert client("dms")["secret"] == "$(env:DMS_CLIENT_SECRET)"
    assert "secret" not in master_document(TEMPLATES, resolved())


def test_redirect_uris_are_exact() -> None:
    assert client("portal")["redirectUris"] == ["https://www.olpe.example/acl_users/oidc/callback"]
    assert client("dms")["redirectUris"] == ["https://dms.olpe.example/oidc/callback/"]
    assert "*" not in json.dumps([client("portal"), client("dms")])


@pytest.mark.parametrize("name", ["portal", "dms"])
def test_applications_use_the_code_flow_with_pkce_and_nothing_else(name: str) -> None:
    found = client(name)
    assert found["attributes"]["pkce.code.challenge.method"] == "S256"
    assert found["standardFlowEnabled"]
    for off in (
        "publicClient",
        "implicitFlowEnabled",
        "directAccessGrantsEnabled",
        "serviceAccountsEnabled",
        "fullScopeAllowed",
    ):
        assert found[off] is False, off
    assert "offline_access" not in found["defaultClientScopes"] + found["optionalClientScopes"]


@pytest.mark.parametrize("document", [realm_document, master_document])
def test_built_in_clients_are_closed(document: Any) -> None:
    clients = {client["clientId"]: client for client in json.loads(document(TEMPLATES, resolved()))["clients"]}
    assert clients["admin-cli"]["enabled"] is False
    assert clients["admin-cli"]["directAccessGrantsEnabled"] is False
    assert clients["security-admin-console"]["enabled"] is False


def test_roles_are_the_standards_and_staff_is_marked() -> None:
    roles = {role["name"]: role.get("composites", {}) for role in realm()["roles"]["realm"]}
    assert set(roles) == {"citizen", *STAFF, STAFF_MARKER, "default-roles-olpe"}
    assert roles["default-roles-olpe"]["realm"] == ["citizen"], "whoever registers is a citizen, nothing else"
    assert all(STAFF_MARKER in roles[name]["realm"] for name in STAFF)
    assert roles["citizen"]["realm"] == []
    (mapping,) = realm()["scopeMappings"]
    assert STAFF_MARKER not in mapping["roles"], "the marker is in no token"


def test_the_second_factor_cannot_be_gone_round() -> None:
    document = realm()
    assert document["browserFlow"] == "einklang-browser"
    assert document["directGrantFlow"] == document["resetCredentialsFlow"] == "einklang-denied"
    assert [execution["authenticator"] for execution in flow("einklang-denied")] == ["deny-access-authenticator"]
    assert document["resetPasswordAllowed"] is False
    forms = flow("einklang-forms")
    assert forms[0]["authenticator"] == "auth-username-password-form"
    factors = [part["flowAlias"] for part in forms if part["requirement"] == "CONDITIONAL"]
    configurations = {entry["alias"]: entry["config"] for entry in document["authenticatorConfig"]}
    conditions = []
    for name in factors:
        parts = flow(name)
        assert all(part["requirement"] == "REQUIRED" for part in parts)
        assert parts[-1]["authenticator"] == "auth-otp-form"
        roles = [configurations[part["authenticatorConfig"]] for part in parts if "authenticatorConfig" in part]
        conditions.append(
            (
                {role["condUserRole"]: role["negate"] == "false" for role in roles},
                any(part["authenticator"] == "conditional-user-configured" for part in parts),
            )
        )
    asked = {
        (staff, citizen): [
            "if set up" if only_configured else "always"
            for roles, only_configured in conditions
            if all(present == {STAFF_MARKER: staff, "citizen": citizen}[role] for role, present in roles.items())
        ]
        for staff in (True, False)
        for citizen in (True, False)
    }
    assert asked == {
        (True, True): ["always"],
        (True, False): ["always"],
        (False, False): ["always"],
        (False, True): ["if set up"],
    }, "everybody is asked once, and only a citizen may do without"


def test_numbers_come_from_the_standard() -> None:
    standard, document = resolved().standard.modules.identity, realm()
    assert f"length({standard.password_policy.min_length})" in document["passwordPolicy"]
    assert document["failureFactor"] == standard.brute_force.max_failures
    assert document["ssoSessionIdleTimeout"] == standard.sessions.idle_minutes * 60
    assert document["ssoSessionMaxLifespan"] == standard.sessions.max_hours * 3600
    assert document["accessTokenLifespan"] == standard.sessions.access_token_minutes * 60
    assert document["eventsExpiration"] == standard.event_retention_days * 86400


def test_pages_load_nothing_from_elsewhere() -> None:
    policy = realm()["browserSecurityHeaders"]["contentSecurityPolicy"]
    directives = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert directives.pop("form-action") == "'self' https://www.olpe.example https://dms.olpe.example"
    assert not any("http" in sources or "*" in sources for sources in directives.values())


def test_variables_are_filled_in_or_missed() -> None:
    document = {"a": ["$(env:ONE)", 1], "b": {"c": "no $(env:ONE)"}}
    assert fill(document, {"ONE": "1"}) == {"a": ["1", 1], "b": {"c": "no $(env:ONE)"}}
    with pytest.raises(UserError, match="ONE"):
        fill(document, {})


EMPTY: dict[str, Any] = {
    "realm": "olpe",
    "enabled": False,
    "requiredActions": [{"alias": action["alias"], "enabled": True} for action in realm()["requiredActions"]],
    "roles": {"realm": [{"name": "default-roles-olpe", "composites": {"realm": ["offline_access"]}}]},
    "clients": [
        {"clientId": name, "enabled": True, "defaultClientScopes": [], "optionalClientScopes": []}
        for name in ("admin-cli", "security-admin-console")
    ],
    "authenticationFlows": [{"alias": "browser", "providerId": "basic-flow", "topLevel": True, "builtIn": True,
                             "authenticationExecutions": []}],
}  # fmt: skip


def test_a_new_realm_is_enabled_by_the_last_change() -> None:
    changes = plan(realm(), EMPTY)
    assert changes[-1].kind is Kind.SETTINGS
    assert changes[-1].body["enabled"] is True
    assert changes[-1].body["browserFlow"] == "einklang-browser~1"
    assert [change.verb for change in changes].count(Verb.DELETE) == 0


def test_nothing_to_do_is_nothing() -> None:
    assert plan(realm(), as_applied(realm())) == ()


def test_what_the_template_dropped_goes_and_what_others_made_stays() -> None:
    observed = as_applied(realm())
    observed["clients"].append({"clientId": "old", "attributes": {"einklang.managed": "true"}})
    observed["clients"].append({"clientId": "by-hand", "attributes": {}})
    observed["roles"]["realm"].append({"name": "old", "attributes": {"einklang.managed": ["true"]}})
    observed["roles"]["realm"].append({"name": "by-hand"})
    assert [str(change) for change in plan(realm(), observed)] == ["delete client old", "delete role old"]


def test_a_change_names_fields_and_shows_no_value() -> None:
    observed = as_applied(realm())
    observed["clients"][0]["secret"] = "another"
    (change,) = plan(realm(), observed)
    assert (change.kind, change.verb, change.fields) == (Kind.CLIENT, Verb.UPDATE, ("secret",))
    assert "PORTAL_CLIENT_SECRET" not in repr(change) + str(change)


def test_a_composite_that_was_added_by_hand_is_taken_back() -> None:
    observed = as_applied(realm())
    citizen = next(role for role in observed["roles"]["realm"] if role["name"] == "citizen")
    citizen["composites"] = {"client": {"realm-management": ["realm-admin"]}}
    (change,) = plan(realm(), observed)
    assert str(change) == "update composites of role citizen: -realm-management/realm-admin"


def test_a_changed_flow_is_built_beside_the_one_in_use() -> None:
    observed, wanted = as_applied(realm()), realm()
    limits = next(entry for entry in wanted["authenticatorConfig"] if entry["alias"] == "einklang-sessions")
    limits["config"]["userRealmLimit"] = "3"
    changes = plan(wanted, observed)
    assert [str(change) for change in changes] == [
        "create flow einklang-browser~2",
        "update settings olpe: browserFlow",
        "delete flow einklang-browser~1",
    ]
    aliases = [part["alias"] for part in _parts(changes[0].body)]
    assert len(aliases) == len(set(aliases)), "a configuration belongs to one execution"


def test_pieces_of_an_interrupted_run_go_from_the_outside() -> None:
    observed = as_applied(realm())
    inner = {"alias": f"{PREFIX}inner~2", "providerId": "basic-flow", "topLevel": False, "builtIn": False,
             "authenticationExecutions": []}  # fmt: skip
    outer = {**inner, "alias": f"{PREFIX}outer~2", "authenticationExecutions": [
        {"flowAlias": inner["alias"], "requirement": "REQUIRED", "priority": 0}]}  # fmt: skip
    observed["authenticationFlows"] += [inner, outer]
    assert plan_flows(realm(), observed).remove == (outer["alias"],)


def test_a_missing_required_action_is_an_error() -> None:
    with pytest.raises(UserError, match="CONFIGURE_TOTP"):
        plan(realm(), {**EMPTY, "requiredActions": []})


def as_applied(document: dict[str, Any]) -> dict[str, Any]:
    """The document as Keycloak exports it after it was applied once: generations in the names of flows."""
    copy: dict[str, Any] = json.loads(json.dumps(document))
    for found in copy["authenticationFlows"]:
        found["alias"] += "~1"
        for execution in found["authenticationExecutions"]:
            for key in ("flowAlias", "authenticatorConfig"):
                if key in execution:
                    execution[key] += "~1"
    for entry in copy["authenticatorConfig"]:
        entry["alias"] += "~1"
    for binding in ("browserFlow", "directGrantFlow", "resetCredentialsFlow"):
        copy[binding] += "~1"
    for found in copy["clients"]:
        found.setdefault("defaultClientScopes", [])
        found.setdefault("optionalClientScopes", [])
    return copy


def _parts(body: dict[str, Any]) -> list[dict[str, Any]]:
    """The executions with a configuration in a flow that is to be built."""
    found = [part for part in body["executions"] if part.get("config")]
    return found + [inner for part in body["executions"] if "flow" in part for inner in _parts(part["flow"])]
