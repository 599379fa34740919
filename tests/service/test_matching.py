"""Whose ticket a mail reaches, what it does to it, and who comes onto it."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event, select, update

from gateway.db.participants import add_participant, find_participants
from gateway.db.people import add_membership, get_or_create_person
from gateway.db.receipts import Receipt, Verdict
from gateway.db.suppressions import count_bounce, find_suppression
from gateway.db.ticket_status import set_status
from gateway.db.tickets import Ticket, find_ticket, tickets
from gateway.domain.ticket import Role, Status
from gateway.mail.authentication import NO_AUTHENTICATION, Authentication, Policy, Result
from gateway.mail.bounce import Action, Outcome
from gateway.mail.marker import make_mark
from gateway.mail.reply_address import make_bounce_address
from gateway.runtime import Runtime
from gateway.services.mail_item import Decision
from inbound import arriving, filing
from inbound.deciding import decide
from tests.service.test_filing import SUPPORT, file, outbox, timeline
from tests.service.test_filing import tickets as all_tickets
from tests.support.clock import MovableClock
from tests.support.installation import mail

STRANGER = "stranger@elsewhere.example"
PROVED = replace(NO_AUTHENTICATION, dmarc=Result.PASS, dkim=Result.PASS, aligned=True, evidence="DKIM passed")


@pytest.fixture
def authenticated(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every mail of this test is proved to come from its From domain."""
    _authenticate(monkeypatch, PROVED)


def _authenticate(monkeypatch: pytest.MonkeyPatch, outcome: Authentication) -> None:
    monkeypatch.setattr(arriving, "authenticate", lambda *_, **__: outcome)


def first_ticket(runtime: Runtime) -> Ticket:
    file(runtime, mail(1))
    [ticket] = all_tickets(runtime)
    return ticket


def fresh(runtime: Runtime, ticket: Ticket) -> Ticket:
    with runtime.database.reading() as connection:
        found = find_ticket(connection, ticket_id=ticket.id)
    assert found is not None
    return found


def set_to(runtime: Runtime, ticket: Ticket, status: Status) -> None:
    with runtime.database.transaction() as connection:
        set_status(connection, ticket.id, status, now=runtime.clock.now())


def merge(runtime: Runtime, ticket: Ticket, into: Ticket) -> None:
    with runtime.database.transaction() as connection:
        connection.execute(update(tickets).where(tickets.c.id == ticket.id).values(merged_into_id=into.id))


def ours(runtime: Runtime, ticket: Ticket) -> str:
    return next(f"<{mail.message_id}>" for mail in outbox(runtime) if mail.ticket_id == ticket.id)


def make_agent(runtime: Runtime, email: str) -> None:
    with runtime.database.transaction() as connection:
        person = get_or_create_person(connection, email=email, name="", now=runtime.clock.now())
        add_membership(connection, person_id=person.id, project="DEMO", role=Role.N2)


def where(runtime: Runtime, receipt: Receipt) -> tuple[Ticket, str | None]:
    assert receipt.ticket_id is not None
    with runtime.database.reading() as connection:
        ticket = find_ticket(connection, ticket_id=receipt.ticket_id)
    assert ticket is not None
    [entry] = [entry for entry in timeline(runtime, ticket) if entry.id == receipt.entry_id]
    return ticket, entry.match


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


def test_people_in_copy_come_onto_the_ticket_but_not_robots_nor_ourselves(runtime: Runtime) -> None:
    people = "paul@client.example, no-reply@client.example, support@demo.example"
    file(runtime, mail(1, Cc=people))
    [ticket] = all_tickets(runtime)
    with runtime.database.reading() as connection:
        assert find_participants(connection, ticket.id) == {"marie@client.example", "paul@client.example"}
    assert [notice.recipient for notice in outbox(runtime)] == ["marie@client.example"]


def test_at_most_so_many_people_come_onto_a_ticket(runtime: Runtime) -> None:
    file(runtime, mail(1, Cc=", ".join(f"p{number}@client.example" for number in range(30))))
    [ticket] = all_tickets(runtime)
    with runtime.database.reading() as connection:
        found = find_participants(connection, ticket.id)
    assert len(found) == 1 + runtime.settings.intake.max_participants


def test_an_id_in_two_tickets_is_not_guessed(runtime: Runtime) -> None:
    one = first_ticket(runtime)
    file(runtime, mail(2))
    two = next(ticket for ticket in all_tickets(runtime) if ticket.id != one.id)
    receipt = file(runtime, mail(3, References=f"{ours(runtime, one)} {ours(runtime, two)}"))
    assert where(runtime, receipt)[0].id not in {one.id, two.id}
    assert {"rule": "our Message-ID", "outcome": "ambiguous", "evidence": "2 tickets"} in receipt.trace


