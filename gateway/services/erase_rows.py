"""A person leaves the database: their rows go or stay under a pseudonym, and no text names them any more."""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    Connection,
    Row,
    String,
    Table,
    Text,
    cast,
    delete,
    func,
    or_,
    select,
    true,
    update,
)

from gateway.db.chunks import in_chunks
from gateway.db.schema import metadata
from gateway.services.data_care import Care
from gateway.services.data_subject import DataSubject
from gateway.services.personal_data import INVENTORY


def erase_rows(
    connection: Connection, subject: DataSubject, *, gone: Collection[str], moved: Mapping[str, str]
) -> dict[str, int]:
    """Erase the person from every table; how many rows of each were deleted or changed.

    `gone` are the sums of raw mails that are deleted, `moved` the new sums of those that were cleaned.
    """
    counts: dict[str, int] = {}
    _forget_message_ids(connection, subject)
    _forget_quotes(connection, subject)
    _forget_call_notes(connection, subject)
    for name, care in INVENTORY.items():
        if name in metadata.tables and care.theirs is not None:
            counts[name] = _erase_from(connection, metadata.tables[name], care, subject)
    counts["attachments"] += _forget_raw_mails(connection, gone=gone, moved=moved)
    for table in metadata.sorted_tables:
        if not INVENTORY[table.name].is_sealed:
            counts[table.name] = counts.get(table.name, 0) + _scrub(connection, table, subject)
    return {name: count for name, count in sorted(counts.items()) if count}


def erase_receipts(connection: Connection, subject: DataSubject) -> None:
    """What is on record of their mails, ahead of the rest: once the mails are gone, nothing says whose they were."""
    _erase_from(connection, metadata.tables["receipts"], INVENTORY["receipts"], subject)


def _erase_from(connection: Connection, table: Table, care: Care, subject: DataSubject) -> int:
    assert care.theirs is not None
    theirs = care.theirs(subject)
    if care.is_deleted:
        return connection.execute(delete(table).where(theirs)).rowcount
    rows = connection.execute(select(table).where(theirs)).all()
    for row in rows:
        values = {column: instead(row, subject) for column, instead in care.instead.items()}
        connection.execute(update(table).where(_this(table, row)).values(**values))
    return len(rows)


def _forget_message_ids(connection: Connection, subject: DataSubject) -> None:
    """The ids of their mails leave the threads in which others named them."""
    entries, deliveries = metadata.tables["entries"], metadata.tables["deliveries"]
    written = select(entries.c.message_id).where(
        entries.c.id.in_(sorted(subject.authored)), entries.c.message_id.is_not(None)
    )
    theirs = set(connection.scalars(written))
    for table in (entries, deliveries):
        for row in connection.execute(select(table).where(table.c.ticket_id.in_(sorted(subject.touched)))).all():
            kept = [ident for ident in row.reference_ids if ident not in theirs]
            answers = None if row.in_reply_to in theirs else row.in_reply_to
            if (kept, answers) != (row.reference_ids, row.in_reply_to):
                values = {"reference_ids": kept, "in_reply_to": answers}
                connection.execute(update(table).where(table.c.id == row.id).values(**values))


def _forget_quotes(connection: Connection, subject: DataSubject) -> None:
    """What others quoted of them: the cut-off part of their answers, lines with a quote mark, quotes in our mail."""
    entries, deliveries = metadata.tables["entries"], metadata.tables["deliveries"]
    touched = sorted(subject.touched)
    for row in connection.execute(select(entries).where(entries.c.ticket_id.in_(touched))).all():
        said = "\n".join(line for line in row.text.split("\n") if not line.lstrip().startswith(">"))
        # Whoever answers repeats the subject, which is theirs on a ticket of theirs.
        dropped = {"subject"} if row.ticket_id in subject.reported else set()
        data = {name: value for name, value in row.data.items() if name not in dropped}
        if (said, "", data) != (row.text, row.removed_text, row.data):
            values = {"text": said, "removed_text": "", "data": data}
            connection.execute(update(entries).where(entries.c.id == row.id).values(**values))
    for row in connection.execute(select(deliveries).where(deliveries.c.ticket_id.in_(touched))).all():
        context = {name: value for name, value in row.context.items() if name not in {"quote", "quote_at"}}
        if "subject" in context and row.ticket_id in subject.reported:
            context["subject"] = subject.pseudonym
        connection.execute(update(deliveries).where(deliveries.c.id == row.id).values(context=context))


