"""Reading an old mail for the import: what it says, when, who wrote it, and whose ticket it is."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from hashlib import sha256
from pathlib import Path

from gateway.clock import Clock
from gateway.db.receipts import Verdict
from gateway.db.tickets import Attachment
from gateway.domain.project import Project
from gateway.domain.ticket import STAFF, Channel
from gateway.domain.trace import Trace
from gateway.ids import SpoolId, new_spool_id
from gateway.mail.envelope import MailEnvelope
from gateway.mail.parsed import Mailbox, ParsedMessage
from gateway.mail.return_path import return_path
from gateway.services.import_items import BadItem, OldMessage
from gateway.services.import_mail import OldMail
from gateway.services.write_mail_entry import MAX_ADDRESSED
from gateway.spool.entry import Lane, SpoolEntry
from inbound.filing import fingerprint
from inbound.parse import parse_message
from inbound.recipients import find_project
from inbound.screening import screen
from inbound.trimming import trim


def read_old_mail(raw: bytes, project: Project, *, clock: Clock) -> OldMail:
    """Read a mail. Raises BadItem for one that is mail about mail, or that has not one sender and a date."""
    message = parse_message(raw)
    envelope = _envelope(raw, clock.now())
    found = screen(message, envelope, projects=(project,), own_loop_marker="", is_own_mail=False, trace=Trace())
    if found.verdict is not Verdict.FILED or found.sender is None:
        raise BadItem(found.reason)
    sender, trimmed = found.sender, trim(message.text, message.html, subject=message.subject)
    is_ours = find_project(sender.address, (project,)) is not None or bool(
        project.configured_roles(sender.address) & STAFF
    )
    others = [one for one in message.recipients if find_project(one.address, (project,)) is None]
    customer = sender if not is_ours else next(iter(others), None)
    if customer is None:
        raise BadItem("written by us to nobody but us")
    entry = _entry(raw, envelope)
    return OldMail(
        message=OldMessage(
            key=message.message_id or entry.sha256,
            at=_date(message),
            email=sender.address,
            name=sender.name,
            text=trimmed.visible,
            removed_text=trimmed.removed,
            is_ours=is_ours,
            message_id=message.message_id,
            in_reply_to=message.in_reply_to[0] if message.in_reply_to else None,
            references=message.references,
            addressed=_addresses(message.recipients),
            raw_sha256=entry.sha256,
            files=[
                Attachment(position=file.position, name=file.name, type=file.type, size=file.size, sha256=file.sha256)
                for file in message.files
            ],
        ),
        subject=message.subject,
        mark=fingerprint(message, entry),
        customer=customer.address,
        customer_name=customer.name,
    )


def _addresses(people: tuple[Mailbox, ...]) -> tuple[str, ...]:
    return tuple(one.address for one in people)[:MAX_ADDRESSED]


def _date(message: ParsedMessage) -> datetime:
    try:
        found = parsedate_to_datetime(message.date)
    except (ValueError, TypeError) as error:
        raise BadItem("its Date cannot be read") from error
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)


def _envelope(raw: bytes, now: datetime) -> MailEnvelope:
    return MailEnvelope(
        channel=Channel.PIPE,
        mail_from=return_path(raw),
        rcpt_tos=(),
        peer="",
        helo="",
        tls=False,
        smtputf8=False,
        received_at=now,
    )


def _entry(raw: bytes, envelope: MailEnvelope) -> SpoolEntry:
    digest = sha256(raw).hexdigest()
    # A mail with neither Message-ID nor Date counts each time it arrives; here it is known by its content.
    known = {**envelope.to_json(), "arrival": f"import {digest}"}
    return SpoolEntry(
        id=SpoolId(new_spool_id(envelope.received_at)),
        lane=Lane.MAIL,
        path=Path(),
        attempts=1,
        envelope=known,
        payload=raw,
        sha256=digest,
    )
