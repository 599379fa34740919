"""An act on a ticket by a program, which says what it knew of the ticket (the version that it was given with it).

Where anything was written or changed since, by whomever, nothing is done: unless it is the program's own words sent
again because no answer came, which are taken once.
"""

from gateway.db.tickets import Ticket
from gateway.domain.change import Change
from gateway.domain.reasons import Reason
from gateway.domain.rights import may_see
from gateway.domain.ticket import Channel, is_reference
from gateway.errors import Conflict, NotFound
from gateway.jobs.doorbell import OUTBOX
from gateway.runtime import Runtime
from gateway.services.approach import approach
from gateway.services.change_ticket import apply_change
from gateway.services.desk_act import require_unchanged
from gateway.services.program_look import NO_TICKET, version_now
from gateway.services.seen_version import Version


class Stale(Conflict):
    """The ticket is not as the program knew it."""


def act_by_program(runtime: Runtime, *, ref: str, change: Change, by: str, version: Version | None) -> Ticket:
    """Do it, and return the ticket as it then is. `version` None: however it stands.

    Raises Stale; NotFound where there is no such ticket for them; NotAllowed with every reason.
    """
    if not is_reference(ref):
        raise NotFound(NO_TICKET)
    with runtime.database.transaction() as connection:
        found = approach(connection, runtime, ref=ref, by=by)
        if may_see(found.actor, found.place):
            raise NotFound(NO_TICKET)
        if version is not None and version != version_now(connection, found.ticket.id):
            if require_unchanged(connection, found.ticket.id, change, by=by, version=version):
                return found.ticket
            raise Stale(Reason.CHANGED_MEANWHILE())
        changed = apply_change(connection, runtime, ref=ref, change=change, by=by, channel=Channel.WEB)
    runtime.doorbell.ring_soon(OUTBOX)
    return changed.ticket
