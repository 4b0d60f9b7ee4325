"""A tenant's identity service as it runs: what is public, what is refused, and how changes arrive."""

from __future__ import annotations

import json
import re
import time
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from einklang import inventory
from einklang.model.tenant import Tenant
from einklang.operations.realm import Realm
from einklang.planning.realm import fill, plan
from modules.identity_realm import master_document, realm_document
from tests.live.people import address, connected, invite, secret, secret_values, visit
from tests.live.stage import Stage
from tests.live.visitor import Visitor, claims, one_time_password

PASSWORD = "Sauerland-2026-am-See"


@pytest.fixture
def tenant(stage: Stage) -> Tenant:
    """The second one: the browser tests use the first."""
    return stage.tenants[1]


@pytest.fixture
def visitor(stage: Stage, tenant: Tenant) -> Visitor:
    return visit(stage, tenant)


# -- What is public


CLOSED = (
    "/admin/",
    "/admin/master/console/",
    "/admin/{id}/console/",
    "/admin/realms/{id}/users",
    "/realms/master/",
    "/realms/master/account/",
    "/realms/master/protocol/openid-connect/auth",
    "/realms/master/.well-known/openid-configuration",
    "/realms/{id}",
    "/realms/{id}/clients-registrations/openid-connect",
    "/realms/{id}/broker/x/login",
    "/realms/{id}/protocol/saml",
    "/metrics",
    "/health",
    "/health/ready",
    "/js/keycloak.js",
    "/robots.txt",
)
DETOURS = (
    "/realms/{id}/account/../../master/.well-known/openid-configuration",
    "/realms/{id}/account/%2e%2e/%2e%2e/master/.well-known/openid-configuration",
    "/realms/{id}/account/..;/..;/master/.well-known/openid-configuration",
    "/realms/{id}/account/..%2f..%2fmaster/.well-known/openid-configuration",
    "/realms/{id}/account//../../../admin/master/console/",
    "/resources/../admin/master/console/",
    "/resources/%2e%2e/admin/master/console/",
    "/resources/..%5cadmin/master/console/",
    "//admin/master/console/",
    "/ADMIN/master/console/",
    "/./admin/master/console/",
)


@pytest.mark.parametrize("path", CLOSED)
def test_what_is_not_for_citizens_is_not_there(visitor: Visitor, path: str) -> None:
    assert visitor.raw(path.format(id=visitor.tenant.id)).status_code == 404


@pytest.mark.parametrize("path", DETOURS)
def test_no_detour_leads_there(visitor: Visitor, path: str) -> None:
    answer = visitor.raw(path.format(id=visitor.tenant.id))
    if answer.status_code == 200:
        # The account console is one page for every path below it.
        assert f'"realm": "{visitor.tenant.id}"' in answer.text
        assert '"clientId": "account-console"' in answer.text
    else:
        assert answer.status_code in {301, 400, 403, 404}


def test_what_citizens_need_is_there(visitor: Visitor) -> None:
    realm = f"/realms/{visitor.tenant.id}"
    assert visitor.raw(f"{realm}/account/").status_code == 200
    found = visitor.http.get(f"{realm}/.well-known/openid-configuration").json()
    assert found["issuer"] == f"https://{visitor.tenant.hostnames.identity}{realm}"
    assert visitor.http.get("/").headers["location"].endswith(f"{realm}/account/")


def test_pages_carry_the_headers_that_protect_them(visitor: Visitor) -> None:
    headers = visitor.authorize().headers
    assert "max-age=31536000" in headers["strict-transport-security"]
    assert "default-src 'self'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "SAMEORIGIN"


# -- What the realm is


CLIENT_VARIABLES = {"portal": "PORTAL_CLIENT_SECRET", "dms": "DMS_CLIENT_SECRET"}


def test_the_realm_is_what_its_document_says(stage: Stage, tenant: Tenant) -> None:
    assert differences(stage, tenant) == []


def differences(stage: Stage, tenant: Tenant) -> list[str]:
    """What would have to be changed in Keycloak's own realm and the tenant's."""
    resolved = inventory.load(stage.settings.root, today=date.today()).resolve(tenant.id)
    values = {name: secret(stage, tenant, f"{client}-oidc") for client, name in CLIENT_VARIABLES.items()}
    found: list[str] = []
    with connected(stage, tenant) as keycloak:
        for document in (master_document, realm_document):
            desired = fill(json.loads(document(stage.settings.root / "templates", resolved)), values)
            found += map(str, plan(desired, Realm(keycloak, desired["realm"]).observe(desired)))
    return found


