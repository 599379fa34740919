"""One mail from the spool to its named place: parse, route, decide, write, in one transaction for each project.

Running it twice has the effect of running it once: the receipt is unique by spool id and by what the mail is.
"""

from collections.abc import Sequence
from hashlib import sha256

import structlog
from sqlalchemy import Connection

from gateway.db.receipts import Verdict, find_earlier
from gateway.domain.project import Project
from gateway.domain.trace import Said, Trace
from gateway.jobs.doorbell import OUTBOX
from gateway.mail.envelope import MailEnvelope
from gateway.mail.parsed import ParsedMessage
from gateway.runtime import Runtime
from gateway.services.file_message import file_message
from gateway.services.mail_item import Decision, MailItem
from gateway.spool.entry import SpoolEntry
from inbound.arriving import Arrived, make_item, read_entry
from inbound.bounces import note_bounce
from inbound.deciding import decide
from inbound.door_hold import held_mark, own_mark, same_mail, settle_held_copy
from inbound.foreseeing import foresee_mail
from inbound.recipients import NOTED_BY_DELIVERY, delivered_to, find_project

log = structlog.get_logger()


def file_mail(entry: SpoolEntry, runtime: Runtime) -> set[str]:
    """File a claimed entry of the mail lane. Returns the lanes that have work now.

    Raises what the database raises; nothing is written then, and the entry may be tried again. Raises Infected.
    """
    arrived = read_entry(entry, runtime.settings)
    runtime.archive.keep(entry)
    projects = route(arrived.envelope, arrived.message, runtime.settings.project_list)
    with runtime.database.transaction() as connection:
        # In one order whatever the mail's, so that two mails to the same projects never wait for each other.
        ordered = sorted(projects, key=lambda project: project.key)
        verdicts = [file_in_project(connection, runtime, arrived, project) for project in ordered]
    log.info("mail.filed", spool_id=entry.id, verdicts=[str(verdict) for verdict in verdicts], attempt=entry.attempts)
    return {OUTBOX} if Verdict.FILED in verdicts else set()


def route(envelope: MailEnvelope, message: ParsedMessage, projects: Sequence[Project]) -> tuple[Project, ...]:
    """The projects that a mail is for: by its envelope, else by what delivery noted in the header, else the first.

    A mail that reached us names one of our addresses, except when it was piped in or came as a blind copy.
    """
    for _, addresses in delivered_to(envelope, message):
        found = [find_project(address, projects) for address in addresses]
        named = dict.fromkeys(project for project in found if project is not None)
        if named:
            return tuple(named)
    return tuple(projects[:1])


def fingerprint(message: ParsedMessage, entry: SpoolEntry) -> str:
    """What makes two arrivals one mail: Message-ID, sender, date and content agree.

    A Message-ID alone does not: some senders use one for many mails. A mail with neither Message-ID nor Date says
    nothing about being one, so each arrival counts; a door that may be offered one arrival twice gives it a name.
    """
    sender = message.senders[0].address if message.senders else ""
    identity = [message.message_id or "", sender, message.date, message.body_sha256, message.subject]
    if not message.message_id and not message.date:
        identity.append(str(entry.envelope.get("arrival") or entry.id))
    return sha256("\n".join(identity).encode()).hexdigest()


def file_in_project(connection: Connection, runtime: Runtime, arrived: Arrived, project: Project) -> Verdict:
    """Decide and write a mail in one project, unless that was done before; the verdict that stands."""
    spool_id, mark = arrived.entry.id, fingerprint(arrived.message, arrived.entry)
    marks, received_at = (mark, held_mark(mark)), arrived.envelope.received_at
    foresee_mail(
        connection, runtime, arrived.message, spool_id=spool_id, marks=marks, project=project, received_at=received_at
    )
    earlier = find_earlier(connection, spool_id=spool_id, marks=marks, project=project.key)
    for receipt in earlier:
        if receipt.spool_id == spool_id:
            return receipt.verdict
    trace = Trace()
    trace.note("project", project.key, "by recipient")
    hold = arrived.envelope.hold
    same = same_mail(earlier, mark=mark, hold=hold)
    trace.note(
        "duplicate",
        "no" if same is None else "yes",
        "" if same is None else Said("of {spool_id}", spool_id=same.spool_id),
    )
    item = make_item(arrived, project, fingerprint=own_mark(mark, hold=hold) if same is None else None, trace=trace)
    if same is not None:
        decision = Decision(verdict=Verdict.DUPLICATE, reason=f"the same mail as {same.spool_id}")
    elif hold:
        trace.note("door", "held", hold)
        decision = Decision(verdict=Verdict.HELD, reason=hold)
    else:
        settle_held_copy(connection, earlier, mark=mark, spool_id=spool_id)
        decision = decide(connection, runtime, item)
    if decision.verdict is Verdict.IGNORED:
        _note_failed_delivery(connection, runtime, item)
    return file_message(connection, runtime, item, decision)


def _note_failed_delivery(connection: Connection, runtime: Runtime, item: MailItem) -> None:
    """A failure report about a mail of ours that proves to be one counts; the trace says what became of it.

    What comes from a mailbox has no envelope of its own, but the address that its delivery noted.
    """
    places = dict(delivered_to(item.envelope, item.message))
    noted = [address for name in NOTED_BY_DELIVERY for address in places[name]]
    note_bounce(
        connection,
        runtime,
        raw=item.entry.payload,
        raw_sha256=item.entry.sha256,
        rcpt_tos=(*item.envelope.rcpt_tos, *noted),
        received_at=item.envelope.received_at,
        trace=item.trace,
    )
