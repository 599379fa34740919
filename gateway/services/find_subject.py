"""Finding all that a person is in the database, for a request about their data."""

from collections.abc import Iterable
from dataclasses import replace

from sqlalchemy import Connection, func, or_, select

from gateway.db.callbacks import callback_requests
from gateway.db.calls import calls
from gateway.db.people import find_person, people
from gateway.db.tickets import entries, tickets
from gateway.ids import random32
from gateway.services.data_subject import DataSubject


def find_subject(connection: Connection, email: str) -> DataSubject:
    """The person with this (normalised) address, with what is theirs; the address alone where nobody has a row."""
    subject = DataSubject(email=email, pseudonym=f"erased-{random32(8)}")
    person = find_person(connection, email=email)
    ident = -1 if person is None else person.id
    mine = or_(entries.c.author_id == ident, func.lower(entries.c.author) == email)
    written = connection.execute(select(entries.c.id, entries.c.ticket_id).where(mine)).all()
    reported = frozenset(connection.scalars(select(tickets.c.id).where(tickets.c.reporter_id == ident)))
    subject = replace(
        subject,
        person_id=None if person is None else person.id,
        names=frozenset({person.name} if person is not None and person.name else ()),
        phones=frozenset({person.phone} if person is not None and person.phone else ()),
        reported=reported,
        touched=reported | {row.ticket_id for row in written},
        authored=frozenset(row.id for row in written),
    )
    return _with_calls(connection, subject)


def _with_calls(connection: Connection, subject: DataSubject) -> DataSubject:
    """Calls from their numbers, and calls about their requests from a number that is nobody else's."""
    others = select(people.c.phone).where(people.c.phone.is_not(None), people.c.id != (subject.person_id or -1))
    taken = set(connection.scalars(others))
    reported = sorted(subject.reported)
    mine = or_(calls.c.caller.in_(sorted(subject.phones)), calls.c.ticket_id.in_(reported))
    found = [
        row for row in connection.execute(select(calls.c.id, calls.c.caller).where(mine)) if row.caller not in taken
    ]
    asked = select(callback_requests.c.number).where(callback_requests.c.ticket_id.in_(reported))
    numbers = [*(row.caller for row in found), *connection.scalars(asked)]
    phones = subject.phones | (_numbers(numbers) - taken)
    return replace(subject, phones=phones, calls=frozenset(row.id for row in found))


def _numbers(found: Iterable[str | None]) -> frozenset[str]:
    return frozenset(number for number in found if number is not None and number.startswith("+"))
