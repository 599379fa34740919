"""A mail as we understand it: plain values, made by `inbound.parse`, used by every decision."""

from dataclasses import dataclass, field
from datetime import date, datetime

from gateway.mail.headers import Headers


@dataclass(frozen=True, kw_only=True)
class Mailbox:
    """One mailbox of an address header: a decoded display name, "" without one, and a normalised address."""

    name: str
    address: str


@dataclass(frozen=True, kw_only=True)
class MailFile:
    """A part that is no displayed text. `position` counts the parts of the mail in order, so that it can be found
    again in the raw mail; `name` and `type` are claims of the sender, `name` never a path. Where the sender gave no
    name, `is_named` is false and the name is ours. `content_id`, "" without one, is what a `cid:` link calls it."""

    position: int
    name: str
    type: str
    size: int
    sha256: str
    is_named: bool = True
    content_id: str = ""


@dataclass(frozen=True, kw_only=True)
class Event:
    """What a calendar invitation says (RFC 5545, RFC 5546).

    `method` is upper case, "" without one. `start` and `end` are as the sender's calendar shows them: a date for a
    whole day, a time with its zone, or one without a zone. `zone` names the zone, "" without one. People are written
    as `Name <address>`.
    """

    method: str
    summary: str
    start: date | datetime | None
    end: date | datetime | None
    zone: str
    place: str
    organiser: str
    attendees: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class NestedMail:
    """A mail that lies in another as a file: its one From mailbox, None where there is no such, subject and text."""

    author: Mailbox | None
    subject: str
    text: str


@dataclass(frozen=True, kw_only=True)
class ParsedMessage:
    """What is in a mail. Ids are without angle brackets; `subject` is decoded, on one line; `recipients` are `to` and
    then `cc`; `text` is what a reader would see, from the plain text or else from the HTML part; `html` is the
    decoded HTML body as it came, "" without one, never to be shown before it is cleaned.

    `defects` names what the parser had to forgive. `notes` are outcomes that the entry must show, as stable codes:

    - `header-truncated`: a header block or field was over its bound, the rest of it was not read
    - `addresses-limited:N`, `parts-limited:N`, `nesting-limited:N`, `attachments-limited:N`: only N were looked at
    - `body-truncated`, `html-truncated`: the text, or the HTML that it was made from, was cut
    - `signed-not-verified`: an S/MIME or PGP signature is there, and nobody checked it
    - `encrypted-pgp`, `encrypted-smime`: the content is encrypted and kept as a file
    - `opened-tnef`: the text or the files of a winmail.dat were taken out of it
    - `unreadable-tnef`, `unreadable-smime`, `unreadable-calendar`: it was not understood and is kept as a file
    - `calendar-event`: the text ends with the event of an invitation

    `nested` is the one mail that is attached, None where there is none or there are several.
    """

    headers: Headers
    subject: str
    senders: tuple[Mailbox, ...]
    reply_to: tuple[Mailbox, ...]
    recipients: tuple[Mailbox, ...]
    date: str
    message_id: str | None
    in_reply_to: tuple[str, ...]
    references: tuple[str, ...]
    content_type: str
    report_type: str
    text: str
    files: tuple[MailFile, ...]
    body_sha256: str
    defects: tuple[str, ...]
    html: str = field(default="", repr=False)
    notes: tuple[str, ...] = ()
    event: Event | None = None
    nested: NestedMail | None = None
    to: tuple[Mailbox, ...] = ()
    cc: tuple[Mailbox, ...] = ()
