"""An agent's day at the desk, in a real browser: with and without scripts, on three widths, two at once.

Screenshots stay in the test's own folder, for people to look at.
"""

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, update
from werkzeug.serving import make_server

from gateway.db.callbacks import callback_requests
from gateway.db.calls import CallKey, call_messages
from gateway.db.people import find_person, update_person
from gateway.db.tickets import find_ticket, list_entries
from gateway.domain.advisory import Danger, Step
from gateway.domain.calendar import DAY_NAMES
from gateway.domain.ticket import Direction, Level, Severity, Status
from gateway.services.duty_roster import set_duty
from gateway.services.log_call import log_event
from gateway.services.open_advisory import open_advisory
from gateway.services.run_clocks import run_clocks
from gateway.services.step_advisory import step_advisory
from tests.support.agents import ANA, CHIEF, NINA, Desk
from tests.support.axe import violations
from tests.support.call_events import final, step
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
    _plan(desk)
    return desk


def _plan(desk: Desk) -> None:
    """An advisory, and a roster with an exception; a voice message that waits, and somebody to call back."""
    runtime, now = desk.site.runtime, desk.site.clock.now()
    with runtime.database.transaction() as connection:
        for email, number in ((ANA, "+33612345678"), (CHIEF, "+33612345679")):
            person = find_person(connection, email=email)
            assert person is not None
            update_person(connection, person.id, name=None, lang=None, phone=number)
    for weekday in DAY_NAMES[:5]:
        set_duty(runtime, "DEMO", day=weekday, hours="9:00-12:30, 13:30-17:30", agents=[ANA, CHIEF])
    set_duty(runtime, "DEMO", day=now.date().isoformat(), hours="9:00-17:30", agents=[CHIEF])
    set_duty(runtime, "DEMO", day=f"{now.year + 1}-01-02", hours="9:00-17:30", agents=[CHIEF])
    text = "Faille de la bibliothèque de chiffrement"
    advisory = open_advisory(
        runtime,
        reference="CVE-2026-1234",
        title=text,
        touches="OpenSSL 3.0.1",
        danger=Danger.SECURITY,
        projects=["DEMO"],
        by=ANA,
    )
    step_advisory(runtime, ref=advisory.tickets["DEMO"], step=Step.PRESENT, words="La version 3.0.1 est là.", by=ANA)
    for number in (1, 2):
        left = {"name": "message.left", "recording": f"RE{number}", "seconds": 20 * number}
        call = CallKey(provider="twilio", provider_id=f"CA{number:032}")
        for one in (step(0, {"name": "call.received", "project": "DEMO"}, left, kind="voice"), final(60)):
            log_event(runtime, call, one)
    with runtime.database.transaction() as connection:
        values = {"state": "kept", "sha256": "0" * 64, "size": 9, "type": "audio/x-wav"}
        connection.execute(update(call_messages).where(call_messages.c.seconds == 20).values(**values))
        back = {"project": "DEMO", "ticket_id": desk.ticket.id, "number": "+33612345678", "state": "open"}
        for hours in (-1, 1):
            query = insert(callback_requests).values(**back, attempts=0, requested_at=now)
            connection.execute(query.values(due_at=now + timedelta(hours=hours)))


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
        "duty": "/desk/duty",
        "advisories": "/desk/advisories",
        "advisory": "/desk/advisories/1",
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


def tab_to(page: Any, selector: str) -> None:
    """Press Tab until this has the focus, which must be seen at every stop and never be held."""
    stops = 0
    while not page.evaluate("selector => document.activeElement.matches(selector)", selector):
        page.keyboard.press("Tab")
        stops += 1
        assert stops < 150, f"the keyboard does not reach {selector}"
        assert page.evaluate(SEEN), page.evaluate("document.activeElement.outerHTML.slice(0, 200)")


SEEN = """() => {
  const one = document.activeElement, style = getComputedStyle(one), box = one.getBoundingClientRect();
  const isOutlined = style.outlineStyle === 'solid' && parseFloat(style.outlineWidth) >= 2;
  return one === document.body || (isOutlined && box.width > 0);
}"""


