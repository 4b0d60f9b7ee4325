"""The portal as people and attackers meet it: a real Chromium, real logins, axe-core, the set-up run again."""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from einklang.clients import npm
from einklang.model.tenant import Tenant
from tests.live import people, test_browser
from tests.live.people import visit
from tests.live.stage import Stage
from tests.live.test_browser import Citizen, picture

browser, page, citizen, registered = (
    test_browser.browser,
    test_browser.page,
    test_browser.citizen,
    test_browser.registered,
)
AXE = "axe-core@4.11.0"
INTEGRITY = "sha512-ilYanEU8vxxBexpJd8cWM4ElSQq4QctCLKih0TSfjIfCQTeyH/6zVrmIJfLPrKTKJRbiG+cfnZbQIjAlJmF1jQ=="
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]
PAGES = {
    "home": "/",
    "home-en": "/en",
    "services": "/dienstleistungen",
    "service": "/dienstleistungen/hund-anmelden",
    "search": "/@@search?SearchableText=Hund",
    "news": "/aktuelles",
    "contact": "/kontakt",
    "imprint": "/impressum",
    "privacy": "/datenschutz",
    "accessibility": "/barrierefreiheit",
    "accessibility-en": "/en/accessibility",
}


@pytest.fixture(scope="module")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The script of axe-core, from its package."""
    folder = tmp_path_factory.mktemp("axe")
    npm.fetch(AXE, INTEGRITY, folder / "axe-core", folder, folder / "log")
    return (folder / "axe-core" / "axe.min.js").read_text()


@pytest.fixture
def tenant(stage: Stage) -> Tenant:
    return stage.tenants[0]


def portal(tenant: Tenant, path: str = "/") -> str:
    return f"https://{tenant.hostnames.portal}{path}"


def violations(page: Page, axe: str) -> list[str]:
    """What axe-core finds: rule and elements. The script comes as the tester's, past the page's own policy."""
    page.context.new_cdp_session(page).send("Page.setBypassCSP", {"enabled": True})
    page.reload()
    page.wait_for_load_state("networkidle")
    page.evaluate(axe)
    options = {"runOnly": {"type": "tag", "values": TAGS}}
    found = page.evaluate("options => axe.run(document, options)", options)["violations"]
    return [f"{each['id']}: {[node['target'] for node in each['nodes']]}" for each in found]


@pytest.mark.parametrize("name", PAGES)
def test_pages_are_accessible(page: Page, tenant: Tenant, axe: str, name: str) -> None:
    """WCAG 2.1 AA and good practice, as far as a program can tell."""
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    answer = page.goto(portal(tenant, PAGES[name]))
    assert answer is not None
    assert answer.status == 200
    page.wait_for_load_state("networkidle")
    picture(page, f"portal-{name}")
    assert complaints == [], "nothing is loaded from elsewhere, nothing breaks the policy"
    assert violations(page, axe) == []


def test_the_login_page_is_accessible(page: Page, tenant: Tenant, axe: str) -> None:
    """The one of the identity service, to which the portal leads."""
    page.goto(portal(tenant, "/login"))
    page.locator("#username").wait_for()
    assert violations(page, axe) == []


@pytest.mark.parametrize("number", [0, 1])
def test_the_start_page_is_the_municipalitys(page: Page, stage: Stage, number: int) -> None:
    """Name, colour, services, hours and contact are its own."""
    tenant = stage.tenants[number]
    page.goto(portal(tenant))
    expect(page.locator("h1")).to_have_text(tenant.name)
    expect(page.locator("html")).to_have_attribute("lang", "de")
    expect(page.locator(".einklang-tiles a")).to_have_count(len(tenant.services))
    expect(page.locator(".einklang-hours li")).to_have_count(len(tenant.opening_hours))
    colour = page.locator("#portal-globalnav-wrapper").evaluate("element => getComputedStyle(element).backgroundColor")
    assert colour == test_browser.rgb(tenant.branding.primary)
    page.get_by_role("link", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_a_page_for_everybody_is_made_once(stage: Stage, tenant: Tenant) -> None:
    """Two hundred visitors are one question to Plone; who is known gets pages of their own."""
    visitor = visit(stage, tenant)
    address = portal(tenant, f"/?copy={secrets.token_hex(4)}")
    assert all(visitor.http.get(address).status_code == 200 for _ in range(3))
    lines = stage.kubectl("logs", "-n", tenant.namespace, "deploy/front", "--tail=200").stdout.splitlines()
    asked = [line for line in map(json.loads, lines) if line["path"] == "/" and line["host"] == tenant.hostnames.portal]
    assert [line["cache"] for line in asked[-3:]] == ["MISS", "HIT", "HIT"]


def log_in(page: Page, tenant: Tenant, email: str, password: str) -> None:
    page.goto(portal(tenant, "/login"))
    page.locator("#username").fill(email)
    page.locator("#password").fill(password)
    page.locator("#kc-login").click()


def test_a_citizen_logs_in_and_sees_the_own_name(page: Page, tenant: Tenant, registered: Citizen) -> None:
    log_in(page, tenant, registered.email, registered.password)
    page.wait_for_url(portal(tenant, "/**"))
    expect(page.locator("#einklang-user")).to_have_text("Erika Mustermann")
    picture(page, "portal-citizen")
    cookie = next(each for each in page.context.cookies() if each["name"] == "__ac")
    assert (cookie["secure"], cookie["httpOnly"], cookie["sameSite"]) == (True, True, "Lax")
    expect(page.locator("#edit-bar")).to_have_count(0)


def test_who_logs_out_elsewhere_is_logged_out_here(page: Page, tenant: Tenant, registered: Citizen) -> None:
    """Back-channel logout: the session cookie is worthless, although the browser still has it."""
    log_in(page, tenant, registered.email, registered.password)
    expect(page.locator("#einklang-user")).to_be_visible()
    page.goto(f"https://{tenant.hostnames.identity}/realms/{tenant.id}/protocol/openid-connect/logout")
    page.locator("#kc-logout").click()
    page.wait_for_load_state("networkidle")
    page.goto(portal(tenant, "/kontakt"))
    expect(page.locator("#einklang-login")).to_be_visible()


def test_logging_out_ends_both_sessions(page: Page, tenant: Tenant, registered: Citizen) -> None:
    log_in(page, tenant, registered.email, registered.password)
    page.locator("#einklang-logout").click()
    if page.locator("#kc-logout").count():
        page.locator("#kc-logout").click()
    page.goto(portal(tenant, "/kontakt"))
    expect(page.locator("#einklang-login")).to_be_visible()
    page.goto(portal(tenant, "/login"))
    expect(page.locator("#username")).to_be_visible()


@pytest.fixture(scope="module")
def editor(browser: Browser, stage: Stage) -> Iterator[Page]:
    """An editor with a second factor, logged in at the portal."""
    tenant = stage.tenants[0]
    employee = people.employ(stage, tenant, "editor")
    context = browser.new_context(locale="de-DE", viewport={"width": 1100, "height": 780})
    page = context.new_page()
    page.set_default_timeout(30_000)
    log_in(page, tenant, employee.email, employee.password)
    page.locator("#otp").fill(employee.code())
    page.locator("#kc-login").click()
    expect(page.locator("#einklang-user")).to_have_text("Karl Amt")
    yield page
    context.close()


def write(editor: Page, text: str) -> None:
    """Replace what is in the text editor, once it has read its field: before that it would overwrite the text."""
    expect(editor.locator(".tox-tinymce")).to_be_visible(timeout=30_000)
    deadline = time.monotonic() + 30
    while not editor.evaluate("Boolean(window.tinymce?.activeEditor?.initialized)"):
        assert time.monotonic() < deadline, "the text editor does not start"
        editor.wait_for_timeout(100)
    body = editor.frame_locator("iframe.tox-edit-area__iframe").locator("body")
    body.fill(text)
    expect(body).to_have_text(text)


def test_an_editor_publishes_news(editor: Page, browser: Browser, tenant: Tenant) -> None:
    """Written in the editor's browser under the portal's policy; then everybody sees it."""
    title = f"Stadtfest {secrets.token_hex(3)}"
    complaints: list[str] = []
    editor.on("pageerror", lambda error: complaints.append(str(error)))
    editor.goto(portal(tenant, "/aktuelles/++add++News Item"))
    editor.locator("#form-widgets-IDublinCore-title").fill(title)
    write(editor, "Das Fest beginnt um zehn.")
    editor.locator("#form-buttons-save").click()
    expect(editor.locator("h1")).to_have_text(title)
    expect(editor.locator("#content")).to_contain_text("Das Fest beginnt um zehn.")
    editor.locator("#plone-contentmenu-workflow > a").click()
    editor.get_by_role("link", name=re.compile("^Veröffentlichen")).click()
    editor.wait_for_load_state("networkidle")
    editor.goto(portal(tenant, "/aktuelles/folder_contents"))
    expect(editor.get_by_role("link", name=title, exact=True)).to_be_visible()
    picture(editor, "portal-editor")
    assert complaints == []
    stranger = browser.new_page()
    stranger.goto(portal(tenant, f"/?fresh={secrets.token_hex(4)}"))
    expect(stranger.locator(".einklang-news")).to_contain_text(title)
    stranger.close()


@pytest.mark.parametrize(
    "path",
    [
        "/manage_main",
        "/acl_users/manage_main",
        "/acl_users/oidc/backchannel-logout",
        "/@@overview-controlpanel",
        "/login_form",
        "/failsafe_login",
        "/Control_Panel",
        "/Plone",
        "/@login",
        "/++api++/",
        "/VirtualHostBase/https/www.olpe.example:443/manage_main",
        "/.einklang/ready",
    ],
)
def test_administration_is_not_there(stage: Stage, tenant: Tenant, path: str) -> None:
    """From outside: the front's page, whoever asks."""
    visitor = visit(stage, tenant)
    assert visitor.http.get(portal(tenant, path)).status_code == 404