def _forget_call_notes(connection: Connection, subject: DataSubject) -> None:
    """What an agent wrote down of a call with them stands with the call and on the timeline."""
    calls, events, entries = (metadata.tables[name] for name in ("calls", "call_events", "entries"))
    told = (
        select(entries.c.id, entries.c.text, events.c.data)
        .join(calls, calls.c.entry_id == entries.c.id)
        .join(events, events.c.call_id == calls.c.id)
        .where(calls.c.id.in_(sorted(subject.calls)))
    )
    for row in connection.execute(told).all():
        if row.data.get("note"):
            text = row.text.replace(row.data["note"], "")
            connection.execute(update(entries).where(entries.c.id == row.id).values(text=text))


def _forget_raw_mails(connection: Connection, *, gone: Collection[str], moved: Mapping[str, str]) -> int:
    """Let no row point to a raw mail that is gone; how many files of entries went with them."""
    files = 0
    entries, attachments, receipts = (metadata.tables[name] for name in ("entries", "attachments", "receipts"))
    for some in in_chunks(sorted(gone)):
        theirs = select(entries.c.id).where(entries.c.raw_sha256.in_(some))
        files += connection.execute(delete(attachments).where(attachments.c.entry_id.in_(theirs))).rowcount
        connection.execute(update(entries).where(entries.c.raw_sha256.in_(some)).values(raw_sha256=None))
    for old, new in moved.items():
        connection.execute(update(entries).where(entries.c.raw_sha256 == old).values(raw_sha256=new))
        connection.execute(update(receipts).where(receipts.c.sha256 == old).values(sha256=new))
    return files


def _scrub(connection: Connection, table: Table, subject: DataSubject) -> int:
    """Put the pseudonym wherever a text of the table names them; how many rows did."""
    texts = [column for column in table.columns if isinstance(column.type, (String, JSON))]
    if not texts:
        return 0
    count = 0
    for row in connection.execute(select(table).where(_may_name(texts, subject))).all():
        values = {column.name: _fitting(column, subject.scrub(row._mapping[column.name])) for column in texts}
        if any(values[column.name] != row._mapping[column.name] for column in texts):
            connection.execute(update(table).where(_this(table, row)).values(**values))
            count += 1
    return count


def _may_name(texts: list[Column[Any]], subject: DataSubject) -> ColumnElement[bool]:
    """True in SQL for every row that may name them; what does is decided on the text itself."""
    pieces = {*_pieces(subject)}
    if "" in pieces:
        return true()
    return or_(
        *(func.lower(cast(column, Text)).contains(piece, autoescape=True) for column in texts for piece in pieces)
    )


def _pieces(subject: DataSubject) -> Iterator[str]:
    """For each thing that they are known by a piece in ASCII that stands in it however it is written."""
    yield _longest_ascii(subject.email.rpartition("@")[0])
    yield from (phone[-2:] for phone in subject.phones)
    for name in subject.names:
        if len(name.split()) > 1:
            yield max((_longest_ascii(word) for word in name.split()), key=len)


def _longest_ascii(text: str) -> str:
    return max(re.findall(r"[ -~]+", text.lower()), key=len, default="")


def _fitting(column: Column[Any], value: Any) -> Any:
    length = column.type.length if isinstance(column.type, String) else None
    return value[:length] if isinstance(value, str) and length else value


def _this(table: Table, row: Row[Any]) -> ColumnElement[bool]:
    condition: ColumnElement[bool] = true()
    for column in table.primary_key.columns:
        condition &= column == row._mapping[column.name]
    return condition