def test_an_agent_works_by_keyboard_alone(chromium: Any, busy: Desk, url: str) -> None:
    page, complaints = signed_in(chromium, busy, url, NINA)
    page.goto("/desk")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip", "the first stop leads past the menu"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"
    tab_to(page, "a[href='/desk/tickets/DEMO-3']")
    page.keyboard.press("Enter")
    page.wait_for_url("**/desk/tickets/DEMO-3")
    tab_to(page, "#answer button")
    page.keyboard.press("Enter")
    page.locator("#refused").wait_for()
    assert page.evaluate("document.activeElement.id") == "refused", "whoever is refused is led to why"
    assert page.title().startswith("Erreur")
    tab_to(page, "#answer textarea")
    page.keyboard.type("La base est relancée.")
    tab_to(page, "#answer select")
    page.keyboard.type("Elle est r")
    tab_to(page, "#answer button")
    page.keyboard.press("Enter")
    page.locator("article", has_text="La base est relancée.").wait_for()
    assert ticket_is(busy, "DEMO-3") == (Status.RESOLVED, Level.N1)
    assert [line for line in complaints if "400" not in line] == []


def test_keys_lead_through_the_queue_and_a_request(chromium: Any, busy: Desk, url: str) -> None:
    page, complaints = signed_in(chromium, busy, url, NINA)
    page.goto("/desk")
    press, focused = page.keyboard.press, "document.activeElement"
    lines = page.locator(".queue .what a").count()
    for key, line in (("j", 0), ("j", 1), ("k", 0), ("k", 0), *[("j", 1)] * (lines > 1)):
        press(key)
        assert page.evaluate(f"[...document.querySelectorAll('.queue .what a')].indexOf({focused})") == line, key
    press("/")
    assert page.evaluate(f"{focused}.id") == "q"
    page.keyboard.type("j?tr")
    assert page.locator("#q").input_value() == "j?tr", "while somebody types, a key is a letter"
    assert not page.locator("#keys").is_visible()
    page.goto(busy.path)
    press("n")
    assert page.evaluate(f"{focused}.name") == "text"
    assert page.locator("input[name=as]:checked").input_value() == "note"
    page.keyboard.type("r")
    assert page.locator("input[name=as]:checked").input_value() == "note"
    page.locator("h1").click()
    press("r")
    assert page.locator("input[name=as]:checked").input_value() == "reply"
    page.locator("h1").click()
    press("Control+j")
    press("t")
    page.get_by_text("C’est fait.").wait_for()
    assert page.get_by_role("button", name="La prendre").count() == 0
    assert complaints == []


def test_keys_are_listed_and_can_be_switched_off_for_good(chromium: Any, busy: Desk, url: str) -> None:
    page, complaints = signed_in(chromium, busy, url, NINA)
    page.goto("/desk")
    page.keyboard.press("?")
    page.get_by_role("heading", name="Raccourcis clavier").wait_for()
    assert violations(page) == []
    page.get_by_label("Utiliser ces raccourcis").uncheck()
    page.keyboard.press("Escape")
    page.goto(busy.path)
    for key in ("?", "t", "j", "r"):
        page.keyboard.press(key)
    assert not page.locator("#keys").is_visible()
    assert page.evaluate("document.activeElement === document.body")
    page.get_by_role("button", name="Clavier").click()
    page.get_by_label("Utiliser ces raccourcis").check()
    page.get_by_role("button", name="Fermer").click()
    page.keyboard.press("?")
    page.get_by_role("heading", name="Raccourcis clavier").wait_for()
    assert complaints == []


def test_without_scripts_nothing_is_said_of_keys(chromium: Any, busy: Desk, url: str) -> None:
    page, _ = signed_in(chromium, busy, url, NINA)
    state = page.context.storage_state()
    page = chromium.new_context(storage_state=state, java_script_enabled=False, base_url=url).new_page()
    page.goto("/desk")
    assert not page.locator("[data-keys]").is_visible()
    assert not page.locator("#keys").is_visible()
