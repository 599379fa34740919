"""Reading what a service report is made of: the database counts, each section by an index of its own. What became of
the clocks is for `report_verdicts`."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Text, and_, cast, exists, func, or_, select, text

from gateway.db.calls import calls
from gateway.db.one_state import hold_still
from gateway.db.outbox import DeliveryState, deliveries
from gateway.db.receipts import Verdict, receipts
from gateway.db.report_indices import IS_ANSWER, IS_END, IS_TO_WORK, NOT_ACKNOWLEDGED
from gateway.db.ticket_events import ticket_events
from gateway.db.tickets import entries, tickets
from gateway.domain.events import EventType
from gateway.domain.period import Period
from gateway.domain.project import Project
from gateway.domain.rights import WORKED_ON
from gateway.domain.service_report import (
    FirstAnswers,
    ServiceReport,
    Silenced,
    Threading,
    first_answers,
    rule_of_reply,
    suppressions,
)
from gateway.domain.ticket import Direction, Status
from gateway.runtime import Runtime
from gateway.services.report_verdicts import read_verdicts

_ANSWERS = (EventType.ANSWERED, EventType.CALL_ANSWERED)
_ENDED = (Status.RESOLVED, Status.CLOSED, Status.MERGED)
_SILENCED = {
    Verdict.IGNORED: Silenced.IGNORED,
    Verdict.DUPLICATE: Silenced.DUPLICATE,
    Verdict.HELD: Silenced.HELD,
    Verdict.DISCARDED: Silenced.DISCARDED,
}


def read_service_report(runtime: Runtime, project: Project, period: Period) -> ServiceReport:
    """The report of a project and a period, as it stands now, from one state of the database."""
    now = runtime.clock.now()
    with runtime.database.reading() as connection:
        hold_still(connection)
        kept, misses = read_verdicts(connection, runtime, project.key, period)
        return ServiceReport(
            project=project.key,
            name=project.name,
            period=period,
            made_at=now,
            volumes=_volumes(connection, project, period),
            kept=kept,
            misses=misses,
            first_answers=_first_answers(connection, project, period),
            reopenings=_reopenings(connection, project, period),
            calls=_calls(connection, project, period),
            threading=_threading(connection, project, period),
            suppressed=suppressions(_suppressed(connection, project, period)),
        )


def _within(column: ColumnElement[Any], period: Period) -> ColumnElement[bool]:
    return and_(column >= period.since, column < period.until)


def _opened(project: Project, period: Period) -> ColumnElement[bool]:
    return and_(tickets.c.project == project.key, _within(tickets.c.created_at, period))


def _is_of(project: Project, ticket_id: ColumnElement[Any]) -> ColumnElement[bool]:
    # Not a join: without statistics SQLite would begin with all tickets of the project.
    return exists().where(tickets.c.id == ticket_id, tickets.c.project == project.key)


def _volumes(connection: Connection, project: Project, period: Period) -> dict[tuple[str, str], int]:
    """Tickets by the channel of what began them, and kind."""
    first = (
        select(entries.c.channel)
        .where(entries.c.ticket_id == tickets.c.id, entries.c.direction == Direction.IN, entries.c.channel.is_not(None))
        .order_by(entries.c.id)
        .limit(1)
        .scalar_subquery()
    )
    begun = select(first.label("channel"), tickets.c.kind).where(_opened(project, period)).subquery()
    query = select(begun.c.channel, begun.c.kind, func.count()).group_by(begun.c.channel, begun.c.kind)
    return {(channel or "", kind): count for channel, kind, count in connection.execute(query)}


def _first_answers(connection: Connection, project: Project, period: Period) -> FirstAnswers:
    """A ticket that was merged is answered on the one that took it over."""
    answer = (
        select(func.min(ticket_events.c.at))
        .where(ticket_events.c.ticket_id == tickets.c.id, text(IS_ANSWER))
        .scalar_subquery()
    )
    query = select(tickets.c.created_at, answer).where(_opened(project, period), tickets.c.status != Status.MERGED)
    return first_answers(None if at is None else at - began for began, at in connection.execute(query))


def _reopenings(connection: Connection, project: Project, period: Period) -> dict[str, int]:
    """Moves from an end back to work, by whose act."""
    ended = ticket_events.alias("ended")
    before = text(IS_END.replace("ticket_events.", "ended."))
    moved = (
        select(ticket_events.c.ticket_id)
        .where(text(IS_TO_WORK), _within(ticket_events.c.at, period), _is_of(project, ticket_events.c.ticket_id))
        .where(exists().where(ended.c.ticket_id == ticket_events.c.ticket_id, ended.c.at <= ticket_events.c.at, before))
    )
    order = (ticket_events.c.at, ticket_events.c.id)
    last = func.lag(ticket_events.c.value).over(partition_by=ticket_events.c.ticket_id, order_by=order)
    moves = (
        select(ticket_events.c.at, ticket_events.c.by, ticket_events.c.value, last.label("before"))
        .where(ticket_events.c.ticket_id.in_(moved), ticket_events.c.type == EventType.STATUS)
        .subquery()
    )
    query = (
        select(moves.c.by, func.count())
        .where(moves.c.before.in_(_ENDED), moves.c.value.in_(WORKED_ON), _within(moves.c.at, period))
        .group_by(moves.c.by)
    )
    return _counts(connection.execute(query).all())


def _calls(connection: Connection, project: Project, period: Period) -> dict[str, int]:
    query = (
        select(calls.c.outcome, func.count())
        .where(calls.c.project == project.key, _within(calls.c.started_at, period))
        .group_by(calls.c.outcome)
    )
    return _counts(connection.execute(query).all())


def _threading(connection: Connection, project: Project, period: Period) -> Threading:
    """Mails on a ticket by the rule that brought them there; of those that began one, what their trace says."""
    # Worded so that no index of verdicts fits: the mails of a period are fewer than all that were filed.
    mine = and_(_came(project, period), func.coalesce(receipts.c.verdict, "") == Verdict.FILED)
    to_entry = entries.c.id == receipts.c.entry_id
    joined = (
        select(entries.c.match, func.count())
        .select_from(receipts)
        .join(entries, to_entry)
        .where(mine, entries.c.match.is_not(None))
        .group_by(entries.c.match)
    )
    found = _counts(connection.execute(joined).all())
    words = cast(receipts.c.trace, Text)  # the words alone: few traces are worth reading
    naming = or_(*(words.contains(word) for word in ('"match"', '"not believed"', '"ambiguous"')))
    began = select(receipts.c.trace).outerjoin(entries, to_entry).where(mine, entries.c.match.is_(None), naming)
    for trace in connection.execute(began).scalars():
        if rule := rule_of_reply(trace):
            found[rule] = found.get(rule, 0) + 1
    return Threading(by_rule=found)


def _suppressed(connection: Connection, project: Project, period: Period) -> Iterator[tuple[Silenced, str, int]]:
    """Mail that began nothing, requests that were not acknowledged, mail of ours that was never sent."""
    came = (
        select(receipts.c.verdict, receipts.c.reason, func.count())
        .where(_came(project, period), receipts.c.verdict.in_(_SILENCED))
        .group_by(receipts.c.verdict, receipts.c.reason)
    )
    for verdict, reason, count in connection.execute(came):
        yield _SILENCED[verdict], reason, count
    why = entries.c.data["acknowledgement"].as_string()
    quiet = (
        select(why, func.count())
        .where(_within(entries.c.at, period), entries.c.match.is_(None), _is_of(project, entries.c.ticket_id))
        .where(text(NOT_ACKNOWLEDGED[connection.dialect.name]))
        .group_by(why)
    )
    for reason, count in connection.execute(quiet):
        yield Silenced.NOT_ACKNOWLEDGED, reason, count
    unsent = select(func.count()).where(
        deliveries.c.project == project.key,
        deliveries.c.state == DeliveryState.SUPPRESSED,
        _within(deliveries.c.created_at, period),
    )
    if count := connection.execute(unsent).scalar_one():
        yield Silenced.NOT_SENT, "", count


def _came(project: Project, period: Period) -> ColumnElement[bool]:
    return and_(receipts.c.project == project.key, receipts.c.lane == "mail", _within(receipts.c.accepted_at, period))


def _counts(rows: Sequence[Row[str, int]]) -> dict[str, int]:
    return {str(name): int(count) for name, count in sorted(rows, key=lambda row: (-row[1], row[0]))}
