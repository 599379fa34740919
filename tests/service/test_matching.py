"""Which ticket a mail reaches, by which clue, and for whom."""

import pytest
from sqlalchemy import event, update

from gateway.db.participants import add_participant
from gateway.db.people import get_or_create_person
from gateway.db.tickets import Ticket, tickets
from gateway.mail.marker import make_mark
from gateway.runtime import Runtime
from tests.service.test_filing import SUPPORT, file, outbox, timeline
from tests.service.test_filing import tickets as all_tickets
from tests.support.installation import mail
from tests.support.matching import STRANGER, first_ticket, fresh, make_agent, ours, where


def merge(runtime: Runtime, ticket: Ticket, into: Ticket) -> None:
    with runtime.database.transaction() as connection:
        connection.execute(update(tickets).where(tickets.c.id == ticket.id).values(merged_into_id=into.id))


def test_a_mark_in_the_quoted_text_finds_the_ticket_for_its_participant_alone(runtime: Runtime) -> None:
    ticket = first_ticket(runtime)
    mark = make_mark(
        runtime.signer, ticket_id=ticket.id, person_id=ticket.reporter_id, today=runtime.clock.now().date()
    )
    quoting = mail(2).replace(b"Essai", f"> ##- x -## ({mark})\r\nEssai".encode())
    found, rule = where(runtime, file(runtime, quoting))
    assert (found.id, rule) == (ticket.id, "signed mark in the quote")
    stranger = mail(3, sender=STRANGER).replace(b"Essai", f"> ({mark})\r\nEssai".encode())
    assert where(runtime, file(runtime, stranger))[0].id != ticket.id


def test_a_reference_in_the_subject_is_believed_from_a_proved_participant(
    runtime: Runtime, authenticated: None
) -> None:
    ticket = first_ticket(runtime)
    found, rule = where(runtime, file(runtime, mail(2, Subject="Re: [demo-1] Écran")))
    assert (found.id, rule) == (ticket.id, "reference in the subject")
    assert where(runtime, file(runtime, mail(3, sender=STRANGER, Subject="Re: [DEMO-1]")))[0].id != ticket.id


def test_a_stranger_with_a_known_id_gets_a_ticket_of_their_own_that_agents_see_linked(runtime: Runtime) -> None:
    ticket = first_ticket(runtime)
    receipt = file(runtime, mail(2, sender=STRANGER, References=ours(runtime, ticket)))
    found, _ = where(runtime, receipt)
    assert found.id != ticket.id
    [entry] = timeline(runtime, found)
    assert entry.data["related"] == [ticket.id]
    assert entry.data["flags"] == ["names-a-ticket-of-others"]
    assert fresh(runtime, ticket).entries == 1


def test_who_was_addressed_in_a_stored_mail_may_answer_it(runtime: Runtime) -> None:
    ticket = first_ticket(runtime)
    many = ", ".join(f"collegue{number}@client.example" for number in range(20))
    file(runtime, mail(2, In_Reply_To=ours(runtime, ticket), Cc=many))
    answer = mail(3, sender="collegue19@client.example", In_Reply_To="<mail-2@client.example>")
    assert where(runtime, file(runtime, answer)) == (fresh(runtime, ticket), "Message-ID on a ticket")
    assert where(runtime, file(runtime, mail(4, sender=STRANGER, In_Reply_To="<mail-2@client.example>")))[0] != ticket


@pytest.mark.parametrize(("answered", "before"), [("own", "own"), ("stored", "own"), ("own", "stored")])
@pytest.mark.parametrize("field", ["In_Reply_To", "References"])
def test_what_is_answered_directly_goes_before_what_was_said_earlier(
    runtime: Runtime, field: str, answered: str, before: str
) -> None:
    one = first_ticket(runtime)
    file(runtime, mail(2))
    two = next(ticket for ticket in all_tickets(runtime) if ticket.id != one.id)
    old = ours(runtime, one) if before == "own" else "<mail-1@client.example>"
    new = ours(runtime, two) if answered == "own" else "<mail-2@client.example>"
    named = {"References": f"{old} {new}"} if field == "References" else {"References": old, "In_Reply_To": new}
    assert where(runtime, file(runtime, mail(3, **named)))[0].id == two.id
    stranger = mail(4, sender=STRANGER, **named)
    assert where(runtime, file(runtime, stranger))[0].id not in {one.id, two.id}


