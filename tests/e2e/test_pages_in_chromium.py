"""The pages in a real browser: the whole way from the sign-in form to a reply, at a desk and on a phone.

Screenshots stay in the test's own folder, for people to look at.
"""

import time
from pathlib import Path
from typing import Any

import pytest

from gateway.db.outbox import list_deliveries
from gateway.db.tickets import Ticket
from gateway.domain.ticket import Direction
from gateway.notify.deliver import deliver_due
from gateway.services.sign_in import sign_in_url
from gateway.spool.entry import Lane
from tests.support.chromium import open_page
from tests.support.reporter_pages import PNG
from tests.support.waiting import wait_for
from tests.support.web import Site

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]
WIDTHS = {"desk": 1280, "phone": 375, "narrow": 320}
LONG = "Impossible d’imprimer les attestations depuis la mise à jour https://exemple.example/" + "tres-long" * 12


@pytest.fixture
def ticket(site: Site) -> Ticket:
    """A request with all that a page can show."""
    person = site.person("marie.lefebvre@mairie.example")
    site.ticket(person, "Accès au module de paie")
    ticket = site.ticket(person, LONG)
    site.entry_with_file(
        ticket,
        name="capture d’écran.png",
        kind="image/png",
        content=PNG + b"x" * 234_567,
        author=person.email,
        author_id=person.id,
        text="Bonjour,\n\nDepuis ce matin rien ne sort de l’imprimante.\n\nMarie Lefebvre",
        removed_text="> Le 23 novembre, Support a écrit :\n> Tout est réglé.",
    )
    site.clock.move(minutes=42)
    site.entry(ticket, "Bonjour,\n\nNous regardons cela.", author="Support Démonstration", direction=Direction.OUT)
    return ticket


def sign_in(site: Site, page: Any, ticket: Ticket) -> None:
    """From the form to the list, by the link that the outbox names."""
    page.goto("/")
    page.locator("#email").fill(ticket.reporter)
    page.locator("main button").click()
    page.locator("#email").wait_for(state="detached")

    def link_id() -> Any:
        with site.runtime.database.reading() as connection:
            return [mail.context["link_id"] for mail in list_deliveries(connection)]

    (found,) = wait_for(link_id, "the mail")
    runtime = site.runtime
    link = sign_in_url(runtime.settings, runtime.signer, found, site.clock.now().date())
    page.goto(link.removeprefix(runtime.settings.http.base_url))
    page.locator("main button").click()
    page.wait_for_url("**/tickets")


@pytest.mark.parametrize("lang", ["fr-FR", "en-GB"])
@pytest.mark.parametrize("size", WIDTHS)
def test_from_the_form_to_a_reply(
    chromium: Any, site: Site, url: str, ticket: Ticket, tmp_path: Path, size: str, lang: str
) -> None:
    page, complaints = open_page(chromium, url, width=WIDTHS[size], lang=lang)

    def look(name: str) -> None:
        page.wait_for_load_state()
        page.screenshot(path=tmp_path / f"{name}-{size}-{lang[:2]}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), f"{name} is too wide"
        assert page.evaluate("document.documentElement.lang") == lang[:2]
        unlabelled = "[...document.querySelectorAll('input:not([type=hidden]),textarea')].filter(e => !e.labels.length)"
        assert page.evaluate(f"{unlabelled}.length") == 0

    page.goto("/login")
    look("login")
    sign_in(site, page, ticket)
    look("tickets")
    page.get_by_role("link", name=ticket.subject).click()
    page.wait_for_url(f"**/tickets/{ticket.ref}")
    look("ticket")
    page.locator("textarea").fill("Merci, c’est réglé.")
    page.locator("#answer button").click()
    page.get_by_role("status").wait_for()
    look("replied")
    assert len(site.runtime.spool.waiting(Lane.WEB)) == 1
    deliver_due(site.runtime, deadline=time.monotonic() + 20)
    page.goto("/sent")
    look("sent")
    page.locator("article a").click()
    page.locator("main a[href*='/login/']").wait_for()
    look("sent-mail")
    page.goto("/login/x")
    look("link")
    assert complaints == [], "the browser has nothing to complain about, the content policy included"


def test_it_is_readable_in_the_dark(chromium: Any, site: Site, url: str, ticket: Ticket, tmp_path: Path) -> None:
    page, _ = open_page(chromium, url, width=1280, lang="fr-FR", scheme="dark")
    sign_in(site, page, ticket)
    page.goto(f"/tickets/{ticket.ref}")
    page.screenshot(path=tmp_path / "ticket-dark.png", full_page=True)
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert max(int(part) for part in dark.strip("rgb()").split(",")) < 60


def test_the_whole_way_goes_by_keyboard(chromium: Any, site: Site, url: str, ticket: Ticket) -> None:
    page, _ = open_page(chromium, url, width=1280, lang="fr-FR")
    in_the_box = "document.activeElement.id === 'email'"  # the form puts us there, once it is drawn
    page.goto("/login")
    page.wait_for_function(in_the_box)
    page.keyboard.type(ticket.reporter)
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Regardez vos courriels")
    page.goto("/login")
    page.wait_for_function(in_the_box)
    page.locator("body").press("Shift+Tab")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid", "where the keyboard is can be seen"
