"""An agent's day at the desk, in a real browser: with and without scripts, on three widths, two at once.

Screenshots stay in the test's own folder, for people to look at.
"""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from werkzeug.serving import make_server

from gateway.db.tickets import find_ticket, list_entries
from gateway.domain.ticket import Direction, Level, Severity, Status
from gateway.services.run_clocks import run_clocks
from tests.support.agents import ANA, CHIEF, NINA, Desk
from tests.support.axe import violations
from tests.support.chromium import open_page
from tests.support.web import Site

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]
LOOKS = [("fr-FR", 320, "light"), ("en-GB", 768, "dark"), ("fr-FR", 1440, "light")]


@pytest.fixture
def url(site: Site) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, site.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def busy(desk: Desk) -> Desk:
    """A desk with a ticket in each state, and DEMO-1 with all that a page can show."""
    marie = desk.site.person()
    for subject, severity in (
        ("Accès au module de paie", Severity.MINOR),
        ("Plus rien ne s’affiche depuis la mise à jour de ce matin " + "x" * 60, Severity.BLOCKING),
    ):
        made = desk.site.ticket(marie, subject)
        desk.act(ref=made.ref, severity=severity)
        desk.site.clock.move(hours=5)
    desk.act(note="Voir avec l’exploitant : le fusible du 3e étage a sauté.")
    desk.act(reply="Bonjour,\n\nPouvez-vous redémarrer le serveur d’impression ?", status=Status.PENDING)
    desk.site.clock.move(hours=4)
    run_clocks(desk.site.runtime)
    return desk


def signed_in(
    chromium: Any, desk: Desk, url: str, email: str, *, lang: str = "fr-FR", width: int = 1280, scheme: str = "light"
) -> tuple[Any, list[str]]:
    page, complaints = open_page(chromium, url, width=width, lang=lang, scheme=scheme)
    page.goto(desk.site.link(desk.site.person(email)))
    page.locator("main button").click()
    page.wait_for_url(lambda found: "/login" not in found)
    return page, complaints


def ticket_is(desk: Desk, ref: str) -> tuple[str, str]:
    with desk.site.runtime.database.reading() as connection:
        found = find_ticket(connection, ref=ref)
    assert found is not None
    return found.status, found.level


@pytest.mark.parametrize(("lang", "width", "scheme"), LOOKS)
def test_nothing_keeps_an_agent_out_at_any_width_or_colour(
    chromium: Any, busy: Desk, url: str, tmp_path: Path, lang: str, width: int, scheme: str
) -> None:
    page, complaints = signed_in(chromium, busy, url, CHIEF, lang=lang, width=width, scheme=scheme)
    found: dict[str, list[str]] = {}
    for name, path in {
        "queue": "/desk",
        "empty": "/desk?mine=1",
        "search": "/desk/search?q=imprimante",
        "ticket": busy.path,
        "calls": "/desk/calls",
        "mail": "/desk/mail",
    }.items():
        page.goto(path)
        page.wait_for_load_state()
        page.screenshot(path=tmp_path / f"desk-{name}-{width}-{scheme}.png", full_page=True)
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        page.screenshot(path=tmp_path / f"desk-{name}-open-{width}-{scheme}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), f"{name} is too wide"
        if problems := violations(page):
            found[name] = problems
    assert found == {}
    assert complaints == []


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_an_agent_takes_answers_hands_over_and_resolves(chromium: Any, busy: Desk, url: str, scripts: bool) -> None:
    page, complaints = signed_in(chromium, busy, url, NINA)
    if not scripts:
        state = page.context.storage_state()
        page = chromium.new_context(
            storage_state=state, java_script_enabled=False, base_url=url, locale="fr-FR"
        ).new_page()
    page.goto("/desk")
    page.get_by_role("link", name="Plus rien ne s’affiche").click()
    page.get_by_role("button", name="La prendre").click()
    page.get_by_text("C’est fait.").wait_for()
    page.get_by_label("Votre texte").fill("Nous regardons cela.")
    page.get_by_role("button", name="Envoyer").click()
    page.locator("article", has_text="Nous regardons cela.").wait_for()
    page.locator("#hand summary").click()
    page.locator("#level-reason").fill("Le journal montre une erreur de base de données.")
    page.get_by_role("button", name="Transmettre").click()
    page.get_by_text("C’est fait.").wait_for()
    assert ticket_is(busy, "DEMO-3") == (Status.OPEN, Level.N2)
    assert page.get_by_label("Votre texte").count() == 0, "it is before N2 now: N1 leaves notes"
    page.get_by_label("Note interne").fill("Merci à N2.")
    page.get_by_role("button", name="Garder la note").click()
    page.locator("article", has_text="Merci à N2.").wait_for()
    second, _ = signed_in(chromium, busy, url, ANA)
    second.goto("/desk")
    second.get_by_role("link", name="Plus rien ne s’affiche").click()
    second.get_by_label("Votre texte").fill("La base est relancée.")
    second.get_by_label("Et ensuite").select_option("resolved")
    second.get_by_role("button", name="Envoyer").click()
    second.locator("article", has_text="La base est relancée.").wait_for()
    assert ticket_is(busy, "DEMO-3") == (Status.RESOLVED, Level.N2)
    assert complaints == []


def test_two_agents_on_one_ticket_see_each_other_and_lose_nothing(chromium: Any, busy: Desk, url: str) -> None:
    nina, _ = signed_in(chromium, busy, url, NINA)
    chief, _ = signed_in(chromium, busy, url, CHIEF)
    nina.goto(busy.path)
    nina.get_by_label("Votre texte").fill("Avez-vous pu redémarrer ?")
    chief.goto(busy.path)
    chief.get_by_text("nina@client.example regarde cette demande").wait_for()
    chief.get_by_label("Votre texte").fill("C’est réglé, le fusible est changé.")
    chief.get_by_label("Et ensuite").select_option("resolved")
    chief.get_by_role("button", name="Envoyer").click()
    chief.locator("article", has_text="le fusible est changé").wait_for()
    nina.get_by_role("button", name="Envoyer").click()
    nina.locator("#news", has_text="le fusible est changé").wait_for()
    box = nina.locator("textarea[name=text]")
    assert box.input_value().strip() == "Avez-vous pu redémarrer ?"
    with busy.site.runtime.database.reading() as connection:
        sent = [row.text for row in list_entries(connection, busy.ticket.id) if row.direction == Direction.OUT]
    assert "Avez-vous pu redémarrer ?" not in sent
