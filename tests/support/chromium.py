"""A real browser: Chromium, driven by Playwright, started once for the tests of a module.

After a click the page that is looked at may still be the one before: wait for something that only the next one has.
"""

import shutil
from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """The browser; skips, with the reason, where there is none."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("no Chromium on this machine (Debian: apt-get install chromium)")
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(
            executable_path=path,
            args=["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"],
        )
        yield browser
        browser.close()


def open_page(
    browser: Any, url: str, *, width: int, lang: str, scheme: str = "light", script: bool = True
) -> tuple[Any, list[str]]:
    """A page in a context of its own, and the list that its complaints go to. `script` false: pages run none."""
    context = browser.new_context(
        viewport={"width": width, "height": 800},
        locale=lang,
        color_scheme=scheme,
        base_url=url,
        java_script_enabled=script,
    )
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return page, complaints
