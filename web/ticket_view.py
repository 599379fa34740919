"""What is said about a request beside its conversation: where it stands, what comes next, what is guaranteed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext

from gateway.db.tickets import Ticket
from gateway.domain.clock_reading import ClockState, Reading
from gateway.domain.clocks import Guarantee
from gateway.domain.ticket import Kind, Level, Status
from gateway.services.ticket_clocks import TicketClocks
from web.clock_view import ClockView, clock_view
from web.i18n import moment
from web.words import KINDS, LEVELS, STATES


@dataclass(frozen=True, kw_only=True)
class TicketView:
    """A request as its reader sees it. `next` says what happens next; `level` and `kind` are names."""

    ref: str
    subject: str
    project: str
    reporter: str
    is_mine: bool
    status: str
    severity: str | None
    level: str
    kind: str
    next: str
    created_at: datetime
    updated_at: datetime
    clocks: tuple[ClockView, ...]


def ticket_view(ticket: Ticket, clocks: TicketClocks | None, *, names: Mapping[str, str], reader_id: int) -> TicketView:
    """A ticket for the person with this id. `names` are the projects' by key."""
    readings = {} if clocks is None else {guarantee: clocks.reading(guarantee) for guarantee in Guarantee}
    views = (clock_view(reading) for reading in readings.values())
    return TicketView(
        ref=ticket.ref,
        subject=ticket.subject,
        project=names.get(ticket.project, ticket.project),
        reporter=ticket.reporter,
        is_mine=ticket.reporter_id == reader_id,
        status=ticket.status,
        severity=ticket.severity,
        level=str(LEVELS[Level(ticket.level)]),
        kind=str(KINDS[Kind(ticket.kind)]),
        next=what_next(Status(ticket.status), readings),
        created_at=ticket.created_at,
        updated_at=ticket.updated_at,
        clocks=tuple(view for view in views if view is not None),
    )


def what_next(status: Status, readings: Mapping[Guarantee, Reading]) -> str:
    """One sentence: the next thing that is promised, or else what the state means."""
    gti, gtr = readings.get(Guarantee.GTI), readings.get(Guarantee.GTR)
    if status is Status.NEW and (due := _due(gti)) is not None:
        return str(gettext("Somebody takes it in hand before %(when)s.", when=moment(due)))
    if status is Status.OPEN and (due := _due(gtr)) is not None:
        return str(gettext("Service is restored before %(when)s.", when=moment(due)))
    return str(STATES[status][1])


def _due(reading: Reading | None) -> datetime | None:
    """When a clock that runs is due; None for any other."""
    return reading.due if reading is not None and reading.state is ClockState.RUNNING else None