def test_a_password_is_worth_nothing(stage: Stage, tenant: Tenant) -> None:
    """No header logs anybody in: there is no local user, and nothing that would look for one."""
    visitor = visit(stage, tenant)
    for name in ("admin", "editor"):
        answer = visitor.http.get(portal(tenant, "/folder_contents"), auth=(name, "admin"))
        assert answer.is_redirect
        assert "/acl_users/oidc/require_login" in answer.headers["location"]


def test_somebody_elses_answer_logs_nobody_in(stage: Stage, tenant: Tenant) -> None:
    """A code that this browser has not asked for is not taken (RFC 6749, section 10.12)."""
    visitor = visit(stage, tenant)
    answer = visitor.http.get(portal(tenant, "/acl_users/oidc/callback?code=0815&state=4711"))
    assert answer.is_redirect
    assert not [each for each in visitor.http.cookies.jar if each.name == "__ac"]


SET_UP = ["python3", "-m", "einklang_portal.site_setup", "/etc/portal/zope.conf"]


def set_up_again(stage: Stage, tenant: Tenant, document: str, folder: Path) -> str:
    """Run the set-up with a document in the running pod; returns what it says."""
    pod = stage.get("pods", "-n", tenant.namespace, "-l", "einklang/workload=portal")["items"][0]["metadata"]["name"]
    stage.kubectl("exec", "-i", "-n", tenant.namespace, pod, "--", "sh", "-c", "cat > /tmp/site.json", stdin=document)
    said = stage.kubectl(
        "exec", "-n", tenant.namespace, pod, "--", "env", "PORTAL_WAIT_SECONDS=10", *SET_UP, "/tmp/site.json"
    )
    return str(said.stdout)


