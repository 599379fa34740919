"""Telling people on a ticket what was done: an answer, or changes, or both in one mail.

An answer carries a person's words in full and, below them, the last message that it answers. It is a letter, not an
automatic mail, and does not say that it is one; a mail about changes alone is automatic.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from gateway.db.hotline import find_hotline_code, hotline_code_of, may_be_called_about
from gateway.db.outbox import Delivery
from gateway.db.people import Person
from gateway.db.tickets import Ticket
from gateway.domain.follow_up import FollowUpRules, after_working_days
from gateway.domain.project import Project
from gateway.domain.telling import Audience, Happening, Manner, manner_of
from gateway.domain.ticket import Language, Status
from gateway.notify.links import leave_url, outcome_url, ticket_url
from gateway.notify.notices import Notice
from gateway.notify.thread import Parent, find_last_sent
from gateway.notify.ticket_mail import write_ticket_mail
from gateway.notify.wording import Told, say_date, say_week, say_when, sentences
from gateway.runtime import Runtime
from gateway.services.current_project import current_project

_BY_STATUS = {
    Status.PENDING: Happening.WAITING,
    Status.RESOLVED: Happening.RESOLVED,
    Status.CLOSED: Happening.CLOSED,
}


def happening_of(changes: Sequence[Told], *, text: str) -> Happening:
    """What changes and words amount to, for whoever is told of them: the last that says where the ticket stands."""
    found = Happening.ANSWER if text else Happening.CHANGE
    for change in changes:
        if change["what"] == "reopened":
            found = Happening.REOPENED
        elif change["what"] == "status":
            found = _BY_STATUS.get(Status(change["value"]), found)
    return found


def tell_progress(
    connection: Connection,
    *,
    runtime: Runtime,
    ticket: Ticket,
    person: Person,
    entry_id: int,
    parent: Parent,
    text: str,
    changes: Sequence[Told],
    now: datetime,
    happening: Happening | None = None,
    audience: Audience = Audience.REPORTER,
    more: Mapping[str, Any] | None = None,
) -> str | None:
    """Write the mail to a reporter of the ticket into the outbox and return its Message-ID; None for who wants none.

    `text` is what an agent wrote to them, empty where only things changed. `happening` is what it is about, where the
    changes do not say it. The ticket is as the changes leave it.
    """
    what = happening or happening_of(changes, text=text)
    if manner_of(what, audience, person.notices) is Manner.NOT:
        return None
    project = current_project(connection, runtime, ticket.project) or runtime.project(ticket.project)
    context = {
        "subject": ticket.subject,
        "text": text,
        "changes": [dict(one) for one in changes],
        "happening": what.value,
        **_closing(what, project, now=now),
        **_hotline(connection, ticket, project, now=now),
        **(parent.quote if text else {}),
        **(more or {}),
    }
    return write_ticket_mail(
        connection,
        runtime,
        Notice.PROGRESS,
        ticket=ticket,
        person=person,
        entry_id=entry_id,
        parent=parent,
        context=context,
        now=now,
    )


def tell_participant(
    connection: Connection,
    runtime: Runtime,
    happening: Happening,
    *,
    ticket: Ticket,
    person: Person,
    entry_id: int,
    changes: Sequence[Told],
    now: datetime,
) -> bool:
    """Write a mail to somebody who is on the ticket beside its reporter. False where they do not want it."""
    if manner_of(happening, Audience.PARTICIPANT, person.notices) is Manner.NOT:
        return False
    write_ticket_mail(
        connection,
        runtime,
        Notice.PARTICIPANT,
        ticket=ticket,
        person=person,
        entry_id=entry_id,
        parent=find_last_sent(connection, ticket_id=ticket.id, person_id=person.id),
        context={
            "subject": ticket.subject,
            "happening": happening.value,
            "changes": [dict(one) for one in changes],
        },
        now=now,
    )
    return True


def progress_values(delivery: Delivery, runtime: Runtime) -> dict[str, Any]:
    """What the template needs."""
    context, lang, project = delivery.context, Language(delivery.lang), runtime.project(delivery.project)
    zone = project.calendar.zone_info
    happening = context.get("happening", "")
    return {
        "ref": context["ref"],
        "url": ticket_url(runtime, context["ref"]),
        "text": context["text"],
        "lines": sentences(context["changes"], lang=lang, zone=zone),
        "happening": happening,
        "quote": context.get("quote", "").splitlines(),
        "quote_at": _when(context, "quote_at", lang, project),
        "closes_at": _day(context, "closes_at", lang, project),
        "asked": context.get("asked", "").splitlines(),
        "outcome": outcome_url(delivery, runtime) if happening == Happening.RESOLVED else "",
        "hotline": context.get("hotline"),
        "hours": say_week(project.calendar, lang=lang),
    }


def participant_values(delivery: Delivery, runtime: Runtime) -> dict[str, Any]:
    """What the template for people beside the reporter needs."""
    context, lang, project = delivery.context, Language(delivery.lang), runtime.project(delivery.project)
    return {
        "ref": context["ref"],
        "subject": context["subject"],
        "happening": context["happening"],
        "lines": sentences(context["changes"], lang=lang, zone=project.calendar.zone_info),
        "leave": leave_url(delivery, runtime),
    }


def is_a_letter(delivery: Delivery) -> bool:
    """True for a mail that a person wrote; every other one says that it is automatic (RFC 3834 section 5)."""
    return delivery.notice == Notice.PROGRESS and bool(delivery.context["text"])


def _when(context: Mapping[str, Any], name: str, lang: Language, project: Project) -> str:
    at = context.get(name)
    return say_when(datetime.fromisoformat(at), lang=lang, zone=project.calendar.zone_info) if at else ""


def _day(context: Mapping[str, Any], name: str, lang: Language, project: Project) -> str:
    at = context.get(name)
    return say_date(datetime.fromisoformat(at), lang=lang, zone=project.calendar.zone_info) if at else ""


def _closing(happening: Happening, project: Project, *, now: datetime) -> dict[str, str]:
    """When the ticket will be closed by itself, if nothing happens."""
    rules: FollowUpRules = project.follow_up
    days = {
        Happening.WAITING: rules.close_waiting_after,
        Happening.RESOLVED: rules.close_resolved_after,
    }.get(happening)
    at = None if days is None else after_working_days(now, days, calendar=project.calendar)
    return {} if at is None else {"closes_at": at.isoformat()}


def _hotline(connection: Connection, ticket: Ticket, project: Project, *, now: datetime) -> dict[str, Any]:
    """The number to call and the code to key in, for a ticket that may be called about."""
    if project.hotline is None or not may_be_called_about(ticket):
        return {}
    code = find_hotline_code(connection, ticket) or hotline_code_of(connection, ticket.id, now=now)
    return {"hotline": {"number": project.hotline, "code": f"{code[:4]} {code[4:]}"}}
