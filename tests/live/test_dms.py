"""The document management in a real Chromium: staff with second factor, a scanned letter, and who gets nothing."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image, ImageDraw, ImageFont
from playwright.sync_api import Browser, Page, expect, sync_playwright
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from einklang.model.tenant import Tenant
from einklang.operations.local import packages
from einklang.progress import Silent
from tests.live.people import PASSWORD, Employee, address, employ, visit
from tests.live.stage import Stage
from tests.live.test_browser import ARGUMENTS, picture, trust

TYPE = "Eingangspost"
FOUND_WITHIN_SECONDS = 90


def log_in(page: Page, employee: Employee) -> None:
    """From the DMS's address through the identity service and back."""
    page.goto(home(employee.tenant))
    page.locator("#username").fill(employee.email)
    page.locator("#password").fill(employee.password)
    page.locator("#kc-login").click()
    page.locator("#otp").fill(employee.code())
    page.locator("#kc-login").click()


def home(tenant: Tenant) -> str:
    return f"https://{tenant.hostnames.dms}/"


@pytest.fixture(scope="module")
def browser(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Chromium that trusts the local authority and finds the names."""
    packages.ensure(packages.BROWSER, stage.settings, Silent())
    folder = tmp_path_factory.mktemp("chromium")
    trust(folder, stage.settings.certificate_authority / "ca.crt", stage)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=ARGUMENTS, env={**os.environ, "HOME": str(folder)}
        )
        yield chromium
        chromium.close()


expect.set_options(timeout=30_000)


def new_page(browser: Browser) -> Page:
    """A page with cookies of its own."""
    page = browser.new_context(locale="de-DE", viewport={"width": 1200, "height": 850}).new_page()
    page.set_default_timeout(60_000)
    return page


@pytest.fixture(scope="module")
def tenant(stage: Stage) -> Tenant:
    return stage.tenants[0]


@pytest.fixture(scope="module")
def clerk(stage: Stage, browser: Browser, tenant: Tenant) -> Page:
    """The clerk's browser, logged in."""
    page = new_page(browser)
    log_in(page, employ(stage, tenant, "clerk"))
    page.wait_for_url(f"{home(tenant)}**")
    expect(page.locator("#menu-main")).to_contain_text("Dokumente")
    picture(page, "dms-home")
    return page


@pytest.fixture(scope="module")
def auditor(stage: Stage, browser: Browser, tenant: Tenant) -> Page:
    page = new_page(browser)
    log_in(page, employ(stage, tenant, "auditor"))
    page.wait_for_url(f"{home(tenant)}**")
    expect(page.locator("#menu-main")).to_contain_text("Dokumente")
    return page


def letter(word: str) -> bytes:
    """A scan of a letter, as PNG."""
    font = ImageFont.load_default(size=40)
    image = Image.new("RGB", (1240, 900), "white")
    draw = ImageDraw.Draw(image)
    lines = ["An die Hansestadt", "", f"Antrag auf {word}", "Sehr geehrte Damen und Herren,", "mit freundlichen Grüßen"]
    for number, line in enumerate(lines):
        draw.text((80, 80 + 90 * number), line, fill="black", font=font)
    content = io.BytesIO()
    image.save(content, "PNG")
    return content.getvalue()


def upload(page: Page, tenant: Tenant, name: str, content: bytes) -> None:
    """Through the wizard: type, facts, tags and cabinets left out, then the file."""
    page.goto(f"{home(tenant)}#/sources/sources/documents/wizard/")
    page.locator("select[name$=document_type]").select_option(label=TYPE)
    while not page.locator(".dropzone").count():
        # The page is replaced by script, and a button with it while it is being pressed.
        with contextlib.suppress(PlaywrightTimeout):
            page.locator("#ajax-content button[type=submit]:visible").last.click(timeout=3000)
        page.wait_for_timeout(1500)
    file = {"name": name, "mimeType": "image/png", "buffer": content}
    page.locator("input.dz-hidden-input").last.set_input_files([file])  # type: ignore[list-item]


def ask(page: Page, path: str, method: str = "GET", **fields: str) -> tuple[int, dict[str, object]]:
    """The API, as scripts of the logged-in page ask it."""
    script = """async ([path, method, fields]) => {
        const token = (document.cookie.match(/csrftoken=([^;]+)/) || [])[1] || '';
        const body = method === 'GET' || method === 'DELETE' ? undefined : JSON.stringify(fields);
        const headers = {'X-CSRFToken': token, 'Content-Type': 'application/json', 'Accept': 'application/json'};
        const answer = await fetch(path, {method, body, headers, redirect: 'manual'});
        return [answer.status, await answer.json().catch(() => ({}))];
    }"""
    status, content = page.evaluate(script, [path, method, fields])
    return int(status), content


def found(page: Page, word: str) -> list[int]:
    status, content = ask(page, f"/api/v4/search/documents.DocumentSearchResult/?q={word}")
    assert status == 200
    return [each["id"] for each in content["results"]]  # type: ignore[index, attr-defined]


@pytest.fixture(scope="module")
def document(clerk: Page, tenant: Tenant) -> tuple[int, str]:
    """A letter that the clerk uploaded, and a word in it that nobody typed."""
    word = "Gehwegabsenkung"
    before = set(found(clerk, word))
    upload(clerk, tenant, f"brief-{secrets.token_hex(3)}.png", letter(word))
    start = time.monotonic()
    while not (new := set(found(clerk, word)) - before):
        assert time.monotonic() - start < FOUND_WITHIN_SECONDS, "the text of the scan is not found"
        time.sleep(2)
    clerk.goto(f"{home(tenant)}#/search/results/?_search_model_pk=documents.documentsearchresult&q={word}")
    expect(clerk.locator("#ajax-content")).to_contain_text("brief-")
    picture(clerk, "dms-search")
    return new.pop(), word


def test_a_clerk_finds_a_letter_by_a_word_of_the_scan(document: tuple[int, str]) -> None:
    assert document[0] > 0


def test_an_auditor_sees_it_and_cannot_change_it(auditor: Page, document: tuple[int, str]) -> None:
    number, word = document
    assert number in found(auditor, word)
    path = f"/api/v4/documents/{number}/"
    assert ask(auditor, path)[0] == 200
    assert ask(auditor, path, "PATCH", label="anders")[0] in {403, 404}
    assert ask(auditor, path, "DELETE")[0] in {403, 404}


def test_a_clerk_cannot_delete(clerk: Page, document: tuple[int, str]) -> None:
    assert ask(clerk, f"/api/v4/documents/{document[0]}/", "DELETE")[0] in {403, 404}


def test_a_program_is_refused_with_a_reason(clerk: Page, tenant: Tenant) -> None:
    upload(clerk, tenant, "brief.png", b"MZ" + bytes(300))
    expect(clerk.locator(".dz-error-message").last).to_contain_text("nicht angenommen")
    picture(clerk, "dms-refused-file")


def test_a_citizen_gets_nothing(stage: Stage, browser: Browser, tenant: Tenant) -> None:
    email = address("citizen")
    visit(stage, tenant).register(email, PASSWORD)
    page = new_page(browser)
    page.goto(home(tenant))
    page.locator("#username").fill(email)
    page.locator("#password").fill(PASSWORD)
    page.locator("#kc-login").click()
    expect(page.locator("h1")).to_have_text("Sie haben hier keinen Zugang")
    picture(page, "dms-no-role")
    assert ask(page, "/api/v4/documents/")[0] == 401


def test_the_other_tenants_staff_get_nothing(stage: Stage, browser: Browser, tenant: Tenant) -> None:
    stranger, page = employ(stage, stage.tenants[1], "clerk"), new_page(browser)
    page.goto(home(tenant))
    page.locator("#username").fill(stranger.email)
    page.locator("#password").fill(PASSWORD)
    page.locator("#kc-login").click()
    expect(page.locator("body")).to_contain_text("Ungültige")


def test_there_is_no_local_login(browser: Browser, tenant: Tenant) -> None:
    page = new_page(browser)
    for path in ("authentication/login/", "", "documents/documents/"):
        page.goto(home(tenant) + path)
        expect(page.locator("#kc-login")).to_be_visible()
        assert page.url.startswith(f"https://{tenant.hostnames.identity}/")
    for path in ("authentication/password/reset/", "api/v4/auth/token/obtain/", "settings/namespaces/"):
        answer = page.goto(home(tenant) + path)
        assert answer and answer.status == 404, path


def test_logging_out_ends_both_sessions(stage: Stage, browser: Browser, tenant: Tenant) -> None:
    page = new_page(browser)
    log_in(page, employ(stage, tenant, "registrar"))
    page.wait_for_url(f"{home(tenant)}**")
    assert ask(page, "/api/v4/documents/")[0] == 200
    page.goto(f"{home(tenant)}oidc/leave/")
    expect(page.locator("#username")).to_be_visible()


def test_logging_out_elsewhere_ends_the_session_here(stage: Stage, browser: Browser, tenant: Tenant) -> None:
    """Back-channel logout: the identity service tells the DMS."""
    page = new_page(browser)
    log_in(page, employ(stage, tenant, "registrar"))
    page.wait_for_url(f"{home(tenant)}**")
    account = page.context.new_page()
    account.goto(f"https://{tenant.hostnames.identity}/realms/{tenant.id}/protocol/openid-connect/logout")
    account.locator("#kc-logout").click()
    account.wait_for_timeout(2000)
    assert ask(page, "/api/v4/documents/")[0] == 401


def test_a_second_set_up_changes_nothing(stage: Stage, tenant: Tenant) -> None:
    """The job's program once more, with the job's own document and variables."""
    jobs = stage.get("jobs", "-n", tenant.namespace, "-l", "app.kubernetes.io/name=dms-setup")["items"]
    (job,) = jobs
    container = job["spec"]["template"]["spec"]["containers"][0]
    assert job["status"].get("succeeded") == 1
    copy: dict[str, Any] = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {**{key: job["metadata"][key] for key in ("namespace", "labels")}, "name": "dms-setup-again"},
        "spec": {"backoffLimit": 0, "template": job["spec"]["template"]},
    }
    for label in list(copy["spec"]["template"]["metadata"]["labels"]):
        if "job-name" in label or "controller-uid" in label:
            del copy["spec"]["template"]["metadata"]["labels"][label]
    stage.kubectl("delete", "job", "dms-setup-again", "-n", tenant.namespace, "--ignore-not-found")
    stage.kubectl("apply", "-f", "-", stdin=json.dumps(copy))
    try:
        arguments = ["--for=condition=complete", "job/dms-setup-again", "-n", tenant.namespace, "--timeout=300s"]
        stage.kubectl("wait", *arguments, timeout=320)
        log = stage.kubectl("logs", "job/dms-setup-again", "-n", tenant.namespace, "-c", container["name"]).stdout
    finally:
        stage.kubectl("delete", "job", "dms-setup-again", "-n", tenant.namespace)
    assert re.search(r"^0 changes, 0 kept$", log, re.MULTILINE), log[-2000:]
