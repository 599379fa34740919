"""Text messages with the platform's address, for callers who were not put through and asked for one.

Each is sent once: a try is written down before it begins, and after one that ended in doubt the provider is asked
first whether it has the message. One that could not be sent within the hour is of no use any more.
"""

import time
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import Row

from gateway.db.call_texts import begin_text, due_texts, move_text
from gateway.domain.ticket import Language
from gateway.errors import Deferred
from gateway.runtime import Runtime
from gateway.services.ticket_clocks import find_project
from telephony.messages import account_of
from telephony.prompts import prompt
from telephony.provider import Account, NoMessage, NotYet, TextMessage, find_text, send_text
from telephony.snapshot import may_text

USEFUL = timedelta(hours=1)
WAIT = timedelta(seconds=30)
"""Until the next try; by then the provider's list shows what it took."""

_SKEW = timedelta(minutes=5)  # by which the provider's clock may be behind ours

log = structlog.get_logger()


def send_due(runtime: Runtime, *, deadline: float) -> int:
    """Send what is due until `time.monotonic()` passes `deadline`; how many were looked at."""
    account, sender = account_of(runtime), runtime.settings.telephony.text_sender
    if account is None or sender is None:
        return 0
    with runtime.database.reading() as connection:
        due = due_texts(connection, now=runtime.clock.now())
    done = 0
    for row in due:
        if time.monotonic() > deadline:
            break
        done += _work(runtime, account, sender, row)
    return done


def _work(runtime: Runtime, account: Account, sender: str, row: Row[Any]) -> bool:
    now = runtime.clock.now()
    with runtime.database.transaction() as connection:
        if not begin_text(connection, row.id, now=now, again_at=now + WAIT):
            return False
    try:
        text = _text(runtime, sender, row)
        known = find_text(account, text, since=row.wanted_at - _SKEW) if row.attempts else None
        if known is None and now - row.wanted_at > USEFUL:
            raise NoMessage("it could not be sent in time")
        sid = known or send_text(account, text)
    except NoMessage as error:
        _move(runtime, row, {"state": "refused", "error": str(error)})
        log.warning("text.refused", text_id=row.id, reason=str(error))
    except (NotYet, Deferred, OSError) as error:
        log.warning("text.deferred", text_id=row.id, error=type(error).__name__)
    else:
        _move(runtime, row, {"state": "sent", "message_id": sid})
        log.info("text.sent", text_id=row.id)
    return True


def _text(runtime: Runtime, sender: str, row: Row[Any]) -> TextMessage:
    """What is sent, the same at every try. Raises NoMessage for a number that gets none."""
    project = find_project(runtime, row.project) or runtime.settings.project_list[0]
    if row.caller is None or not may_text(runtime.settings.telephony, row.caller):
        raise NoMessage("that is no mobile's number")
    body = prompt(
        "text",
        Language(row.lang),
        project=project.name,
        platform=runtime.settings.http.base_url,
        address=project.address,
    )
    return TextMessage(sender=sender, to=row.caller, body=body)


def _move(runtime: Runtime, row: Row[Any], values: dict[str, Any]) -> None:
    with runtime.database.transaction() as connection:
        move_text(connection, row.id, values)
