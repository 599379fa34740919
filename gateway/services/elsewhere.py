"""What other machines have set aside, and asking them for an act on it; they do it within seconds."""

from gateway.db.engine import DatabaseTrouble
from gateway.db.machines import SetAside, give_order, list_set_aside
from gateway.domain.reasons import Reason
from gateway.errors import Conflict, NotFound
from gateway.runtime import Runtime


def set_aside_elsewhere(runtime: Runtime) -> list[SetAside]:
    """What the other machines have in quarantine, as they last said, oldest first. Raises DatabaseTrouble."""
    with runtime.database.reading() as connection:
        return list_set_aside(connection, but=runtime.machine)


def find_elsewhere(runtime: Runtime, spool_id: str) -> SetAside | None:
    """The entry with this id, where another machine has it; None too while the database is away."""
    try:
        found = set_aside_elsewhere(runtime)
    except DatabaseTrouble:
        return None
    return next((one for one in found if one.spool_id == spool_id), None)


def ask_its_machine(runtime: Runtime, spool_id: str, *, act: str, reason: str = "") -> str:
    """Ask the machine that has an entry to replay or discard it; the machine's name.

    Raises NotFound where no other machine has it, Conflict where somebody asked before.
    """
    one = find_elsewhere(runtime, spool_id)
    if one is None:
        raise NotFound("there is no such entry in quarantine")
    with runtime.database.transaction() as connection:
        if not give_order(connection, one, act=act, reason=reason):
            raise Conflict(Reason.ASKED_ALREADY(machine=one.machine))
    return one.machine
