"""What a mail of a mailbox looks like to the spool: its envelope, and the letter that stands in for one left there."""

from datetime import datetime

from gateway.config.mailboxes import MailboxSettings
from gateway.domain.project import Project
from gateway.domain.ticket import Channel
from gateway.mail.envelope import MailEnvelope
from gateway.mail.return_path import return_path
from inbound.imap_cursor import Cursor

# What tells a person which mail it is. Nothing that describes a body: the body stays behind.
_KEPT_HEADERS = frozenset(
    {b"from", b"to", b"cc", b"subject", b"date", b"message-id", b"in-reply-to", b"references", b"delivered-to"}
)
_LONGEST_HEADER = 64 * 1024  # bytes


def make_envelope(
    *,
    name: str,
    settings: MailboxSettings,
    project: Project | None,
    folder: str,
    cursor: Cursor,
    uid: int,
    content: bytes,
    hold: str,
    now: datetime,
) -> MailEnvelope:
    """The envelope of a mail from a mailbox.

    With a project the mail is that project's, whatever its header says; without one the header decides later. The
    arrival is named by mailbox, folder, UIDVALIDITY and UID, which is what stays the same when it is fetched again.
    """
    return MailEnvelope(
        channel=Channel.IMAP,
        mail_from=return_path(content),
        rcpt_tos=() if project is None else (project.address,),
        peer="",
        helo="",
        tls=settings.security != "plain",
        smtputf8=False,
        received_at=now,
        arrival=f"imap:{name}:{folder}:{cursor.uidvalidity}:{uid}",
        hold=hold,
    )


def make_stand_in(header: bytes, reason: str) -> bytes:
    """A letter with the mail's own sender, subject and ids, that says why the mail itself is not here."""
    kept = [field for field in _fields(header) if field.partition(b":")[0].strip().lower() in _KEPT_HEADERS]
    ours = (
        "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
        f"{reason}\r\n"
    )
    return b"".join(kept) + ours.encode()


def too_large(size: int, *, largest: int, name: str, folder: str, uid: int) -> str:
    """Why a mail is held without its content."""
    mib = 1024 * 1024
    return (
        f"too large: {size / mib:.1f} MiB of at most {largest / mib:.1f}; "
        f"it stays in the mailbox {name}, folder {folder}, UID {uid}"
    )


def not_fetched(*, name: str, folder: str, uid: int) -> str:
    """Why a mail is held of which nothing could be fetched."""
    return f"could not be fetched in many tries; it stays in the mailbox {name}, folder {folder}, UID {uid}"


IN_JUNK = "found in the junk folder"


def _fields(header: bytes) -> list[bytes]:
    """The fields of a header, each with its folded lines and an end of line."""
    fields: list[bytes] = []
    for line in header[:_LONGEST_HEADER].replace(b"\r\n", b"\n").split(b"\n"):
        if not line.strip():
            break
        if line[:1] in b" \t" and fields:
            fields[-1] += line + b"\r\n"
        else:
            fields.append(line + b"\r\n")
    return fields
