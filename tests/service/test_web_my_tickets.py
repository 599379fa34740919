"""My requests and my organisation's: what is listed and found, what comes next, and what a reporter does on a page."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import select

from gateway.config.contract import ContractSettings
from gateway.db.drafts import drafts, forget_drafts
from gateway.db.outbox import list_deliveries
from gateway.db.participants import find_muted, find_participants
from gateway.db.people import Person
from gateway.db.sign_in import revoke_sessions_of
from gateway.db.tickets import Ticket, find_ticket, list_entries
from gateway.domain.ticket import Direction, EntryType, Severity, Status
from gateway.spool.entry import Lane
from tests.service.test_web_lane import file_all
from tests.support.desk import NINA, act, staff
from tests.support.reporter_pages import PNG
from tests.support.web import Browser, Site, read_attachment
from web.app import create_app
from web.tickets import LISTED


@pytest.fixture
def marie(site: Site) -> Person:
    return site.person("marie@mairie.example")


@pytest.fixture
def browser(site: Site, marie: Person) -> Browser:
    return site.sign_in(marie)


def fresh(site: Site, ticket: Ticket) -> Ticket:
    with site.runtime.database.reading() as connection:
        found = find_ticket(connection, ticket_id=ticket.id)
    assert found is not None
    return found


@pytest.fixture
def shared(site: Site) -> Iterator[Site]:
    """The same installation under a contract by which the people of mairie.example see each other's requests."""
    contracts = {"default": ContractSettings(organisations=frozenset({"mairie.example"}))}
    settings = site.runtime.settings.model_copy(update={"contracts": contracts})
    settings.__dict__.pop("project_list", None)  # worked out once for each settings, and copied with them
    runtime = replace(site.runtime, settings=settings)
    app = create_app(runtime, read_attachment)
    yield Site(runtime=runtime, clock=site.clock, app=app)
    app.extensions["gateway"].background.close()


def test_colleagues_see_each_others_requests_only_where_the_contract_says_so(
    site: Site, shared: Site, marie: Person
) -> None:
    paul, stranger = site.person("paul@mairie.example"), site.person("eve@other.example")
    ticket = site.ticket(marie, "Le compteur")
    file = site.entry_with_file(ticket, name="plan.png", kind="image/png", content=PNG)
    for installation, person, status in ((site, paul, 404), (shared, paul, 200), (shared, stranger, 404)):
        browser = installation.sign_in(person)
        seen = status == 200
        assert ("Le compteur" in browser.get("/tickets").text) is seen
        assert ("Le compteur" in browser.get("/tickets?q=compteur").text) is seen
        for path in (f"/tickets/{ticket.ref}", file, f"{file}/preview"):
            assert browser.get(path).status_code == status, path
    assert "Le compteur" not in shared.sign_in(paul).get("/tickets?whose=mine").text


def test_a_colleague_answers_but_does_not_decide(shared: Site, marie: Person) -> None:
    paul = shared.person("paul@mairie.example")
    staff(shared.runtime)
    ticket = shared.ticket(marie)
    act(shared.runtime, NINA, ref=ticket.ref, status=Status.RESOLVED)
    browser, path = shared.sign_in(paul), f"/tickets/{ticket.ref}"
    page = browser.get(path).text
    assert "Oui, cela fonctionne" not in page
    assert "Ajouter quelqu’un" not in page
    browser.post(f"{path}/outcome", page=path, answer="works")
    browser.post(f"{path}/people", page=path, act="add", address="eve@other.example")
    assert shared.runtime.spool.waiting(Lane.WEB) == []
    nonce = browser.field(path, "nonce")
    browser.post(f"{path}/reply", page=path, text="Chez moi aussi.", nonce=nonce)
    file_all(shared)
    with shared.runtime.database.reading() as connection:
        assert find_participants(connection, ticket.id) == {marie.email}
        assert [row.author for row in list_entries(connection, ticket.id) if row.text == "Chez moi aussi."] == [
            paul.email
        ]


def test_searching_finds_what_i_may_read_and_nothing_else(site: Site, browser: Browser, marie: Person) -> None:
    ticket = site.ticket(marie, "Le compteur d’eau")
    site.entry(ticket, "Il affiche zéro.")
    site.entry(ticket, "client pénible", visible=False, type=EntryType.NOTE, direction=Direction.INTERNAL)
    site.ticket(site.person("paul@example.org"), "Le compteur de Paul")
    for words in ("compteur", "COMPTEUR affiche", "zero", ticket.ref):
        page = browser.get("/tickets", query_string={"q": words}).text
        assert "Le compteur d’eau" in page, words
        assert "Paul" not in page
    for words in ("pénible", "imprimante", "%", "' OR 1=1"):
        assert "Le compteur" not in browser.get("/tickets", query_string={"q": words}).text.partition("<main")[2], words


