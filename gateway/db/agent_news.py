"""What agents are to be told of, until they are: many things in one mail."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    Row,
    String,
    Table,
    delete,
    func,
    select,
    text,
    update,
)

from gateway.db.people import people
from gateway.db.tickets import entries, tickets
from gateway.db.types import UtcDateTime, metadata
from gateway.db.upsert import maker_of
from gateway.domain.telling import Preference

agent_news = Table(
    "agent_news",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("person_id", ForeignKey("people.id", ondelete="CASCADE"), nullable=False),
    Column("ticket_id", ForeignKey("tickets.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("entry_id", ForeignKey("entries.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("happening", String(12), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("told_at", UtcDateTime),
    Index("ix_agent_news_person_id_entry_id", "person_id", "entry_id", unique=True),
    Index("ix_agent_news_told_at_person_id", "told_at", "person_id"),
)

# As it stands in the partial index: of `to_tell = 1` SQLite does not see that it is the same.
_TO_TELL = text("entries.to_tell")
_KEPT = timedelta(days=1)  # news that were told


@dataclass(frozen=True, kw_only=True)
class News:
    """One thing that one agent is to be told of: an entry of a ticket's timeline, and as what it concerns them."""

    person_id: int
    ticket_id: int
    entry_id: int
    happening: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """A person whom something waits for, what they wish, and since when."""

    person_id: int
    preference: Preference
    since: datetime


def take_entries(connection: Connection, *, limit: int) -> list[Row[Any]]:
    """Take entries that nobody has been told of, oldest first, as rows of `entries`; nobody gets them again."""
    due = (
        select(entries.c.id)
        .where(_TO_TELL)
        .order_by(entries.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("due")
    )
    taken = connection.execute(
        update(entries).where(entries.c.id.in_(select(due.c.id))).values(to_tell=None).returning(*entries.c)
    )
    return sorted(taken, key=lambda row: row.id)


def anything_to_tell(connection: Connection) -> bool:
    """True where there are entries to take. A look that takes no lock."""
    return connection.execute(select(entries.c.id).where(_TO_TELL).limit(1)).first() is not None


def first_entries(connection: Connection, ticket_ids: Collection[int]) -> set[int]:
    """The entries with which these tickets began."""
    query = select(func.min(entries.c.id)).where(entries.c.ticket_id.in_(ticket_ids)).group_by(entries.c.ticket_id)
    return set(connection.execute(query).scalars())


def add_news(connection: Connection, news: Sequence[News]) -> None:
    """Write down what people are to be told, each entry once for each person."""
    if news:
        names = list(News.__dataclass_fields__)
        rows = [{name: getattr(one, name) for name in names} for one in news]
        connection.execute(maker_of(connection.dialect.name)(agent_news).on_conflict_do_nothing(), rows)


def people_waiting(connection: Connection, *, quiet_since: datetime) -> list[Waiting]:
    """The people with news that they were not told of, and who were told of none since `quiet_since`."""
    recent = select(agent_news.c.person_id).where(agent_news.c.told_at > quiet_since)
    query = (
        select(agent_news.c.person_id, people.c.notices, func.min(agent_news.c.at).label("since"))
        .join(people, people.c.id == agent_news.c.person_id)
        .where(agent_news.c.told_at.is_(None), agent_news.c.person_id.not_in(recent))
        .group_by(agent_news.c.person_id, people.c.notices)
        .order_by(agent_news.c.person_id)
    )
    return [
        Waiting(person_id=row.person_id, preference=Preference(row.notices), since=row.since)
        for row in connection.execute(query)
    ]


def take_news(connection: Connection, person_id: int, *, now: datetime) -> list[News]:
    """Take everything that a person is to be told, in order; nobody gets it again. What they were told is forgotten."""
    mine = agent_news.c.person_id == person_id
    connection.execute(delete(agent_news).where(mine, agent_news.c.told_at < now - _KEPT))
    waiting = (
        select(agent_news.c.id)
        .where(agent_news.c.told_at.is_(None), mine)
        .with_for_update(skip_locked=True)
        .cte("waiting")
    )
    columns = [agent_news.c[name] for name in News.__dataclass_fields__]
    taken = connection.execute(
        update(agent_news).where(agent_news.c.id.in_(select(waiting.c.id))).values(told_at=now).returning(*columns)
    )
    return sorted((News(**row._mapping) for row in taken), key=lambda news: (news.at, news.entry_id))


def standings_of(connection: Connection, ticket_ids: Collection[int]) -> list[Row[Any]]:
    """`id, ref, project, subject, level, assignee_id, reporter_id, lang` of these tickets."""
    names = ("id", "ref", "project", "subject", "level", "assignee_id", "reporter_id", "lang")
    query = select(*(tickets.c[name] for name in names)).where(tickets.c.id.in_(ticket_ids))
    return list(connection.execute(query))