@pytest.mark.parametrize("position", [0, 49])
def test_of_two_hundred_references_the_last_fifty_are_looked_at(runtime: Runtime, position: int) -> None:
    ticket = first_ticket(runtime)
    ids = [f"<x{number}@y.example>" for number in range(200)]
    ids[199 - position] = ours(runtime, ticket)
    assert where(runtime, file(runtime, mail(2, References=" ".join(ids))))[0].id == ticket.id


def test_an_empty_in_reply_to_matches_nothing(runtime: Runtime) -> None:
    ticket = first_ticket(runtime)
    assert where(runtime, file(runtime, mail(2, In_Reply_To=" ")))[0].id != ticket.id


@pytest.mark.parametrize("status", [Status.RESOLVED, Status.CLOSED])
def test_an_answer_with_our_id_reopens(runtime: Runtime, status: Status) -> None:
    ticket = first_ticket(runtime)
    set_to(runtime, ticket, status)
    file(runtime, mail(2, In_Reply_To=ours(runtime, ticket)))
    assert (fresh(runtime, ticket).status, fresh(runtime, ticket).closed_at) == (Status.OPEN, None)
    assert [entry.data.get("event") for entry in timeline(runtime, ticket)] == [None, None, "reopened"]


def test_an_automatic_mail_reopens_nothing(runtime: Runtime) -> None:
    ticket = first_ticket(runtime)
    set_to(runtime, ticket, Status.CLOSED)
    file(runtime, mail(2, In_Reply_To=ours(runtime, ticket), **{"Auto-Submitted": "auto-generated"}))
    assert fresh(runtime, ticket).status == Status.CLOSED


def test_long_after_closing_an_answer_begins_a_ticket_that_follows(runtime: Runtime, clock: MovableClock) -> None:
    ticket = first_ticket(runtime)
    set_to(runtime, ticket, Status.CLOSED)
    clock.move(days=runtime.settings.intake.reopen_days, seconds=1)
    found, _ = where(runtime, file(runtime, mail(2, In_Reply_To=ours(runtime, ticket))))
    assert (found.follows_id, fresh(runtime, ticket).status) == (ticket.id, Status.CLOSED)


def test_without_proof_an_answer_to_a_closed_ticket_is_not_lost_on_it(runtime: Runtime) -> None:
    ticket = first_ticket(runtime)
    set_to(runtime, ticket, Status.CLOSED)
    found, _ = where(runtime, file(runtime, mail(2, In_Reply_To="<mail-1@client.example>")))
    assert found.follows_id == ticket.id


def test_two_machines_do_not_reopen_a_ticket_for_ever(runtime: Runtime) -> None:
    ticket = first_ticket(runtime)
    for number in range(6):
        set_to(runtime, ticket, Status.RESOLVED)
        file(runtime, mail(number + 2, In_Reply_To=ours(runtime, ticket)))
    events = [entry.data.get("event") for entry in timeline(runtime, ticket)]
    assert events.count("reopened") == runtime.settings.intake.reopenings_per_hour
    assert fresh(runtime, ticket).status == Status.RESOLVED


def test_the_answer_that_a_ticket_waited_for_sets_it_going(runtime: Runtime) -> None:
    ticket = first_ticket(runtime)
    set_to(runtime, ticket, Status.PENDING)
    file(runtime, mail(2, In_Reply_To="<mail-1@client.example>"))
    assert fresh(runtime, ticket).status == Status.OPEN


def test_a_merged_ticket_hands_its_mail_to_the_survivor_over_several_hops(runtime: Runtime) -> None:
    one = first_ticket(runtime)
    for number in (2, 3):
        file(runtime, mail(number))
    two, three = sorted((t for t in all_tickets(runtime) if t.id != one.id), key=lambda ticket: ticket.id)
    merge(runtime, one, two)
    merge(runtime, two, three)
    assert where(runtime, file(runtime, mail(4, In_Reply_To=ours(runtime, one))))[0].id == three.id


def test_tickets_merged_in_a_ring_stop_nothing(runtime: Runtime) -> None:
    one = first_ticket(runtime)
    file(runtime, mail(2))
    two = next(ticket for ticket in all_tickets(runtime) if ticket.id != one.id)
    merge(runtime, one, two)
    merge(runtime, two, one)
    receipt = file(runtime, mail(3, In_Reply_To=ours(runtime, one)))
    assert receipt.verdict is Verdict.FILED
    assert where(runtime, receipt)[0].id not in {one.id, two.id}


