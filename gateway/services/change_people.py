"""Who is on a ticket beside its reporter: added and removed by somebody's word."""

from collections.abc import Sequence

from sqlalchemy import Connection

from gateway.db.change_participants import remove_participant, restore_participant
from gateway.db.participants import count_participants, find_participants
from gateway.db.people import get_or_create_person
from gateway.domain.arranging import may_change_people
from gateway.domain.change import NotAllowed
from gateway.domain.reasons import Reason
from gateway.domain.telling import Happening
from gateway.domain.ticket import Language
from gateway.errors import Refused
from gateway.jobs.doorbell import OUTBOX
from gateway.mail.address import is_address, normalise_address
from gateway.runtime import Runtime
from gateway.services.approach import Approach, approach
from gateway.services.seen_version import Version, require_seen
from gateway.services.tell_people import tell_participant_of
from gateway.services.tell_reporter import note_happening

_SAID = {
    Language.FR: {
        Happening.ADDED: "Ajouté à la demande : {people}",
        Happening.REMOVED: "Retiré de la demande : {people}",
    },
    Language.EN: {Happening.ADDED: "Put on the ticket: {people}", Happening.REMOVED: "Taken off the ticket: {people}"},
}


def change_people(
    runtime: Runtime,
    *,
    ref: str,
    by: str,
    add: Sequence[str] = (),
    remove: Sequence[str] = (),
    version: Version | None = None,
) -> list[str]:
    """Add and remove people by their addresses, all of it or nothing; who is then on the ticket, in order.

    What is so already is no fault. Somebody who was removed does not come back by being copied. Raises NotFound where
    there is no such ticket for this person, NotAllowed, Refused for an address that is none or one too many, and
    ChangedMeanwhile where `version` is no longer the ticket's.
    """
    added, removed = _addresses(add), _addresses(remove)
    with runtime.database.transaction() as connection:
        found = approach(connection, runtime, ref=ref, by=by)
        found.require_sight()
        require_seen(connection, found.ticket.id, version, by=by)
        if fault := may_change_people(found.actor, found.place):
            raise NotAllowed(fault)
        _check(found, added, removed)
        _apply(connection, runtime, found, Happening.REMOVED, removed)
        _apply(connection, runtime, found, Happening.ADDED, added)
        most = runtime.settings.intake.max_participants
        if added and count_participants(connection, found.ticket.id) > most:
            raise Refused(Reason.PEOPLE_TOO_MANY(count=most))
        people = sorted(find_participants(connection, found.ticket.id))
    runtime.doorbell.ring_soon(OUTBOX)
    return people


def _check(found: Approach, added: Sequence[str], removed: Sequence[str]) -> None:
    if not added and not removed:
        raise NotAllowed(Reason.NOTHING_CHANGES())
    if both := set(added) & set(removed):
        raise Refused(Reason.ADDED_AND_REMOVED(address=", ".join(sorted(both))))
    if found.ticket.reporter in removed:
        raise NotAllowed(Reason.REPORTER_STAYS(address=found.ticket.reporter))
    for address in added:
        if address in found.project.every_address:
            raise Refused(Reason.OWN_ADDRESS(address=address))


def _addresses(texts: Sequence[str]) -> list[str]:
    addresses = list(dict.fromkeys(normalise_address(text) for text in texts))
    for address in addresses:
        if not is_address(address):
            raise Refused(Reason.NO_ADDRESS(address=address))
    return addresses


def _apply(
    connection: Connection, runtime: Runtime, found: Approach, happening: Happening, addresses: Sequence[str]
) -> None:
    """Add or remove them; who was not so before is on the timeline, and is told."""
    now, ticket = runtime.clock.now(), found.ticket
    change = restore_participant if happening is Happening.ADDED else remove_participant
    people = [
        get_or_create_person(connection, email=address, name="", now=now)
        for address in addresses
        if address != ticket.reporter
    ]
    changed = [person for person in people if change(connection, ticket_id=ticket.id, person_id=person.id, now=now)]
    if not changed:
        return
    doer, names = found.person(connection, runtime), [person.email for person in changed]
    text = _SAID[found.project.language][happening].format(people=", ".join(names))
    entry_id = note_happening(
        connection, ticket=ticket, doer=doer, text=text, event=happening.value, now=now, people=names
    )
    for person in changed:
        tell_participant_of(connection, runtime, ticket, happening, person=person, by=doer, entry_id=entry_id)
