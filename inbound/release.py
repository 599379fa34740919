"""A held mail gets its sender from a person and becomes a ticket."""

from gateway.db.receipts import Receipt, Verdict, find_receipts, settle_receipt
from gateway.domain.audit import AuditAction
from gateway.domain.reasons import Reason
from gateway.domain.trace import Trace
from gateway.errors import Conflict, NotFound, Refused
from gateway.ids import SpoolId
from gateway.mail.parsed import Mailbox
from gateway.runtime import Runtime
from gateway.services.audit import record_audit
from gateway.services.file_message import write_mail
from gateway.services.mail_item import Decision
from gateway.spool.entry import Lane, SpoolEntry
from inbound.arriving import make_item, read_entry


def release_mail(
    runtime: Runtime,
    spool_id: str,
    *,
    sender: str | None = None,
    project: str | None = None,
    by: int | None = None,
) -> str:
    """File a held mail as a new ticket of `sender`, by default of its one From mailbox; returns the reference.

    A mail to several projects is held in each: `project` says in which it is released, by default in the first. `by` is
    the id of whoever decides, None for the shell.

    Nothing is acknowledged. Who `sender` is is the operator's word, and what the mail proves of its From counts for
    nothing then. Raises NotFound where no such mail is
    held, Refused where it has no single From mailbox and none is given, Conflict where somebody else has just
    decided.
    """
    with runtime.database.reading() as connection:
        # By the spool id alone: a Message-ID may stand on several mails, and the wrong one would be let in.
        known = [receipt for receipt in find_receipts(connection, spool_id) if receipt.spool_id == spool_id]
        held = [receipt for receipt in known if receipt.verdict is Verdict.HELD and project in {None, receipt.project}]
    if not held:
        raise NotFound(Reason.NO_HELD_MAIL(spool_id=spool_id))
    receipt = held[0]
    # Before the transaction: it waits for DNS and the virus scanner, and nobody else could write meanwhile.
    arrived = read_entry(_entry(runtime, receipt), runtime.settings)
    with runtime.database.transaction() as connection:
        item = make_item(arrived, runtime.project(receipt.project), fingerprint=receipt.fingerprint, trace=Trace())
        decision = Decision(
            verdict=Verdict.FILED,
            reason="released by a person",
            sender=_sender(arrived.message.senders, sender),
            silence="released by a person",
            is_vouched_for=sender is not None,
        )
        filed = write_mail(connection, runtime, item, decision)
        settled = settle_receipt(
            connection,
            receipt,
            verdict=Verdict.FILED,
            reason=decision.reason,
            ticket_id=filed.ticket.id,
            entry_id=filed.entry_id,
        )
        if not settled:
            raise Conflict(Reason.MAIL_DECIDED())
        record_audit(
            connection,
            at=runtime.clock.now(),
            actor_id=by,
            action=AuditAction.HELD_RELEASED,
            subject=spool_id,
            project=receipt.project,
            detail={"ticket": filed.ticket.ref},
        )
    return filed.ticket.ref


def _sender(senders: tuple[Mailbox, ...], chosen: str | None) -> Mailbox:
    if chosen is not None:
        return Mailbox(name="", address=chosen)
    if len(senders) != 1:
        raise Refused(Reason.MAIL_WHOSE())
    return senders[0]


def _entry(runtime: Runtime, receipt: Receipt) -> SpoolEntry:
    return SpoolEntry(
        id=SpoolId(receipt.spool_id),
        lane=Lane(receipt.lane),
        path=runtime.where.archive,
        attempts=1,
        envelope=receipt.envelope,
        payload=runtime.archive.read(receipt.sha256),
        sha256=receipt.sha256,
    )
