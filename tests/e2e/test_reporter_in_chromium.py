"""A reporter at the pages, in a real browser: every page in every state, and the whole way of a report and an answer.

Screenshots stay in the test's own folder, for people to look at.
"""

import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from gateway.db.my_tickets import list_followed
from gateway.db.scope import Scope
from gateway.db.sign_in import revoke_sessions_of
from gateway.db.tickets import Ticket, list_attachments, list_entries
from gateway.jobs.drain import drain_lane
from gateway.services.file_web_form import file_web_form
from gateway.spool.entry import Lane
from inbound.form_files import read_form_files
from tests.support.axe import violations
from tests.support.chromium import open_page
from tests.support.reporter_pages import PNG, Peopled, people_it
from tests.support.waiting import wait_for
from tests.support.web import Site

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]
LOOKS = [("fr-FR", 320, "light"), ("en-GB", 768, "dark"), ("fr-FR", 1440, "light"), ("en-GB", 1920, "light")]
LARGEST = 100_000  # bytes of a page
TELLS_OF_PROGRESS = """new MutationObserver(() => {
  const bar = document.querySelector("progress");
  if (bar) window.name = bar.getAttribute("aria-label");
}).observe(document, {childList: true, subtree: true});"""


@pytest.fixture
def peopled(site: Site) -> Peopled:
    return people_it(site)


def signed_in(chromium: Any, site: Site, url: str, peopled: Peopled, **options: Any) -> tuple[Any, list[str]]:
    asked: dict[str, Any] = {"width": 1280, "lang": "fr-FR", **options}
    page, complaints = open_page(chromium, url, **asked)
    page.goto(site.link(peopled.reporter))
    page.locator("main button").click()
    page.wait_for_url("**/tickets")
    return page, complaints


def file_all(site: Site) -> None:
    handler = partial(file_web_form, read_files=read_form_files)
    drain_lane(Lane.WEB, handler, site.runtime, deadline=time.monotonic() + 30)


def newest(site: Site, peopled: Peopled) -> Ticket:
    with site.runtime.database.reading() as connection:
        return max(
            list_followed(connection, Scope(reporter_id=peopled.reporter.id), limit=50), key=lambda ticket: ticket.id
        )


def states(peopled: Peopled) -> dict[str, str]:
    """The pages that a click away is enough for, by name."""
    found = {f"ticket-{name}": f"/tickets/{ticket.ref}" for name, ticket in peopled.tickets.items()}
    return found | {"tickets": "/tickets", "search": "/tickets?q=imprimer", "nothing": "/tickets?q=xyzzy"}


