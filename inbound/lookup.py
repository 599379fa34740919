"""The ticket that a mail belongs to: its clues, what the database knows of the tickets, the choice by `matching`."""

from sqlalchemy import Connection

from gateway.db.participants import Presence, find_known_ids, find_presences
from gateway.db.tickets import find_ticket
from gateway.runtime import Runtime
from gateway.services.mail_item import MailItem
from gateway.services.sight import seen_by
from inbound.clues import Clue, address_clues, id_clues, mark_clues, referenced_ids, subject_clues, subject_tags
from inbound.matching import Asker, Matching, Standing, TicketFacts, choose_ticket
from inbound.recipients import delivered_to
from inbound.sender import Sender


def look_up(connection: Connection, runtime: Runtime, item: MailItem, sender: Sender) -> Matching:
    """The ticket, or none; why is in the item's trace."""
    clues = _clues(connection, runtime, item)
    presences = find_presences(connection, {clue.ticket_id for clue in clues}, email=sender.mailbox.address)
    seen = seen_by(connection, presences if sender.claims_agent else (), roles=sender.roles)
    facts = {
        ticket_id: TicketFacts(
            project=presence.project,
            standing=_standing(presence, sender, sees_it=ticket_id in seen),
            is_hidden=_is_hidden(presence, sender, sees_it=ticket_id in seen),
        )
        for ticket_id, presence in presences.items()
    }
    person_id = next((presence.person_id for presence in presences.values()), None)
    asker = Asker(project=item.project.key, address=sender.mailbox.address, person_id=person_id)
    return choose_ticket(clues, facts, asker, trace=item.trace)


def _clues(connection: Connection, runtime: Runtime, item: MailItem) -> list[Clue]:
    today, signer = item.envelope.received_at.date(), runtime.signer
    ids = referenced_ids(item.message)
    known = find_known_ids(connection, [ident for ident, _ in ids])
    clues: list[Clue] = [
        *address_clues(delivered_to(item.envelope, item.message), signer, today=today),
        *id_clues(ids, known, signer, today=today),
        *mark_clues(item.message, signer, today=today),
    ]
    for tag in subject_tags(item.message):
        ticket = find_ticket(connection, ref=tag)
        if ticket is not None:
            clues += subject_clues(ticket.id)
    return clues


def _is_hidden(presence: Presence, sender: Sender, *, sees_it: bool) -> bool:
    """Must this sender not see the ticket? An agent of other levels, and whoever was taken off it."""
    if sees_it or presence.is_on_it:
        return False
    return sender.claims_agent or presence.is_taken_off


def _standing(presence: Presence, sender: Sender, *, sees_it: bool) -> Standing:
    """An agent is one where the mail is proved to be theirs, on what they may see; else nobody at all is less."""
    if sender.claims_agent and not sender.proved:
        return Standing.SUSPECT
    if sees_it:
        return Standing.PROVED
    if not presence.is_on_it:
        return Standing.STRANGER
    return Standing.PROVED if sender.proved else Standing.PARTICIPANT
