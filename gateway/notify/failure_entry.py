"""What a ticket's timeline says about a mail that did not arrive: for agents, never for the reporter."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection

from gateway.db.outbox import Delivery
from gateway.db.tickets import NewEntry, add_entry
from gateway.domain.suppression import Suppression
from gateway.domain.ticket import Direction, EntryType, Language
from gateway.runtime import Runtime

_AUTHOR = "gateway"


class Failure(StrEnum):
    """In which way a mail did not arrive; the value is the entry's event."""

    REFUSED = "delivery_failed"  # the relay would not take it, or we gave up
    RETURNED = "delivery_returned"  # a report says that it was sent and came back
    DELAYED = "delivery_delayed"  # a report says that it is still under way
    SUPPRESSED = "delivery_suppressed"  # it was not sent: earlier mail to the address came back


UNDELIVERED = frozenset({Failure.REFUSED, Failure.RETURNED, Failure.SUPPRESSED})
"""Those that an agent is told of: a mail that is late may yet arrive."""

_SENTENCES = {
    Language.FR: {
        Failure.REFUSED: (
            "Un courriel de cette demande n’a pas pu être remis ({notice}, tentative {attempts}) : {error}"
        ),
        Failure.RETURNED: "Un courriel de cette demande est revenu, il n’a pas été remis ({notice}) : {error}",
        Failure.DELAYED: "Un courriel de cette demande n’est pas encore arrivé ({notice}) : {error}",
        Failure.SUPPRESSED: "Un courriel de cette demande n’a pas été envoyé ({notice}) : {error}",
    },
    Language.EN: {
        Failure.REFUSED: "A mail about this ticket could not be delivered ({notice}, attempt {attempts}): {error}",
        Failure.RETURNED: "A mail about this ticket came back, it was not delivered ({notice}): {error}",
        Failure.DELAYED: "A mail about this ticket has not arrived yet ({notice}): {error}",
        Failure.SUPPRESSED: "A mail about this ticket was not sent ({notice}): {error}",
    },
}
_CONSEQUENCE = {
    Language.FR: "\nPlus rien n’est envoyé à cette adresse jusqu’au {until:%d/%m/%Y}, sauf si elle nous écrit.",
    Language.EN: "\nNothing more is sent to this address until {until:%Y-%m-%d}, unless it writes to us.",
}


def write_failure(
    connection: Connection,
    runtime: Runtime,
    delivery: Delivery,
    failure: Failure,
    *,
    error: str,
    now: datetime,
    suppression: Suppression | None = None,
    raw_sha256: str | None = None,
) -> None:
    """Write on its ticket's timeline that a mail did not arrive; nothing for a mail that is about no ticket.

    `suppression` is what is remembered of the address since; `raw_sha256` the report's, where there is one.
    """
    if delivery.ticket_id is None:
        return
    lang = _language(runtime, delivery)
    text = _SENTENCES[lang][failure].format(
        notice=delivery.notice, attempts=delivery.attempts, error=error or _UNTOLD[lang]
    )
    if suppression is not None and suppression.is_active(now):
        text += _CONSEQUENCE[lang].format(until=suppression.until)
    entry = NewEntry(
        at=now,
        type=EntryType.SYSTEM,
        direction=Direction.INTERNAL,
        author=_AUTHOR,
        text=text,
        visible=False,
        raw_sha256=raw_sha256,
        data={
            "event": failure.value,
            "delivery_id": delivery.id,
            "person_id": delivery.person_id,
            "notice": delivery.notice,
        },
    )
    add_entry(connection, delivery.ticket_id, entry)


_UNTOLD = {Language.FR: "sans autre précision", Language.EN: "no reason was told"}


def _language(runtime: Runtime, delivery: Delivery) -> Language:
    """The language of the agents: their project's."""
    try:
        return runtime.project(delivery.project).language
    except KeyError:
        return Language.FR
