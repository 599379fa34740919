"""A mail as we understand it: plain values, made by `inbound.parse`, used by every decision."""

from dataclasses import dataclass

from gateway.mail.headers import Headers


@dataclass(frozen=True, kw_only=True)
class Mailbox:
    """One mailbox of an address header: a decoded display name, "" without one, and a normalised address."""

    name: str
    address: str


@dataclass(frozen=True, kw_only=True)
class MailFile:
    """A part that is no displayed text. `position` counts the parts of the mail in order, so that it can be found
    again in the raw mail; `name` and `type` are claims of the sender, `name` never a path."""

    position: int
    name: str
    type: str
    size: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class ParsedMessage:
    """What is in a mail. Ids are without angle brackets; `subject` is decoded, on one line; `text` is what a reader
    would see, from the plain text or else from the HTML part; `defects` names what the parser had to forgive."""

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
