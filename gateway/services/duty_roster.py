"""Who is on duty for a hotline is changed: a day's turns are set, or two people take each other's.

What is written here counts from the next call on: the hotline's snapshot is made anew.
"""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import Connection

from gateway.db.desk_rows import agents_with
from gateway.db.hotline import list_shifts, replace_shifts
from gateway.db.people import Person, find_person
from gateway.domain.audit import AuditAction
from gateway.domain.calendar import DAY_NAMES, DayHours, parse_hours
from gateway.domain.duty import Shift, shifts_of_day, swapped
from gateway.domain.project import Project
from gateway.domain.reasons import Reason
from gateway.domain.saying import Unfit
from gateway.domain.ticket import STAFF
from gateway.errors import NotFound, Refused
from gateway.mail.address import normalise_address
from gateway.runtime import Runtime
from gateway.services.audit import record_audit
from gateway.services.refresh_hotline import refresh_hotline


def set_duty(
    runtime: Runtime, project: str, *, day: str, hours: str, agents: Sequence[str], by: int | None = None
) -> None:
    """Put these people, by their addresses, on duty on a day, the first to ring first, instead of whoever was.

    `day` is a weekday (`monday`) or a date, which then counts instead of the week; nobody clears it. `hours` are as
    `9:00-12:00, 14:00-17:30`. `by` is the id of whoever does it, None for the shell. Raises Refused, and NotFound for
    somebody who is not known.
    """
    weekday, exact = _day(day)
    spans = _hours(hours, is_needed=bool(agents))
    with runtime.database.transaction() as connection:
        people = [_agent(connection, email) for email in dict.fromkeys(agents)]
        shifts = [
            Shift(person_id=person.id, position=position, start=start, end=end, weekday=weekday, day=exact)
            for position, person in enumerate(people)
            for start, end in spans
        ]
        replace_shifts(connection, project, shifts, weekday=weekday, day=exact)
        record_audit(
            connection,
            at=runtime.clock.now(),
            actor_id=by,
            action=AuditAction.DUTY_SET,
            subject=day.lower(),
            project=project,
            detail={"hours": hours, "people": len(people)},
        )
    refresh_hotline(runtime)


def swap_duty(
    runtime: Runtime,
    project: str,
    *,
    day: str,
    other_day: str | None,
    one: str,
    other: str,
    by: int | None = None,
) -> None:
    """Let `other` take the turn of `one` on a day, and `one` that of `other`: on the same day, or on another.

    Raises Refused, also for a turn that somebody does not have, and NotFound for somebody who is not known.
    """
    first, second = _date(day), None if other_day is None else _date(other_day)
    with runtime.database.transaction() as connection:
        giver, taker = _agent(connection, one).id, _agent(connection, other).id
        known = list_shifts(connection, project)
        there, back = {giver: taker}, {taker: giver}
        changes = {first: {**there, **back}} if second in {None, first} else {first: there, second: back}
        if not _has_turn(known, first, giver) or (second is not None and not _has_turn(known, second, taker)):
            raise Refused(Reason.NO_TURN())
        for date_, turns in changes.items():
            replace_shifts(connection, project, swapped(known, date_, turns), weekday=None, day=date_)
        record_audit(
            connection,
            at=runtime.clock.now(),
            actor_id=by,
            action=AuditAction.DUTY_SWAPPED,
            subject=day,
            project=project,
            detail={"other_day": other_day},
        )
    refresh_hotline(runtime)


def ringable(connection: Connection, project: Project) -> list[Person]:
    """The people who work for a project and have a number, by their addresses."""
    people = (find_person(connection, email=email) for email in agents_with(connection, project, STAFF))
    return [person for person in people if person is not None and person.phone is not None]


def _hours(text: str, *, is_needed: bool) -> DayHours:
    try:
        spans = parse_hours(text)
    except Unfit as error:
        raise Refused(error.why) from None
    if is_needed and not spans:
        raise Refused(Reason.HOURS_NEEDED())
    return spans


def _has_turn(shifts: list[Shift], day: date, person_id: int) -> bool:
    return any(shift.person_id == person_id for shift in shifts_of_day(shifts, day))


def _agent(connection: Connection, email: str) -> Person:
    """Somebody who can be rung."""
    person = find_person(connection, email=normalise_address(email))
    if person is None:
        raise NotFound(Reason.NOBODY_KNOWN(who=email))
    if person.phone is None:
        raise Refused(Reason.NO_NUMBER(who=email))
    return person


def _date(text: str) -> date:
    weekday, exact = _day(text)
    if weekday is not None or exact is None:
        raise Refused(Reason.SWAP_DATE(text=text))
    return exact


def _day(text: str) -> tuple[int | None, date | None]:
    if text.lower() in DAY_NAMES:
        return DAY_NAMES.index(text.lower()), None
    try:
        return None, date.fromisoformat(text)
    except ValueError:
        raise Refused(Reason.NO_DAY(text=text)) from None