def test_keycloaks_own_realm_has_no_human_user(stage: Stage, tenant: Tenant) -> None:
    with connected(stage, tenant) as keycloak:
        assert keycloak.get("/master/users") == []


def test_a_change_by_hand_is_found(stage: Stage, tenant: Tenant) -> None:
    """The check of the realm bites: a weaker setting is a difference."""
    resolved = inventory.load(stage.settings.root, today=date.today()).resolve(tenant.id)
    desired = json.loads(realm_document(stage.settings.root / "templates", resolved))
    without_clients = {key: value for key, value in desired.items() if key != "clients"}
    with connected(stage, tenant) as keycloak:
        keycloak.put(f"/{tenant.id}", {"realm": tenant.id, "bruteForceProtected": False})
        try:
            found = plan(without_clients, Realm(keycloak, tenant.id).observe(without_clients))
        finally:
            keycloak.put(f"/{tenant.id}", {"realm": tenant.id, "bruteForceProtected": True})
    assert [change.fields for change in found if change.name == tenant.id] == [("bruteForceProtected",)]


def test_logs_and_manifests_hold_no_secret(stage: Stage, tenant: Tenant) -> None:
    namespace = ("-n", tenant.namespace)
    pods = stage.get("pods", *namespace)["items"]
    names = [pod["metadata"]["name"] for pod in pods]
    shown = {name: stage.kubectl("logs", *namespace, name, "--all-containers").stdout for name in names}
    shown["manifests"] = stage.kubectl("get", "deployments,jobs,configmaps,pods", *namespace, "-o", "json").stdout
    values = secret_values(stage, tenant)
    assert len(values) >= 4
    leaks = [(secret, place) for secret, value in values.items() for place, text in shown.items() if value in text]
    assert not leaks


def test_events_are_kept_and_logged(stage: Stage, tenant: Tenant, visitor: Visitor) -> None:
    email = address("nobody")
    visitor.log_in(email, "wrong")
    with connected(stage, tenant) as keycloak:
        events = keycloak.get(f"/{tenant.id}/events", type="LOGIN_ERROR", max="20")
    assert email in [event.get("details", {}).get("username") for event in events]
    log = stage.kubectl("logs", "-n", tenant.namespace, "deployment/identity", "--since=2m").stdout
    assert re.search(rf'type="LOGIN_ERROR", .*realmName="{tenant.id}"', log)


# -- What is refused


@pytest.mark.parametrize("client", ["portal", "dms"])
def test_an_application_cannot_leave_out_pkce(visitor: Visitor, client: str) -> None:
    hostnames = visitor.tenant.hostnames
    callback = {
        "portal": f"https://{hostnames.portal}/acl_users/oidc/callback",
        "dms": f"https://{hostnames.dms}/oidc/callback/",
    }[client]
    visitor.authorize(client_id=client, redirect_uri=callback)
    assert visitor.shows("password"), "with PKCE, the login is shown"
    for weaker in ({"code_challenge": "", "code_challenge_method": ""}, {"code_challenge_method": "plain"}):
        answer = visitor.authorize(client_id=client, redirect_uri=callback, **weaker)
        assert "error=invalid_request" in answer.headers["location"]
    answer = visitor.authorize(client_id=client, redirect_uri=callback, response_type="token")
    assert "error=unauthorized_client" in answer.headers["location"]


@pytest.mark.parametrize("redirect", ["{callback}x", "{callback}/../x", "https://evil.example/", "{root}"])
def test_only_the_exact_redirect_is_taken(visitor: Visitor, redirect: str) -> None:
    root = f"https://{visitor.tenant.hostnames.portal}/"
    answer = visitor.authorize(
        client_id="portal", redirect_uri=redirect.format(callback=f"{root}acl_users/oidc/callback", root=root)
    )
    assert answer.status_code == 400
    assert "redirect_uri" in answer.text


