"""From the reply box to the timeline: what the form made durable becomes one entry, or waits in a named place."""

import json
import time
from functools import partial
from typing import Any

import pytest
from sqlalchemy import update

from gateway.db.receipts import Receipt, Verdict, find_receipts
from gateway.db.ticket_status import set_status
from gateway.db.tickets import Ticket, find_ticket, list_entries, tickets
from gateway.domain.ticket import Channel, Direction, Status
from gateway.jobs.drain import drain_lane
from gateway.services.file_web_form import file_web_form
from gateway.spool.entry import Lane
from inbound.form_files import read_form_files
from tests.support.web import Browser, Site

FILE = partial(file_web_form, read_files=read_form_files)


@pytest.fixture
def ticket(site: Site) -> Ticket:
    return site.ticket(site.person())


@pytest.fixture
def browser(site: Site, ticket: Ticket) -> Browser:
    return site.sign_in(site.person())


def send(browser: Browser, ticket: Ticket, text: str, **form: str) -> None:
    page = f"/tickets/{ticket.ref}"
    form.setdefault("nonce", browser.field(page, "nonce"))
    assert browser.post(f"{page}/reply", page=page, text=text, **form).status_code == 303


def file_all(site: Site) -> list[Receipt]:
    """What a worker does; the receipts of what it found, in order."""
    waiting = site.runtime.spool.waiting(Lane.WEB)
    drain_lane(Lane.WEB, FILE, site.runtime, deadline=time.monotonic() + 30)
    with site.runtime.database.reading() as connection:
        return [receipt for spool_id, _ in waiting for receipt in find_receipts(connection, spool_id)]


def timeline(site: Site, ticket: Ticket) -> list[Any]:
    with site.runtime.database.reading() as connection:
        return list_entries(connection, ticket.id)


def test_a_reply_is_an_entry_of_the_moment_at_which_it_was_sent(site: Site, browser: Browser, ticket: Ticket) -> None:
    sent_at = site.clock.now()
    send(browser, ticket, "C’est encore pire.")
    site.clock.move(minutes=5)
    [receipt] = file_all(site)
    [entry] = timeline(site, ticket)
    assert (entry.text, entry.at, entry.channel, entry.direction) == (
        "C’est encore pire.",
        sent_at,
        Channel.WEB,
        Direction.IN,
    )
    assert (entry.author, entry.match, entry.visible) == ("marie@example.org", "session", True)
    assert (receipt.verdict, receipt.entry_id, receipt.accepted_at) == (Verdict.FILED, entry.id, sent_at)
    assert [step["rule"] for step in receipt.trace] == ["session", "joining"]
    assert "C’est encore pire." in browser.get(f"/tickets/{ticket.ref}").text


def test_a_double_click_is_one_entry_and_a_changed_text_is_another(
    site: Site, browser: Browser, ticket: Ticket
) -> None:
    nonce = browser.field(f"/tickets/{ticket.ref}", "nonce")
    for text in ("Bonjour", "Bonjour", "Bonsoir"):
        send(browser, ticket, text, nonce=nonce)
        site.clock.move(seconds=1)
    verdicts = [receipt.verdict for receipt in file_all(site)]
    assert verdicts == [Verdict.FILED, Verdict.DUPLICATE, Verdict.FILED]
    assert [entry.text for entry in timeline(site, ticket)] == ["Bonjour", "Bonsoir"]


def test_a_reply_whose_worker_died_after_the_filing_is_filed_once(site: Site, browser: Browser, ticket: Ticket) -> None:
    send(browser, ticket, "Bonjour")
    [(spool_id, attempts)] = site.runtime.spool.waiting(Lane.WEB)
    with site.runtime.spool.worker(Lane.WEB) as claims:
        entry = claims.claim(spool_id, attempts)
        assert entry is not None
        FILE(entry, site.runtime)
        claims.put_back(entry, uncounted=False)
    [receipt] = file_all(site)
    assert receipt.verdict is Verdict.FILED
    assert len(timeline(site, ticket)) == 1


def test_what_no_form_of_ours_wrote_is_quarantined_with_the_reason(site: Site, ticket: Ticket) -> None:
    """Somebody else's ticket too, should the page ever let such a reply through."""
    stranger = site.person("paul@example.org")
    whole = {"ticket_id": ticket.id, "person_id": stranger.id, "text": "Bonjour", "nonce": "n" * 32}
    payloads = [b"", b"[]", json.dumps({"text": "Bonjour"}).encode(), json.dumps(whole).encode()]
    for payload in payloads:
        site.runtime.spool.accept(Lane.WEB, {"received_at": site.clock.now().isoformat()}, payload)
        site.clock.move(seconds=1)
    assert file_all(site) == []
    reasons = [item.reason for item in site.runtime.spool.quarantine.list(Lane.WEB)]
    assert [reason.partition(",")[0] for reason in reasons] == [
        *["not what a form of ours writes"] * 3,
        "the ticket and the person of this reply are not together",
    ]
    assert timeline(site, ticket) == []


@pytest.mark.parametrize("status", [Status.PENDING, Status.RESOLVED, Status.CLOSED])
def test_a_reply_wakes_a_ticket_as_a_mail_does(site: Site, browser: Browser, ticket: Ticket, status: Status) -> None:
    set_to(site, ticket, status)
    send(browser, ticket, "Cela ne marche toujours pas.")
    file_all(site)
    assert fresh(site, ticket).status == Status.OPEN


def test_long_after_closing_a_reply_begins_a_ticket_that_follows(site: Site, browser: Browser, ticket: Ticket) -> None:
    set_to(site, ticket, Status.CLOSED)
    site.clock.move(days=site.runtime.settings.intake.reopen_days, minutes=1)
    send(browser, ticket, "C’est revenu.")
    [receipt] = file_all(site)
    with site.runtime.database.reading() as connection:
        follower = find_ticket(connection, ticket_id=receipt.ticket_id)
    assert follower is not None
    assert (follower.follows_id, follower.reporter_id) == (ticket.id, ticket.reporter_id)
    assert fresh(site, ticket).status == Status.CLOSED


def test_a_reply_on_a_merged_ticket_is_on_the_survivor(site: Site, browser: Browser, ticket: Ticket) -> None:
    survivor = site.ticket(site.person())
    with site.runtime.database.transaction() as connection:
        connection.execute(update(tickets).where(tickets.c.id == ticket.id).values(merged_into_id=survivor.id))
    send(browser, ticket, "Encore moi.")
    file_all(site)
    assert [entry.text for entry in timeline(site, survivor)] == ["Encore moi."]


def set_to(site: Site, ticket: Ticket, status: Status) -> None:
    with site.runtime.database.transaction() as connection:
        set_status(connection, ticket.id, status, now=site.clock.now())


def fresh(site: Site, ticket: Ticket) -> Ticket:
    with site.runtime.database.reading() as connection:
        found = find_ticket(connection, ticket_id=ticket.id)
    assert found is not None
    return found
