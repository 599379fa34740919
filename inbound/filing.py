"""One mail from the spool to its named place: parse, route, screen, match, write, in one transaction.

Running it twice has the effect of running it once: the receipt is unique by spool id and by what the mail is.
"""

from collections.abc import Sequence
from hashlib import sha256

import structlog
from sqlalchemy import Connection

from gateway.db.outbox import find_delivery
from gateway.db.receipts import Verdict, find_receipt, find_receipt_by_fingerprint
from gateway.db.tickets import find_participants, find_ticket, tickets_of_message_ids
from gateway.domain.project import Project
from gateway.domain.trace import Trace
from gateway.jobs.doorbell import OUTBOX
from gateway.mail.envelope import MailEnvelope
from gateway.mail.parsed import ParsedMessage
from gateway.mail.reply_address import BounceToken, read_token
from gateway.runtime import Runtime
from gateway.services.file_message import Decision, MailItem, file_message
from gateway.services.record_failure_report import record_failure_report
from gateway.spool.entry import SpoolEntry
from inbound.matching import Match, TicketFacts, choose_ticket, id_clues, referenced_ids, token_clues
from inbound.parse import parse_message
from inbound.recipients import find_project
from inbound.screening import is_answer_of_a_machine, screen

log = structlog.get_logger()


def file_mail(entry: SpoolEntry, runtime: Runtime) -> set[str]:
    """File a claimed entry of the mail lane. Returns the lanes that have work now.

    Raises what the database raises; nothing is written then, and the entry may be tried again.
    """
    envelope = MailEnvelope.from_json(entry.envelope)
    message = parse_message(entry.payload)
    runtime.archive.keep(entry)
    with runtime.database.transaction() as connection:
        verdicts = [
            _file_in_project(connection, runtime, entry=entry, envelope=envelope, message=message, project=project)
            for project in route(envelope, message, runtime.settings.project_list)
        ]
    log.info("mail.filed", spool_id=entry.id, verdicts=[str(verdict) for verdict in verdicts], attempt=entry.attempts)
    return {OUTBOX} if Verdict.FILED in verdicts else set()


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


def _file_in_project(
    connection: Connection,
    runtime: Runtime,
    *,
    entry: SpoolEntry,
    envelope: MailEnvelope,
    message: ParsedMessage,
    project: Project,
) -> Verdict:
    earlier = find_receipt(connection, spool_id=entry.id, project=project.key)
    if earlier is not None:
        return earlier.verdict
    trace, mark = Trace(), fingerprint(message, entry)
    trace.note("project", project.key, "by recipient")
    same = find_receipt_by_fingerprint(connection, fingerprint=mark, project=project.key)
    trace.note("duplicate", "no" if same is None else "yes", "" if same is None else f"of {same.spool_id}")
    item = MailItem(
        entry=entry,
        envelope=envelope,
        message=message,
        project=project,
        fingerprint=mark if same is None else None,
        trace=trace,
    )
    if same is not None:
        return file_message(
            connection, runtime, item, Decision(verdict=Verdict.DUPLICATE, reason=f"the same mail as {same.spool_id}")
        )
    return file_message(connection, runtime, item, _decide(connection, runtime, item))


def _decide(connection: Connection, runtime: Runtime, item: MailItem) -> Decision:
    outcome = screen(
        item.message,
        item.envelope,
        projects=runtime.settings.project_list,
        own_loop_marker=runtime.settings.smtp.hostname,
        trace=item.trace,
    )
    if outcome.verdict is not Verdict.FILED or outcome.sender is None:
        if outcome.verdict is Verdict.IGNORED:
            _note_failed_delivery(connection, runtime, item)
        return Decision(verdict=outcome.verdict, reason=outcome.reason)
    match = _match(connection, runtime, item, sender=outcome.sender.address)
    automatic = not outcome.classification.may_answer
    if match is None and is_answer_of_a_machine(outcome.classification):
        return Decision(verdict=Verdict.IGNORED, reason=f"{outcome.silence}; it answers no ticket")
    return Decision(
        verdict=Verdict.FILED,
        reason="reply" if match else "new ticket",
        sender=outcome.sender,
        ticket_id=match.ticket_id if match else None,
        match_rule=match.rule if match else None,
        silence=outcome.silence,
        visible=not (automatic and match),
    )


def _match(connection: Connection, runtime: Runtime, item: MailItem, *, sender: str) -> Match | None:
    today = item.envelope.received_at.date()
    ids = referenced_ids(item.message)
    clues = list(token_clues(item.message, item.envelope.rcpt_tos, runtime.signer, today=today))
    known = tickets_of_message_ids(connection, [ident for ident, _ in ids])
    clues += id_clues(ids, known, runtime.signer, today=today)
    facts: dict[int, TicketFacts] = {}
    for ticket_id in {clue.ticket_id for clue in clues}:
        ticket = find_ticket(connection, ticket_id=ticket_id)
        if ticket is not None:
            participants = frozenset(find_participants(connection, ticket_id))
            facts[ticket_id] = TicketFacts(project=ticket.project, participants=participants)
    return choose_ticket(clues, facts, project=item.project.key, sender=sender, trace=item.trace)


def _note_failed_delivery(connection: Connection, runtime: Runtime, item: MailItem) -> None:
    """A failure report to one of our signed return paths is shown on the ticket of the mail that failed."""
    today = item.envelope.received_at.date()
    for address in item.envelope.rcpt_tos:
        token = read_token(address, runtime.signer, today=today)
        delivery = find_delivery(connection, token.delivery_id) if isinstance(token, BounceToken) else None
        if delivery is not None:
            item.trace.note("return path", "ours", f"delivery {delivery.id}")
            record_failure_report(connection, delivery, at=item.envelope.received_at, raw_sha256=item.entry.sha256)
