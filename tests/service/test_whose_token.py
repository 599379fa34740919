"""A signed address is believed from the person whom it was made for, and an agent on what they may see."""

from dataclasses import replace

import pytest
from sqlalchemy import update

from gateway.db.participants import add_participant, participants
from gateway.db.people import Person, add_membership, get_or_create_person
from gateway.db.receipts import Receipt
from gateway.db.ticket_events import begin_history, record_event
from gateway.db.ticket_status import set_status
from gateway.db.tickets import Ticket, find_ticket, list_tickets
from gateway.db.tickets import tickets as tickets_table
from gateway.domain.events import By, EventType, TicketEvent
from gateway.domain.ticket import Level, Role, Status
from gateway.mail.authentication import NO_AUTHENTICATION, Authentication, Result
from gateway.mail.reply_address import make_reply_address
from gateway.runtime import Runtime
from inbound import arriving
from tests.service.test_filing import SUPPORT, file, outbox, timeline
from tests.support.installation import mail

MARIE, PAUL, STRANGER = "marie@client.example", "paul@client.example", "stranger@elsewhere.example"
AGENT, FAR_AGENT = "agent@desk.example", "n2@desk.example"
PROVED = replace(NO_AUTHENTICATION, dmarc=Result.PASS, dkim=Result.PASS, aligned=True, evidence="DKIM passed")


def authenticate(monkeypatch: pytest.MonkeyPatch, outcome: Authentication) -> None:
    monkeypatch.setattr(arriving, "authenticate", lambda *_, **__: outcome)


def person(runtime: Runtime, email: str) -> Person:
    with runtime.database.transaction() as connection:
        return get_or_create_person(connection, email=email, name="", now=runtime.clock.now())


@pytest.fixture
def ticket(runtime: Runtime) -> Ticket:
    """A ticket of Marie's at N1 with Paul on it, and an agent each of N1 and N2."""
    receipt = file(runtime, mail(1, sender=MARIE))
    assert receipt.ticket_id is not None
    with runtime.database.transaction() as connection:
        for email, role in ((AGENT, Role.N1), (FAR_AGENT, Role.N2)):
            agent = get_or_create_person(connection, email=email, name="", now=runtime.clock.now())
            add_membership(connection, person_id=agent.id, project="DEMO", role=role)
        paul = get_or_create_person(connection, email=PAUL, name="", now=runtime.clock.now())
        add_participant(connection, ticket_id=receipt.ticket_id, person_id=paul.id, now=runtime.clock.now())
        found = find_ticket(connection, ticket_id=receipt.ticket_id)
    assert found is not None
    return found


def address_for(runtime: Runtime, ticket: Ticket, email: str) -> str:
    whose, today = person(runtime, email).id, runtime.clock.now().date()
    return make_reply_address(SUPPORT, runtime.signer, ticket_id=ticket.id, person_id=whose, today=today)


def flags(runtime: Runtime, receipt: Receipt) -> list[str]:
    assert receipt.ticket_id is not None
    with runtime.database.reading() as connection:
        ticket = find_ticket(connection, ticket_id=receipt.ticket_id)
    assert ticket is not None
    [entry] = [entry for entry in timeline(runtime, ticket) if entry.id == receipt.entry_id]
    return list(entry.data.get("flags", ()))


def status(runtime: Runtime, ticket: Ticket) -> str:
    with runtime.database.reading() as connection:
        found = find_ticket(connection, ticket_id=ticket.id)
    assert found is not None
    return found.status


@pytest.mark.parametrize("field", ["Delivered-To", "X-Original-To", "Envelope-To", "To", "Cc"])
def test_it_is_found_wherever_delivery_leaves_it(runtime: Runtime, ticket: Ticket, field: str) -> None:
    raw = mail(2, sender=MARIE, **{field: f"<{address_for(runtime, ticket, MARIE)}>"})
    assert file(runtime, raw).ticket_id == ticket.id


def test_the_one_whom_it_names_answers_with_it(runtime: Runtime, ticket: Ticket) -> None:
    receipt = file(runtime, mail(2, sender=MARIE), address_for(runtime, ticket, MARIE))
    assert receipt.ticket_id == ticket.id
    assert flags(runtime, receipt) == []


@pytest.mark.parametrize("sender", [STRANGER, "marie.lefebvre@home.example"])
def test_in_the_hands_of_somebody_else_it_is_no_more_than_a_ticket_named_rightly(
    runtime: Runtime, ticket: Ticket, sender: str
) -> None:
    receipt = file(runtime, mail(2, sender=sender), address_for(runtime, ticket, MARIE))
    assert receipt.ticket_id != ticket.id
    assert flags(runtime, receipt) == ["names-a-ticket-of-others"]
    assert len(timeline(runtime, ticket)) == 1
    assert all(ticket.ref not in repr(told.context) for told in outbox(runtime) if told.ticket_id != ticket.id)


def test_who_is_on_the_ticket_may_use_anothers_but_wakes_nothing_with_it(runtime: Runtime, ticket: Ticket) -> None:
    """Who answers to all writes to the address of whoever wrote before."""
    assert file(runtime, mail(2, sender=PAUL), address_for(runtime, ticket, MARIE)).ticket_id == ticket.id
    with runtime.database.transaction() as connection:
        set_status(connection, ticket.id, Status.RESOLVED, now=runtime.clock.now())
    assert file(runtime, mail(3, sender=PAUL), address_for(runtime, ticket, MARIE)).ticket_id != ticket.id
    assert status(runtime, ticket) == "resolved"
    assert file(runtime, mail(4, sender=PAUL), address_for(runtime, ticket, PAUL)).ticket_id == ticket.id
    assert status(runtime, ticket) == "open"