def test_ids_equally_near_in_two_tickets_are_not_guessed(runtime: Runtime) -> None:
    one = first_ticket(runtime)
    file(runtime, mail(2))
    two = next(ticket for ticket in all_tickets(runtime) if ticket.id != one.id)
    receipt = file(runtime, mail(3, In_Reply_To=f"{ours(runtime, one)} {ours(runtime, two)}"))
    assert where(runtime, receipt)[0].id not in {one.id, two.id}
    assert ("our Message-ID", "ambiguous", "2 tickets") in [
        (step["rule"], step["outcome"], step["evidence"]) for step in receipt.trace
    ]


@pytest.mark.parametrize("position", [0, 49])
def test_of_two_hundred_references_the_last_fifty_are_looked_at(runtime: Runtime, position: int) -> None:
    ticket = first_ticket(runtime)
    ids = [f"<x{number}@y.example>" for number in range(200)]
    ids[199 - position] = ours(runtime, ticket)
    assert where(runtime, file(runtime, mail(2, References=" ".join(ids))))[0].id == ticket.id


def test_an_empty_in_reply_to_matches_nothing(runtime: Runtime) -> None:
    ticket = first_ticket(runtime)
    assert where(runtime, file(runtime, mail(2, In_Reply_To=" ")))[0].id != ticket.id


def test_a_forged_agent_is_a_stranger_and_flagged(runtime: Runtime) -> None:
    ticket = first_ticket(runtime)
    make_agent(runtime, "agent@desk.example")
    receipt = file(runtime, mail(2, sender="agent@desk.example", In_Reply_To=ours(runtime, ticket)))
    found, _ = where(runtime, receipt)
    assert found.id != ticket.id
    assert "agent-not-proved" in timeline(runtime, found)[0].data["flags"]


def test_an_id_on_many_tickets_costs_no_more_than_on_one(runtime: Runtime) -> None:
    same = {"Message-ID": "<same@machine.example>"}
    for number in range(30):
        file(runtime, mail(number, sender=f"s{number}@client.example", **same))
    asked: list[str] = []
    event.listen(runtime.database.engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    receipt = file(runtime, mail(98, sender="s7@client.example", In_Reply_To="<same@machine.example>"))
    assert where(runtime, receipt)[0].reporter == "s7@client.example"
    assert len(asked) < 40
    assert len(receipt.trace) < 30


def test_an_answer_to_what_the_reporter_must_not_see_is_not_shown_to_them(runtime: Runtime) -> None:
    ticket = first_ticket(runtime)
    with runtime.database.transaction() as connection:
        person = get_or_create_person(connection, email="paul@client.example", name="", now=runtime.clock.now())
        add_participant(connection, ticket_id=ticket.id, person_id=person.id, now=runtime.clock.now())
    file(
        runtime,
        mail(2, sender="paul@client.example", In_Reply_To=ours(runtime, ticket), Auto_Submitted="auto-notified"),
    )
    file(runtime, mail(3, In_Reply_To="<mail-2@client.example>"))
    assert [entry.visible for entry in timeline(runtime, ticket)] == [True, False, False]


def test_the_second_mail_with_one_message_id_and_other_content_is_kept_and_flagged(runtime: Runtime) -> None:
    file(runtime, mail(1))
    receipt = file(runtime, mail(2, Message_ID="<mail-1@client.example>"))
    ticket, _ = where(runtime, receipt)
    assert "message-id-seen-before" in timeline(runtime, ticket)[-1].data["flags"]


def test_a_mail_to_two_addresses_of_one_project_is_one_ticket(runtime: Runtime) -> None:
    file(runtime, mail(1), SUPPORT, "postmaster@demo.example")
    assert len(all_tickets(runtime)) == 1
    assert len(outbox(runtime)) == 1


FORWARD = (
    "Pour vous.\r\n\r\n---------- Forwarded message ---------\r\n"
    "De : Paul Durand <paul@autre.example>\r\nDate: lun. 23 nov. 2026 à 09:12\r\n"
    "Subject: Export impossible\r\nTo: <agent@desk.example>\r\n\r\nL'export échoue depuis ce matin.\r\n"
)
