"""What people see: a real Chromium at the tenants' identity services, by name, over HTTPS."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from einklang.model.tenant import Tenant
from einklang.operations.local import packages
from einklang.progress import Silent
from tests.live.stage import EINKLANG, GATEWAY, Stage

SCREENSHOTS = Path(__file__).parents[2] / "build" / "screenshots"
# Names end in .example and resolve nowhere: the browser is told where the gateway is. The rest keeps it from calling
# anyone else.
ARGUMENTS = [
    f"--host-resolver-rules=MAP *.example {GATEWAY}",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def browser(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Chromium with a profile that trusts the local authority, and no other certificate error."""
    packages.ensure(packages.BROWSER, stage.settings, Silent())
    home = tmp_path_factory.mktemp("chromium")
    trust(home, stage.settings.certificate_authority / "ca.crt", stage)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=ARGUMENTS, env={**os.environ, "HOME": str(home)}
        )
        yield chromium
        chromium.close()


def trust(home: Path, authority: Path, stage: Stage) -> None:
    """Put the authority into the certificate store that Chromium reads on Linux."""
    store = home / ".pki" / "nssdb"
    store.mkdir(parents=True)
    stage.run("certutil", "-d", f"sql:{store}", "-N", "--empty-password")
    stage.run("certutil", "-d", f"sql:{store}", "-A", "-t", "C,,", "-n", "einklang", "-i", str(authority))


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page in a context of its own: no cookie of another test, German as in a town hall."""
    context = browser.new_context(locale="de-DE", viewport={"width": 1100, "height": 780})
    page = context.new_page()
    page.set_default_timeout(30_000)
    yield page
    context.close()


@dataclass(frozen=True)
class Citizen:
    """Somebody who has registered."""

    email: str
    password: str


@pytest.fixture(scope="module")
def citizen() -> Citizen:
    """New in each run: the stage may be one that lives longer than the tests."""
    mark = secrets.token_hex(4)
    return Citizen(f"erika.{mark}@buerger.example", f"Sauerland!{mark}9")


@pytest.fixture(scope="module")
def registered(browser: Browser, stage: Stage, citizen: Citizen) -> Citizen:
    """The citizen registers at the first tenant, in the browser; lands in the account console."""
    context = browser.new_context(locale="de-DE", viewport={"width": 1100, "height": 780})
    page, tenant = context.new_page(), stage.tenants[0]
    page.set_default_timeout(30_000)
    page.goto(account(tenant))
    page.locator("#username").wait_for()
    picture(page, "login")
    page.get_by_role("link", name="Registrieren").click()
    page.locator("#email").fill(citizen.email)
    page.locator("#firstName").fill("Erika")
    page.locator("#lastName").fill("Mustermann")
    page.locator("#password").fill(citizen.password)
    page.locator("#password-confirm").fill(citizen.password)
    page.locator("form input[type=submit], form button[type=submit]").first.click()
    page.wait_for_url(f"{account(tenant)}**")
    expect(page.locator("#email")).to_have_value(citizen.email)
    picture(page, "account")
    context.close()
    return citizen


def account(tenant: Tenant) -> str:
    return f"https://{tenant.hostnames.identity}/realms/{tenant.id}/account/"


def picture(page: Page, name: str) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png")


def log_in(page: Page, tenant: Tenant, email: str, password: str) -> None:
    page.goto(account(tenant))
    page.locator("#username").fill(email)
    page.locator("#password").fill(password)
    page.locator("#kc-login").click()


def test_a_citizen_registers_and_logs_in_again(page: Page, stage: Stage, registered: Citizen) -> None:
    """Registration and a later login end in the account console, on the tenant's own hostname."""
    tenant = stage.tenants[0]
    log_in(page, tenant, registered.email, registered.password)
    page.wait_for_url(f"{account(tenant)}**")
    expect(page.locator("#email")).to_have_value(registered.email)


@pytest.mark.parametrize("number", [0, 1])
def test_the_login_shows_the_municipality(page: Page, stage: Stage, number: int) -> None:
    """Name and colour are the municipality's, in German."""
    tenant = stage.tenants[number]
    page.goto(account(tenant))
    expect(page.locator("html")).to_have_attribute("lang", re.compile("^de"))
    expect(page.locator("body")).to_contain_text(tenant.name)
    colour = page.locator("#kc-login").evaluate("element => getComputedStyle(element).backgroundColor")
    assert colour == rgb(tenant.branding.primary)


def test_a_citizen_of_one_tenant_cannot_log_in_at_another(page: Page, stage: Stage, registered: Citizen) -> None:
    """The same address and password are unknown to the other tenant."""
    other = stage.tenants[1]
    log_in(page, other, registered.email, registered.password)
    page.wait_for_url(f"https://{other.hostnames.identity}/**")
    picture(page, "refused")
    expect(page.locator("body")).to_contain_text("Ungültige")
    assert "/account" not in page.url.partition("?")[0]


def test_a_clerk_is_asked_for_a_second_factor(page: Page, stage: Stage) -> None:
    """The first login asks for an own password, then for the second factor; no way around it."""

    tenant, email = stage.tenants[0], f"clerk.{secrets.token_hex(4)}@rathaus.example"
    invited = stage.run(
        str(EINKLANG), "identity", "invite", tenant.id, "--role", "clerk", "--email", email,
        "--first-name", "Karl", "--last-name", "Amt", "--json",
    )  # fmt: skip
    log_in(page, tenant, email, json.loads(invited.stdout)["password"])
    if page.locator("#password-new").count():
        own = f"Rathaus!{secrets.token_hex(4)}7"
        page.locator("#password-new").fill(own)
        page.locator("#password-confirm").fill(own)
        page.locator("form input[type=submit], form button[type=submit]").first.click()
    expect(page.locator("#kc-totp-secret-qr-code")).to_be_visible()
    picture(page, "second-factor")
    page.goto(account(tenant))
    expect(page.locator("#kc-totp-secret-qr-code, #username").first).to_be_visible()


def rgb(colour: str) -> str:
    red, green, blue = (int(colour[index : index + 2], 16) for index in (1, 3, 5))
    return f"rgb({red}, {green}, {blue})"
