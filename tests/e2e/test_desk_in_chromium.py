"""An agent's day at the desk, in a real browser: with and without scripts, on three widths, two at once.

Screenshots stay in the test's own folder, for people to look at.
"""

from pathlib import Path
from typing import Any

import pytest

from gateway.db.tickets import find_ticket, list_entries
from gateway.domain.ticket import Direction, Level, Status
from tests.support.agents import ANA, CHIEF, NINA, Desk
from tests.support.axe import violations
from tests.support.busy_desk import signed_in

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]
LOOKS = [("fr-FR", 320, "light"), ("en-GB", 768, "dark"), ("fr-FR", 1440, "light")]


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
