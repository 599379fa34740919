"""A person's word about what could not be filed by rule: a discarded entry stays on record and in the archive."""

from gateway.db.receipts import Receipt, Verdict, add_receipt
from gateway.runtime import Runtime


def discard_quarantined(runtime: Runtime, spool_id: str, *, reason: str) -> None:
    """Record an entry in quarantine as discarded, then remove it. Raises NotFound, DamagedEntry."""
    entry = runtime.spool.quarantine.find(spool_id)
    runtime.archive.keep(entry)
    with runtime.database.transaction() as connection:
        add_receipt(
            connection,
            Receipt(
                spool_id=entry.id,
                lane=entry.lane,
                project=runtime.settings.project_list[0].key,
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
            ),
        )
    runtime.spool.quarantine.remove(spool_id)
