"""Signing in by password and code in a real browser, from the first mailed link to the loss of the telephone."""

from pathlib import Path
from typing import Any

import pytest

from gateway.config.load import Settings
from gateway.services.setup_code import make_setup_code
from tests.support.agents import ANA, Desk
from tests.support.axe import violations
from tests.support.chromium import open_page
from tests.support.sign_in import PASSWORD, code_now, mailed_link, secret_on, staff_settings

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]


@pytest.fixture
def settings(tmp_path: Path, database_url: str, redis_url: str) -> Settings:
    return staff_settings(tmp_path, database_url, redis_url)


def test_from_the_first_link_to_a_lost_telephone(chromium: Any, desk: Desk, url: str, tmp_path: Path) -> None:
    site = desk.site
    page, complaints = open_page(chromium, url, width=1280, lang="fr-FR")

    def look(name: str) -> None:
        page.wait_for_load_state()
        page.screenshot(path=tmp_path / f"{name}-1280.png", full_page=True)
        assert violations(page) == [], name
        page.set_viewport_size({"width": 320, "height": 800})
        page.screenshot(path=tmp_path / f"{name}-320.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), f"{name} is too wide"
        page.set_viewport_size({"width": 1280, "height": 800})

    def sign_in(password: str, code: str) -> None:
        page.goto("/login/password")
        page.locator("#email").fill(ANA)
        page.locator("#password").fill(password)
        page.locator("#code").fill(code)
        page.locator("main form button").click()
        page.wait_for_load_state()

    page.goto("/login")
    look("login")
    page.goto(mailed_link(site, ANA))
    page.locator("main button").click()
    page.wait_for_url("**/tickets")
    page.goto("/desk")
    look("step-up")
    page.locator("main a[href='/account']").click()
    page.wait_for_url("**/account")
    look("account-without")
    page.locator("form[action='/account/app'] button").click()
    page.wait_for_url("**/account/app")
    page.locator("summary").click()
    look("app")
    secret = secret_on(page.content())
    assert page.locator(".square svg").bounding_box()["width"] > 150
    page.locator("#code").fill("x")
    page.locator("#new_code").fill(code_now(site, secret))
    page.locator("#password").fill("court")
    page.locator("#again").fill("court")
    page.locator("main form button").click()
    page.locator("#password-fault").wait_for()
    look("app-refused")
    page.locator("#code").fill(make_setup_code(site.runtime, site.person(ANA).id, by=None))
    page.locator("#new_code").fill(code_now(site, secret))
    page.locator("#password").fill(PASSWORD)
    page.locator("#again").fill(PASSWORD)
    page.locator("main form button").click()
    page.locator(".codes").wait_for()
    look("codes")
    recovery = page.locator(".codes code").first.inner_text()
    page.goto("/desk")
    assert page.url.endswith("/desk")

    page.locator("form[action='/logout'] button").click()
    page.wait_for_url("**/login")
    site.clock.move(minutes=1)
    sign_in(PASSWORD, "000000" if code_now(site, secret) != "000000" else "111111")
    look("wrong-code")
    sign_in(PASSWORD, code_now(site, secret))
    page.wait_for_url("**/tickets")

    other = desk.browser(ANA)
    assert other.get("/desk").status_code == 200
    page.goto("/account")
    look("account")
    page.get_by_role("button", name="English").click()
    page.get_by_role("heading", name="Where you are signed in").wait_for()
    look("account-in-english")
    page.locator("form[action='/account/sessions'] button").first.click()
    page.get_by_role("status").wait_for()
    assert other.get("/desk").status_code == 303
    page.locator("a[href='/account/factors/password']").click()
    page.wait_for_url("**/account/factors/password")
    look("password")
    page.goto("/account/factors/codes")
    look("new-codes")

    page.locator("form[action='/logout'] button").click()
    page.wait_for_url("**/login")
    sign_in(PASSWORD, recovery.upper().replace("-", " "))
    page.wait_for_url("**/tickets")
    page.locator("form[action='/logout'] button").click()
    page.wait_for_url("**/login")
    sign_in(PASSWORD, recovery)
    page.locator("#code-fault").wait_for()
    refused = {"400", "403", "429"}
    assert [one for one in complaints if not any(code in one for code in refused)] == []
