"""A reply typed on a ticket's page becomes an entry on its ticket, which it may wake."""

from sqlalchemy import Connection

from gateway.db.joint_reporters import reports
from gateway.db.people import Person
from gateway.db.ticket_facts import count_reopenings, follow_merges
from gateway.db.tickets import NewEntry, Ticket, add_entry, create_ticket, find_ticket
from gateway.domain.joining import Arrival, Joining, decide_joining
from gateway.domain.levels import Identity
from gateway.domain.ticket import Channel, Status
from gateway.runtime import Runtime
from gateway.services.enter_ticket import enter_ticket
from gateway.services.roles import actor_for
from gateway.services.wake_ticket import wake_ticket
from gateway.services.web_form import BadForm, Written, entry_of


def record_web_reply(connection: Connection, runtime: Runtime, written: Written) -> tuple[int, int]:
    """Put the reply on the ticket that survived any merges, or on a new one that follows it. Raises BadForm.

    Returns the ids of the ticket and of the entry.
    """
    return join_reply(connection, runtime, written, entry_of(written))


def join_reply(connection: Connection, runtime: Runtime, written: Written, entry: NewEntry) -> tuple[int, int]:
    """The same with `entry` as what is written down."""
    form, person = written.form, written.person
    named = None if form.ticket_id is None else find_ticket(connection, ticket_id=form.ticket_id)
    if named is None or not _is_theirs(connection, written, named):
        raise BadForm("the ticket and the person of this reply are not together")
    ticket = follow_merges(connection, named.id) or named
    joining, why = decide_joining(
        Arrival(at=form.at, automatic=False, from_agent=False, proved=True),
        status=Status(ticket.status),
        closed_at=ticket.closed_at,
        reopenings=count_reopenings(connection, ticket.id, now=form.at),
        rules=runtime.settings.intake.joining_rules,
    )
    written.trace.note("joining", joining, why)
    if joining is Joining.FOLLOW_UP:
        ticket = _follow(connection, ticket, written, person)
    entry_id = add_entry(connection, ticket.id, entry, written.files.kept)
    if joining in {Joining.REOPEN, Joining.RESUME}:
        wake_ticket(connection, ticket, joining=joining, author=person.email, now=form.at)
    return ticket.id, entry_id


def _is_theirs(connection: Connection, written: Written, ticket: Ticket) -> bool:
    actor = actor_for(connection, written.project, written.person.email, reporter=ticket.reporter)
    return actor.is_colleague or reports(connection, ticket, written.person.id)


def _follow(connection: Connection, closed: Ticket, written: Written, person: Person) -> Ticket:
    created = create_ticket(
        connection,
        project=closed.project,
        subject=closed.subject,
        lang=closed.lang,
        reporter_id=person.id,
        now=written.form.at,
        follows_id=closed.id,
    )
    return enter_ticket(connection, written.project, created, channel=Channel.WEB, identity=Identity.PROVEN)