def test_a_long_list_is_turned_page_by_page(site: Site, browser: Browser, marie: Person) -> None:
    for number in range(LISTED + 2):
        site.ticket(marie, f"Sujet {number:03}")
        site.clock.move(seconds=1)
    first, second = browser.get("/tickets").text, browser.get("/tickets?page=2").text
    assert first.count('href="/tickets/DEMO-') == LISTED
    assert second.count('href="/tickets/DEMO-') == 2
    assert 'href="/tickets?page=2"' in first
    assert "Sujet 000" in second
    assert browser.get("/tickets?page=9").status_code == 200
    assert browser.get("/tickets?q=Sujet&page=2").text.count('href="/tickets/DEMO-') == 2


def test_the_list_says_what_comes_next(site: Site, browser: Browser, marie: Person) -> None:
    staff(site.runtime)
    ticket = site.ticket(marie)
    act(site.runtime, NINA, ref=ticket.ref, severity=Severity.BLOCKING)
    assert "Quelqu’un la prendra en charge avant le 24 novembre 2026 à 22:00." in browser.get("/tickets").text
    act(site.runtime, NINA, ref=ticket.ref, reply="Nous regardons.")
    page = browser.get("/tickets").text
    assert "Le service sera rétabli avant le 25 novembre 2026 à 10:00." in page
    assert "Bloquante" in page


@pytest.mark.parametrize(("answer", "status"), [("works", Status.CLOSED), ("unsolved", Status.OPEN)])
def test_a_solution_is_confirmed_or_refused_on_the_page(
    site: Site, browser: Browser, marie: Person, answer: str, status: Status
) -> None:
    staff(site.runtime)
    ticket = site.ticket(marie)
    path = f"/tickets/{ticket.ref}"
    assert "Oui, cela fonctionne" not in browser.get(path).text
    act(site.runtime, NINA, ref=ticket.ref, reply="Voilà.", status=Status.RESOLVED)
    site.clock.move(minutes=5)
    for _ in range(2):
        browser.post(f"{path}/outcome", page=path, answer=answer, text="Le bac 2 reste vide.")
    file_all(site)
    assert fresh(site, ticket).status == status
    with site.runtime.database.reading() as connection:
        said = [row for row in list_entries(connection, ticket.id) if row.text == "Le bac 2 reste vide."]
    assert len(said) == (answer == "unsolved")
    assert browser.post(f"{path}/outcome", page=path, answer="perhaps").status_code == 400


def test_people_are_put_on_a_request_and_taken_off(site: Site, browser: Browser, marie: Person) -> None:
    ticket = site.ticket(marie)
    path = f"/tickets/{ticket.ref}"
    browser.post(f"{path}/people", page=path, act="add", address=" Paul@Example.org ")
    assert "paul@example.org" in browser.get(path).text
    with site.runtime.database.reading() as connection:
        assert "paul@example.org" in {mail.recipient for mail in list_deliveries(connection)}
    browser.post(f"{path}/people", page=path, act="remove", address="paul@example.org")
    with site.runtime.database.reading() as connection:
        assert find_participants(connection, ticket.id) == {marie.email}
    for address in ("", "paul", marie.email, "support@demo.example"):
        answer = browser.post(
            f"{path}/people", page=path, act="remove" if address == marie.email else "add", address=address
        )
        assert 'class="note bad"' in browser.get(answer.location).text, address
    assert browser.post(f"{path}/people", page=path, act="x", address="a@example.org").status_code == 400


def test_somebody_who_was_added_can_leave(shared: Site, marie: Person) -> None:
    paul = shared.person("paul@mairie.example")
    ticket = shared.ticket(marie)
    path = f"/tickets/{ticket.ref}"
    mine = shared.sign_in(marie)
    mine.post(f"{path}/people", page=path, act="add", address=paul.email)
    theirs = shared.sign_in(paul)
    assert "Ne plus être informé" in theirs.get(path).text
    theirs.post(f"{path}/people", page=path, act="leave")
    with shared.runtime.database.reading() as connection:
        assert find_muted(connection, ticket.id) == {paul.id}
    assert mine.post(f"{path}/people", page=path, act="leave").status_code == 400, "it is her own"


