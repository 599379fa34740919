"""Agents by mail: their text answers the reporter, their first lines are orders, and nobody else's are."""

from dataclasses import replace
from email import message_from_bytes
from email.policy import default

import pytest

from gateway.db.outbox import Delivery
from gateway.db.people import add_membership, get_or_create_person
from gateway.db.tickets import Ticket, find_ticket
from gateway.domain.ticket import Role
from gateway.mail.authentication import NO_AUTHENTICATION, Result
from gateway.notify.compose import compose
from gateway.runtime import Runtime
from inbound import arriving
from tests.service.test_filing import file, outbox, tickets, timeline
from tests.support.installation import mail

AGENT = "agent@desk.example"


@pytest.fixture(autouse=True)
def authenticated(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every mail of these tests is proved to come from its From domain."""
    proved = replace(NO_AUTHENTICATION, dmarc=Result.PASS, aligned=True, evidence="DKIM passed")
    monkeypatch.setattr(arriving, "authenticate", lambda *_, **__: proved)


@pytest.fixture
def ticket(runtime: Runtime) -> Ticket:
    """A ticket of Marie's at N1, and an agent of N1."""
    with runtime.database.transaction() as connection:
        person = get_or_create_person(connection, email=AGENT, name="", now=runtime.clock.now())
        add_membership(connection, person_id=person.id, project="DEMO", role=Role.N1)
    file(runtime, mail(1))
    [found] = tickets(runtime)
    return found


def write(runtime: Runtime, text: str, *, number: int = 2, sender: str = AGENT) -> None:
    """A mail of an agent on the first ticket."""
    raw = mail(number, sender=sender, Subject="Re: [DEMO-1] Écran bloqué")
    lines = [x for x in raw.partition(b"\r\n\r\n")[0].split(b"\r\n") if not x.lower().startswith((b"content", b"mime"))]
    head = b"\r\n".join([*lines, b"MIME-Version: 1.0", b"Content-Type: text/plain; charset=utf-8"])
    file(runtime, head + b"\r\n\r\n" + text.replace("\n", "\r\n").encode(), mail_from=sender)


def fresh(runtime: Runtime, ticket: Ticket) -> Ticket:
    with runtime.database.reading() as connection:
        found = find_ticket(connection, ticket_id=ticket.id)
    assert found is not None
    return found


def told_since_acknowledged(runtime: Runtime) -> list[Delivery]:
    return [mail for mail in outbox(runtime) if mail.notice != "acknowledgement"]


def test_an_agents_text_is_the_answer_to_the_reporter(runtime: Runtime, ticket: Ticket) -> None:
    write(runtime, "Bonjour,\n\nC'est corrigé, pouvez-vous réessayer ?\n")
    entry = timeline(runtime, ticket)[1]
    assert (entry.direction, entry.visible, entry.author, entry.channel) == ("out", True, AGENT, "smtp")
    [notice] = told_since_acknowledged(runtime)
    assert notice.recipient == ticket.reporter
    sent = message_from_bytes(compose(notice, runtime=runtime).content, policy=default)
    body = sent.get_body(("plain",))
    assert body is not None
    assert "C'est corrigé" in body.get_content()
    assert "<support@demo.example>" in sent["From"]
    assert AGENT not in sent.as_string()


def test_the_reporters_answer_to_it_joins(runtime: Runtime, ticket: Ticket) -> None:
    write(runtime, "C'est corrigé.")
    [notice] = told_since_acknowledged(runtime)
    file(runtime, mail(3, In_Reply_To=f"<{notice.message_id}>"))
    assert timeline(runtime, ticket)[-1].match == "our Message-ID"
    assert len(tickets(runtime)) == 1


def test_orders_are_done_and_not_shown(runtime: Runtime, ticket: Ticket) -> None:
    write(runtime, "#severity blocking\n#assign me\n\nNous regardons.\n")
    after = fresh(runtime, ticket)
    assert (after.severity, after.kind, after.status) == ("blocking", "corrective", "open")
    assert after.assignee_id is not None
    answer = next(entry for entry in timeline(runtime, ticket) if entry.direction == "out")
    assert answer.text.strip() == "Nous regardons."


def test_a_note_goes_to_nobody_outside(runtime: Runtime, ticket: Ticket) -> None:
    write(runtime, "#note\nLe client s'est trompé de bouton.\n")
    entry = timeline(runtime, ticket)[-1]
    assert (entry.type, entry.visible, entry.text.strip()) == ("note", False, "Le client s'est trompé de bouton.")
    assert told_since_acknowledged(runtime) == []


def test_a_mail_with_orders_alone_sends_no_empty_answer(runtime: Runtime, ticket: Ticket) -> None:
    write(runtime, "#assign me\n")
    assert fresh(runtime, ticket).assignee_id is not None
    assert not any(entry.direction == "out" for entry in timeline(runtime, ticket))


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("#sevrity blocking\nBonjour", "#sevrity"),
        ("#severity enormous\nBonjour", "#severity enormous"),
        ("#level N3 bogue\nBonjour", "N3"),
        ("#status merged\nBonjour", "not set to merged by hand"),
    ],
)
def test_an_order_that_is_unknown_or_refused_gets_one_answer_and_nothing_goes_out(
    runtime: Runtime, ticket: Ticket, text: str, cause: str
) -> None:
    write(runtime, text)
    [notice] = told_since_acknowledged(runtime)
    assert (notice.notice, notice.recipient) == ("orders_refused", AGENT)
    assert any(cause in fault for fault in notice.context["faults"])
    content = compose(notice, runtime=runtime).content.decode()
    assert "#severity blocking | major | minor" in content
    note = timeline(runtime, ticket)[-1]
    assert (note.type, note.visible, note.data["flags"]) == ("note", False, ["orders-refused"])
    assert fresh(runtime, ticket).severity is None


def test_orders_of_anybody_else_are_text(runtime: Runtime, ticket: Ticket) -> None:
    write(runtime, "#status closed\nBonjour", sender=ticket.reporter)
    entry = timeline(runtime, ticket)[-1]
    assert (entry.direction, entry.text.split()) == ("in", ["#status", "closed", "Bonjour"])
    assert fresh(runtime, ticket).status == "new"


def test_an_agent_without_proof_orders_nothing(
    runtime: Runtime, ticket: Ticket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arriving, "authenticate", lambda *_, **__: NO_AUTHENTICATION)
    write(runtime, "#status closed\nFermé.")
    assert fresh(runtime, ticket).status == "new"
    assert len(timeline(runtime, ticket)) == 1


def test_an_answer_to_what_only_agents_were_told_stays_inside(runtime: Runtime, ticket: Ticket) -> None:
    """Also where it goes to the signed address that the notice asks to be answered at."""
    write(runtime, "#sevrity blocking\nBonjour")
    [notice] = told_since_acknowledged(runtime)
    asked = message_from_bytes(compose(notice, runtime=runtime).content, policy=default)
    answer = mail(3, sender=AGENT, In_Reply_To=str(asked["Message-ID"]))
    file(runtime, answer, str(asked["Reply-To"]).strip(" <>"), mail_from=AGENT)
    last = timeline(runtime, ticket)[-1]
    assert (last.type, last.visible, last.match) == ("note", False, "signed reply address")
    assert told_since_acknowledged(runtime) == [notice]
