"""The tickets that a person follows on the pages: their own, and those of their organisation where contracts say so."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, and_, exists, func, or_, select

from gateway.db.people import people
from gateway.db.tickets import Ticket, entries, select_tickets, ticket_of, tickets


@dataclass(frozen=True, kw_only=True)
class Following:
    """Whose tickets: the person's, and in `projects` those of everybody whose address is of their `domain`."""

    person_id: int
    domain: str = ""
    projects: frozenset[str] = frozenset()


def list_followed(
    connection: Connection,
    following: Following,
    *,
    words: Sequence[str] = (),
    only_mine: bool = False,
    limit: int,
    offset: int = 0,
) -> list[Ticket]:
    """The tickets, the one that moved last first. Each of `words` must be in the reference, the subject or an entry
    that the reporter sees; nothing that is hidden from them is searched."""
    query = select_tickets().where(_followed(following, only_mine=only_mine), *(_has(word) for word in words))
    query = query.order_by(tickets.c.updated_at.desc(), tickets.c.id.desc()).limit(limit).offset(offset)
    return [ticket_of(row) for row in connection.execute(query)]


def _followed(following: Following, *, only_mine: bool) -> Any:
    mine = tickets.c.reporter_id == following.person_id
    if only_mine or not following.projects or not following.domain:
        return mine
    colleagues = select(people.c.id).where(people.c.email.endswith(f"@{following.domain}", autoescape=True))
    return or_(mine, and_(tickets.c.project.in_(following.projects), tickets.c.reporter_id.in_(colleagues)))


def _has(word: str) -> Any:
    said = exists().where(
        entries.c.ticket_id == tickets.c.id, entries.c.visible, entries.c.text.icontains(word, autoescape=True)
    )
    return or_(
        tickets.c.subject.icontains(word, autoescape=True),
        func.upper(tickets.c.ref) == word.upper(),
        said,
    )


def reported_projects(connection: Connection, person_id: int) -> set[str]:
    """The projects in which a person has a ticket of their own."""
    return set(connection.scalars(select(tickets.c.project).where(tickets.c.reporter_id == person_id).distinct()))
