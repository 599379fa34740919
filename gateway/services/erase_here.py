"""Erasing what of a person only this machine can: its quarantine, the mail that it sent into files, its logs.

The others are asked for theirs by a row, in the transaction that erases the person from the database: either both are
so or neither. Each does its part at a beat of its timetable, once what waits in its spool has been filed and its
doors' logs are retired, and may do it twice. One that is away does it when it is back.
"""

import json
from collections.abc import Sequence

import structlog
from sqlalchemy import Connection, select

from gateway.db.erasures import ErasureAsk, ask_to_erase, end_ask, list_asks
from gateway.db.machines import list_machines
from gateway.db.outbox import deliveries
from gateway.runtime import Runtime
from gateway.services.data_subject import DataSubject
from gateway.services.find_subject import find_subject
from gateway.services.personal_files import clean_logs, clean_quarantine, forget_sent, is_in_a_log, waiting_entries
from gateway.services.seal import seal, unseal

_PURPOSE = b"gateway erasure asked of a machine"

log = structlog.get_logger()


def sent_names(connection: Connection, subject: DataSubject) -> list[str]:
    """The names, without their ending, of the files of mail that was sent to them or about their tickets."""
    theirs = deliveries.c.recipient == subject.email
    if subject.person_id is not None:
        theirs |= deliveries.c.person_id == subject.person_id
    theirs |= deliveries.c.ticket_id.in_(sorted(subject.touched))
    return [
        f"{row.created_at:%Y%m%dT%H%M%SZ}-{row.id:06d}" for row in connection.execute(select(deliveries).where(theirs))
    ]


def erase_here(runtime: Runtime, subject: DataSubject, *, sent: Sequence[str]) -> dict[str, int]:
    """Erase what is on this machine alone; how much, by store. `sent` are names of files of mail."""
    deleted, cleaned = clean_quarantine(runtime, subject)
    return {
        "quarantine": deleted,
        "quarantine, overwritten": cleaned,
        "sent files": forget_sent(runtime, subject, sent),
        "logs, overwritten": clean_logs(runtime, subject),
    }


def ask_the_others(
    connection: Connection, runtime: Runtime, subject: DataSubject, *, sent: Sequence[str], erasure: int
) -> list[str]:
    """Ask every other machine for its part in this erasure; their names."""
    others = [one.name for one in list_machines(connection) if one.name != runtime.machine]
    known = {
        "email": subject.email,
        "pseudonym": subject.pseudonym,
        "person_id": subject.person_id,
        "names": sorted(subject.names),
        "phones": sorted(subject.phones),
        "sent": list(sent),
    }
    sealed = seal(runtime.settings, _PURPOSE, json.dumps(known).encode())
    ask_to_erase(connection, erasure, machines=others, sealed=sealed)
    return others


def do_asked_erasures(runtime: Runtime) -> int:
    """Do our part in the erasures that were made elsewhere; how many were done. Raises DatabaseTrouble."""
    with runtime.database.reading() as connection:
        asks = list_asks(connection, machine=runtime.machine)
    return sum(_do(runtime, ask) for ask in asks)


def _do(runtime: Runtime, ask: ErasureAsk) -> bool:
    content = None if ask.sealed is None else unseal(runtime.settings, _PURPOSE, ask.sealed)
    if content is None:
        log.warning("erasure.cannot_be_read", erasure=ask.erasure_id)
        return False
    known = json.loads(content)
    subject = DataSubject(
        email=known["email"],
        pseudonym=known["pseudonym"],
        person_id=known["person_id"],
        names=frozenset(known["names"]),
        phones=frozenset(known["phones"]),
    )
    # What waits will be filed, with its mail in the archive and its rows: then the person is known again.
    if waiting_entries(runtime, subject) or is_in_a_log(runtime, subject):
        log.info("erasure.waits_for_the_spool", erasure=ask.erasure_id)
        return False
    counts = {name: count for name, count in erase_here(runtime, subject, sent=known["sent"]).items() if count}
    with runtime.database.transaction() as connection:
        found = find_subject(connection, subject.email)
        is_known = found.person_id is not None or bool(found.authored)
        end_ask(connection, ask.id, at=runtime.clock.now(), counts=counts, is_known_again=is_known)
    log.info("erasure.done", erasure=ask.erasure_id)
    return True
