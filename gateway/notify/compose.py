"""From an outbox row to the bytes of a mail and the envelope that it travels in.

Pure but for the templates: the same row always gives the same bytes, so a second copy of a mail whose first
attempt ended in doubt is the same mail. Everything automatic that we write says so (RFC 3834), carries our loop
marker, and has a signed return path; what is about a ticket also has a signed address to answer to.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime

from gateway.db.outbox import Delivery
from gateway.domain.project import Project
from gateway.domain.telling import Happening
from gateway.domain.ticket import Language
from gateway.mail.address import domain_of
from gateway.mail.automation import LOOP_HEADER
from gateway.mail.reply_address import make_bounce_address, make_reply_address
from gateway.mail.subject import MAX_SUBJECT, one_line, reply_subject, tag_subject
from gateway.notify.address import wire_address
from gateway.notify.links import leave_url
from gateway.notify.mime import address_field, alternative, field, ids_field, text_field
from gateway.notify.notices import Notice
from gateway.notify.progress import is_a_letter
from gateway.notify.render import render
from gateway.notify.template_values import template_values
from gateway.runtime import Runtime

_MAX_SENDER_NAME = 100


@dataclass(frozen=True, kw_only=True)
class OutgoingMail:
    """A mail ready to leave. `sender` is the return path of the envelope; `name` is the row's own, whatever the try."""

    name: str
    sender: str
    recipient: str
    content: bytes

    @property
    def needs_smtputf8(self) -> bool:
        """True when the envelope or a header cannot be written in ASCII (RFC 6531)."""
        return not (self.sender.isascii() and self.recipient.isascii() and self.content.isascii())


def compose(delivery: Delivery, *, runtime: Runtime) -> OutgoingMail:
    """Write the mail of a row. Raises Refused, KeyError or a template's error where the row cannot be written."""
    values = template_values(delivery, runtime=runtime)
    project = runtime.project(delivery.project)
    folder = runtime.settings.mail.templates
    rendered = render(delivery.notice, Language(delivery.lang), values, folder=folder)
    body = alternative(text=rendered.text, html=rendered.html, boundary=f"=_gateway_{delivery.id}")
    return OutgoingMail(
        name=f"{delivery.created_at:%Y%m%dT%H%M%SZ}-{delivery.id:06d}",
        sender=make_bounce_address(
            wire_address(project.address),
            runtime.signer,
            delivery_id=delivery.id,
            today=delivery.created_at.date(),
        ),
        recipient=wire_address(delivery.recipient),
        content=_headers(delivery, project, runtime, _subject(delivery, rendered.subject)).encode() + body,
    )


def runs_out_at(delivery: Delivery, *, runtime: Runtime) -> datetime | None:
    """When the mail of a row stops making sense; None for one that always does."""
    if delivery.notice != Notice.SIGN_IN_LINK:
        return None
    return delivery.created_at + timedelta(minutes=runtime.settings.session.link_minutes)


def _subject(delivery: Delivery, ours: str) -> str:
    if delivery.ticket_id is None:
        return one_line(ours, limit=MAX_SUBJECT)
    theirs = delivery.context.get("subject")
    ref = delivery.context["ref"]
    return tag_subject(ours, ref) if theirs is None else reply_subject(theirs, ref)


def _headers(delivery: Delivery, project: Project, runtime: Runtime, subject: str) -> str:
    sender_name = one_line(f"{runtime.settings.mail.sender_name} {project.name}", limit=_MAX_SENDER_NAME)
    fields = [
        address_field("From", wire_address(project.address), display=sender_name),
        # Without the recipient's name: it may be a stranger's words, and this mail go to somebody else.
        address_field("To", wire_address(delivery.recipient)),
        text_field("Subject", subject),
        field("Date", [format_datetime(delivery.created_at)]),
        ids_field("Message-ID", [delivery.message_id]),
    ]
    if delivery.in_reply_to:
        fields.append(ids_field("In-Reply-To", [delivery.in_reply_to]))
    if delivery.reference_ids:
        fields.append(ids_field("References", delivery.reference_ids))
    if delivery.ticket_id is not None:
        fields.append(address_field("Reply-To", _reply_address(delivery, project, runtime, delivery.ticket_id)))
    answers = delivery.notice == Notice.ACKNOWLEDGEMENT
    fields += _list_fields(delivery, project, runtime)
    if not is_a_letter(delivery):
        fields.append(field("Auto-Submitted", ["auto-replied" if answers else "auto-generated"]))
    fields += [
        field("X-Auto-Response-Suppress", ["All"]),
        field(LOOP_HEADER, [runtime.settings.smtp.hostname]),
    ]
    return "".join(fields)


def _list_fields(delivery: Delivery, project: Project, runtime: Runtime) -> list[str]:
    """Which project it belongs to (RFC 2919), for filters; and the way out, for whoever is there beside the reporter.

    One click is offered over https only, as RFC 8058 section 3.1 asks.
    """
    domain = domain_of(wire_address(project.address))
    name = one_line(project.name, limit=_MAX_SENDER_NAME)
    fields = [address_field("List-Id", f"{project.key.lower()}.support.{domain}", display=name)]
    if delivery.notice == Notice.PARTICIPANT and delivery.context["happening"] != Happening.REMOVED:
        url = leave_url(delivery, runtime)
        fields.append(field("List-Unsubscribe", [f"<{url}>"]))
        if url.startswith("https://"):
            fields.append(field("List-Unsubscribe-Post", ["List-Unsubscribe=One-Click"]))
    return fields


def _reply_address(delivery: Delivery, project: Project, runtime: Runtime, ticket_id: int) -> str:
    return make_reply_address(
        wire_address(project.address),
        runtime.signer,
        ticket_id=ticket_id,
        person_id=delivery.person_id,
        today=delivery.created_at.date(),
    )
