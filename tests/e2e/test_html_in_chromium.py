"""A hostile mail in a real browser: it is shown, nothing of it runs, and no request leaves for anywhere else."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from gateway.db.tickets import Ticket
from gateway.services.sign_in import make_link
from tests.service.test_web_html_body import HOSTILE, mail_of
from tests.support.chromium import open_page, serving
from tests.support.web import Site
from web import html_body

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]


class Spy:
    """The server that a hostile mail would like to be asked by whoever opens it; it keeps what was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.address = ""

    def __call__(self, environ: dict[str, str], start_response: Callable[..., Any]) -> list[bytes]:
        self.asked.append(environ["PATH_INFO"])
        start_response("200 OK", [("Content-Type", "text/javascript")])
        return [b"document.body.textContent = 'ran'"]


@pytest.fixture
def spy() -> Iterator[Spy]:
    found = Spy()
    with serving(found) as address:
        found.address = address.removeprefix("http://")
        yield found


@pytest.fixture
def hostile(spy: Spy) -> str:
    return HOSTILE.replace("evil.example", spy.address)


@pytest.fixture
def ticket(site: Site, hostile: str) -> Ticket:
    ticket = site.ticket(site.person())
    site.entry_of_mail(ticket, mail_of(hostile), data={"has_layout": True})
    return ticket


def show(chromium: Any, site: Site, url: str, ticket: Ticket) -> tuple[Any, Any]:
    """The page of the request with the layout unfolded, and the frame."""
    page, _ = open_page(chromium, url, width=1000, lang="fr-FR")
    page.goto(make_link(site.runtime, email=ticket.reporter).removeprefix(site.runtime.settings.http.base_url))
    page.locator("main button").click()
    page.wait_for_url("**/tickets")
    page.goto(f"/tickets/{ticket.ref}")
    page.locator("summary", has=page.locator("xpath=../iframe")).click()
    frame = page.frame_locator("iframe.formatted")
    frame.locator("text=Bonjour").wait_for()
    page.wait_for_load_state("networkidle")
    return page, frame


def test_nothing_runs_and_no_request_leaves(
    chromium: Any, site: Site, url: str, ticket: Ticket, spy: Spy, tmp_path: Any
) -> None:
    page, frame = show(chromium, site, url, ticket)
    page.screenshot(path=tmp_path / "formatted.png", full_page=True)
    assert spy.asked == []
    assert frame.locator("script, form, input, svg, meta[http-equiv]").count() == 0
    assert page.url == f"{url}/tickets/{ticket.ref}"


def test_the_locks_hold_without_the_cleaning(
    chromium: Any, site: Site, url: str, ticket: Ticket, spy: Spy, hostile: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Should the cleaner ever let something through: the policy and the sandbox alone keep it from acting."""
    acting = hostile + "<script>document.body.textContent = 'ran'</script>"
    monkeypatch.setattr(html_body, "show_formatted", lambda *_, **__: acting)
    page, frame = show(chromium, site, url, ticket)
    frame.locator("button").click()
    page.wait_for_load_state("networkidle")
    assert frame.locator("text=Bonjour").count() == 1
    assert spy.asked == []


def test_the_spy_hears_what_a_mail_without_locks_asks_for(
    chromium: Any, site: Site, url: str, ticket: Ticket, spy: Spy, hostile: str
) -> None:
    """So that its silence above means something."""
    page, _ = open_page(chromium, url, width=1000, lang="fr-FR")
    page.set_content(hostile.replace('http-equiv="refresh"', ""))
    page.wait_for_load_state("networkidle")
    assert {"/c.css", "/f.js", "/h.gif"} <= set(spy.asked)


def test_a_link_opens_beside_and_tells_nothing(chromium: Any, site: Site, url: str, ticket: Ticket) -> None:
    page, frame = show(chromium, site, url, ticket)
    sent: list[Any] = []

    def answer(route: Any) -> None:
        sent.append(route.request.all_headers())
        route.fulfill(body="elsewhere")

    page.context.route("https://site.example/**", answer)
    with page.context.expect_page() as opened:
        frame.locator("text=deux").click()
    opened.value.wait_for_url("https://site.example/")
    assert [headers.get("referer") for headers in sent] == [None]
    assert opened.value.evaluate("window.opener") is None
    assert page.url == f"{url}/tickets/{ticket.ref}"
