"""A real browser: Chromium, driven by Playwright, started once for the tests of a module.

After a click the page that is looked at may still be the one before: wait for something that only the next one has.
"""

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from werkzeug.serving import make_server

from tests.support.web import Site


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


@contextmanager
def serving(application: Callable[..., Any], *, port: int = 0) -> Iterator[str]:
    """A WSGI application for a browser, at this URL; on any free port where none is given."""
    server = make_server("127.0.0.1", port, application, threaded=True)
    thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.05))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def url(site: Site) -> Iterator[str]:
    """The pages of this test, served to a browser."""
    with serving(site.app) as address:
        yield address


def open_page(
    browser: Any, url: str, *, width: int, lang: str, scheme: str = "light", script: bool = True, scale: int = 1
) -> tuple[Any, list[str]]:
    """A page in a context of its own, and the list that its complaints go to. `script` false: pages run none.

    `width` is in CSS pixels, of which each has `scale` times as many of the screen: both together are a zoom."""
    context = browser.new_context(
        viewport={"width": width, "height": 800},
        device_scale_factor=scale,
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
