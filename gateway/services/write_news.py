"""The mail that tells an agent what happened: about one ticket, to be answered, or a list of many."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, select

from gateway.db.agent_news import News
from gateway.db.people import Person, find_person_by_id
from gateway.db.tickets import Ticket, entries, find_ticket
from gateway.domain.telling import Happening
from gateway.notify.notices import Notice
from gateway.notify.person_mail import write_person_mail
from gateway.notify.thread import find_last_sent
from gateway.notify.ticket_mail import write_ticket_mail
from gateway.runtime import Runtime
from gateway.services.sign_in import project_of
from gateway.services.ticket_clocks import find_project

LISTED = 50
"""News in one mail; of more it gives the number."""
_QUOTED = 4000  # characters of what was written
_LINE = 120  # characters of it in a list


def write_news(connection: Connection, runtime: Runtime, person_id: int, news: Sequence[News]) -> None:
    """Write the mail that tells a person all of this into the outbox; none where there is nothing to tell."""
    person = find_person_by_id(connection, person_id)
    news = without_echoes(news)
    if person is None or not news:
        return
    ticket = find_ticket(connection, ticket_id=news[0].ticket_id)
    if len(news) == 1 and ticket is not None and find_project(runtime, ticket.project) is not None:
        _write_one(connection, runtime, person, ticket, news[0])
    else:
        _write_digest(connection, runtime, person, news)


def without_echoes(news: Sequence[News]) -> list[News]:
    """All but what says nothing new: that a ticket was reopened, beside the words that reopened it."""
    answered = {one.ticket_id for one in news if one.happening == Happening.REPLY}
    return [one for one in news if one.happening != Happening.REOPENED or one.ticket_id not in answered]


def _write_one(connection: Connection, runtime: Runtime, person: Person, ticket: Ticket, news: News) -> None:
    entry = connection.execute(select(entries).where(entries.c.id == news.entry_id)).one()
    is_handed = news.happening == Happening.HANDED
    context: dict[str, Any] = {
        "subject": ticket.subject,
        "happening": news.happening,
        "author": entry.author,
        "reporter": ticket.reporter,
        "level": ticket.level,
        "severity": ticket.severity or "",
        "at": entry.at.isoformat(),
        "text": "" if is_handed else entry.text[:_QUOTED],
        "reason": entry.data.get("reason", "") if is_handed else "",
        "is_mine": ticket.assignee_id == person.id,
    }
    write_ticket_mail(
        connection,
        runtime,
        Notice.NEWS,
        ticket=ticket,
        person=person,
        entry_id=news.entry_id,
        parent=find_last_sent(connection, ticket_id=ticket.id, person_id=person.id),
        context=context,
        now=runtime.clock.now(),
        lang=person.lang or runtime.project(ticket.project).language,
    )


def _write_digest(connection: Connection, runtime: Runtime, person: Person, news: Sequence[News]) -> None:
    now = runtime.clock.now()
    listed = news[:LISTED]
    found = {ticket_id: find_ticket(connection, ticket_id=ticket_id) for ticket_id in {one.ticket_id for one in listed}}
    query = select(entries.c.id, entries.c.author, entries.c.text).where(
        entries.c.id.in_([one.entry_id for one in listed])
    )
    written = {row.id: row for row in connection.execute(query)}
    lines = [
        {
            "ref": ticket.ref,
            "subject": ticket.subject,
            "happening": one.happening,
            "author": written[one.entry_id].author,
            "level": ticket.level,
            "text": " ".join(written[one.entry_id].text.split())[:_LINE],
            "at": one.at.isoformat(),
        }
        for one in listed
        if (ticket := found[one.ticket_id]) is not None
    ]
    first = found[listed[0].ticket_id]
    project = None if first is None else find_project(runtime, first.project)
    project = project or project_of(connection, runtime.settings, person_id=person.id)
    context = {"news": lines, "number": len(news)}
    write_person_mail(connection, runtime, Notice.NEWS_DIGEST, person=person, project=project, context=context, now=now)
