"""A delivery of ours, and reports about it."""

import time
from collections.abc import Sequence
from random import Random

from sqlalchemy import Row

from gateway.db.outbox import Delivery
from gateway.db.suppressions import list_suppressions
from gateway.db.tickets import list_entries
from gateway.domain.suppression import Suppression
from gateway.domain.trace import Trace
from gateway.mail.reply_address import make_bounce_address
from gateway.notify.deliver import deliver_due
from gateway.runtime import Runtime
from inbound.bounces import note_bounce
from tests.support.outbox import delivery, file_and_acknowledge
from tests.support.relay import ScriptedRelay, through

MARIE = "marie@example.org"


FAILED = "Action: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 no such user\n"


FULL = "Action: failed\nStatus: 5.2.2\nDiagnostic-Code: smtp; 552 5.2.2 mailbox full\n"


DELAYED = "Action: delayed\nStatus: 4.4.1\n"


def deliver(runtime: Runtime) -> int:
    return deliver_due(runtime, deadline=time.monotonic() + 60, chance=Random(1))


def sent(runtime: Runtime, email: str = MARIE) -> Delivery:
    """An acknowledgement that the relay has taken."""
    row = file_and_acknowledge(runtime, email)
    with ScriptedRelay() as relay:
        assert deliver(through(runtime, relay)) == 1
    return delivery(runtime, row)


def dsn(fate: str = FAILED, *, recipient: str = MARIE, message_id: str = "") -> bytes:
    """A failure report as a mail system writes it; `message_id` is that of the mail which it returns."""
    copy = f"--b\nContent-Type: message/rfc822\n\nMessage-ID: <{message_id}>\nSubject: x\n\nx\n" if message_id else ""
    return (
        "From: MAILER-DAEMON@mx.example\nTo: x@demo.example\nSubject: Undelivered Mail\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
        "--b\nContent-Type: text/plain\n\nSorry.\n"
        "--b\nContent-Type: message/delivery-status\n\n"
        f"Reporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; {recipient}\n{fate}\n{copy}--b--\n"
    ).encode()


def return_path(runtime: Runtime, row: Delivery) -> str:
    today = row.created_at.date()
    return make_bounce_address("support@demo.example", runtime.signer, delivery_id=row.id, today=today)


def arrive(runtime: Runtime, raw: bytes, *rcpt_tos: str, trace: Trace | None = None) -> bool:
    """The report comes in, as filing hands it on."""
    with runtime.database.transaction() as connection:
        return note_bounce(
            connection,
            runtime,
            raw=raw,
            raw_sha256="0" * 64,
            rcpt_tos=rcpt_tos or ("support@demo.example",),
            received_at=runtime.clock.now(),
            trace=trace or Trace(),
        )


def suppressed(runtime: Runtime) -> list[Suppression]:
    with runtime.database.reading() as connection:
        return list_suppressions(connection, now=runtime.clock.now())


def failures(runtime: Runtime, row: Delivery) -> Sequence[Row[tuple[object, ...]]]:
    """What the ticket's timeline says of mail that did not arrive."""
    assert row.ticket_id is not None
    with runtime.database.reading() as connection:
        return [entry for entry in list_entries(connection, row.ticket_id) if entry.type == "system"]
