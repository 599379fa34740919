"""A ticket that begins with a call: on a hotline that takes anybody, or by an agent's hand from a voice message.

A caller's number pre-fills who it may be, and proves nothing: where exactly one known person has it, the ticket is
theirs; otherwise it is nobody's whom we could write to, and an agent who learns the address says so on the ticket.
"""

from datetime import datetime

from sqlalchemy import Connection

from gateway.db.hotline import find_person_by_number
from gateway.db.people import Person, get_or_create_person
from gateway.db.suppressions import never_write_to
from gateway.db.tickets import Ticket, create_ticket
from gateway.domain.levels import Identity
from gateway.domain.project import Project
from gateway.domain.ticket import Channel, Language
from gateway.services.enter_ticket import enter_ticket

_SUBJECTS = {
    Language.FR: "Appel téléphonique du {:%d/%m/%Y à %H:%M}",
    Language.EN: "Telephone call of {:%d/%m/%Y, %H:%M}",
}
_NO_ADDRESS = "a caller whose address is not known"


def open_phone_ticket(
    connection: Connection,
    project: Project,
    *,
    reporter: Person,
    lang: Language,
    began_at: datetime,
    subject: str = "",
) -> Ticket:
    """A new ticket of somebody who called, at the level that a call may reach; `subject` is an agent's, if any."""
    usual = _SUBJECTS[lang].format(began_at.astimezone(project.calendar.zone_info))
    created = create_ticket(
        connection,
        project=project.key,
        subject=subject.strip() or usual,
        lang=lang,
        reporter_id=reporter.id,
        now=began_at,
    )
    return enter_ticket(connection, project, created, channel=Channel.PHONE, identity=Identity.UNKNOWN)


def caller_as_reporter(connection: Connection, project: Project, number: str | None, *, now: datetime) -> Person:
    """The one person who is known to have this number; else somebody by telephone, whom nothing is sent to."""
    known = None if number is None else find_person_by_number(connection, number)
    if known is not None:
        return known
    # A domain that is nobody's (RFC 2606), and no mail is tried to it.
    address = f"telephone@{project.key.lower()}.invalid"
    never_write_to(connection, address, reason=_NO_ADDRESS, now=now)
    return get_or_create_person(connection, email=address, name="Téléphone", now=now)
