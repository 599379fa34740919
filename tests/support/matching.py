"""A first ticket, and mails about it: for tests of what becomes of a mail."""

from dataclasses import replace

import pytest

from gateway.db.people import add_membership, get_or_create_person
from gateway.db.receipts import Receipt
from gateway.db.ticket_status import set_status
from gateway.db.tickets import Ticket, find_ticket
from gateway.domain.ticket import Role, Status
from gateway.mail.authentication import NO_AUTHENTICATION, Authentication, Result
from gateway.runtime import Runtime
from inbound import arriving
from tests.service.test_filing import file, outbox, timeline
from tests.service.test_filing import tickets as all_tickets
from tests.support.installation import mail

STRANGER = "stranger@elsewhere.example"


PROVED = replace(NO_AUTHENTICATION, dmarc=Result.PASS, dkim=Result.PASS, aligned=True, evidence="DKIM passed")


@pytest.fixture
def authenticated(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every mail of this test is proved to come from its From domain."""
    authenticate(monkeypatch, PROVED)


def authenticate(monkeypatch: pytest.MonkeyPatch, outcome: Authentication) -> None:
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
