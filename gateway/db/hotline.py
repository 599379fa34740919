"""What the hotline goes by: the codes of blocking tickets, and who is on duty."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import Column, Connection, Date, ForeignKey, Integer, Row, String, Table, delete, insert, select

from gateway.db.people import Person, find_person_by_id, memberships, people
from gateway.db.tickets import Ticket, tickets
from gateway.db.types import UtcDateTime, metadata
from gateway.db.upsert import insert_ignoring_duplicates
from gateway.domain.duty import Shift
from gateway.domain.hotline_code import make_hotline_code
from gateway.domain.ticket import Kind, Role, Severity, Status

hotline_codes = Table(
    "hotline_codes",
    metadata,
    Column("code", String(8), primary_key=True),
    Column("ticket_id", ForeignKey("tickets.id", ondelete="CASCADE"), nullable=False, unique=True),
    Column("created_at", UtcDateTime, nullable=False),
)

duty_shifts = Table(
    "duty_shifts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("project", String(10), nullable=False, index=True),
    Column("person_id", ForeignKey("people.id", ondelete="CASCADE"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("weekday", Integer),
    Column("day", Date),
    Column("start_minute", Integer, nullable=False),
    Column("end_minute", Integer, nullable=False),
)

_OPEN = (Status.NEW, Status.OPEN, Status.PENDING)


def hotline_code_of(connection: Connection, ticket_id: int, *, now: datetime) -> str:
    """The code by which a ticket is called about, drawn at the first call. Two at once get the same."""
    query = select(hotline_codes.c.code).where(hotline_codes.c.ticket_id == ticket_id)
    while (code := connection.scalar(query)) is None:
        insert_ignoring_duplicates(
            connection, hotline_codes, code=make_hotline_code(), ticket_id=ticket_id, created_at=now
        )
    return str(code)


def find_hotline_code(connection: Connection, ticket: Ticket) -> str | None:
    """The code by which a ticket may be called about; None where it may not, or where none was drawn yet."""
    if not may_be_called_about(ticket):
        return None
    found = connection.scalar(select(hotline_codes.c.code).where(hotline_codes.c.ticket_id == ticket.id))
    return None if found is None else str(found)


def may_be_called_about(ticket: Ticket) -> bool:
    """True for a blocking incident that is worked on."""
    return ticket.severity == Severity.BLOCKING and ticket.kind == Kind.CORRECTIVE and ticket.status in _OPEN


def ticket_of_code(connection: Connection, code: str) -> int | None:
    """The id of the ticket that has this code."""
    return connection.scalar(select(hotline_codes.c.ticket_id).where(hotline_codes.c.code == code))


def eligible_tickets(connection: Connection) -> list[Row[Any]]:
    """`id, ref, project, created_at, code` of every ticket that may be called about; `code` is None without one."""
    query = (
        select(tickets.c.id, tickets.c.ref, tickets.c.project, tickets.c.created_at, hotline_codes.c.code)
        .outerjoin(hotline_codes, hotline_codes.c.ticket_id == tickets.c.id)
        .where(
            tickets.c.severity == Severity.BLOCKING,
            tickets.c.kind == Kind.CORRECTIVE,
            tickets.c.status.in_(_OPEN),
        )
        .order_by(tickets.c.id)
    )
    return list(connection.execute(query))


def list_shifts(connection: Connection, project: str) -> list[Shift]:
    """The roster of a project."""
    query = select(duty_shifts).where(duty_shifts.c.project == project).order_by(duty_shifts.c.id)
    return [
        Shift(
            person_id=row.person_id,
            position=row.position,
            start=row.start_minute,
            end=row.end_minute,
            weekday=row.weekday,
            day=row.day,
        )
        for row in connection.execute(query)
    ]


def replace_shifts(
    connection: Connection, project: str, shifts: Iterable[Shift], *, weekday: int | None, day: date | None
) -> None:
    """Put these in the place of what there was for a weekday, or for one day."""
    same = duty_shifts.c.day == day if day is not None else duty_shifts.c.weekday == weekday
    connection.execute(delete(duty_shifts).where(duty_shifts.c.project == project, same))
    rows = [
        {
            "project": project,
            "person_id": shift.person_id,
            "position": shift.position,
            "weekday": shift.weekday,
            "day": shift.day,
            "start_minute": shift.start,
            "end_minute": shift.end,
        }
        for shift in shifts
    ]
    if rows:
        connection.execute(insert(duty_shifts), rows)


def people_with_numbers(connection: Connection) -> dict[int, str]:
    """The numbers of everybody who has one, by person id."""
    query = select(people.c.id, people.c.phone).where(people.c.phone.is_not(None))
    return {row.id: row.phone for row in connection.execute(query)}


def find_person_by_number(connection: Connection, number: str) -> Person | None:
    """The one person who has this number; None where nobody has it, or several do."""
    found = connection.scalars(select(people.c.id).where(people.c.phone == number).limit(2)).all()
    return find_person_by_id(connection, found[0]) if len(found) == 1 else None


def n2_with_numbers(connection: Connection, project: str, addresses: Iterable[str]) -> list[int]:
    """The N2 people of a project who have a number, by their role here or by these configured addresses."""
    member = select(memberships.c.person_id).where(memberships.c.project == project, memberships.c.role == Role.N2)
    is_n2 = people.c.id.in_(member) | people.c.email.in_(list(addresses))
    query = select(people.c.id).where(people.c.phone.is_not(None), is_n2).order_by(people.c.email)
    return list(connection.scalars(query))
