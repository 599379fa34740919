"""Somebody at each level, what they do to tickets, and what is then to be seen of it."""

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from gateway.db.outbox import Delivery, list_deliveries
from gateway.db.people import add_membership, get_or_create_person
from gateway.db.ticket_events import history_of
from gateway.db.tickets import Ticket, find_ticket, list_entries
from gateway.domain.change import Change
from gateway.domain.events import TicketEvent
from gateway.domain.ticket import Role
from gateway.notify.compose import compose
from gateway.runtime import Runtime
from gateway.services.change_ticket import change_ticket
from gateway.services.ticket_clocks import TicketClocks, find_project, ticket_clocks

PEOPLE = {
    "nina@client.example": Role.N1,
    "ana@support.example": Role.N2,
    "dev@support.example": Role.N3,
    "chief@support.example": Role.SUPERVISOR,
}
NINA, ANA, DEV, CHIEF = PEOPLE


def staff(runtime: Runtime, *, project: str = "DEMO") -> None:
    """Put somebody at each level of the project."""
    with runtime.database.transaction() as connection:
        for email, role in PEOPLE.items():
            person = get_or_create_person(connection, email=email, name="", now=runtime.clock.now())
            add_membership(connection, person_id=person.id, project=project, role=role)


def act(runtime: Runtime, by: str, *, ref: str = "DEMO-1", **change: Any) -> Ticket:
    return change_ticket(runtime, ref=ref, change=Change(**change), by=by)


def ticket_of(runtime: Runtime, ref: str = "DEMO-1") -> Ticket:
    with runtime.database.reading() as connection:
        found = find_ticket(connection, ref=ref)
    assert found is not None, ref
    return found


def history(runtime: Runtime, ref: str = "DEMO-1") -> list[TicketEvent]:
    with runtime.database.reading() as connection:
        return history_of(connection, ticket_of(runtime, ref))


def told(runtime: Runtime, ref: str = "DEMO-1") -> list[tuple[str, str]]:
    return [(event.type.value, event.value) for event in history(runtime, ref)]


def timeline(runtime: Runtime, ref: str = "DEMO-1", *, visible_only: bool = False) -> list[tuple[str, str, str]]:
    """What each entry is and says."""
    with runtime.database.reading() as connection:
        entries = list_entries(connection, ticket_of(runtime, ref).id, visible_only=visible_only)
    return [(entry.type, entry.direction, entry.text) for entry in entries]


def clocks(runtime: Runtime, ref: str = "DEMO-1") -> TicketClocks:
    project = find_project(runtime, ref.partition("-")[0])
    return ticket_clocks(history(runtime, ref), project, now=runtime.clock.now())


def outbox(runtime: Runtime, *, notice: str | None = None) -> list[Delivery]:
    """What was written to go out; of one notice, or everything."""
    with runtime.database.reading() as connection:
        return [row for row in list_deliveries(connection) if notice in {None, row.notice}]


def read_mail(runtime: Runtime, delivery: Delivery) -> EmailMessage:
    message = message_from_bytes(compose(delivery, runtime=runtime).content, policy=default)
    assert isinstance(message, EmailMessage)
    return message


def body(message: EmailMessage, kind: str = "plain") -> str:
    part = message.get_body((kind,))
    assert part is not None
    text: str = part.get_content()
    return text
