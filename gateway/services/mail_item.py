"""A mail on its way to be filed, and what was decided about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.db.receipts import Verdict
from gateway.domain.change import Change
from gateway.domain.joining import Joining
from gateway.domain.project import Project
from gateway.domain.reasons import Why
from gateway.domain.ticket import Role
from gateway.domain.trace import Trace
from gateway.mail.authentication import Authentication
from gateway.mail.envelope import MailEnvelope
from gateway.mail.parsed import Mailbox, ParsedMessage
from gateway.spool.entry import SpoolEntry


@dataclass(frozen=True, kw_only=True)
class Forwarded:
    """A mail inside another: whom its header names as its author, its subject and its text. `comment` is what the one
    who forwarded it wrote above."""

    author: Mailbox
    subject: str
    text: str
    comment: str


@dataclass(frozen=True, kw_only=True)
class MailItem:
    """A mail on its way to be filed in one project. `fingerprint` is None where another mail owns it.

    `text` is what its sender wrote, `removed_text` the quote and the signature that were taken off, `forwarded` the
    mail that it openly forwards. `notes` are what the entry must show, as codes: those of the message, and those of
    the checks that it went through. `refused_files` are the files that are not kept: position in the mail, and the
    reason as a code.
    """

    entry: SpoolEntry
    envelope: MailEnvelope
    message: ParsedMessage
    authentication: Authentication
    text: str
    removed_text: str
    forwarded: Forwarded | None = None
    notes: tuple[str, ...] = ()
    refused_files: Mapping[int, str] = field(default_factory=dict)
    project: Project
    fingerprint: str | None
    trace: Trace


@dataclass(frozen=True, kw_only=True)
class Retold:
    """Somebody else's mail that an agent forwarded: its subject and text, what the agent added, and who they are."""

    subject: str
    text: str
    comment: str
    by: Mailbox


@dataclass(frozen=True, kw_only=True)
class Order:
    """What an agent asks for by mail. `faults` are the lines that cannot be understood: nothing is done then."""

    change: Change
    faults: tuple[Why, ...]


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What is to become of a mail in one project.

    `ticket_id` and `match_rule` are None for a new ticket. `silence` is why no acknowledgement may go out, ""
    where one may go to `answer_to`; `echo_subject` says that it may repeat the sender's subject. `visible` says
    whether the reporter sees the entry. `follows_id` is the closed ticket that a new one takes up again, `related`
    are tickets that the mail refers to without belonging there. `copies` are the people in To and Cc who come onto
    the ticket. `flags` are machine-readable remarks for agents. `retold` is there where `sender` is the author of a
    forwarded mail; `order` where an agent acts on the ticket; `is_vouched_for` says that an operator named the
    sender. `sender` is None only where `verdict` is not FILED; `roles` are what they are in the project, None where
    nobody has looked.
    """

    verdict: Verdict
    reason: str
    sender: Mailbox | None = None
    roles: frozenset[Role] | None = None
    answer_to: str = ""
    ticket_id: int | None = None
    match_rule: str | None = None
    joining: Joining = Joining.APPEND
    follows_id: int | None = None
    related: tuple[int, ...] = ()
    copies: tuple[Mailbox, ...] = ()
    silence: str = ""
    echo_subject: bool = False
    visible: bool = True
    flags: tuple[str, ...] = ()
    retold: Retold | None = None
    is_vouched_for: bool = False
    order: Order | None = None
