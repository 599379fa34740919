"""Telling somebody that what they wrote has become a ticket. Whether they may be answered the caller has decided."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from gateway.db.people import Person
from gateway.db.tickets import Ticket
from gateway.domain.ticket import Language, Severity
from gateway.notify.notices import Notice
from gateway.notify.thread import parent_of
from gateway.notify.ticket_mail import write_ticket_mail
from gateway.runtime import Runtime


@dataclass(frozen=True, kw_only=True)
class Report:
    """A report by the form; `severity` is what it counts with, None where it carries none."""

    severity: Severity | None


def acknowledge(
    connection: Connection,
    *,
    runtime: Runtime,
    ticket: Ticket,
    person: Person,
    recipient: str,
    entry_id: int,
    in_reply_to: str | None,
    reference_ids: Sequence[str],
    lang: Language,
    now: datetime,
    echo_subject: bool = False,
    reported: Report | None = None,
) -> None:
    """Tell `person` that their mail has become `ticket`.

    `recipient` is where their answers go: their own address, or the Reply-To of a proved sender. `in_reply_to` is
    the Message-ID of what they wrote, None where it had none; `reference_ids` are the ids that it named in turn,
    oldest first.

    `echo_subject` is for a sender who has proved to be who they say: the notice then answers under their subject,
    which some mail programs want before they thread it. For everybody else it holds nothing that they wrote: an
    acknowledgement to a forged sender must not carry the forger's words to a stranger.

    `reported` is given for what came by the platform's form, where its reporter signed in and said what it is.
    """
    form = {} if reported is None else {"report": {"severity": reported.severity or ""}}
    write_ticket_mail(
        connection,
        runtime,
        Notice.ACKNOWLEDGEMENT,
        ticket=ticket,
        person=person,
        entry_id=entry_id,
        parent=parent_of(in_reply_to, reference_ids),
        context=form | ({"subject": ticket.subject} if echo_subject else {}),
        now=now,
        recipient=recipient,
        lang=lang,
    )