@pytest.mark.parametrize("client", ["portal", "admin-cli", "account-console"])
def test_no_password_is_taken_at_the_token_endpoint(stage: Stage, visitor: Visitor, client: str) -> None:
    more = {"client_secret": secret(stage, visitor.tenant, "portal-oidc")} if client == "portal" else {}
    answer = visitor.token(grant_type="password", client_id=client, username="x", password="y", **more)
    assert answer.status_code in {400, 401}
    assert answer.json()["error"] in {"unauthorized_client", "invalid_client"}


def test_no_application_acts_for_itself(stage: Stage, visitor: Visitor) -> None:
    value = secret(stage, visitor.tenant, "portal-oidc")
    answer = visitor.token(grant_type="client_credentials", client_id="portal", client_secret=value)
    assert answer.json()["error"] == "unauthorized_client"


def test_a_password_cannot_be_reset_without_the_second_factor(visitor: Visitor) -> None:
    visitor.authorize()
    assert "reset-credentials" not in visitor.page.text
    path = f"/realms/{visitor.tenant.id}/login-actions/reset-credentials?client_id=account-console"
    visitor.page = visitor.http.get(path, follow_redirects=True)
    assert not visitor.shows("username")


# -- Who comes in, and how


def test_a_citizen_registers_and_is_nothing_else(stage: Stage, tenant: Tenant, visitor: Visitor) -> None:
    email = address("citizen")
    visitor.register(email, PASSWORD)
    assert visitor.code
    token = visitor.token(
        grant_type="authorization_code", client_id="account-console", redirect_uri=visitor.account, code=visitor.code,
        code_verifier="v" * 64,
    ).json()  # fmt: skip
    assert "offline_access" not in json.dumps(claims(token["access_token"]))
    assert not claims(token["access_token"]).get("email_verified")
    again = visit(stage, tenant)
    again.log_in(email, PASSWORD)
    assert again.code, "no second factor for a citizen"
    with connected(stage, tenant) as keycloak:
        (user,) = keycloak.get(f"/{tenant.id}/users", email=email, exact="true")
        roles = keycloak.get(f"/{tenant.id}/users/{user['id']}/role-mappings/realm/composite")
    assert {role["name"] for role in roles} == {f"default-roles-{tenant.id}", "citizen"}


@pytest.mark.parametrize("password", ["short1A", "alllowercaseletters1", "NODIGITSATALLhere", "{email}1A"])
def test_a_weak_password_is_refused(visitor: Visitor, password: str) -> None:
    email = address("citizen")
    visitor.register(email, password.format(email=email))
    assert not visitor.code
    assert visitor.shows("password-confirm")


@pytest.mark.parametrize("role", ["clerk", "administrator"])
def test_staff_need_the_second_factor_from_the_first_login_on(stage: Stage, tenant: Tenant, role: str) -> None:
    email = address(role)
    temporary = invite(stage, tenant, email, role)
    first = visit(stage, tenant)
    first.log_in(email, temporary)
    secret_of_factor = ""
    for _ in range(2):
        assert not first.code
        if first.shows("password-new"):
            first.submit(**{"password-new": PASSWORD, "password-confirm": PASSWORD})
        else:
            secret_of_factor = first.otp_secret()
            first.submit(totp=one_time_password(secret_of_factor, time.time()), userLabel="Telefon")
    assert first.code, "password and second factor are set up: now the login is through"

    later = visit(stage, tenant)
    later.log_in(email, PASSWORD)
    assert later.shows("otp")
    later.submit(otp="000000")
    assert later.shows("otp"), "a wrong code is refused"
    assert not later.code
    # The code of the set-up is used up (RFC 6238, section 5.2); the next one is accepted half a minute early.
    later.submit(otp=one_time_password(secret_of_factor, time.time() + 30))
    assert later.code, f"{later.page.status_code} {later.page.url}: {later.page.text[-2000:]}"

    temporary = invite(stage, tenant, email, role, "--again")
    lost = visit(stage, tenant)
    lost.log_in(email, PASSWORD)
    assert not lost.code, "the old password is gone"
    lost.log_in(email, temporary)
    assert lost.shows("totp") or lost.shows("password-new"), (
        "the lost telephone's factor is gone, a new one is asked for"
    )


