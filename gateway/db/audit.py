"""The audit log: who did what, when, to whom or what. Rows are added and read; retention forgets what is over."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    ForeignKey,
    Integer,
    Row,
    String,
    Table,
    exists,
    insert,
    or_,
    select,
    true,
)

from gateway.db.people import memberships, people
from gateway.db.types import Json, UtcDateTime, metadata
from gateway.domain.audit import AuditAction, Origin

audit = Table(
    "audit",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", UtcDateTime, nullable=False, index=True),
    Column("origin", String(8), nullable=False),
    Column("actor_id", ForeignKey("people.id", ondelete="SET NULL"), index=True),
    Column("person_id", ForeignKey("people.id", ondelete="SET NULL"), index=True),
    Column("project", String(10)),
    Column("action", String(32), nullable=False),
    Column("subject", String(254)),
    Column("detail", Json, nullable=False),
)
"""`actor_id` is whoever acted, `person_id` whom it is about; `project` is None for what concerns no single one."""


@dataclass(frozen=True, kw_only=True)
class AuditScope:
    """What a reader sees: what concerns these projects, and what people of theirs did or had done to them where it
    concerns no single project. `emails` are people whom the configuration puts into them."""

    projects: frozenset[str]
    emails: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class AuditFilter:
    """What is asked for; None asks for everything. `who` is a normalised address, of the actor or of the person
    concerned. From `since` on, before `until`."""

    who: str | None = None
    action: AuditAction | None = None
    since: datetime | None = None
    until: datetime | None = None


def add_audit(
    connection: Connection,
    *,
    at: datetime,
    origin: Origin,
    actor_id: int | None,
    person_id: int | None,
    project: str | None,
    action: AuditAction,
    subject: str | None,
    detail: Mapping[str, Any],
) -> None:
    """Write a row."""
    connection.execute(
        insert(audit).values(
            at=at,
            origin=origin.value,
            actor_id=actor_id,
            person_id=person_id,
            project=project,
            action=action.value,
            subject=subject,
            detail=dict(detail),
        )
    )


def is_noted(
    connection: Connection, *, actor_id: int, action: AuditAction, subject: str | None, since: datetime
) -> bool:
    """True where this person did this to it after `since`."""
    theirs = (audit.c.actor_id == actor_id) & (audit.c.at > since)
    query = select(audit.c.id).where(theirs, audit.c.action == action.value, audit.c.subject == subject)
    return connection.execute(query.limit(1)).first() is not None


def list_audit(
    connection: Connection, asked: AuditFilter, scope: AuditScope | None, *, limit: int, offset: int = 0
) -> list[Row[Any]]:
    """Rows of `audit` with `actor`, the address of whoever acted, or None; the newest first. All of them for a scope
    of None."""
    query = (
        select(audit, people.c.email.label("actor"))
        .outerjoin(people, people.c.id == audit.c.actor_id)
        .where(*_conditions(asked), _within(scope))
        .order_by(audit.c.at.desc(), audit.c.id.desc())
        .limit(limit)
        .offset(offset)
    )
    return list(connection.execute(query))


def _conditions(asked: AuditFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if asked.who is not None:
        them = select(people.c.id).where(people.c.email == asked.who).scalar_subquery()
        found.append(or_(audit.c.actor_id == them, audit.c.person_id == them))
    if asked.action is not None:
        found.append(audit.c.action == asked.action.value)
    if asked.since is not None:
        found.append(audit.c.at >= asked.since)
    if asked.until is not None:
        found.append(audit.c.at < asked.until)
    return found


def _within(scope: AuditScope | None) -> ColumnElement[bool]:
    if scope is None:
        return true()
    own = or_(_is_theirs(audit.c.actor_id, scope), _is_theirs(audit.c.person_id, scope))
    return or_(audit.c.project.in_(scope.projects), audit.c.project.is_(None) & own)


def _is_theirs(person_id: ColumnElement[Any], scope: AuditScope) -> ColumnElement[bool]:
    """Asked row by row, from the newest: there are very many people, and a page has few rows."""
    by_role = exists().where(memberships.c.person_id == person_id, memberships.c.project.in_(scope.projects))
    if not scope.emails:
        return by_role
    named = people.alias("named")
    return or_(by_role, exists().where(named.c.id == person_id, named.c.email.in_(scope.emails)))
