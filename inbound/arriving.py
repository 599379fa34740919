"""What can be known of an accepted mail without a database: what it says, from whom it really is, what it carries."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from gateway.config.load import Settings
from gateway.domain.project import Project
from gateway.domain.trace import Trace
from gateway.mail.address import is_address, normalise_address
from gateway.mail.authentication import Authentication
from gateway.mail.envelope import MailEnvelope
from gateway.mail.parsed import Mailbox, ParsedMessage
from gateway.services.mail_item import Forwarded, MailItem
from gateway.spool.entry import SpoolEntry, UnfitEntry
from inbound.antivirus import NO_SCANNER, ScanOutcome, ScanResult, scan
from inbound.attachment_policy import refuse
from inbound.authentication import Resolver, authenticate
from inbound.control_headers import without_control_headers
from inbound.nested import announce
from inbound.parse import parse_message
from inbound.trimming import Trimmed, trim

_RESOLVER = Resolver()  # one for the process: it remembers for a minute that nobody answers


class Infected(UnfitEntry):
    """The virus scanner found something in the mail."""


@dataclass(frozen=True, kw_only=True)
class Arrived:
    """A mail that was read, before it is looked at for a project."""

    entry: SpoolEntry
    envelope: MailEnvelope
    message: ParsedMessage
    authentication: Authentication
    trimmed: Trimmed
    removed_headers: tuple[str, ...]
    refused_files: Mapping[int, str]
    scanned: ScanResult


def read_entry(entry: SpoolEntry, settings: Settings) -> Arrived:
    """Read an entry. Waits for DNS and for the virus scanner within their time limits. Raises Infected."""
    scanned = scan(entry.payload, settings.antivirus)
    if scanned.outcome is ScanOutcome.INFECTED:
        raise Infected(f"the virus scanner found {scanned.detail}")
    parsed = parse_message(entry.payload)
    headers, removed = without_control_headers(
        parsed.headers, own_loop_marker=settings.smtp.hostname, authserv_id=settings.mail.authserv_id
    )
    message = replace(parsed, headers=headers)
    envelope = MailEnvelope.from_json(entry.envelope)
    return Arrived(
        entry=entry,
        envelope=envelope,
        message=message,
        authentication=authenticate(entry.payload, message, envelope, settings.mail, _RESOLVER),
        trimmed=_trimmed(message),
        removed_headers=removed,
        refused_files=refuse(message.files, settings.attachments),
        scanned=scanned,
    )


def make_item(arrived: Arrived, project: Project, *, fingerprint: str | None, trace: Trace) -> MailItem:
    """An arrived mail as it is filed in one project; its trace begins with what the reading found."""
    if arrived.removed_headers:
        trace.note("control headers", "removed", ", ".join(arrived.removed_headers))
    trace.note("reply text", "trimmed" if arrived.trimmed.removed else "whole", arrived.trimmed.rule)
    notes = list(arrived.message.notes)
    if arrived.scanned is not NO_SCANNER:
        trace.note("virus scan", arrived.scanned.outcome, arrived.scanned.detail)
    if arrived.scanned is not NO_SCANNER and arrived.scanned.outcome is ScanOutcome.NOT_SCANNED:
        notes.append("not-scanned")
    return MailItem(
        entry=arrived.entry,
        envelope=arrived.envelope,
        message=arrived.message,
        authentication=arrived.authentication,
        text=arrived.trimmed.visible,
        removed_text=arrived.trimmed.removed,
        forwarded=_forwarded(arrived.message, arrived.trimmed),
        notes=tuple(notes),
        refused_files=arrived.refused_files,
        project=project,
        fingerprint=fingerprint,
        trace=trace,
    )


def _trimmed(message: ParsedMessage) -> Trimmed:
    """What the sender wrote; where that is nothing, and a mail is attached, that one's text, which is said."""
    if message.nested is not None and not message.text.strip():
        return trim(announce(message.nested))
    return trim(message.text, message.html, subject=message.subject)


def _forwarded(message: ParsedMessage, trimmed: Trimmed) -> Forwarded | None:
    """The mail that this one forwards: copied into its text, or else attached to it."""
    found, nested = trimmed.forwarded, message.nested
    if found is not None and is_address(found.address):
        author = Mailbox(name=found.name, address=normalise_address(found.address))
        comment = "" if trimmed.visible.strip() == found.body.strip() else trimmed.visible
        return Forwarded(author=author, subject=found.subject, text=found.body, comment=comment)
    if nested is None or nested.author is None:
        return None
    comment = trimmed.visible if message.text.strip() else ""
    return Forwarded(author=nested.author, subject=nested.subject, text=nested.text, comment=comment)