def test_an_agents_own_address_proves_them_where_their_domain_proves_nothing(runtime: Runtime, ticket: Ticket) -> None:
    receipt = file(runtime, mail(2, sender=AGENT), address_for(runtime, ticket, AGENT))
    entry = timeline(runtime, ticket)[1]
    assert (receipt.ticket_id, entry.id) == (ticket.id, receipt.entry_id)
    assert (entry.direction, entry.author) == ("out", AGENT)
    assert flags(runtime, receipt) == []


@pytest.mark.parametrize("whose", [MARIE, PAUL, FAR_AGENT])
def test_anybody_elses_address_makes_nobody_an_agent(runtime: Runtime, ticket: Ticket, whose: str) -> None:
    receipt = file(runtime, mail(2, sender=AGENT), address_for(runtime, ticket, whose))
    assert receipt.ticket_id != ticket.id
    assert flags(runtime, receipt) == ["agent-not-proved", "names-a-ticket-of-others"]
    assert len(timeline(runtime, ticket)) == 1


def test_a_forged_agent_is_not_believed_for_having_been_addressed(runtime: Runtime, ticket: Ticket) -> None:
    file(runtime, mail(2, sender=MARIE, Cc=AGENT), address_for(runtime, ticket, MARIE))
    known = f"<{timeline(runtime, ticket)[1].message_id}>"
    receipt = file(runtime, mail(3, sender=AGENT, In_Reply_To=known))
    assert receipt.ticket_id != ticket.id
    assert "agent-not-proved" in flags(runtime, receipt)


@pytest.mark.parametrize("way", ["subject", "id", "address", "own address"])
def test_an_agent_who_must_not_see_a_ticket_is_a_stranger_to_it(
    runtime: Runtime, ticket: Ticket, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    authenticate(monkeypatch, PROVED)
    ours = next(f"<{told.message_id}>" for told in outbox(runtime))
    fields = {"subject": {"Subject": f"Re: [{ticket.ref}] Écran"}, "id": {"In_Reply_To": ours}}.get(way, {})
    whose = {"address": MARIE, "own address": FAR_AGENT}.get(way)
    to = address_for(runtime, ticket, whose) if whose else SUPPORT
    receipt = file(runtime, mail(2, sender=FAR_AGENT, **fields), to)
    assert receipt.ticket_id != ticket.id
    assert len(timeline(runtime, ticket)) == 1
    assert [told.notice for told in outbox(runtime)].count("orders_refused") == 0


def test_once_it_has_been_before_their_level_they_answer_on_it(
    runtime: Runtime, ticket: Ticket, monkeypatch: pytest.MonkeyPatch
) -> None:
    authenticate(monkeypatch, PROVED)
    with runtime.database.transaction() as connection:
        begin_history(connection, ticket)
        handed = TicketEvent(
            type=EventType.LEVEL, at=runtime.clock.now(), by=By.AGENT, author=AGENT, value=Level.N2, reason="x"
        )
        record_event(connection, ticket.id, handed)
        connection.execute(update(tickets_table).where(tickets_table.c.id == ticket.id).values(level=Level.N2))
    receipt = file(runtime, mail(2, sender=FAR_AGENT, Subject=f"Re: [{ticket.ref}]"))
    assert receipt.ticket_id == ticket.id


def test_a_merge_leads_no_agent_to_what_they_must_not_see(
    runtime: Runtime, ticket: Ticket, monkeypatch: pytest.MonkeyPatch
) -> None:
    authenticate(monkeypatch, PROVED)
    seen = file(runtime, mail(2, sender="autre@client.example")).ticket_id
    with runtime.database.transaction() as connection:
        values = {"level": Level.N2, "merged_into_id": ticket.id}
        connection.execute(update(tickets_table).where(tickets_table.c.id == seen).values(**values))
        ref = next(one.ref for one in list_tickets(connection) if one.id == seen)
    receipt = file(runtime, mail(3, sender=FAR_AGENT, Subject=f"Re: [{ref}]"))
    assert receipt.ticket_id not in {ticket.id, seen}
    assert len(timeline(runtime, ticket)) == 1


def test_an_agent_who_is_on_a_ticket_that_they_do_not_see_writes_as_a_participant(
    runtime: Runtime, ticket: Ticket, monkeypatch: pytest.MonkeyPatch
) -> None:
    authenticate(monkeypatch, PROVED)
    with runtime.database.transaction() as connection:
        agent = get_or_create_person(connection, email=FAR_AGENT, name="", now=runtime.clock.now())
        add_participant(connection, ticket_id=ticket.id, person_id=agent.id, now=runtime.clock.now())
    file(runtime, mail(2, sender=FAR_AGENT, Subject=f"Re: [{ticket.ref}]"))
    entry = timeline(runtime, ticket)[-1]
    assert (entry.direction, entry.visible, entry.author) == ("in", True, FAR_AGENT)


@pytest.mark.parametrize("way", ["own address", "id of a mail to them"])
def test_who_was_taken_off_a_ticket_does_not_come_back_by_an_old_mail(
    runtime: Runtime, ticket: Ticket, way: str
) -> None:
    file(runtime, mail(2, sender=MARIE, Cc=PAUL), address_for(runtime, ticket, MARIE))
    known = f"<{timeline(runtime, ticket)[1].message_id}>"
    with runtime.database.transaction() as connection:
        connection.execute(update(participants).values(removed_at=runtime.clock.now()))
    fields = {} if way == "own address" else {"In_Reply_To": known}
    to = address_for(runtime, ticket, PAUL) if way == "own address" else SUPPORT
    assert file(runtime, mail(3, sender=PAUL, **fields), to).ticket_id != ticket.id
    assert len(timeline(runtime, ticket)) == 2
