"""An advisory is opened: in each project that it concerns, a ticket for its preventive work, told to the contacts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, update
from sqlalchemy.exc import IntegrityError

from gateway.db.advisories import (
    Advisory,
    NewAdvisory,
    add_advisory,
    add_advisory_ticket,
    find_advisory,
    list_advisory_tickets,
)
from gateway.db.people import Person, get_or_create_person
from gateway.db.ticket_events import record_events
from gateway.db.tickets import Ticket, create_ticket, find_ticket, tickets
from gateway.domain.advisory import WORKERS, Danger
from gateway.domain.change import NotAllowed
from gateway.domain.events import By, EventType, TicketEvent
from gateway.domain.project import Project
from gateway.domain.reasons import Reason, Why
from gateway.domain.telling import Happening
from gateway.domain.ticket import STAFF, Kind, Level
from gateway.errors import Conflict, NotFound, Refused
from gateway.jobs.doorbell import OUTBOX
from gateway.mail.address import is_address, normalise_address
from gateway.runtime import Runtime
from gateway.services.contacts import bring_contacts
from gateway.services.roles import roles_in
from gateway.services.tell_people import tell_people

_LONGEST = {"reference": 80, "title": 200, "touches": 500}
_NEEDED = {
    "reference": Reason.ADVISORY_REFERENCE,
    "title": Reason.ADVISORY_TITLE,
    "touches": Reason.ADVISORY_TOUCHES,
}


@dataclass(frozen=True, kw_only=True)
class Opened:
    """An advisory as it is on record: its tickets by project key, those that are new, and who was told, by project."""

    advisory: Advisory
    tickets: dict[str, str]
    new: tuple[str, ...]
    told: dict[str, tuple[str, ...]]


def open_advisory(
    runtime: Runtime, *, reference: str, title: str, touches: str, danger: Danger, projects: Sequence[str], by: str
) -> Opened:
    """Open it in these projects (keys). Where it is open in one of them already, nothing happens there.

    `reference` is what names it everywhere: a CVE, or what its publisher calls it. Raises NotFound for a project that
    there is not, NotAllowed where this person does not do preventive work in every one of them, Refused for an empty
    text and where the reference is that of another advisory, Conflict where somebody opens it at this moment.
    """
    new = _checked(reference=reference, title=title, touches=touches, danger=danger)
    try:
        with runtime.database.transaction() as connection:
            chosen = _projects(connection, runtime, projects, by=by)
            doer = get_or_create_person(connection, email=normalise_address(by), name="", now=runtime.clock.now())
            opened = _open(connection, runtime, new, chosen, doer)
    except IntegrityError:
        raise Conflict(Reason.ADVISORY_OPENING(reference=new.reference)) from None
    runtime.doorbell.ring_soon(OUTBOX)
    return opened


def _checked(*, reference: str, title: str, touches: str, danger: Danger) -> NewAdvisory:
    given = {"reference": reference, "title": title, "touches": touches}
    texts = {name: " ".join(text.split()) for name, text in given.items()}
    for name, text in texts.items():
        if not text:
            raise Refused(_NEEDED[name]())
        if len(text) > _LONGEST[name]:
            raise Refused(Reason.FIELD_TOO_LONG(field=name, count=_LONGEST[name]))
    return NewAdvisory(
        reference=texts["reference"].upper(), title=texts["title"], touches=texts["touches"], danger=danger.value
    )


def _projects(connection: Connection, runtime: Runtime, keys: Sequence[str], *, by: str) -> list[Project]:
    known = {project.key: project for project in runtime.settings.project_list}
    wanted = list(dict.fromkeys(key.upper() for key in keys))
    email = normalise_address(by)
    if not is_address(email):
        raise Refused(Reason.NO_ADDRESS(address=by))
    if not wanted:
        raise Refused(Reason.ADVISORY_PROJECTS())
    if missing := [key for key in wanted if key not in known]:
        raise NotFound(Reason.NO_PROJECT(project=", ".join(missing)))
    barred = [key for key in wanted if not roles_in(connection, known[key], email) & WORKERS]
    if barred:
        raise NotAllowed(Reason.ADVISORY_BY_WORKERS(project=", ".join(barred)))
    return [known[key] for key in wanted]


def _open(
    connection: Connection, runtime: Runtime, new: NewAdvisory, projects: Sequence[Project], doer: Person
) -> Opened:
    now = runtime.clock.now()
    advisory = find_advisory(connection, new.reference)
    if advisory is None:
        advisory = add_advisory(connection, new, author_id=doer.id, now=now)
    elif advisory.title != new.title:
        raise Refused(_other_title(connection, runtime, advisory, doer))
    known = list_advisory_tickets(connection, advisory.id)
    fresh = [project for project in projects if project.key not in known]
    told = {project.key: _concern(connection, runtime, advisory, project, doer, now=now) for project in fresh}
    return Opened(
        advisory=advisory,
        tickets=list_advisory_tickets(connection, advisory.id),
        new=tuple(project.key for project in fresh),
        told=told,
    )


def _other_title(connection: Connection, runtime: Runtime, advisory: Advisory, doer: Person) -> Why:
    """Why not; the title is named to who works for a project that it concerns, as it may tell of another customer."""
    concerned = list_advisory_tickets(connection, advisory.id)
    projects = (project for project in runtime.settings.project_list if project.key in concerned)
    if any(roles_in(connection, project, doer.email) & STAFF for project in projects):
        return Reason.ADVISORY_OPEN(reference=advisory.reference, title=advisory.title)
    return Reason.ADVISORY_OPEN_OTHERWISE(reference=advisory.reference)


def _concern(
    connection: Connection, runtime: Runtime, advisory: Advisory, project: Project, doer: Person, *, now: datetime
) -> tuple[str, ...]:
    """The project's ticket, with its contacts on it and told; their addresses."""
    ticket = _create(connection, advisory, project, doer, now=now)
    add_advisory_ticket(connection, advisory.id, project=project.key, ticket_id=ticket.id)
    contacts = bring_contacts(connection, runtime, project, ticket)
    change = {
        "what": "advisory",
        "value": "opened",
        "at": now.isoformat(),
        "reference": advisory.reference,
        "title": advisory.title,
        "touches": advisory.touches,
        "danger": advisory.danger,
    }
    tell_people(connection, runtime, ticket, Happening.STEP, changes=[change], by=doer, others=contacts)
    return tuple(person.email for person in contacts)


def _create(connection: Connection, advisory: Advisory, project: Project, doer: Person, *, now: datetime) -> Ticket:
    """A ticket for preventive work, before N2 from its beginning."""
    created = create_ticket(
        connection,
        project=project.key,
        subject=f"{advisory.reference} : {advisory.title}",
        lang=project.language,
        reporter_id=doer.id,
        now=now,
    )
    values = {"kind": Kind.PREVENTIVE, "level": Level.N2}
    connection.execute(update(tickets).where(tickets.c.id == created.id).values(**values))
    details = (("reference", advisory.reference),)
    events = [
        TicketEvent(type=EventType.CREATED, at=now, by=By.AGENT, author=doer.email),
        TicketEvent(
            type=EventType.KIND, at=now, by=By.AGENT, author=doer.email, value=Kind.PREVENTIVE, details=details
        ),
        TicketEvent(type=EventType.LEVEL, at=now, by=By.AGENT, author=doer.email, value=Level.N2),
    ]
    record_events(connection, created.id, events)
    ticket = find_ticket(connection, ticket_id=created.id)
    assert ticket is not None, "created in this transaction"
    return ticket
