"""What the webhooks missed: the provider's own lists are compared with ours, and what is not there is filled in.

Looked at every five minutes, back to a quarter of an hour before the last look. A call whose end the provider has told
of is left as it is, so a second look changes nothing; what is filled in says that it came by this way.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from hashlib import sha256
from typing import Any

import structlog
from sqlalchemy import Connection

from gateway.db.calls import CallKey, events_of_call, find_call
from gateway.db.hotline import people_with_numbers
from gateway.db.leases import HeldLease, note_of, release_lease, take_lease, write_note
from gateway.domain.call import ENDED, CallEvent
from gateway.ids import random32
from gateway.runtime import Runtime
from gateway.services.log_call import log_event
from telephony.events import seconds
from telephony.messages import account_of
from telephony.numbers import read_number
from telephony.provider import Account, NotYet, list_resources

EVERY = timedelta(minutes=5)
OVERLAP = timedelta(minutes=15)
FIRST_LOOK = timedelta(days=1)
_LEASE = "reconcile"
_LONGEST = 120.0  # seconds; one who takes longer than a job may has died

log = structlog.get_logger()
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_Found = tuple[CallKey, CallEvent]


def reconcile_if_due(runtime: Runtime) -> int | None:
    """Compare unless that was done within five minutes, by whatever machine; how much was filled in, None where nothing
    was looked at."""
    account = account_of(runtime)
    if account is None or not _is_due(_last(runtime), runtime.clock.now()):
        return None
    with runtime.database.transaction() as connection:
        held = take_lease(connection, _LEASE, holder=f"{runtime.machine}/worker/{random32(8)}", seconds=_LONGEST)
    if held is None:
        return None
    try:
        return _compare(runtime, account, held)
    finally:
        with runtime.database.transaction() as connection:
            release_lease(connection, held)


def _compare(runtime: Runtime, account: Account, held: HeldLease) -> int | None:
    now, last = runtime.clock.now(), _last(runtime)
    if not _is_due(last, now):
        return None
    since = (last or now - FIRST_LOOK) - OVERLAP
    try:
        filled = reconcile(runtime, account, since=since)
    except NotYet as error:
        log.warning("reconcile.deferred", error=str(error))
        return None
    with runtime.database.transaction() as connection:
        write_note(connection, held, now.isoformat())
    return filled


def _last(runtime: Runtime) -> datetime | None:
    with runtime.database.reading() as connection:
        note = note_of(connection, _LEASE)
    return None if note is None else datetime.fromisoformat(note)


def _is_due(last: datetime | None, now: datetime) -> bool:
    return last is None or now - last >= EVERY


def reconcile(runtime: Runtime, account: Account, *, since: datetime) -> int:
    """Fill in what began since then and is not on record. Raises NotYet where the provider does not answer."""
    known_from = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    listed = list(list_resources(account, "Calls", {"StartTime>": known_from}))
    recordings = list(list_resources(account, "Recordings", {"DateCreated>": known_from}))
    with runtime.database.reading() as connection:
        agents = {number: person for person, number in people_with_numbers(connection).items()}
        missing = [
            *_missing_calls(connection, listed),
            *_missing_legs(connection, listed, agents),
            *_missing_recordings(connection, recordings),
        ]
    for key, event in missing:
        log_event(runtime, key, event)
    if missing:
        log.info("reconcile.filled", events=len(missing))
    return len(missing)


def _missing_calls(connection: Connection, listed: list[dict[str, Any]]) -> Iterator[_Found]:
    for item in listed:
        if item.get("direction") != "inbound" or item.get("status") not in ENDED:
            continue
        if _is_told(connection, str(item["sid"])):
            continue
        caller = read_number(str(item.get("from") or ""))
        data = {"status": item["status"], "seconds": seconds(str(item.get("duration") or ""))}
        data |= {"from": caller.e164, "from_kind": caller.kind.value, "to": item.get("to") or ""}
        yield _event(item, str(item["sid"]), data)


def _is_told(connection: Connection, call: str) -> bool:
    """Whether the end of a call is on record as the provider tells it, with its length: what a caller's last request
    lets us guess is not that.
    """
    row = find_call(connection, call)
    events = [] if row is None or row.status not in ENDED else events_of_call(connection, row.id)
    return any(event.kind in {"status", "reconcile"} and event.data.get("status") in ENDED for event in events)


def _missing_legs(connection: Connection, listed: list[dict[str, Any]], agents: Mapping[str, int]) -> Iterator[_Found]:
    for item in listed:
        parent, agent = item.get("parent_call_sid"), agents.get(str(item.get("to")))
        if not parent or agent is None or item.get("status") not in ENDED:
            continue
        if str(item["sid"]) in _known(connection, str(parent), "leg"):
            continue
        length = seconds(str(item.get("duration") or ""))
        leg = {"id": item["sid"], "agent": agent, "status": item["status"], "seconds": length}
        yield _event(item, str(parent), {"leg": leg})


def _missing_recordings(connection: Connection, listed: list[dict[str, Any]]) -> Iterator[_Found]:
    for item in listed:
        call, status = str(item.get("call_sid") or ""), item.get("status")
        if not call or status not in {"completed", "absent"}:
            continue
        if str(item["sid"]) in _known(connection, call, "recording"):
            continue
        length = seconds(str(item.get("duration") or ""))
        yield _event(item, call, {"recording": {"id": item["sid"], "status": status, "seconds": length}})


def _known(connection: Connection, call: str, kind: str) -> set[str]:
    """The ids of what is on record of a call and over."""
    row = find_call(connection, call)
    events = [] if row is None else events_of_call(connection, row.id)
    told = [event.data[kind] for event in events if event.data.get(kind)]
    return {one["id"] for one in told if one["status"] in {*ENDED, "absent"}}


def _event(item: Mapping[str, Any], call: str, data: Mapping[str, Any]) -> _Found:
    moments = [_moment(item, name) for name in ("end_time", "start_time", "date_created")]
    at = next((moment for moment in moments if moment is not None), _LONG_AGO)
    key = sha256(f"reconcile\n{item['sid']}\n{item['status']}".encode()).hexdigest()
    event = CallEvent(key=key, kind="reconcile", at=at, turn=0, data={**data, "source": "reconcile"})
    return CallKey(provider="twilio", provider_id=call), event


def _moment(item: Mapping[str, Any], name: str) -> datetime | None:
    try:
        return parsedate_to_datetime(str(item.get(name))).astimezone(UTC)
    except (ValueError, TypeError):
        return None
