"""Voice messages come home: fetched, checked, made durable, and only then forgotten at the provider.

Each step is written down before the next begins, and each may run twice: a crash anywhere is followed by the same
steps again. The proof of erasure is kept with the call: the recording's id, the sum of what we have, the moment.
"""

import time
from collections.abc import Mapping
from datetime import timedelta
from hashlib import sha256
from typing import Any

import structlog
from sqlalchemy import Connection, Row

from gateway.db.call_messages import begin_attempt, due_messages, move_message
from gateway.db.calls import CallKey, find_call, lock_call
from gateway.errors import Deferred
from gateway.files.store import content_of, settle_all, sound_name
from gateway.runtime import Runtime
from gateway.services.log_call import refresh_call
from telephony.provider import Account, NoMessage, NotYet, delete_recording, fetch_recording, seconds_of

MAX_ATTEMPTS = 20
TOLERANCE = 2.0
"""Seconds by which a sound may differ from what the provider said of it."""

_FIRST_WAIT, _LONGEST_WAIT = timedelta(seconds=5), timedelta(minutes=10)

log = structlog.get_logger()


def account_of(runtime: Runtime) -> Account | None:
    """The account that recordings are fetched from; None where the configuration names none."""
    telephony = runtime.settings.telephony
    if telephony.account_sid is None or not telephony.auth_tokens:
        return None
    return Account(base=telephony.api_base, sid=telephony.account_sid, secret=telephony.auth_tokens[0])


def fetch_due(runtime: Runtime, *, deadline: float) -> int:
    """Work off the messages that are due until `time.monotonic()` passes `deadline`; how many were looked at."""
    account = account_of(runtime)
    if account is None:
        return 0
    with runtime.database.reading() as connection:
        due = due_messages(connection, now=runtime.clock.now())
    done = 0
    for message in due:
        if time.monotonic() > deadline:
            break
        done += _work(runtime, account, message)
    return done


def wait_after(attempts: int) -> timedelta:
    """How long to wait after so many tries: 5 seconds, then twice as long each time, ten minutes at most."""
    doubled: timedelta = _FIRST_WAIT * (1 << min(attempts - 1, 10))
    return min(_LONGEST_WAIT, doubled)


def _work(runtime: Runtime, account: Account, message: Row[Any]) -> bool:
    now = runtime.clock.now()
    again_at = now + wait_after(message.attempts + 1)
    with runtime.database.transaction() as connection:
        if not begin_attempt(connection, message.id, now=now, again_at=again_at):
            return False
    try:
        if message.state == "wanted":
            _fetch(runtime, account, message)
        delete_recording(account, message.recording_id)
    except NoMessage as error:
        _move(runtime, message, {"state": "refused", "error": str(error)})
        log.warning("message.refused", recording=message.recording_id, reason=str(error))
    except (NotYet, Deferred, OSError) as error:
        if message.attempts + 1 >= MAX_ATTEMPTS and message.state == "wanted":
            _move(runtime, message, {"state": "failed", "error": str(error)})
        log.warning("message.deferred", recording=message.recording_id, error=type(error).__name__)
    else:
        _move(runtime, message, {"state": "kept", "deleted_at": runtime.clock.now(), "error": None})
        log.info("message.kept", recording=message.recording_id)
    return True


def _fetch(runtime: Runtime, account: Account, message: Row[Any]) -> None:
    sound = fetch_recording(account, message.recording_id)
    if abs(seconds_of(sound) - message.seconds) > TOLERANCE:
        raise NotYet("the sound is not as long as the provider said")
    digest = sha256(sound).hexdigest()
    runtime.files.put(sound_name(digest), content_of(sound))
    settle_all(runtime.files)
    stored: dict[str, Any] = {"state": "stored", "sha256": digest, "size": len(sound), "type": "audio/x-wav"}
    _move(runtime, message, {**stored, "fetched_at": runtime.clock.now()})


def _move(runtime: Runtime, message: Row[Any], values: Mapping[str, Any]) -> None:
    """Write down where a message is now, and let its call's entry say so."""
    with runtime.database.transaction() as connection:
        move_message(connection, message.id, values)
        _refresh(connection, runtime, message.call_id)


def _refresh(connection: Connection, runtime: Runtime, call_id: int) -> None:
    found = find_call(connection, str(call_id))
    if found is not None:
        key = CallKey(provider=found.provider, provider_id=found.provider_id)
        refresh_call(connection, runtime, lock_call(connection, key, now=found.started_at))
