"""The links in our mails. They are made when a mail is written out, so that no row of the outbox holds one."""

from datetime import date, timedelta

from gateway.db.outbox import Delivery
from gateway.mail.tokens import Purpose
from gateway.runtime import Runtime

OUTCOME_DAYS = 60
"""How long "it works" and "not solved" can be said by the links of a mail."""


def ticket_url(runtime: Runtime, ref: str) -> str:
    """The ticket's page, for who may see it."""
    return f"{runtime.settings.http.base_url}/tickets/{ref}"


def outcome_url(delivery: Delivery, runtime: Runtime) -> str:
    """The page on which the person says whether it works; bound to them, the ticket, and this solution of it."""
    numbers = (delivery.ticket_id or 0, delivery.person_id, delivery.entry_id or 0)
    token = runtime.signer.sign(Purpose.OUTCOME, *numbers, today=delivery.created_at.date())
    return f"{runtime.settings.http.base_url}/outcome/{token}"


def leave_url(delivery: Delivery, runtime: Runtime) -> str:
    """The page on which the person asks to be left out of the ticket."""
    numbers = (delivery.ticket_id or 0, delivery.person_id)
    token = runtime.signer.sign(Purpose.LEAVE, *numbers, today=delivery.created_at.date())
    return f"{runtime.settings.http.base_url}/leave/{token}"


def read_outcome(runtime: Runtime, token: str, *, today: date) -> tuple[int, int, int]:
    """Ticket, person and the entry that said it was resolved. Raises BadToken, also for one that is too old."""
    lifetime = timedelta(days=OUTCOME_DAYS)
    ticket_id, person_id, entry_id = runtime.signer.verify(Purpose.OUTCOME, token, today=today, lifetime=lifetime)
    return ticket_id, person_id, entry_id


def read_leave(runtime: Runtime, token: str, *, today: date) -> tuple[int, int]:
    """Ticket and person. Raises BadToken."""
    ticket_id, person_id = runtime.signer.verify(Purpose.LEAVE, token, today=today)
    return ticket_id, person_id
