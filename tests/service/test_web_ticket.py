"""My requests and one request's page: what its reporter sees, and what nobody does."""

import pytest
from sqlalchemy import update

from gateway.db.hotline import hotline_code_of
from gateway.db.people import find_person_by_id
from gateway.db.tickets import tickets
from gateway.domain.ticket import Direction, EntryType, Language
from tests.support.web import Site

EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{7*191}}"


def test_a_person_without_requests_is_told_where_to_write(site: Site) -> None:
    page = site.sign_in(site.person()).get("/tickets").text
    assert 'href="mailto:support@demo.example"' in page


def test_my_requests_are_listed_and_nobody_elses(site: Site) -> None:
    person = site.person()
    mine, theirs = site.ticket(person, "Le mien"), site.ticket(site.person("paul@example.org"), "Le sien")
    page = site.sign_in(person).get("/tickets").text
    assert mine.subject in page
    assert f"/tickets/{mine.ref}" in page
    assert "Nouvelle demande" in page
    assert theirs.subject not in page
    assert theirs.ref not in page


def test_the_page_says_who_wrote_what_when(site: Site) -> None:
    person = site.person()
    ticket = site.ticket(person)
    site.entry(ticket, "Elle fume.\n\nMerci", author="marie@example.org", author_id=person.id)
    site.entry(ticket, "Nous arrivons.", author="Support", direction=Direction.OUT)
    page = site.sign_in(person).get(f"/tickets/{ticket.ref}").text
    assert f"<h1>{ticket.subject}</h1>" in page
    assert ticket.ref in page
    assert "Démonstration" in page
    assert "personne ne l’a encore prise en charge" in page
    assert "<strong>Vous</strong>" in page
    assert "<strong>Support</strong>" in page
    assert "Elle fume.\n\nMerci" in page
    assert "24 novembre 2026 à 10:00" in page, "Paris, not UTC"
    assert page.index("Elle fume") < page.index("Nous arrivons") < page.index("<textarea")


def test_what_is_not_meant_for_the_reporter_is_not_on_the_page(site: Site) -> None:
    person = site.person()
    ticket = site.ticket(person)
    site.entry(ticket, "note interne", visible=False, type=EntryType.NOTE, direction=Direction.INTERNAL)
    file = site.entry_with_file(ticket, name="interne.pdf", kind="application/pdf", content=b"x", visible=False)
    browser = site.sign_in(person)
    page = browser.get(f"/tickets/{ticket.ref}").text
    assert "interne" not in page
    assert browser.get(file).status_code == 404


def test_quoted_text_is_there_but_folded(site: Site) -> None:
    person = site.person()
    ticket = site.ticket(person)
    site.entry(ticket, "Oui.", removed_text="> Est-ce réglé ?")
    page = site.sign_in(person).get(f"/tickets/{ticket.ref}").text
    assert "<details>" in page
    assert "&gt; Est-ce réglé ?" in page.split("<details>")[1]


def test_what_an_agents_answer_by_mail_quotes_is_not_shown(site: Site) -> None:
    marie = site.person()
    ticket = site.ticket(marie)
    site.entry(ticket, "C’est réparé.", direction=Direction.OUT, removed_text="> Motif : le client se trompe")
    page = site.sign_in(marie).get(f"/tickets/{ticket.ref}").text
    assert "C’est réparé." in page
    assert "le client se trompe" not in page


def test_nothing_that_a_stranger_writes_becomes_markup(site: Site) -> None:
    person = site.person()
    ticket = site.ticket(person, EVIL)
    site.entry_with_file(ticket, name=EVIL, kind=EVIL, content=b"x", text=EVIL, removed_text=EVIL, author=EVIL)
    browser = site.sign_in(person)
    for path in ("/tickets", f"/tickets/{ticket.ref}"):
        page = browser.get(path).text
        assert "<script>" not in page
        assert "<img" not in page
        assert "1337" not in page.partition("<main")[2]
        assert "&lt;script&gt;" in page


@pytest.mark.parametrize(
    ("setting", "cookie", "query", "prefers", "expected"),
    [
        (None, None, "", "", "fr"),
        (None, None, "", "de", "fr"),
        (None, None, "", "en-GB,en;q=0.9,fr;q=0.5", "en"),
        (None, "fr", "", "en", "fr"),
        (None, "fr", "?lang=en", "fr", "en"),
        (None, "xx", "?lang='", "en", "en"),
        (Language.FR, "en", "?lang=en", "en", "fr"),
        (Language.EN, None, "", "fr", "en"),
    ],
)
def test_the_language_is_the_persons_then_the_choice_then_the_browsers_then_french(
    site: Site, setting: Language | None, cookie: str | None, query: str, prefers: str, expected: str
) -> None:
    browser = site.sign_in(site.person(lang=setting), prefers=prefers)
    if cookie is not None:
        browser.client.set_cookie("lang", cookie, domain="localhost")
    page = browser.get(f"/tickets{query}").text
    assert f'<html lang="{expected}">' in page
    assert ("Mes demandes" in page) == (expected == "fr")


def test_switching_the_language_is_remembered_with_the_person(site: Site) -> None:
    person = site.person(lang=Language.FR)
    ticket = site.ticket(person)
    site.entry(ticket)
    browser = site.sign_in(person)
    back = browser.post("/language", page=f"/tickets/{ticket.ref}", lang="en", next=f"/tickets/{ticket.ref}")
    page = browser.get(back.location).text
    assert "New request" in page
    assert "November 24, 2026 at 10:00" in page
    with site.runtime.database.reading() as connection:
        kept = find_person_by_id(connection, person.id)
    assert kept is not None
    assert kept.lang is Language.EN
    assert browser.post("/language", page="/tickets", lang="de").status_code == 400


def test_a_stranger_switches_the_language_for_this_browser(site: Site) -> None:
    browser = site.browser()
    browser.post("/language", page="/login", lang="en", next="/login")
    assert "Follow your requests" in browser.get("/login").text


def test_a_blocking_incident_shows_the_hotline_and_its_code_and_nothing_else_does(site: Site) -> None:
    person = site.person()
    blocking, minor = site.ticket(person), site.ticket(person)
    with site.runtime.database.transaction() as connection:
        for ticket, severity in ((blocking, "blocking"), (minor, "minor")):
            values = {"severity": severity, "kind": "corrective"}
            connection.execute(update(tickets).where(tickets.c.id == ticket.id).values(**values))
        code = hotline_code_of(connection, blocking.id, now=site.clock.now())
        hotline_code_of(connection, minor.id, now=site.clock.now())
    browser = site.sign_in(person)
    assert f"{code[:4]} {code[4:]}" in browser.get(f"/tickets/{blocking.ref}").text
    assert "Hotline" not in browser.get(f"/tickets/{minor.ref}").text
