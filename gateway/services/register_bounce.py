"""A report says that a mail of ours did not arrive: the outbox, the ticket and the address remember it.

Whether the report is to be believed was settled before (`inbound.bounces`). All of it happens in the caller's one
transaction, and once for each mail: reports come twice, by two doors, and every day again while a mail is delayed.
"""

from datetime import datetime

import structlog
from sqlalchemy import Connection

from gateway.db.outbox import Delivery, DeliveryState, mark_delayed, mark_returned
from gateway.db.suppressions import count_bounce, find_suppression
from gateway.mail.bounce import Outcome
from gateway.notify.failure_entry import Failure, write_failure
from gateway.runtime import Runtime

log = structlog.get_logger()


def register_bounce(
    connection: Connection, runtime: Runtime, delivery: Delivery, outcome: Outcome, *, at: datetime, raw_sha256: str
) -> bool:
    """Write down that this mail came back or is delayed, on its ticket too, and count it against its address.

    False, and nothing written, for what was known of the mail already. A mail that is delayed first and then given
    up for a soft reason counts once; one that bounces hard counts as hard.
    """
    error = _reason(outcome)
    mark, word = (mark_returned, "came back") if outcome.permanent else (mark_delayed, "delayed")
    if not mark(connection, delivery.id, error=f"{word}: {error}".removesuffix(": ")):
        return False
    was_counted = delivery.state is DeliveryState.SENT and delivery.last_error is not None
    if was_counted and not outcome.is_hard:
        suppression = find_suppression(connection, delivery.recipient, now=at)
    else:
        suppression = count_bounce(connection, delivery.recipient, outcome, now=at)
    write_failure(
        connection,
        runtime,
        delivery,
        Failure.RETURNED if outcome.permanent else Failure.DELAYED,
        error=error,
        now=at,
        suppression=suppression,
        raw_sha256=raw_sha256,
    )
    log.info(
        "bounce.registered",
        delivery_id=delivery.id,
        ticket_id=delivery.ticket_id,
        permanent=outcome.permanent,
        hard=outcome.is_hard,
        suppressed=suppression is not None and suppression.is_active(at),
    )
    return True


def _reason(outcome: Outcome) -> str:
    """The status and the other server's words, the status once."""
    if outcome.status in outcome.diagnostic:
        return outcome.diagnostic
    return f"{outcome.status} {outcome.diagnostic}".strip()
