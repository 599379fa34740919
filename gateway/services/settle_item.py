"""A person's word about what could not be filed by rule: a discarded entry stays on record and in the archive."""

import json
from collections.abc import Collection, Sequence

from sqlalchemy import Connection

from gateway.db.receipts import Receipt, Verdict, add_receipt, find_receipts
from gateway.db.tickets import find_ticket
from gateway.domain.audit import AuditAction
from gateway.domain.project import Project
from gateway.files.store import settle_all
from gateway.mail.address import normalise_address, split_detail
from gateway.runtime import Runtime
from gateway.services.audit import record_audit
from gateway.spool.entry import Lane, SpoolEntry


def discard_quarantined(runtime: Runtime, spool_id: str, *, reason: str, by: int | None = None) -> list[Receipt]:
    """Record an entry in quarantine as discarded in each project that it was for, then remove it. `by` is None for the
    shell.

    An entry that is on record already (its worker died after the filing, or an earlier discard was interrupted) is
    removed and its receipts stay as they are; they are returned, nothing otherwise. Raises NotFound, DamagedEntry,
    StoreTrouble.
    """
    entry = runtime.spool.quarantine.find(spool_id)
    runtime.archive.keep(entry)
    settle_all(runtime.files)
    with runtime.database.transaction() as connection:
        earlier = [receipt for receipt in find_receipts(connection, entry.id) if receipt.spool_id == entry.id]
        if not earlier:
            for key in projects_of(connection, entry, runtime.settings.project_list):
                add_receipt(connection, _discarded(entry, runtime, project=key, reason=reason))
                record_audit(
                    connection,
                    at=runtime.clock.now(),
                    actor_id=by,
                    action=AuditAction.ASIDE_DISCARDED,
                    subject=entry.id,
                    project=key,
                    detail={"reason": reason},
                )
    runtime.spool.quarantine.remove(spool_id)
    return earlier


def projects_of(connection: Connection, entry: SpoolEntry, projects: Sequence[Project]) -> list[str]:
    """The projects that an entry was for: its form's or ticket's, or those of its recipients, or else the first.

    Nothing but the envelope of a mail is read: what is in quarantine may be what nothing of ours can take apart.
    """
    if entry.lane is Lane.WEB:
        keys = _project_of_form(connection, entry, [project.key for project in projects])
    else:
        named = {split_detail(normalise_address(str(address)))[0] for address in entry.envelope.get("rcpt_tos", ())}
        keys = [project.key for project in projects if named.intersection(project.every_address)]
    return keys or [projects[0].key]


def _project_of_form(connection: Connection, entry: SpoolEntry, known: Collection[str]) -> list[str]:
    """That of the ticket that it was sent for, or the one that a report names."""
    if (key := entry.envelope.get("project")) in known:
        return [str(key)]
    try:
        named = entry.envelope if "form" in entry.envelope else json.loads(entry.payload)
        ticket = find_ticket(connection, ticket_id=int(named["ticket_id"]))
    except (ValueError, KeyError, TypeError):
        return []
    return [] if ticket is None else [ticket.project]


def _discarded(entry: SpoolEntry, runtime: Runtime, *, project: str, reason: str) -> Receipt:
    return Receipt(
        spool_id=entry.id,
        lane=entry.lane,
        project=project,
        fingerprint=None,
        message_id=None,
        sha256=entry.sha256,
        verdict=Verdict.DISCARDED,
        reason=reason,
        ticket_id=None,
        entry_id=None,
        trace=[{"rule": "a person's word", "outcome": "discarded", "evidence": reason[:200]}],
        envelope=dict(entry.envelope),
        accepted_at=entry.accepted_at,
        filed_at=runtime.clock.now(),
    )
