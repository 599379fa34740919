"""Is a failure report to be believed, and about which mail of ours? Anybody can write one (a forged report must not
silence a person), so it needs a proof:

- it came to a return path that we signed for one delivery (VERP), as the envelope says
- or the mail that it returns carries a Message-ID that we signed, of a delivery to the very address that it names

Anything else changes nothing; the receipt's trace says why.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from gateway.db.outbox import Delivery, find_delivery, find_delivery_of_message_id
from gateway.domain.trace import Said, Trace
from gateway.mail.bounce import BounceReport, Outcome
from gateway.mail.message_id import read_own
from gateway.mail.reply_address import BounceToken, read_token
from gateway.notify.address import NotDeliverable, wire_address
from gateway.runtime import Runtime
from gateway.services.register_bounce import register_bounce
from inbound.dsn import read_report

RULE = "failure report"


def note_bounce(
    connection: Connection,
    runtime: Runtime,
    *,
    raw: bytes,
    raw_sha256: str,
    rcpt_tos: Sequence[str],
    received_at: datetime,
    trace: Trace,
) -> bool:
    """Register what a report says of a mail of ours, in the caller's transaction. False where nothing was changed."""
    report = read_report(raw)
    if not report.is_bounce:
        trace.note(RULE, "none", "it tells of no mail that did not arrive")
        return False
    found = _by_return_path(connection, runtime, report, rcpt_tos, at=received_at) or _by_message_id(
        connection, runtime, report, at=received_at
    )
    if found is None:
        trace.note(RULE, "not believed", "neither our return path nor our Message-ID to an address that it names")
        return False
    delivery, outcome, proof = found
    if not outcome.is_failing:
        trace.note(RULE, "none", Said("the mail to that address arrived: {proof}", proof=proof))
        return False
    is_new = register_bounce(connection, runtime, delivery, outcome, at=received_at, raw_sha256=raw_sha256)
    kind = "hard" if outcome.is_hard else "soft"
    trace.note(
        RULE,
        kind if is_new else "known already",
        Said("delivery {delivery}: {proof}", delivery=delivery.id, proof=proof),
    )
    return is_new


_Found = tuple[Delivery, Outcome, str]


def _by_return_path(
    connection: Connection, runtime: Runtime, report: BounceReport, rcpt_tos: Sequence[str], *, at: datetime
) -> _Found | None:
    """The delivery whose return path this is. Its address may have been forwarded, so any name will do."""
    for address in rcpt_tos:
        token = read_token(address, runtime.signer, today=at.date())
        delivery = find_delivery(connection, token.delivery_id) if isinstance(token, BounceToken) else None
        if delivery is not None:
            outcome = _outcome(report, delivery) or next(iter(report.failing), report.general)
            return delivery, outcome, "our return path"
    return None


def _by_message_id(connection: Connection, runtime: Runtime, report: BounceReport, *, at: datetime) -> _Found | None:
    """The delivery that the returned copy shows, where the report names its address."""
    message_id = report.original_message_id
    if message_id is None or read_own(message_id, runtime.signer, today=at.date()) is None:
        return None
    delivery = find_delivery_of_message_id(connection, message_id)
    outcome = None if delivery is None else _outcome(report, delivery)
    return None if delivery is None or outcome is None else (delivery, outcome, "our Message-ID in the returned mail")


def _outcome(report: BounceReport, delivery: Delivery) -> Outcome | None:
    """What the report says of this delivery's address, as it is or as it goes over the wire."""
    try:
        wire = wire_address(delivery.recipient)
    except NotDeliverable:
        wire = delivery.recipient
    return report.outcome_for(delivery.recipient) or report.outcome_for(wire)
