"""A held mail gets its sender from a person and becomes a ticket."""

from gateway.db.receipts import Verdict, find_receipts, settle_receipt
from gateway.domain.trace import Trace
from gateway.errors import Conflict, NotFound
from gateway.ids import SpoolId
from gateway.mail.envelope import MailEnvelope
from gateway.mail.parsed import Mailbox
from gateway.runtime import Runtime
from gateway.services.file_message import Decision, MailItem, write_entry
from gateway.spool.entry import Lane, SpoolEntry
from inbound.parse import parse_message


def release_mail(runtime: Runtime, spool_id: str, *, sender: str) -> str:
    """File a held mail as a new ticket of `sender`; returns the reference.

    Nothing is acknowledged: who wrote is somebody's word, not the mail's. Raises NotFound where no such mail is
    held, Conflict where somebody else has just decided.
    """
    with runtime.database.transaction() as connection:
        held = [receipt for receipt in find_receipts(connection, spool_id) if receipt.verdict is Verdict.HELD]
        if not held:
            raise NotFound(f"no held mail {spool_id}")
        receipt = held[0]
        raw = runtime.archive.read(receipt.sha256)
        item = MailItem(
            entry=SpoolEntry(
                id=SpoolId(receipt.spool_id),
                lane=Lane(receipt.lane),
                path=runtime.where.archive,
                attempts=1,
                envelope=receipt.envelope,
                payload=raw,
                sha256=receipt.sha256,
            ),
            envelope=MailEnvelope.from_json(receipt.envelope),
            message=parse_message(raw),
            project=runtime.project(receipt.project),
            fingerprint=receipt.fingerprint,
            trace=Trace(),
        )
        decision = Decision(
            verdict=Verdict.FILED,
            reason="released by a person",
            sender=Mailbox(name="", address=sender),
            silence="released by a person",
        )
        ticket, entry_id = write_entry(connection, runtime, item, decision)
        settled = settle_receipt(
            connection,
            receipt,
            verdict=Verdict.FILED,
            reason=decision.reason,
            ticket_id=ticket.id,
            entry_id=entry_id,
        )
        if not settled:
            raise Conflict("somebody else has just decided about this mail")
    return ticket.ref
