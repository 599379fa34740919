"""Old mail of an mbox or a Maildir becomes tickets: what answers a known mail joins its ticket, the rest begins one."""

import mailbox
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from gateway.db.participants import find_known_ids
from gateway.db.tickets import Ticket, find_ticket
from gateway.domain.project import Project
from gateway.errors import Refused
from gateway.runtime import Runtime
from gateway.services.import_items import OldMessage, OldTicket, Tally, import_message, import_ticket


@dataclass(frozen=True, kw_only=True)
class OldMail:
    """A mail of a box. `mark` is its fingerprint, the same as if it had come in by a door; `customer` who asks, whoever
    wrote it: the sender, or for a mail of ours whom it was written to."""

    message: OldMessage
    subject: str
    mark: str
    customer: str
    customer_name: str


ReadMail = Callable[[bytes, Project], OldMail]
"""Reads a raw mail for a project; raises BadItem."""


def raw_mails(kind: str, path: Path) -> Iterator[tuple[str, bytes]]:
    """Each mail of the box with a name for it. The box is only read. Raises Refused for what is none."""
    if kind == "maildir" and not (path / "cur").is_dir():
        raise Refused(f"{path}: no Maildir: there is no folder cur in it")
    if kind == "mbox" and not path.is_file():
        raise Refused(f"{path}: no mbox: it is no file")
    box: mailbox.mbox | mailbox.Maildir = mailbox.mbox(path, create=False) if kind == "mbox" else mailbox.Maildir(path)
    with closing(box):
        for key in box.keys():  # noqa: SIM118 - a mailbox iterates over its mails
            yield f"mail {key}", box.get_bytes(key)


def import_mail(connection: Connection, runtime: Runtime, project: Project, old: OldMail, *, tally: Tally) -> None:
    """Put a mail onto the ticket that it belongs to, or onto a new one; nothing where it is known. Raises BadItem."""
    ticket = _ticket_of(connection, project, old.message)
    if ticket is None:
        began = OldTicket(
            key=old.mark,
            number=old.message.message_id or old.message.key,
            subject=old.subject,
            email=old.customer,
            name=old.customer_name,
            created_at=old.message.at,
            closed_at=None,
        )
        ticket = import_ticket(connection, runtime, project, began, source="mail", tally=tally)
    import_message(connection, runtime, ticket, old.message, mark=old.mark, tally=tally)


def _ticket_of(connection: Connection, project: Project, old: OldMessage) -> Ticket | None:
    """The ticket of the project that knows this mail, or the latest of those that it refers to."""
    named = [ident for ident in (old.message_id, old.in_reply_to, *reversed(old.references)) if ident]
    known = find_known_ids(connection, named)
    for ident in named:
        for found in known.get(ident, ()):
            ticket = find_ticket(connection, ticket_id=found.ticket_id)
            if ticket is not None and ticket.project == project.key:
                return ticket
    return None
