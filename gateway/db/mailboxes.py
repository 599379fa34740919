"""What is kept about mailboxes: how far each folder is read, how each mailbox fares, and its sealed tokens.

None of it decides whether a mail was taken: receipts do. Losing a row costs work, never a mail.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Integer,
    Row,
    String,
    Table,
    Text,
    bindparam,
    func,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from gateway.db.types import UtcDateTime, metadata
from gateway.db.upsert import insert_ignoring_duplicates

mailbox_folders = Table(
    "mailbox_folders",
    metadata,
    Column("mailbox", String(30), primary_key=True),
    Column("folder", String(250), primary_key=True),
    Column("uidvalidity", BigInteger, nullable=False),
    Column("last_uid", BigInteger, nullable=False),
    Column("begun_at", UtcDateTime),
    Column("reread_to", BigInteger, nullable=False),
)

mailboxes = Table(
    "mailboxes",
    metadata,
    Column("name", String(30), primary_key=True),
    Column("known_since", UtcDateTime, nullable=False),
    Column("last_good_at", UtcDateTime),
    Column("error", Text),
    Column("failing_since", UtcDateTime),
    Column("alerted_at", UtcDateTime),
    Column("taken", Integer, nullable=False),
    Column("waiting", Integer, nullable=False),
)

mailbox_tokens = Table(
    "mailbox_tokens",
    metadata,
    Column("mailbox", String(30), primary_key=True),
    Column("sealed", Text, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
)


@dataclass(frozen=True, kw_only=True)
class FolderRow:
    """How far a folder is read; what the fields mean is said where they are decided (`inbound.imap_cursor`)."""

    uidvalidity: int
    last_uid: int
    begun_at: datetime | None
    reread_to: int


@dataclass(frozen=True, kw_only=True)
class MailboxRow:
    """How a mailbox fares. `error` is one sentence, None while all is well; `taken` counts mails ever spooled from
    it, `waiting` those seen and not yet taken at the last look."""

    name: str
    known_since: datetime
    last_good_at: datetime | None
    error: str | None
    failing_since: datetime | None
    alerted_at: datetime | None
    taken: int
    waiting: int

    @property
    def good_until(self) -> datetime:
        """The last moment at which the mailbox is known to have been read, or at which we began to wait for that."""
        return self.last_good_at or self.known_since


def find_folder(connection: Connection, *, mailbox: str, folder: str) -> FolderRow | None:
    """How far this folder is read; None before the first look."""
    query = select(mailbox_folders).where(mailbox_folders.c.mailbox == mailbox, mailbox_folders.c.folder == folder)
    row = connection.execute(query).one_or_none()
    return None if row is None else _folder(row)


def begin_folder(connection: Connection, *, mailbox: str, folder: str, row: FolderRow) -> FolderRow:
    """Write down where a folder begins; of two at once the first decides for both."""
    insert_ignoring_duplicates(
        connection,
        mailbox_folders,
        mailbox=mailbox,
        folder=folder,
        uidvalidity=row.uidvalidity,
        last_uid=row.last_uid,
        begun_at=row.begun_at,
        reread_to=row.reread_to,
    )
    begun = find_folder(connection, mailbox=mailbox, folder=folder)
    assert begun is not None, "the row is there: we or somebody faster wrote it"
    return begun


def move_cursor(connection: Connection, *, mailbox: str, folder: str, row: FolderRow) -> None:
    """Write down how far a folder is read; when it was begun stays."""
    connection.execute(
        update(mailbox_folders)
        .where(mailbox_folders.c.mailbox == mailbox, mailbox_folders.c.folder == folder)
        .values(uidvalidity=row.uidvalidity, last_uid=row.last_uid, reread_to=row.reread_to)
    )


def know_mailbox(connection: Connection, name: str, *, now: datetime) -> MailboxRow:
    """The row of a mailbox, begun now if this is its first time."""
    insert_ignoring_duplicates(connection, mailboxes, name=name, known_since=now, taken=0, waiting=0)
    return _mailbox(connection.execute(select(mailboxes).where(mailboxes.c.name == name)).one())


def list_mailboxes(connection: Connection) -> list[MailboxRow]:
    """Every mailbox that was ever known, by name."""
    return [_mailbox(row) for row in connection.execute(select(mailboxes).order_by(mailboxes.c.name))]


def note_good_look(connection: Connection, name: str, *, now: datetime) -> None:
    """The mailbox was read to its end just now."""
    values = {"last_good_at": now, "error": None, "failing_since": None}
    connection.execute(update(mailboxes).where(mailboxes.c.name == name).values(**values))


def note_progress(connection: Connection, name: str, *, taken: int, waiting: int) -> None:
    """So many more mails were taken, so many are left."""
    connection.execute(
        update(mailboxes).where(mailboxes.c.name == name).values(taken=mailboxes.c.taken + taken, waiting=waiting)
    )


def note_failed_look(connection: Connection, name: str, *, now: datetime, error: str) -> None:
    """The mailbox could not be read, and why."""
    since = func.coalesce(mailboxes.c.failing_since, bindparam("now", now, UtcDateTime))
    connection.execute(update(mailboxes).where(mailboxes.c.name == name).values(error=error, failing_since=since))


def begin_alert(connection: Connection, name: str, *, now: datetime) -> bool:
    """Remember that people are being told that the mailbox fails. False where they already were."""
    statement = update(mailboxes).where(mailboxes.c.name == name, mailboxes.c.alerted_at.is_(None))
    return connection.execute(statement.values(alerted_at=now)).rowcount == 1


def end_alert(connection: Connection, name: str) -> bool:
    """Remember that people are being told of the recovery. False where there is nothing to recover from."""
    statement = update(mailboxes).where(mailboxes.c.name == name, mailboxes.c.alerted_at.is_not(None))
    return connection.execute(statement.values(alerted_at=None)).rowcount == 1


def find_sealed(connection: Connection, mailbox: str) -> str | None:
    """The sealed tokens of a mailbox."""
    query = select(mailbox_tokens.c.sealed).where(mailbox_tokens.c.mailbox == mailbox)
    sealed: str | None = connection.execute(query).scalar_one_or_none()
    return sealed


def keep_sealed(connection: Connection, mailbox: str, sealed: str, *, now: datetime) -> None:
    """Keep the sealed tokens of a mailbox in place of those before."""
    maker = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = maker(mailbox_tokens).values(mailbox=mailbox, sealed=sealed, updated_at=now)
    connection.execute(
        statement.on_conflict_do_update(index_elements=["mailbox"], set_={"sealed": sealed, "updated_at": now})
    )


def _folder(row: Row[Any]) -> FolderRow:
    return FolderRow(**{name: row._mapping[name] for name in FolderRow.__dataclass_fields__})


def _mailbox(row: Row[Any]) -> MailboxRow:
    return MailboxRow(**{name: row._mapping[name] for name in MailboxRow.__dataclass_fields__})
