"""Who wrote, where answers go, who comes onto the ticket, and whose ticket a forwarded mail is."""

from dataclasses import replace

import pytest

from gateway.db.participants import find_participants
from gateway.db.receipts import Verdict
from gateway.db.suppressions import count_bounce, find_suppression
from gateway.mail.authentication import NO_AUTHENTICATION, Policy, Result
from gateway.mail.bounce import Action, Outcome
from gateway.mail.reply_address import make_bounce_address
from gateway.runtime import Runtime
from tests.service.test_filing import SUPPORT, file, outbox, timeline
from tests.service.test_filing import tickets as all_tickets
from tests.service.test_matching import FORWARD
from tests.support.installation import mail
from tests.support.matching import STRANGER, authenticate, first_ticket, make_agent, ours, where


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


def test_mail_that_fails_the_policy_of_its_domain_is_held_and_released_with_one_word(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    from inbound.release import release_mail

    authenticate(monkeypatch, replace(NO_AUTHENTICATION, dmarc=Result.FAIL, policy=Policy.REJECT))
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