def test_a_forged_agent_is_a_stranger_and_flagged(runtime: Runtime) -> None:
    ticket = first_ticket(runtime)
    make_agent(runtime, "agent@desk.example")
    receipt = file(runtime, mail(2, sender="agent@desk.example", In_Reply_To=ours(runtime, ticket)))
    found, _ = where(runtime, receipt)
    assert found.id != ticket.id
    assert "agent-not-proved" in timeline(runtime, found)[0].data["flags"]


def test_a_burst_from_one_address_is_a_few_tickets_and_few_acknowledgements(runtime: Runtime) -> None:
    few = runtime.settings.intake.alike_tickets_per_minute
    for number in range(40):
        file(runtime, mail(number, sender="sonde@client.example"))
    found = all_tickets(runtime)
    assert len(found) == few
    assert sum(ticket.entries for ticket in found) == 40
    assert len(outbox(runtime)) == few
    assert {entry.data.get("subject") for entry in timeline(runtime, found[-1])} >= {"Écran bloqué n° 39"}


def test_many_matters_of_one_address_are_as_many_tickets_up_to_a_bound(runtime: Runtime) -> None:
    most = runtime.settings.intake.new_tickets_per_minute
    for number in range(most + 3):
        file(runtime, mail(number, Subject="Panne " + "x" * number))
    assert len(all_tickets(runtime)) == most


