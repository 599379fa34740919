"""Raw mail whose time is over: the file goes, the entry stays. See `gateway.services.retention`."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, or_, select, update

from gateway.db.receipts import Verdict, receipts
from gateway.db.tickets import attachments, entries, tickets
from gateway.files.store import Kind, mail_name
from gateway.runtime import Runtime
from gateway.services.data_care import door_alone, without_evidence

_CHUNK = 500
_FILING = timedelta(days=1)


def due_mails(runtime: Runtime, *, with_files: bool) -> list[str]:
    """The sums of raw mails that are over: none of their receipts keeps them.

    One without a receipt counts from its file's age; with one that age says nothing, for a copy makes it young.
    """
    limit, filed = _mail_limit(runtime, with_files=with_files), _filed_by(runtime)
    ages = {stored.name.sha256: stored.at for stored in runtime.files.listed(Kind.MAIL) if stored.at < filed}
    if not ages:
        return []
    with runtime.database.reading() as connection:
        kept = set(connection.scalars(_kept_mails(limit)))
        on_record = set(connection.scalars(select(receipts.c.sha256).distinct()))
        carrying = select(entries.c.raw_sha256).join(attachments, attachments.c.entry_id == entries.c.id).distinct()
        files = set(connection.scalars(carrying.where(entries.c.raw_sha256.is_not(None))))
    old = {one for one, at in ages.items() if at < limit or one in on_record}
    return sorted(one for one in old - kept if (one in files) is with_files)


def _filed_by(runtime: Runtime) -> datetime:
    """What was put before this moment is on record, if it ever will be."""
    return runtime.clock.now() - _FILING


def _mail_limit(runtime: Runtime, *, with_files: bool) -> datetime:
    rules = runtime.settings.retention
    return runtime.clock.now() - timedelta(days=rules.attachment_days if with_files else rules.raw_mail_days)


def _kept_mails(limit: datetime) -> Any:
    is_open = and_(receipts.c.ticket_id.is_not(None), or_(tickets.c.closed_at.is_(None), tickets.c.closed_at >= limit))
    is_young = and_(receipts.c.ticket_id.is_(None), receipts.c.filed_at >= limit)
    return (
        select(receipts.c.sha256)
        .outerjoin(tickets, tickets.c.id == receipts.c.ticket_id)
        .where(or_(receipts.c.verdict == Verdict.HELD, is_open, is_young))
    )


def forget_mails(runtime: Runtime, *, with_files: bool) -> int:
    """Let go of them; how many. Raises DatabaseTrouble, StoreTrouble: what is left is found again."""
    over = due_mails(runtime, with_files=with_files)
    for start in range(0, len(over), _CHUNK):
        some = over[start : start + _CHUNK]
        with runtime.database.transaction() as connection:
            _let_go(connection, some)
        # After the commit: a file without a row is found again by its age, a row without its file leads nowhere.
        for digest in some:
            runtime.files.forget(mail_name(digest), before=_filed_by(runtime))  # the same mail may have come again
    return len(over)


def _let_go(connection: Connection, sums: list[str]) -> None:
    connection.execute(update(entries).where(entries.c.raw_sha256.in_(sums)).values(raw_sha256=None))
    for row in connection.execute(select(receipts).where(receipts.c.sha256.in_(sums))).all():
        values = {"envelope": door_alone(row), "trace": without_evidence(row)}
        connection.execute(update(receipts).where(receipts.c.id == row.id).values(**values))
