"""Somebody asks by the link of a mail to be left out of a ticket: they get no further mail about it."""

from sqlalchemy import Connection

from gateway.db.change_participants import leave_participants
from gateway.db.participants import find_participants
from gateway.db.people import Person, find_person_by_id
from gateway.db.tickets import NewEntry, Ticket, add_entry, find_ticket
from gateway.domain.reasons import Reason
from gateway.domain.ticket import Direction, EntryType, Language
from gateway.errors import NotFound, Refused
from gateway.mail.tokens import BadToken
from gateway.notify.links import read_leave
from gateway.runtime import Runtime

_SAID = {
    Language.FR: "{who} a demandé à ne plus recevoir de message au sujet de cette demande.",
    Language.EN: "{who} asked to receive no further mail about this ticket.",
}


def find_leaver(connection: Connection, runtime: Runtime, token: str) -> tuple[Ticket, Person]:
    """Who a link lets leave which ticket. Raises NotFound for one that we did not make, or that is too old."""
    try:
        ticket_id, person_id = read_leave(runtime, token, today=runtime.clock.now().date())
    except (BadToken, ValueError):
        raise NotFound("no link of ours") from None
    ticket, person = find_ticket(connection, ticket_id=ticket_id), find_person_by_id(connection, person_id)
    if ticket is None or person is None:
        raise NotFound("the ticket or the person of this link is gone")
    return ticket, person


def leave_ticket(runtime: Runtime, token: str) -> Ticket:
    """Leave the person of a link out of its ticket, and say so to agents; twice is once. Raises NotFound."""
    with runtime.database.transaction() as connection:
        ticket, person = find_leaver(connection, runtime, token)
        # The link was mailed to them: one who was told without being on it, as a customer's contact, leaves as well.
        _leave(connection, runtime, ticket, person)
    return ticket


def leave_out(connection: Connection, runtime: Runtime, ticket: Ticket, person: Person) -> None:
    """The same for somebody who is known to be who they are, in the caller's transaction.

    Raises Refused for who is not on the ticket, as a colleague who merely sees it: there is nothing to leave.
    """
    if person.email not in find_participants(connection, ticket.id):
        raise Refused(Reason.NOT_ON_IT(ref=ticket.ref))
    _leave(connection, runtime, ticket, person)


def _leave(connection: Connection, runtime: Runtime, ticket: Ticket, person: Person) -> None:
    now = runtime.clock.now()
    if leave_participants(connection, ticket_id=ticket.id, person_id=person.id, now=now):
        entry = NewEntry(
            at=now,
            type=EntryType.SYSTEM,
            direction=Direction.INTERNAL,
            author_id=person.id,
            author=person.email,
            text=_SAID[ticket.lang].format(who=person.email),
            visible=False,
            data={"event": "left"},
        )
        add_entry(connection, ticket.id, entry)