def test_who_forges_a_sender_gets_onto_none_of_their_tickets_by_writing_often(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    _authenticate(monkeypatch, PROVED)
    ticket = first_ticket(runtime)
    _authenticate(monkeypatch, NO_AUTHENTICATION)
    receipts = [file(runtime, mail(number)) for number in range(2, 12)]
    assert receipts[-1].verdict is Verdict.HELD
    assert fresh(runtime, ticket).entries == 1


def test_who_is_addressed_in_one_of_a_burst_is_not_thereby_on_the_ticket(runtime: Runtime) -> None:
    for number in range(runtime.settings.intake.new_tickets_per_minute):
        file(runtime, mail(number))
    last = file(runtime, mail(98, Cc=STRANGER))
    ticket, rule = where(runtime, last)
    assert rule == "burst"
    answer = mail(99, sender=STRANGER, In_Reply_To=f"<{last.message_id}>")
    assert where(runtime, file(runtime, answer))[0].id != ticket.id


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


def test_a_mail_that_is_filed_late_is_held_against_its_own_minute(runtime: Runtime, clock: MovableClock) -> None:
    arrived = clock.now()
    for number in range(runtime.settings.intake.new_tickets_per_minute):
        clock.move(minutes=10)
        file(runtime, mail(number))
    clock.move(seconds=(arrived - clock.now()).total_seconds())
    assert file(runtime, mail(99)).reason == "new ticket"


def test_mail_that_fails_the_policy_of_its_domain_is_held_and_released_with_one_word(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    from inbound.release import release_mail

    _authenticate(monkeypatch, replace(NO_AUTHENTICATION, dmarc=Result.FAIL, policy=Policy.REJECT))
    receipt = file(runtime, mail(1))
    assert receipt.verdict is Verdict.HELD
    assert release_mail(runtime, receipt.spool_id) == "DEMO-1"
    assert all_tickets(runtime)[0].reporter == "marie@client.example"


def test_reply_to_is_where_a_proved_sender_is_answered_and_never_who_they_are(
    runtime: Runtime, authenticated: None
) -> None:
    file(runtime, mail(1, Reply_To="secretariat@client.example"))
    [ticket] = all_tickets(runtime)
    assert ticket.reporter == "marie@client.example"
    assert [notice.recipient for notice in outbox(runtime)] == ["secretariat@client.example"]
    assert outbox(runtime)[0].context["subject"] == ticket.subject


def test_a_reply_to_in_another_domain_is_not_sent_the_subject(runtime: Runtime, authenticated: None) -> None:
    """Whoever owns a domain can prove it, and aim their words at anybody."""
    file(runtime, mail(1, Reply_To="victim@elsewhere.example"))
    [notice] = outbox(runtime)
    assert (notice.recipient, "subject" in notice.context) == ("victim@elsewhere.example", False)


def test_the_reply_to_of_somebody_unproved_gets_no_mail_and_no_words_of_theirs_go_out(runtime: Runtime) -> None:
    file(runtime, mail(1, Reply_To="victim@elsewhere.example"))
    [notice] = outbox(runtime)
    assert notice.recipient == "marie@client.example"
    assert "subject" not in notice.context


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


def forward(sender: str) -> bytes:
    head, _, _ = mail(1, sender=sender, Subject="Tr : Export impossible").partition(b"\r\n\r\n")
    lines = [line for line in head.split(b"\r\n") if not line.lower().startswith((b"content-", b"mime-"))]
    typed = [*lines, b"MIME-Version: 1.0", b"Content-Type: text/plain; charset=utf-8"]
    return b"\r\n".join(typed) + b"\r\n\r\n" + FORWARD.encode()


def test_a_forward_by_an_agent_is_a_ticket_of_whom_it_was_from(runtime: Runtime, authenticated: None) -> None:
    make_agent(runtime, "agent@desk.example")
    file(runtime, forward("agent@desk.example"))
    [ticket] = all_tickets(runtime)
    assert (ticket.reporter, ticket.subject) == ("paul@autre.example", "Export impossible")
    first, note = timeline(runtime, ticket)
    assert (first.text.strip(), first.author) == ("L'export échoue depuis ce matin.", "paul@autre.example")
    assert (note.text.strip(), note.type, note.visible) == ("Pour vous.", "note", False)
    assert [notice.recipient for notice in outbox(runtime)] == ["paul@autre.example"]


def test_a_forward_by_anybody_else_is_an_ordinary_mail(runtime: Runtime, authenticated: None) -> None:
    file(runtime, forward("marie@client.example"))
    assert [ticket.reporter for ticket in all_tickets(runtime)] == ["marie@client.example"]


def return_path_of_first(runtime: Runtime) -> str:
    today = runtime.clock.now().date()
    return make_bounce_address(SUPPORT, runtime.signer, delivery_id=outbox(runtime)[0].id, today=today)


def test_what_comes_to_a_return_path_alone_and_is_no_report_is_held(runtime: Runtime) -> None:
    first_ticket(runtime)
    assert file(runtime, mail(2, sender=STRANGER), return_path_of_first(runtime)).verdict is Verdict.HELD


def test_an_automatic_answer_comes_to_the_return_path_and_nobody_has_to_look_at_it(runtime: Runtime) -> None:
    """RFC 3834 section 4: that is where responders answer."""
    ticket = first_ticket(runtime)
    away = {"Auto-Submitted": "auto-replied"}
    answer = mail(2, In_Reply_To=ours(runtime, ticket), **away)
    assert where(runtime, file(runtime, answer, return_path_of_first(runtime), mail_from=""))[0].id == ticket.id
    lost = file(runtime, mail(3, **away), return_path_of_first(runtime), mail_from="")
    assert lost.verdict is Verdict.IGNORED


def test_who_writes_with_proof_can_be_written_to_again(runtime: Runtime, authenticated: None) -> None:
    address, gone = "marie@client.example", Outcome(action=Action.FAILED, status="5.1.1")
    with runtime.database.transaction() as connection:
        count_bounce(connection, address, gone, now=runtime.clock.now())
    file(runtime, mail(1))
    with runtime.database.reading() as connection:
        assert find_suppression(connection, address, now=runtime.clock.now()) is None


def test_a_forwarded_mail_does_not_say_that_its_author_can_be_written_to(runtime: Runtime, authenticated: None) -> None:
    with runtime.database.transaction() as connection:
        count_bounce(
            connection, "paul@autre.example", Outcome(action=Action.FAILED, status="5.1.1"), now=runtime.clock.now()
        )
    make_agent(runtime, "agent@desk.example")
    file(runtime, forward("agent@desk.example"))
    [ticket] = all_tickets(runtime)
    assert ticket.reporter == "paul@autre.example"
    with runtime.database.reading() as connection:
        assert find_suppression(connection, "paul@autre.example", now=runtime.clock.now()) is not None


@pytest.mark.postgres
@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_a_ticket_stays_as_it_was_decided_upon_until_that_is_written(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else two answers reopen it, and one to a ticket that is closed meanwhile wakes nobody."""
    ticket, free = first_ticket(runtime), []

    def decided(*arguments: Any) -> Decision:
        decision = decide(*arguments)
        with runtime.database.reading() as other:
            free.extend(other.execute(select(tickets.c.id).with_for_update(skip_locked=True)).scalars())
        return decision

    monkeypatch.setattr(filing, "decide", decided)
    file(runtime, mail(2, In_Reply_To=ours(runtime, ticket)))
    assert free == []