def test_somebody_without_any_role_needs_the_second_factor(stage: Stage, tenant: Tenant) -> None:
    visitor, email = visit(stage, tenant), address("nothing")
    visitor.register(email, PASSWORD)
    with connected(stage, tenant) as keycloak:
        (user,) = keycloak.get(f"/{tenant.id}/users", email=email, exact="true")
        path = f"/{tenant.id}/users/{user['id']}/role-mappings/realm"
        keycloak.delete(path, keycloak.get(path))
    again = visit(stage, tenant)
    again.log_in(email, PASSWORD)
    assert not again.code
    assert again.otp_secret()


def test_guessing_leads_to_a_wait(stage: Stage, tenant: Tenant) -> None:
    resolved = inventory.load(stage.settings.root, today=date.today()).resolve(tenant.id)
    allowed = resolved.standard.modules.identity.brute_force.max_failures
    visitor, email = visit(stage, tenant), address("citizen")
    visitor.register(email, PASSWORD)
    for attempt in range(allowed):
        visit(stage, tenant).log_in(email, f"wrong-{attempt}")
    right = visit(stage, tenant)
    right.log_in(email, PASSWORD)
    assert not right.code, "the right password does not help while the wait lasts"
    with connected(stage, tenant) as keycloak:
        (user,) = keycloak.get(f"/{tenant.id}/users", email=email, exact="true")
        status = keycloak.get(f"/{tenant.id}/attack-detection/brute-force/users/{user['id']}")
    assert status["disabled"]
    assert user["enabled"], "it is a wait, not a lock"


def test_a_user_of_one_tenant_is_unknown_to_the_other(stage: Stage, tenant: Tenant) -> None:
    email = address("citizen")
    visit(stage, tenant).register(email, PASSWORD)
    other = visit(stage, stage.tenants[0])
    other.log_in(email, PASSWORD)
    assert not other.code


# -- Changes of the standard


@pytest.mark.timeout(900)
def test_a_new_version_of_the_standard_reaches_the_realm_and_users_stay(
    stage: Stage, tenant: Tenant, project: Path
) -> None:
    email, visitor = address("citizen"), visit(stage, tenant)
    visitor.register(email, PASSWORD)
    before = observed(stage, tenant)
    with connected(stage, tenant) as keycloak:
        (user,) = keycloak.get(f"/{tenant.id}/users", email=email, exact="true")

    change(project, tenant)
    try:
        up(stage, tenant, project)
        after = observed(stage, tenant)
        assert "length(14)" in after["passwordPolicy"]
        assert after["ssoSessionIdleTimeout"] == 600
        assert {client["clientId"] for client in before["clients"]} - {
            client["clientId"] for client in after["clients"]
        } == {"portal"}, "what the template drops is dropped"
        with connected(stage, tenant) as keycloak:
            assert keycloak.get(f"/{tenant.id}/users", email=email, exact="true") == [user]
        again = visit(stage, tenant)
        again.log_in(email, PASSWORD)
        assert again.code, "the citizen logs in as before"
    finally:
        up(stage, tenant, stage.settings.root)
    assert differences(stage, tenant) == []


def change(project: Path, tenant: Tenant) -> None:
    """A next version of the standard with longer passwords and shorter sessions; the tenant drops its portal."""
    old, new = project / "standards" / f"{tenant.standard}.yaml", project / "standards" / "2099.1.yaml"
    text = old.read_text().replace(f'version: "{tenant.standard}"', 'version: "2099.1"')
    text = text.replace("min_length: 12", "min_length: 14").replace("idle_minutes: 30", "idle_minutes: 10")
    new.write_text(text)
    file = project / "tenants" / f"{tenant.id}.yaml"
    text = file.read_text().replace(f'standard: "{tenant.standard}"', 'standard: "2099.1"')
    file.write_text(re.sub(r"(portal:\n\s+enabled:) true", r"\1 false", text))


def up(stage: Stage, tenant: Tenant, root: Path) -> None:
    # From the stage's own project: Pulumi keeps the stack's settings beside Pulumi.yaml.
    stage.run("pulumi", "up", "-s", tenant.id, "--yes", "--skip-preview", "--non-interactive", EINKLANG_ROOT=str(root))


def observed(stage: Stage, tenant: Tenant) -> dict[str, Any]:
    with connected(stage, tenant) as keycloak:
        found: dict[str, Any] = keycloak.post(
            f"/{tenant.id}/partial-export", None, exportClients="true", exportGroupsAndRoles="true"
        )
    return found
