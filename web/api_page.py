"""Where a page of tickets or of a timeline ended, as a text that programs hand back and need not understand."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta

from gateway.db.ticket_page import Place
from gateway.db.tickets import Ticket
from web.api_problem import ApiError

_BEGIN = datetime(1970, 1, 1, tzinfo=UTC)
_ENTRY = re.compile(rb"e([0-9]{1,9})")
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
        raise no_cursor()
    try:
        return Place(moved_at=_BEGIN + timedelta(microseconds=int(found[1])), ticket_id=int(found[2]))
    except OverflowError:
        raise no_cursor() from None


def entry_cursor(entry_id: int | None) -> str | None:
    """The cursor of the page of a timeline that ends with this entry; None for none."""
    return None if entry_id is None else urlsafe_b64encode(f"e{entry_id}".encode()).decode().rstrip("=")


def read_entry_cursor(cursor: str | None) -> int | None:
    """The entry that a cursor means. Raises ApiError for a text that we did not make."""
    if cursor is None:
        return None
    try:
        found = _ENTRY.fullmatch(urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4)))
    except ValueError:
        found = None
    if found is None:
        raise no_cursor()
    return int(found[1])


def no_cursor() -> ApiError:
    """What a program is told whose cursor leads nowhere."""
    return ApiError(400, faults=[("cursor", "is none that we gave")])
