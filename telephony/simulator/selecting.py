"""Which records a list asks for: the filters of the provider's pages, and no others."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time

from telephony.simulator.account import CallRecord, RecordingRecord


def is_wanted_call(call: CallRecord, query: Mapping[str, str]) -> bool:
    """True where a call is of this number, parent and status, and of these times. Raises ValueError for no date."""
    equal = {"To": call.called, "From": call.caller, "ParentCallSid": call.parent, "Status": call.status}
    if any(query.get(name, value) != value for name, value in equal.items()):
        return False
    return _is_between(call.answered or call.created, "StartTime", query) and _is_between(call.ended, "EndTime", query)


def is_wanted_recording(recording: RecordingRecord, query: Mapping[str, str]) -> bool:
    """True where a recording is of this call, and of these times. Raises ValueError for no date."""
    if query.get("CallSid", recording.call) != recording.call:
        return False
    return _is_between(recording.created, "DateCreated", query)


def _is_between(at: datetime | None, name: str, query: Mapping[str, str]) -> bool:
    after, before, on = query.get(f"{name}>"), query.get(f"{name}<"), query.get(name)
    if after is None and before is None and on is None:
        return True
    if at is None:
        return False
    is_on = on is None or _moment(on).date() == at.date()
    return is_on and (after is None or at >= _moment(after)) and (before is None or at <= _moment(before))


def _moment(text: str) -> datetime:
    """A day is its first second."""
    if len(text) == len("2026-01-01"):
        return datetime.combine(date.fromisoformat(text), time(), UTC)
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(UTC)
