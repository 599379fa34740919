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


def due_mails(runtime: Runtime, *, with_files: bool) -> list[str]:
    """The sums of raw mails that are over: none of their receipts keeps them, and the file is as old."""
    limit = _mail_limit(runtime, with_files=with_files)
    old = {stored.name.sha256 for stored in runtime.files.listed(Kind.MAIL) if stored.at < limit}
    if not old:
        return []
    with runtime.database.reading() as connection:
        kept = set(connection.scalars(_kept_mails(limit)))
        carrying = select(entries.c.raw_sha256).join(attachments, attachments.c.entry_id == entries.c.id).distinct()
        files = set(connection.scalars(carrying.where(entries.c.raw_sha256.is_not(None))))
    return sorted(one for one in old - kept if (one in files) is with_files)


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
    over, limit = due_mails(runtime, with_files=with_files), _mail_limit(runtime, with_files=with_files)
    for start in range(0, len(over), _CHUNK):
        some = over[start : start + _CHUNK]
        with runtime.database.transaction() as connection:
            _let_go(connection, some)
        # After the commit: a file without a row is found again by its age, a row without its file leads nowhere.
        for digest in some:
            runtime.files.forget(mail_name(digest), before=limit)  # the same mail may have come again meanwhile
    return len(over)


def _let_go(connection: Connection, sums: list[str]) -> None:
    connection.execute(update(entries).where(entries.c.raw_sha256.in_(sums)).values(raw_sha256=None))
    for row in connection.execute(select(receipts).where(receipts.c.sha256.in_(sums))).all():
        values = {"envelope": door_alone(row), "trace": without_evidence(row)}
        connection.execute(update(receipts).where(receipts.c.id == row.id).values(**values))
