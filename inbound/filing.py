"""One mail from the spool to its named place: parse, route, decide, write, in one transaction for each project.

Running it twice has the effect of running it once: the receipt is unique by spool id and by what the mail is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

import structlog
from sqlalchemy import Connection

from gateway.config.load import Settings
from gateway.db.outbox import find_delivery
from gateway.db.receipts import Verdict, find_receipt, find_receipt_by_fingerprint
from gateway.domain.project import Project
from gateway.domain.trace import Trace
from gateway.jobs.doorbell import OUTBOX
from gateway.mail.authentication import Authentication
from gateway.mail.envelope import MailEnvelope
from gateway.mail.marker import cut_at_marker
from gateway.mail.parsed import ParsedMessage
from gateway.mail.reply_address import BounceToken, read_token
from gateway.runtime import Runtime
from gateway.services.file_message import file_message
from gateway.services.mail_item import Decision, MailItem
from gateway.services.record_failure_report import record_failure_report
from gateway.spool.entry import SpoolEntry
from inbound.authentication import Resolver, authenticate
from inbound.deciding import decide
from inbound.parse import parse_message
from inbound.recipients import find_project

log = structlog.get_logger()
_RESOLVER = Resolver()  # one for the process: it remembers for a minute that nobody answers


@dataclass(frozen=True, kw_only=True)
class Arrived:
    """A mail that was read, before it is looked at for a project."""

    entry: SpoolEntry
    envelope: MailEnvelope
    message: ParsedMessage
    authentication: Authentication
    text: str
    removed_text: str


def file_mail(entry: SpoolEntry, runtime: Runtime) -> set[str]:
    """File a claimed entry of the mail lane. Returns the lanes that have work now.

    Raises what the database raises; nothing is written then, and the entry may be tried again.
    """
    arrived = read_entry(entry, runtime.settings)
    runtime.archive.keep(entry)
    projects = route(arrived.envelope, arrived.message, runtime.settings.project_list)
    with runtime.database.transaction() as connection:
        verdicts = [_file_in_project(connection, runtime, arrived, project) for project in projects]
    log.info("mail.filed", spool_id=entry.id, verdicts=[str(verdict) for verdict in verdicts], attempt=entry.attempts)
    return {OUTBOX} if Verdict.FILED in verdicts else set()


def read_entry(entry: SpoolEntry, settings: Settings) -> Arrived:
    """What can be known of an entry without a database. May ask DNS, within its time limit."""
    message = parse_message(entry.payload)
    envelope = MailEnvelope.from_json(entry.envelope)
    text, removed = cut_at_marker(message.text)
    return Arrived(
        entry=entry,
        envelope=envelope,
        message=message,
        authentication=authenticate(entry.payload, message, envelope, settings.mail, _RESOLVER),
        text=text,
        removed_text=removed,
    )


def make_item(arrived: Arrived, project: Project, *, fingerprint: str | None, trace: Trace) -> MailItem:
    """An arrived mail as it is filed in one project."""
    return MailItem(
        entry=arrived.entry,
        envelope=arrived.envelope,
        message=arrived.message,
        authentication=arrived.authentication,
        text=arrived.text,
        removed_text=arrived.removed_text,
        project=project,
        fingerprint=fingerprint,
        trace=trace,
    )


def route(envelope: MailEnvelope, message: ParsedMessage, projects: Sequence[Project]) -> tuple[Project, ...]:
    """The projects that a mail is for: by its envelope, else by what delivery noted in the header, else the first.

    A mail that reached us names one of our addresses, except when it was piped in or came as a blind copy.
    """
    places = (
        envelope.rcpt_tos,
        message.headers.all("Delivered-To"),
        message.headers.all("X-Original-To"),
        [mailbox.address for mailbox in message.recipients],
    )
    for addresses in places:
        found = [find_project(address.strip(" <>"), projects) for address in addresses]
        named = dict.fromkeys(project for project in found if project is not None)
        if named:
            return tuple(named)
    return tuple(projects[:1])


def fingerprint(message: ParsedMessage, entry: SpoolEntry) -> str:
    """What makes two arrivals one mail: Message-ID, sender, date and content agree.

    A Message-ID alone does not: some senders use one for many mails. A mail with neither Message-ID nor Date says
    nothing about being one, so each arrival counts.
    """
    sender = message.senders[0].address if message.senders else ""
    identity = [message.message_id or "", sender, message.date, message.body_sha256, message.subject]
    if not message.message_id and not message.date:
        identity.append(entry.id)
    return sha256("\n".join(identity).encode()).hexdigest()


def _file_in_project(connection: Connection, runtime: Runtime, arrived: Arrived, project: Project) -> Verdict:
    earlier = find_receipt(connection, spool_id=arrived.entry.id, project=project.key)
    if earlier is not None:
        return earlier.verdict
    trace, mark = Trace(), fingerprint(arrived.message, arrived.entry)
    trace.note("project", project.key, "by recipient")
    same = find_receipt_by_fingerprint(connection, fingerprint=mark, project=project.key)
    trace.note("duplicate", "no" if same is None else "yes", "" if same is None else f"of {same.spool_id}")
    item = make_item(arrived, project, fingerprint=mark if same is None else None, trace=trace)
    if same is not None:
        decision = Decision(verdict=Verdict.DUPLICATE, reason=f"the same mail as {same.spool_id}")
    else:
        decision = decide(connection, runtime, item)
    if decision.verdict is Verdict.IGNORED:
        _note_failed_delivery(connection, runtime, item)
    return file_message(connection, runtime, item, decision)


def _note_failed_delivery(connection: Connection, runtime: Runtime, item: MailItem) -> None:
    """A failure report to one of our signed return paths is shown on the ticket of the mail that failed."""
    today = item.envelope.received_at.date()
    for address in item.envelope.rcpt_tos:
        token = read_token(address, runtime.signer, today=today)
        delivery = find_delivery(connection, token.delivery_id) if isinstance(token, BounceToken) else None
        if delivery is not None:
            item.trace.note("return path", "ours", f"delivery {delivery.id}")
            record_failure_report(connection, delivery, at=item.envelope.received_at, raw_sha256=item.entry.sha256)
