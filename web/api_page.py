"""Where a page of tickets ended, as a text that programs hand back and need not understand."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta

from gateway.db.ticket_page import Place
from gateway.db.tickets import Ticket
from web.api_problem import ApiError

_BEGIN = datetime(1970, 1, 1, tzinfo=UTC)
_PLACE = re.compile(rb"([0-9]{1,17})\.([0-9]{1,9})")


def place_after(ticket: Ticket) -> str:
    """The cursor of the page after this ticket."""
    moved = (ticket.updated_at - _BEGIN) // timedelta(microseconds=1)
    return urlsafe_b64encode(f"{moved}.{ticket.id}".encode()).decode().rstrip("=")


def read_place(cursor: str | None) -> Place | None:
    """The place that a cursor means. Raises ApiError for a text that we did not make."""
    if cursor is None:
        return None
    try:
        found = _PLACE.fullmatch(urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4)))
    except ValueError:
        found = None
    if found is None:
        raise ApiError(400, faults=[("cursor", "is none that we gave")])
    try:
        return Place(moved_at=_BEGIN + timedelta(microseconds=int(found[1])), ticket_id=int(found[2]))
    except OverflowError:
        raise ApiError(400, faults=[("cursor", "is none that we gave")]) from None
