"""What the hotline must know, put where it needs nobody to read it: eligible tickets, the roster, the agents' numbers.

A ticket that may be called about gets its code here too, so that none is without one for longer than a beat.
"""

from sqlalchemy import Connection

from gateway.config.locations import signing_keys
from gateway.db.hotline import (
    eligible_tickets,
    hotline_code_of,
    list_shifts,
    n2_with_numbers,
    people_with_numbers,
)
from gateway.domain.calendar import MINUTES_A_DAY
from gateway.domain.duty import Shift
from gateway.domain.project import Project
from gateway.domain.ticket import Role
from gateway.hotline_snapshot import (
    Eligible,
    HotlineSnapshot,
    hash_code,
    hotline_key,
    snapshot_path,
    write_snapshot,
)
from gateway.runtime import Runtime
from gateway.services.current_project import overrides_in_force


def refresh_hotline(runtime: Runtime) -> HotlineSnapshot:
    """Write the snapshot from the database as it is now. Raises DatabaseTrouble, and then the last one stays."""
    now = runtime.clock.now()
    with runtime.database.reading() as connection:
        found = eligible_tickets(connection)
        shifts = {project.key: _shifts(connection, project) for project in runtime.settings.project_list}
        numbers = people_with_numbers(connection)
        overrides = overrides_in_force(connection, shifts)
    codes = {ticket.id: ticket.code for ticket in found}
    without = [ticket_id for ticket_id, code in codes.items() if code is None]
    if without:
        with runtime.database.transaction() as connection:
            codes |= {ticket_id: hotline_code_of(connection, ticket_id, now=now) for ticket_id in without}
    key = hotline_key(signing_keys(runtime.settings)[0])
    snapshot = HotlineSnapshot(
        made_at=now,
        codes={
            hash_code(codes[one.id], key): Eligible(ref=one.ref, project=one.project, since=one.created_at)
            for one in found
        },
        shifts=shifts,
        numbers=numbers,
        overrides=overrides,
    )
    write_snapshot(snapshot_path(runtime.where.data), snapshot)
    return snapshot


def _shifts(connection: Connection, project: Project) -> tuple[Shift, ...]:
    """The roster; without any, everybody of N2 who has a number is always on duty."""
    known = list_shifts(connection, project.key)
    if known:
        return tuple(known)
    configured = dict(project.teams).get(Role.N2, frozenset())
    everybody = n2_with_numbers(connection, project.key, configured)
    return tuple(
        Shift(person_id=person, position=position, start=0, end=MINUTES_A_DAY)
        for position, person in enumerate(everybody)
    )
