"""Two tickets have to do with each other: each names the other, for agents."""

from gateway.db.ticket_links import link
from gateway.domain.arranging import may_link
from gateway.domain.change import NotAllowed
from gateway.domain.reasons import Reason
from gateway.domain.ticket import Language
from gateway.runtime import Runtime
from gateway.services.approach import approach_all
from gateway.services.seen_version import Version, require_seen
from gateway.services.tell_reporter import note_happening

_LINKED = {Language.FR: "Lié à {ref} : {subject}", Language.EN: "Linked to {ref}: {subject}"}
_LINKED_ELSEWHERE = {Language.FR: "Lié à {ref}", Language.EN: "Linked to {ref}"}


def link_tickets(runtime: Runtime, *, ref: str, other: str, by: str, version: Version | None = None) -> bool:
    """Link the two, of whatever projects. False where they are linked already, and then nothing is written.

    Raises NotFound where one is no ticket for this person, NotAllowed with the reason, ChangedMeanwhile where
    `version` is no longer that of `ref`.
    """
    with runtime.database.transaction() as connection:
        both = approach_all(connection, runtime, refs=[ref, other], by=by)
        for found in both:
            found.require_sight()
            if fault := may_link(found.actor):
                raise NotAllowed(fault)
        one, two = both
        require_seen(connection, one.ticket.id, version, by=by)
        if one.ticket.id == two.ticket.id:
            raise NotAllowed(Reason.LINKED_TO_ITSELF())
        now, doer = runtime.clock.now(), one.person(connection, runtime)
        if not link(connection, one.ticket.id, two.ticket.id, author_id=doer.id, now=now):
            return False
        for here, there in ((one, two), (two, one)):
            # Who reads this need not work for the other project: its subject stays there.
            said = _LINKED if here.project.key == there.project.key else _LINKED_ELSEWHERE
            text = said[here.project.language].format(ref=there.ticket.ref, subject=there.ticket.subject)
            note_happening(
                connection, ticket=here.ticket, doer=doer, text=text, event="linked", now=now, ref=there.ticket.ref
            )
    return True