def document(stage: Stage, tenant: Tenant) -> str:
    return str(stage.get("configmap", "portal-site", "-n", tenant.namespace)["data"]["site.json"])


def test_setting_up_again_changes_nothing(stage: Stage, tenant: Tenant, tmp_path: Path) -> None:
    assert "site: 0 changes" in set_up_again(stage, tenant, document(stage, tenant), tmp_path)


def test_an_edited_page_survives_a_new_standard(editor: Page, stage: Stage, tenant: Tenant, tmp_path: Path) -> None:
    """The editor's page stays and is reported; another follows the new standard, then the old one."""
    mark = secrets.token_hex(4)
    editor.goto(portal(tenant, "/impressum/edit"))
    write(editor, f"Eigenes Impressum {mark}")
    editor.locator("#form-buttons-save").click()
    editor.wait_for_load_state("networkidle")
    old = document(stage, tenant)
    new = old.replace("<h2>Ihre Rechte</h2>", "<h2>Ihre neuen Rechte</h2>").replace("Haftung für Links", "Links")
    try:
        said = set_up_again(stage, tenant, new, tmp_path)
        assert "left alone: /impressum was changed by an editor" in said
        assert "updated: /datenschutz" in said
        editor.goto(portal(tenant, "/impressum"))
        expect(editor.locator("#content")).to_contain_text(mark)
        editor.goto(portal(tenant, "/datenschutz"))
        expect(editor.locator("#content")).to_contain_text("Ihre neuen Rechte")
    finally:
        assert "updated: /datenschutz" in set_up_again(stage, tenant, old, tmp_path)
