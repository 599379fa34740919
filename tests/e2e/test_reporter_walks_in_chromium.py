"""What a reporter does beside reporting and answering, in a real browser: looking around, people, language, outcome.

Each walk goes with scripts and without.
"""

from pathlib import Path
from typing import Any

import pytest

from gateway.config.contract import ContractSettings
from gateway.config.load import Settings
from gateway.db.people import Person
from gateway.db.tickets import Ticket, find_ticket, list_entries
from gateway.domain.ticket import Status
from gateway.mail.tokens import Purpose
from tests.e2e.test_reporter_in_chromium import file_all
from tests.support.chromium import open_page
from tests.support.desk import NINA, act
from tests.support.reporter_pages import PNG, Peopled, people_it
from tests.support.web import Site

pytestmark = [
    pytest.mark.browser,
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
    pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"]),
]
ORGANISATION = "mairie.example"
PAUL = f"paul@{ORGANISATION}"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """A contract by which the people of Marie's organisation see each other's requests."""
    contracts = {"default": ContractSettings(organisations=frozenset({ORGANISATION}))}
    return settings.model_copy(update={"contracts": contracts})


@pytest.fixture
def peopled(site: Site) -> Peopled:
    """Marie's requests, and one of her colleague Paul's."""
    found = people_it(site)
    site.ticket(site.person(PAUL), "Le standard ne sonne plus")
    return found


def sign_in(chromium: Any, site: Site, url: str, person: Person, *, script: bool) -> tuple[Any, list[str]]:
    page, complaints = open_page(chromium, url, width=360, lang="fr-FR", script=script)
    page.goto(site.link(person))
    page.locator("main button").click()
    page.wait_for_url("**/tickets")
    return page, complaints


def now(site: Site, ticket: Ticket) -> Ticket:
    with site.runtime.database.reading() as connection:
        found = find_ticket(connection, ticket_id=ticket.id)
    assert found is not None
    return found


def test_what_there_is_to_see_of_a_request_is_found_and_read(
    chromium: Any, site: Site, url: str, peopled: Peopled, script: bool, tmp_path: Path
) -> None:
    page, complaints = sign_in(chromium, site, url, peopled.reporter, script=script)
    page.get_by_role("link", name="Le standard ne sonne plus").wait_for()
    page.get_by_label("Seulement les miennes").check()
    page.get_by_role("button", name="Chercher").click()
    page.wait_for_url("**whose=mine*")
    assert page.get_by_role("link", name="Le standard ne sonne plus").count() == 0
    page.get_by_label("Chercher dans les demandes").fill("imprimante")
    page.get_by_role("button", name="Chercher").click()
    page.wait_for_url("**q=imprimante*")
    page.get_by_role("link", name="Plus personne ne peut imprimer").click()

    hotline = page.get_by_label("Hotline")
    hotline.get_by_text("Composez le code").wait_for()
    assert "17" in hotline.inner_text(), "until when somebody answers there"
    times = page.get_by_label("Délais garantis")
    assert "rétabli" in times.inner_text().lower()
    assert times.locator("svg.bar").first.bounding_box()["width"] > 200
    quoted = page.get_by_text("Tout est réglé.")
    assert not quoted.is_visible(), "what is quoted is folded"
    page.get_by_text("Texte cité").click()
    assert quoted.is_visible()
    page.screenshot(path=tmp_path / "ticket-360.png", full_page=True)
    with page.expect_download() as caught:
        page.get_by_role("link", name="capture d’écran.png").click()
    assert Path(caught.value.path()).read_bytes() == PNG

    page.get_by_role("button", name="English").click()
    page.get_by_role("heading", name="Guaranteed times").wait_for()
    page.goto("/tickets")
    page.get_by_role("heading", name="My requests").wait_for()
    page.get_by_role("button", name="Français").click()
    page.get_by_role("heading", name="Mes demandes").wait_for()
    assert complaints == []


def test_a_colleague_is_put_on_a_request_leaves_it_and_is_taken_off(
    chromium: Any, site: Site, url: str, peopled: Peopled, script: bool, tmp_path: Path
) -> None:
    page, complaints = sign_in(chromium, site, url, peopled.reporter, script=script)
    ticket = peopled.tickets["pending"]
    page.goto(f"/tickets/{ticket.ref}")
    page.get_by_label("Ajouter quelqu’un").fill("support@demo.example")
    page.get_by_role("button", name="Ajouter").click()
    page.get_by_text("Cette adresse ne peut pas être ajoutée").wait_for()
    page.get_by_label("Ajouter quelqu’un").fill(PAUL)
    page.get_by_role("button", name="Ajouter").click()
    page.get_by_text(f"C’est fait\u00a0: {PAUL} en est averti.").wait_for()
    page.screenshot(path=tmp_path / "people-360.png", full_page=True)

    theirs, _ = sign_in(chromium, site, url, site.person(PAUL), script=script)
    theirs.get_by_role("link", name=ticket.subject).click()
    theirs.get_by_role("button", name="Ne plus être informé").click()
    theirs.get_by_text("Vous ne recevrez plus de courriel").wait_for()
    signer, today = site.runtime.signer, site.clock.now().date()
    theirs.goto(f"/leave/{signer.sign(Purpose.LEAVE, ticket.id, peopled.reporter.id, today=today)}")
    theirs.get_by_role("button", name="Me retirer").click()
    theirs.get_by_role("heading", name="C’est fait").wait_for()
    with site.runtime.database.reading() as connection:
        left = [row.author for row in list_entries(connection, ticket.id) if row.data.get("event") == "left"]
    assert left == [PAUL, peopled.reporter.email], "by the page, and by the link of a mail"

    page.goto(f"/tickets/{ticket.ref}")
    page.get_by_role("button", name=f"Retirer {PAUL}").click()
    page.get_by_text(f"C’est fait\u00a0: {PAUL} en est averti.").wait_for()
    assert page.get_by_role("button", name=f"Retirer {PAUL}").count() == 0
    assert complaints == []


def test_it_is_not_solved_in_these_words_and_then_it_works(
    chromium: Any, site: Site, url: str, peopled: Peopled, script: bool
) -> None:
    page, complaints = sign_in(chromium, site, url, peopled.reporter, script=script)
    ticket = peopled.tickets["resolved"]
    page.goto(f"/tickets/{ticket.ref}")
    page.get_by_label("Sinon, qu’est-ce qui ne va pas").fill("Il affiche toujours zéro.")
    page.get_by_role("button", name="Non, ce n’est pas résolu").click()
    page.get_by_text("Votre demande sera rouverte").wait_for()
    file_all(site)
    page.goto(f"/tickets/{ticket.ref}")
    page.locator("article.you", has_text="Il affiche toujours zéro.").wait_for()
    assert now(site, ticket).status == Status.OPEN
    assert page.get_by_role("button", name="Oui, cela fonctionne").count() == 0
    act(site.runtime, NINA, ref=ticket.ref, reply="Cette fois oui.", status=Status.RESOLVED)
    page.reload()
    page.get_by_role("button", name="Oui, cela fonctionne").click()
    page.get_by_text("Merci\u00a0: votre demande sera close").wait_for()
    file_all(site)
    assert now(site, ticket).status == Status.CLOSED
    assert complaints == []
