"""The links of our mails: looking changes nothing, the button does it once, and nobody else's link does anything."""

import re
from datetime import UTC
from functools import partial

import pytest

from gateway.db.outbox import Delivery, list_deliveries
from gateway.db.participants import find_muted
from gateway.db.people import add_membership, get_or_create_person
from gateway.db.receipts import receipts
from gateway.db.ticket_events import history_of
from gateway.db.tickets import Ticket, find_ticket, list_entries
from gateway.domain.change import Change
from gateway.domain.telling import Happening
from gateway.domain.ticket import Role, Status
from gateway.jobs.drain import drain_lane
from gateway.notify.compose import compose
from gateway.notify.notices import Notice
from gateway.services.change_ticket import change_ticket
from gateway.services.file_web_form import file_web_form
from gateway.services.tell_agents import tell_agents
from gateway.services.tell_people import tell_participant_of
from gateway.spool.entry import Lane
from inbound.form_files import read_form_files
from tests.support.web import Site

NINA, PAUL = "nina@client.example", "paul@client.example"


@pytest.fixture
def ticket(site: Site) -> Ticket:
    """A resolved ticket of Marie's."""
    found = site.ticket(site.person())
    with site.runtime.database.transaction() as connection:
        nina = get_or_create_person(connection, email=NINA, name="", now=site.clock.now())
        add_membership(connection, person_id=nina.id, project="DEMO", role=Role.N1)
    resolve(site)
    return found


def resolve(site: Site, status: Status = Status.RESOLVED) -> None:
    site.clock.move(minutes=1)
    change_ticket(site.runtime, ref="DEMO-1", change=Change(status=status), by=NINA)


def mails(site: Site, notice: Notice) -> list[Delivery]:
    with site.runtime.database.reading() as connection:
        return [row for row in list_deliveries(connection) if row.notice == notice]


def link(site: Site, kind: str = "outcome", notice: Notice = Notice.PROGRESS) -> str:
    """The page behind the link of the last mail."""
    content = compose(mails(site, notice)[-1], runtime=site.runtime).content.decode().replace("=\r\n", "")
    found = re.search(rf"http://[^/]+(/{kind}/[a-z0-9-]+)", content)
    assert found is not None
    return found[1]


def work(site: Site) -> None:
    drain_lane(Lane.WEB, partial(file_web_form, read_files=read_form_files), site.runtime, deadline=float("inf"))


def now(site: Site) -> Ticket:
    with site.runtime.database.reading() as connection:
        found = find_ticket(connection, ref="DEMO-1")
    assert found is not None
    return found


def status(site: Site) -> str:
    return now(site).status


def test_a_scanner_that_follows_every_link_changes_nothing(site: Site, ticket: Ticket) -> None:
    page = link(site)
    scanner = site.browser()
    for answer in ("works", "unsolved", "nonsense", ""):
        for _ in range(2):
            assert scanner.get(f"{page}?answer={answer}").status_code == 200
    assert scanner.client.post(page, data={"answer": "works"}).status_code == 400, "no form, no act"
    work(site)
    assert status(site) == "resolved"


def test_it_works_closes_the_ticket_as_its_reporter_did_it(site: Site, ticket: Ticket) -> None:
    page = f"{link(site)}?answer=works"
    browser = site.browser()
    assert "Rien n’est encore fait" in browser.get(page).text
    answer = browser.post(link(site), page=page, answer="works")
    assert "DEMO-1 va être close" in answer.text
    assert status(site) == "resolved", "it is in the spool"
    work(site)
    assert status(site) == "closed"
    with site.runtime.database.reading() as connection:
        last = history_of(connection, now(site))[-1]
        verdicts = connection.execute(receipts.select()).all()
    assert (last.value, last.by, last.author) == ("closed", "reporter", "marie@example.org")
    assert [row.verdict for row in verdicts] == ["filed"]
    assert len(mails(site, Notice.PROGRESS)) == 1, "nobody is told of their own act"


def test_not_solved_reopens_with_the_words_and_its_team_is_told_in_one_mail(site: Site, ticket: Ticket) -> None:
    tell_agents(site.runtime)
    site.clock.move(minutes=20)
    page = f"{link(site)}?answer=unsolved"
    site.browser().post(link(site), page=page, answer="unsolved", text="Toujours <rien>\r\n")
    work(site)
    assert status(site) == "open"
    with site.runtime.database.reading() as connection:
        said = [row for row in list_entries(connection, ticket.id) if row.type == "message"]
    assert [(row.text, row.visible, row.channel) for row in said] == [("Toujours <rien>", True, "web")]
    tell_agents(site.runtime)
    row = mails(site, Notice.NEWS)[-1]
    assert (row.recipient, row.context["happening"], row.context["text"]) == (NINA, "reply", "Toujours <rien>")
    assert mails(site, Notice.NEWS_DIGEST) == []