@pytest.mark.parametrize(("lang", "width", "scheme"), LOOKS)
def test_nothing_keeps_anybody_out_at_any_width_or_colour(
    chromium: Any, site: Site, url: str, peopled: Peopled, tmp_path: Path, lang: str, width: int, scheme: str
) -> None:
    page, complaints = signed_in(chromium, site, url, peopled, width=width, scheme=scheme, lang=lang)
    found: dict[str, list[str]] = {}

    def look(name: str) -> None:
        page.wait_for_load_state()
        page.screenshot(path=tmp_path / f"{name}-{width}-{scheme}-{lang[:2]}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), f"{name} is too wide"
        assert len(page.content().encode()) < LARGEST, name
        if problems := violations(page):
            found[name] = problems

    for name, path in states(peopled).items():
        page.goto(path)
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        look(name)
    page.goto("/report")
    look("report")
    page.locator("main form.report button").first.click()
    page.locator("#faults").wait_for()
    look("report-faults")
    page.locator("[name=kind][value=corrective]").check()
    page.locator("[name=severity][value=blocking]").check()
    look("report-incident")
    page.locator("#subject").fill("Rien ne sort")
    page.locator("#text").fill("Rien ne sort de l’imprimante.")
    page.locator("main form.report button").first.click()
    page.locator("#becomes").wait_for()
    look("report-check")
    page.goto("/no-such-page")
    look("none")
    assert found == {}
    assert [line for line in complaints if "404" not in line and "400" not in line] == []


@pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (1440, "dark")])
def test_nothing_keeps_anybody_out_before_they_have_signed_in(
    chromium: Any, site: Site, url: str, peopled: Peopled, tmp_path: Path, width: int, scheme: str
) -> None:
    page, _ = open_page(chromium, url, width=width, lang="fr-FR", scheme=scheme)
    found: dict[str, list[str]] = {}

    def look(name: str) -> None:
        page.wait_for_load_state()
        page.screenshot(path=tmp_path / f"{name}-{width}-{scheme}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), f"{name} is too wide"
        if problems := violations(page):
            found[name] = problems

    for name, path in {
        "login": "/login",
        "link": "/login/x",
        "outcome": "/outcome/x",
        "sent": "/sent",
        "accessibility": "/accessibility",
    }.items():
        page.goto(path)
        look(name)
    page.goto("/login/x")
    page.locator("main button").click()
    page.get_by_role("link", name="Demander un autre lien").click()
    page.locator("#email").fill("marie@mairie.example")
    page.locator("main button").click()
    page.locator("#email").wait_for(state="detached")
    look("asked")
    page, _ = signed_in(chromium, site, url, peopled, width=width, scheme=scheme)
    page.goto("/report")
    page.locator("#text").fill("Un texte qui ne doit pas se perdre.")
    with site.runtime.database.transaction() as connection:
        revoke_sessions_of(connection, peopled.reporter.id, now=site.clock.now())
    page.locator("main form.report button").first.click()
    page.get_by_text("Un texte qui ne doit pas se perdre.").wait_for()
    look("lapsed")
    assert found == {}


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_a_report_and_an_answer_with_files_as_a_person_sends_them(
    chromium: Any, site: Site, url: str, peopled: Peopled, tmp_path: Path, script: bool
) -> None:
    picture = tmp_path / "écran.png"
    picture.write_bytes(PNG)
    page, complaints = signed_in(chromium, site, url, peopled, script=script)
    page.add_init_script(TELLS_OF_PROGRESS)
    page.get_by_role("link", name="Signaler", exact=True).click()
    page.get_by_role("radio", name="Incident").check()
    page.get_by_role("radio", name="Bloquante").check()
    page.get_by_label("Titre").fill("Rien ne sort")
    page.get_by_label("Description").fill("Rien ne sort\nde l’imprimante.")
    page.get_by_label("Depuis quand").fill("ce matin")
    page.get_by_role("button", name="Continuer").click()
    becomes = page.locator("section[aria-labelledby=becomes]")
    becomes.get_by_text("Prise en charge garantie en 12").wait_for()
    assert "support de niveau 1" in becomes.inner_text()
    page.get_by_label("Fichiers").set_input_files(picture)
    page.get_by_role("button", name="Modifier").click()
    page.get_by_label("Titre").wait_for()
    assert site.runtime.spool.waiting(Lane.WEB) == [], "who goes back to change something has sent nothing"
    page.get_by_role("button", name="Continuer").click()
    page.get_by_label("Fichiers").set_input_files(picture)
    page.get_by_role("button", name="Envoyer le signalement").click()
    page.get_by_text("Votre signalement est bien arrivé").wait_for()
    file_all(site)
    page.goto("/tickets")
    page.get_by_role("link", name="Rien ne sort").click()
    page.get_by_text("Depuis quand : ce matin").wait_for()
    picture_shown = page.locator(".files img")
    wait_for(lambda: picture_shown.evaluate("image => image.naturalWidth") == 1, "the preview")
    page.get_by_label("Votre réponse").fill("Voici une autre image.")
    page.get_by_label("Fichiers").set_input_files(picture)
    page.locator("#answer").get_by_role("button", name="Envoyer").click()
    page.get_by_text("Votre réponse est bien arrivée").wait_for()
    assert page.evaluate("window.name") == ("Envoyer" if script else ""), "a bar says how far the files are"
    file_all(site)
    ticket = newest(site, peopled)
    with site.runtime.database.reading() as connection:
        texts = [row.text for row in list_entries(connection, ticket.id, visible_only=True)]
        files = [file.name for rows in list_attachments(connection, ticket.id).values() for file in rows]
    assert (ticket.kind, ticket.severity, ticket.level) == ("corrective", "blocking", "N1")
    assert texts == ["Rien ne sort\nde l’imprimante.\n\nDepuis quand\u00a0: ce matin", "Voici une autre image."]
    assert files == ["écran.png", "écran.png"]
    assert complaints == []


def test_what_was_typed_comes_back_after_signing_in_again(
    chromium: Any, site: Site, url: str, peopled: Peopled
) -> None:
    page, _ = signed_in(chromium, site, url, peopled)
    ticket = peopled.tickets["pending"]
    page.goto(f"/tickets/{ticket.ref}")
    page.get_by_label("Votre réponse").fill("Firefox, bien sûr.\nToujours lui.")
    site.clock.move(days=site.runtime.settings.session.session_days, minutes=1)
    page.locator("#answer").get_by_role("button", name="Envoyer").click()
    page.get_by_text("Ce que vous avez écrit est gardé").wait_for()
    page.goto(site.link(peopled.reporter))
    page.locator("main button").click()
    page.wait_for_url(f"**/tickets/{ticket.ref}")
    assert page.get_by_label("Votre réponse").input_value() == "Firefox, bien sûr.\nToujours lui."
    page.locator("#answer").get_by_role("button", name="Envoyer").click()
    page.get_by_text("Votre réponse est bien arrivée").wait_for()
    assert page.get_by_label("Votre réponse").input_value() == ""


def test_a_report_goes_by_keyboard_alone(chromium: Any, site: Site, url: str, peopled: Peopled) -> None:
    page, _ = signed_in(chromium, site, url, peopled)
    page.goto("/report")
    page.locator("[name=kind]").first.focus()
    page.keyboard.press("Space")
    for text in ("", "Rien ne sort", "Rien du tout."):
        page.keyboard.press("Tab")
        if text:
            page.keyboard.type(text)
        else:
            page.keyboard.press("ArrowDown")
    page.locator("#text").press("Tab")
    while page.evaluate("document.activeElement.tagName") != "BUTTON":
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid", "where the keyboard is can be seen"
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.locator("#becomes").wait_for()
