"""Erasing a person: from the database, the archive, quarantine, sent files, recordings here and at the provider, logs.

What only another machine can erase is asked of it (`gateway.services.erase_here`), and done when it next can.

First the provider, then the files, the database last: until its transaction is committed it still knows whom to look
for, so an erasure that was interrupted is begun again and finds the rest. What stays is a pseudonym drawn by chance,
by which tickets and calls are still counted, and the proof: how much was erased where, and not who.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection, select

from gateway.db.calls import call_messages
from gateway.db.compact import compact
from gateway.db.erasures import add_erasure
from gateway.db.machines import list_set_aside
from gateway.db.schema import metadata
from gateway.db.tickets import entries
from gateway.domain.audit import AuditAction
from gateway.errors import Conflict, NotFound, Refused
from gateway.files.store import sound_name
from gateway.runtime import Runtime
from gateway.services.audit import record_audit
from gateway.services.data_subject import DataSubject
from gateway.services.erase_here import ask_the_others, erase_here, sent_names
from gateway.services.erase_rows import erase_receipts, erase_rows
from gateway.services.find_subject import find_subject
from gateway.services.personal_data import INVENTORY
from gateway.services.personal_files import (
    ArchivePlan,
    logs_let_go,
    look_through_archive,
    redact_archive,
    waiting_entries,
)
from gateway.services.raw_mail import forget_raw
from gateway.services.refresh_hotline import refresh_hotline

ForgetRecording = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Erasure:
    """The proof. `counts` are by store; `asked` are the machines that have yet to do their part.

    `is_compact` is False where the database could not be written anew.
    """

    number: int
    pseudonym: str
    counts: Mapping[str, int]
    asked: Sequence[str]
    is_compact: bool


def erase_person(
    runtime: Runtime, email: str, *, forget_recording: ForgetRecording | None, by: int | None = None
) -> Erasure:
    """Erase whoever has this (normalised) address. `forget_recording` asks the provider; None where there is none.

    Raises Conflict while mail of theirs waits in the spool here, NotFound where nothing is kept about them as far as
    we can see, and what the provider raises, with nothing erased here. Raises StoreTrouble: begun again, it finds the
    rest.
    """
    with runtime.database.reading() as connection:
        subject = find_subject(connection, email)
        own, near, words = _raw_mails(connection, subject)
    waiting = waiting_entries(runtime, subject)
    if waiting:
        raise Conflict(f"{len(waiting)} entries in the spool name this person: `gateway wait-idle`, then once more")
    if not logs_let_go(runtime, subject):
        raise Conflict("mail comes in without a pause, and a log of the spool still names this person: once more later")
    plan = look_through_archive(runtime, subject, own=own, near=near, words=words)
    subject = replace(subject, names=subject.names | plan.names, mails=frozenset(plan.own))
    with runtime.database.reading() as connection:
        # What others have in quarantine cannot be looked through here, and may be theirs.
        if not (plan.own or plan.naming or _is_known(connection, subject) or _others_have_some(connection, runtime)):
            raise NotFound("nothing is kept about this address")
        sent = sent_names(connection, subject)
    files = _forget_recordings(runtime, subject, forget_recording)
    with runtime.database.transaction() as connection:
        erase_receipts(connection, subject)
    files |= _forget_mails(runtime, plan) | erase_here(runtime, subject, sent=sent)
    moved = redact_archive(runtime, subject, plan.naming)
    with runtime.database.transaction() as connection:
        rows = erase_rows(connection, subject, gone=plan.gone, moved=moved)
        counts = {name: count for name, count in files.items() if count} | {
            f"table {name}": count for name, count in rows.items()
        }
        record_audit(
            connection,
            at=runtime.clock.now(),
            actor_id=by,
            action=AuditAction.PERSON_ERASED,
            subject=subject.pseudonym,
            person_id=subject.person_id,
            detail={"rows": sum(rows.values())},
        )
        number = add_erasure(connection, at=runtime.clock.now(), pseudonym=subject.pseudonym, counts=counts)
        asked = ask_the_others(connection, runtime, subject, sent=sent, erasure=number)
    for old in moved:
        forget_raw(runtime.files, old)
    refresh_hotline(runtime)
    is_compact = compact(runtime.database)
    return Erasure(number=number, pseudonym=subject.pseudonym, counts=counts, asked=asked, is_compact=is_compact)


def _raw_mails(connection: Connection, subject: DataSubject) -> tuple[set[str], set[str], list[str]]:
    """Sums of their own raw mails by their entries, of those on the same tickets, and what they wrote."""
    touched = entries.c.ticket_id.in_(sorted(subject.touched))
    rows = connection.execute(select(entries).where(touched)).all()
    own = {row.raw_sha256 for row in rows if row.id in subject.authored and row.raw_sha256}
    near = {row.raw_sha256 for row in rows if row.id not in subject.authored and row.raw_sha256}
    return own - near, near, [row.text for row in rows if row.id in subject.authored]


def _is_known(connection: Connection, subject: DataSubject) -> bool:
    return any(
        connection.execute(select(metadata.tables[name]).where(care.theirs(subject)).limit(1)).first() is not None
        for name, care in INVENTORY.items()
        if care.theirs is not None and name in metadata.tables
    )


def _others_have_some(connection: Connection, runtime: Runtime) -> bool:
    return bool(list_set_aside(connection, but=runtime.machine))


def _forget_recordings(runtime: Runtime, subject: DataSubject, forget: ForgetRecording | None) -> dict[str, int]:
    """Let the provider forget what it still has, and delete the sounds that we have."""
    with runtime.database.reading() as connection:
        query = select(call_messages).where(call_messages.c.call_id.in_(sorted(subject.calls)))
        rows = connection.execute(query).all()
    there = [row.recording_id for row in rows if row.deleted_at is None]
    if forget is None and there:
        raise Refused(
            f"the provider may still have {len(there)} recordings, and no account is configured to ask it by:"
            " set telephony.account_sid and its token"
        )
    for recording_id in there:
        assert forget is not None, "or it was refused"
        forget(recording_id)
    sounds = sum(runtime.files.forget(sound_name(row.sha256)) for row in rows if row.sha256)
    return {"recordings at the provider": len(there), "recordings here": sounds}


def _forget_mails(runtime: Runtime, plan: ArchivePlan) -> dict[str, int]:
    return {
        "raw mails": sum(forget_raw(runtime.files, digest) for digest in plan.own),
        "raw mails of others that quote them": sum(forget_raw(runtime.files, one) for one in plan.quoting),
        "raw mails of others, overwritten": len(plan.naming),
    }