def test_not_solved_without_a_word_is_told_too(site: Site, ticket: Ticket) -> None:
    tell_agents(site.runtime)
    site.clock.move(minutes=20)
    page = f"{link(site)}?answer=unsolved"
    site.browser().post(link(site), page=page, answer="unsolved")
    work(site)
    tell_agents(site.runtime)
    assert mails(site, Notice.NEWS)[-1].context["happening"] == "reopened"


def test_said_twice_is_done_once(site: Site, ticket: Ticket) -> None:
    page = f"{link(site)}?answer=unsolved"
    browsers = [site.browser(), site.browser()]
    for browser in browsers:
        browser.post(link(site), page=page, answer="unsolved")
    work(site)
    with site.runtime.database.reading() as connection:
        moves = [event.value for event in history_of(connection, now(site)) if event.type == "status"]
        verdicts = [row.verdict for row in connection.execute(receipts.select())]
    assert moves == ["resolved", "open"]
    assert verdicts == ["filed", "duplicate"]
    assert "Cette demande a évolué" in browsers[0].get(page).text


def test_the_link_of_an_earlier_solution_says_nothing_of_a_later_one(site: Site, ticket: Ticket) -> None:
    old = link(site)
    resolve(site, Status.OPEN)
    resolve(site)
    browser = site.browser()
    assert "Cette demande a évolué" in browser.get(f"{old}?answer=works").text
    assert "Rien n’est encore fait" in browser.get(f"{link(site)}?answer=works").text
    assert "Oui, cela fonctionne" not in browser.post(old, page=f"{link(site)}?answer=works", answer="works").text
    work(site)
    assert status(site) == "resolved"


def test_a_link_that_is_altered_or_too_old_or_for_something_else_opens_nothing(site: Site, ticket: Ticket) -> None:
    page = link(site)
    browser = site.browser()
    wrong = page[:-1] + ("0" if page[-1] != "0" else "1")
    other = page.replace("/outcome/", "/leave/")
    for address in (wrong, other, "/outcome/o-1", "/leave/x"):
        answer = browser.get(address)
        assert (answer.status_code, "DEMO-1" in answer.text) == (403, False)
    assert site.clock.now().tzinfo is UTC
    site.clock.move(days=61)
    assert browser.get(page).status_code == 403


def add_paul(site: Site, ticket: Ticket) -> None:
    with site.runtime.database.transaction() as connection:
        nina = get_or_create_person(connection, email=NINA, name="", now=site.clock.now())
        paul = get_or_create_person(connection, email=PAUL, name="", now=site.clock.now())
        entry_id = list_entries(connection, ticket.id)[0].id
        tell_participant_of(connection, site.runtime, ticket, Happening.ADDED, person=paul, by=nina, entry_id=entry_id)


def test_who_was_added_is_told_and_can_ask_to_be_left_out_without_signing_in(site: Site, ticket: Ticket) -> None:
    add_paul(site, ticket)
    page = link(site, "leave", Notice.PARTICIPANT)
    stranger = site.browser()
    assert "Rien n’est encore fait" in stranger.get(page).text
    with site.runtime.database.reading() as connection:
        assert find_muted(connection, ticket.id) == set()
    # A mail program's own click (RFC 8058): no cookie, no form of ours.
    for _ in range(2):
        answer = site.browser().client.post(page, data={"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200
    with site.runtime.database.reading() as connection:
        assert len(find_muted(connection, ticket.id)) == 1
        lines = [row.text for row in list_entries(connection, ticket.id) if row.data.get("event") == "left"]
    assert lines == [f"{PAUL} a demandé à ne plus recevoir de message au sujet de cette demande."]
    add_paul(site, ticket)
    assert len(mails(site, Notice.PARTICIPANT)) == 1, "who asked to be left out is"


@pytest.mark.parametrize("meanwhile", ["said with other words", "reopened", "closed"])
def test_words_that_come_too_late_are_a_reply_and_are_not_lost(site: Site, ticket: Ticket, meanwhile: str) -> None:
    page, browser = f"{link(site)}?answer=unsolved", site.browser()
    if meanwhile == "said with other words":
        browser.post(link(site), page=page, answer="unsolved", text="Rien ne sort.")
    for _ in range(2):  # a double click
        browser.post(link(site), page=page, answer="unsolved", text="Toujours rien.")
    if meanwhile != "said with other words":
        resolve(site, Status.OPEN)
    if meanwhile == "closed":
        resolve(site)
        resolve(site, Status.CLOSED)
    work(site)
    with site.runtime.database.reading() as connection:
        said = [row.text for row in list_entries(connection, ticket.id) if row.type == "message"]
        verdicts = [row.verdict for row in connection.execute(receipts.select())]
    assert said.count("Toujours rien.") == 1
    assert verdicts.count("duplicate") == 1
    assert status(site) == "open"
