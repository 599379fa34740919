"""The caps on what we answer by ourselves: acknowledgements, and refusals of what agents ordered, counted as one."""

from sqlalchemy import Connection

from gateway.db.daily_counts import count_once, counts_of, read_counts
from gateway.db.together import Question
from gateway.domain.trace import Said, Trace
from gateway.mail.address import domain_of, mailbox_key
from gateway.runtime import Runtime

_SAYING = {
    "address": "{count} acknowledgements to this address today",
    "domain": "{count} acknowledgements to this domain today",
    "all": "{count} acknowledgements in all today",
}


def cap_reached(connection: Connection, runtime: Runtime, trace: Trace, *, recipient: str) -> str:
    """Which cap forbids one more automatic answer to this address today (UTC); "" where none does."""
    caps = _caps(runtime, recipient)
    counts = read_counts(connection, tuple(caps), day=runtime.clock.now().date())
    for scope, cap in caps.items():
        kind = scope.partition(":")[0]
        reached = counts[scope] >= cap
        trace.note(
            f"cap {kind}",
            "reached" if reached else "below",
            Said("{count} of {cap} today", count=counts[scope], cap=cap),
        )
        if reached:
            return Said(_SAYING[kind], count=counts[scope])
    return ""


def counted(runtime: Runtime, recipient: str) -> Question:
    """What `cap_reached` asks."""
    return counts_of(tuple(_caps(runtime, recipient)), day=runtime.clock.now().date())


def count_answer(connection: Connection, runtime: Runtime, *, recipient: str) -> None:
    """Count an automatic answer that goes to this address."""
    count_once(connection, list(_caps(runtime, recipient)), day=runtime.clock.now().date())


def _caps(runtime: Runtime, recipient: str) -> dict[str, int]:
    mail = runtime.settings.mail
    return {
        f"address:{mailbox_key(recipient)}": mail.acknowledgements_per_day,
        f"domain:{domain_of(recipient)}": mail.acknowledgements_per_domain,
        "all": mail.acknowledgements_in_all,
    }
