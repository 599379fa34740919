"""Pages in the states that nobody wishes for, and enlarged and printed: refused, spent, gone, changed meanwhile.

Each is looked at by axe as on a screen of 1280 pixels at a zoom of 200 % (WCAG 1.4.4), and, where it is worth
printing, as it goes on paper. Widths down to 320 pixels, which are a zoom of 400 % (1.4.10), have tests of their own.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.db.sign_in import revoke_sessions_of
from gateway.db.tickets import list_entries
from gateway.domain.ticket import Status
from gateway.mail.tokens import Purpose
from tests.support.agents import CHIEF, NINA, Desk
from tests.support.axe import violations
from tests.support.busy_desk import signed_in
from tests.support.chromium import open_page
from tests.support.reporter_pages import people_it
from tests.support.web import Site

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]
ZOOMED: dict[str, Any] = {"width": 640, "scale": 2}

Look = Callable[..., None]


def looking(page: Any, folder: Path, found: dict[str, list[str]]) -> Look:
    """What looks at the page as it stands, and keeps under its name what is wrong."""

    def look(name: str, *, on_paper: bool = False) -> None:
        page.wait_for_load_state()
        page.eval_on_selector_all("main details", "all => all.forEach(one => one.open = true)")
        page.screenshot(path=folder / f"{name}.png", full_page=True)
        wrong = violations(page)
        if not page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"):
            wrong.append("it is too wide")
        if on_paper:
            page.emulate_media(media="print")
            page.screenshot(path=folder / f"{name}-print.png", full_page=True)
            wrong += [f"printed: {one}" for one in violations(page)]
            page.emulate_media(media="screen")
        if wrong:
            found[name] = wrong

    return look


def send(page: Any, action: str) -> None:
    """Send a form as it is, past what the browser would ask for first."""
    with page.expect_navigation():
        page.locator(f"main form[method=post][action$='{action}']").first.evaluate("form => form.submit()")


def test_a_reporter_meets_no_wall_where_something_is_refused_or_over(
    chromium: Any, site: Site, url: str, tmp_path: Path
) -> None:
    peopled, found = people_it(site), dict[str, list[str]]()
    page, _ = open_page(chromium, url, lang="fr-FR", **ZOOMED)
    look = looking(page, tmp_path, found)
    page.goto(site.link(peopled.reporter))
    page.locator("main button").click()
    page.wait_for_url("**/tickets")
    look("tickets", on_paper=True)
    ticket = peopled.tickets["blocking"]
    page.goto(f"/tickets/{ticket.ref}")
    look("ticket", on_paper=True)
    send(page, "/reply")
    page.locator("#faults").wait_for()
    look("reply-refused")
    page.locator("main input[type=email]").fill("support@demo.example")
    page.get_by_role("button", name="Ajouter").click()
    page.locator(".note.bad").wait_for()
    look("people-refused")
    page.goto("/report")
    look("report", on_paper=True)
    page.goto("/tickets/DEMO-999")
    look("not-there")

    signer, today, marie = site.runtime.signer, site.clock.now().date(), peopled.reporter.id
    page.goto(f"/leave/{signer.sign(Purpose.LEAVE, ticket.id, marie, today=today)}")
    look("leave")
    page.locator("main form button").click()
    look("left")
    page.goto("/leave/x")
    look("leave-spent")
    resolved = peopled.tickets["resolved"]
    with site.runtime.database.reading() as connection:
        solution = list_entries(connection, resolved.id)[-1].id
    outcome = f"/outcome/{signer.sign(Purpose.OUTCOME, resolved.id, marie, solution, today=today)}"
    page.goto(f"{outcome}?answer=works")
    look("it-works")
    page.goto(f"{outcome}?answer=unsolved")
    look("it-does-not")
    page.locator("main form button").click()
    page.get_by_role("heading", name="Merci").wait_for()
    look("said")

    page.goto(f"/tickets/{peopled.tickets['pending'].ref}")
    page.get_by_label("Votre réponse").fill("Firefox, bien sûr.")
    site.clock.move(days=site.runtime.settings.session.session_days, minutes=1)
    page.locator("#answer").get_by_role("button", name="Envoyer").click()
    page.get_by_text("Ce que vous avez écrit est gardé").wait_for()
    look("session-over")
    page.goto(site.link(peopled.reporter))
    page.locator("main button").click()
    page.wait_for_url(f"**/tickets/{peopled.tickets['pending'].ref}")
    look("draft-is-back")
    with site.runtime.database.transaction() as connection:
        revoke_sessions_of(connection, marie, now=site.clock.now())
    page.get_by_label("Votre réponse").fill("Firefox.")
    page.locator("#answer").get_by_role("button", name="Envoyer").click()
    page.get_by_role("heading", name="Votre session est terminée").wait_for()
    look("session-ended-elsewhere")
    assert found == {}


def test_an_agent_meets_no_wall_where_something_is_refused_or_changed_meanwhile(
    chromium: Any, busy: Desk, url: str, tmp_path: Path
) -> None:
    found: dict[str, list[str]] = {}
    page, _ = signed_in(chromium, busy, url, CHIEF, **ZOOMED)
    look = looking(page, tmp_path, found)
    page.goto("/desk")
    look("queue", on_paper=True)
    page.goto(busy.path)
    look("request", on_paper=True)
    page.get_by_label("Votre texte").fill("Avez-vous pu redémarrer ?")
    busy.act(NINA, reply="C’est réglé.", status=Status.RESOLVED)
    page.get_by_role("button", name="Envoyer").click()
    page.locator("#news").wait_for()
    look("changed-meanwhile")
    for name, path, action in (
        ("request", busy.path, "/act"),
        ("merge", busy.path, "/merge"),
        ("calls", "/desk/calls", "/calls/log"),
        ("call", "/desk/calls", "/discard"),
        ("duty", "/desk/duty", "/day"),
        ("swap", "/desk/duty", "/swap"),
        ("advisories", "/desk/advisories", "/desk/advisories"),
        ("people", "/desk/people", "/desk/people"),
    ):
        page.goto(path)
        send(page, action)
        page.locator("#refused").wait_for()
        look(f"{name}-refused")
    page.goto(f"/desk/people/{busy.site.person(CHIEF).id}")
    page.locator("[name=phone]").fill("12")
    send(page, "/change")
    page.locator("#refused").wait_for()
    look("person-refused")
    page.goto("/desk/report?from=2026-11-30&to=2026-11-01")
    look("report-refused")
    page.goto("/desk/audit?from=x")
    look("audit", on_paper=True)
    page.goto("/desk/status?still=1")
    look("status", on_paper=True)
    page.goto("/desk/nowhere")
    look("not-there")
    assert found == {}