def test_a_colleague_who_merely_sees_a_request_has_nothing_to_leave(shared: Site, marie: Person) -> None:
    ticket = shared.ticket(marie)
    path = f"/tickets/{ticket.ref}"
    theirs = shared.sign_in(shared.person("paul@mairie.example"))
    assert theirs.post(f"{path}/people", page=path, act="leave").status_code == 400
    with shared.runtime.database.reading() as connection:
        assert find_participants(connection, ticket.id) == {marie.email}
        assert find_muted(connection, ticket.id) == set()


def test_what_is_sent_after_the_session_ran_out_comes_back(site: Site, browser: Browser, marie: Person) -> None:
    ticket = site.ticket(marie)
    path = f"/tickets/{ticket.ref}"
    nonce, token = browser.field(path, "nonce"), browser.field(path, "csrf_token")
    site.clock.move(days=site.runtime.settings.session.session_days, minutes=1)
    form = {"csrf_token": token, "nonce": nonce, "text": "Long <texte>"}
    assert browser.client.post(f"{path}/reply", data=form).location == "/login"
    assert "Ce que vous avez écrit est gardé" in browser.get("/login").text
    assert "Long &lt;texte&gt;" not in site.sign_in(site.person("paul@example.org")).get(path).text
    link = site.link(marie)
    assert browser.post(link, page=link).location == path
    page = browser.get(path).text
    assert "Long &lt;texte&gt;</textarea>" in page
    nonce = browser.field(path, "nonce")
    browser.post(f"{path}/reply", page=path, text="Long <texte>", nonce=nonce, draft="1")
    assert "Long &lt;texte&gt;</textarea>" not in browser.get(path).text
    assert site.runtime.spool.waiting(Lane.WEB) != []


def test_where_nobody_can_be_told_the_text_is_shown_again(site: Site, browser: Browser, marie: Person) -> None:
    """A session that somebody ended on purpose keeps nothing for anybody."""
    ticket = site.ticket(marie)
    path = f"/tickets/{ticket.ref}"
    form = {"csrf_token": browser.field(path, "csrf_token"), "nonce": "n" * 20, "text": "Long <texte>"}
    with site.runtime.database.transaction() as connection:
        revoke_sessions_of(connection, marie.id, now=site.clock.now())
    answer = browser.client.post(f"{path}/reply", data=form)
    assert answer.status_code == 403
    assert "Long &lt;texte&gt;" in answer.text
    with site.runtime.database.reading() as connection:
        assert connection.execute(select(drafts)).all() == []
    assert browser.client.post(f"{path}/reply", data=form | {"csrf_token": "x"}).location == "/login"


def test_a_session_that_ran_out_keeps_nothing_for_what_is_no_request(site: Site, browser: Browser) -> None:
    form = {"csrf_token": browser.field("/report", "csrf_token"), "nonce": "n" * 20, "text": "x"}
    site.clock.move(days=site.runtime.settings.session.session_days, minutes=1)
    assert browser.client.post(f"/tickets/{'x' * 90}/reply", data=form).location == "/login"
    with site.runtime.database.reading() as connection:
        assert connection.execute(select(drafts)).all() == []


def test_a_draft_is_forgotten_after_a_while(site: Site, browser: Browser) -> None:
    browser.post("/report/draft", page="/report", text="À moitié")
    site.clock.move(days=15)
    assert "À moitié" not in browser.get("/report").text
    with site.runtime.database.transaction() as connection:
        assert forget_drafts(connection, now=site.clock.now()) == 1
        assert forget_drafts(connection, now=site.clock.now()) == 0


def test_the_link_of_a_mail_leads_an_agent_to_the_desk_and_nobody_else(
    site: Site, browser: Browser, marie: Person
) -> None:
    staff(site.runtime)
    ticket = site.ticket(site.person("paul@example.org"))
    agent = site.sign_in(site.person(NINA))
    assert agent.get(f"/tickets/{ticket.ref}").location == f"/desk/tickets/{ticket.ref}"
    assert agent.get("/tickets/x").status_code == 404
    assert browser.get(f"/tickets/{ticket.ref}").status_code == 404


def test_the_menu_is_what_the_visitor_may_open(site: Site, browser: Browser) -> None:
    staff(site.runtime)
    menu = browser.get("/tickets").text.partition("<nav")[2].partition("</nav>")[0]
    assert 'href="/report"' in menu
    assert "/desk" not in menu
    assert 'href="/desk"' in site.sign_in(site.person(NINA)).get("/tickets").text
    assert "<nav" not in site.browser().get("/login").text
