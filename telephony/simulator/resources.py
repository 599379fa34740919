"""The account's records as the provider's REST interface shows them: names, forms and dates of its pages.

(https://www.twilio.com/docs/voice/api)
"""

from collections.abc import Mapping
from datetime import datetime
from email.utils import format_datetime
from typing import Any

from telephony.simulator.account import ENDED, Account, CallRecord, Hotline, MessageRecord, RecordingRecord

VERSION = "2010-04-01"


def call_resource(account: Account, call: CallRecord) -> dict[str, Any]:
    """A call. `duration` is a text of seconds, null until it has ended."""
    uri = f"/{VERSION}/Accounts/{account.sid}/Calls/{call.sid}"
    return {
        **_common(account, call.sid, f"{uri}.json", call.created),
        "parent_call_sid": call.parent or None,
        "to": call.called,
        "to_formatted": call.called,
        "from": call.caller,
        "from_formatted": call.caller,
        # The REST interface has no such status.
        "status": "queued" if call.status == "initiated" else call.status,
        "start_time": _date(call.answered or call.created),
        "end_time": _date(call.ended),
        "duration": str(call.seconds) if call.status in ENDED else None,
        "direction": call.direction,
        "price": None,
        "price_unit": "USD",
        "answered_by": None,
        "forwarded_from": None,
        "caller_name": None,
        "queue_time": "0",
        "subresource_uris": {"recordings": f"{uri}/Recordings.json"},
    }


def recording_resource(account: Account, recording: RecordingRecord, *, base: str) -> dict[str, Any]:
    """A recording. `base` is where its media is said to be."""
    uri = f"/{VERSION}/Accounts/{account.sid}/Recordings/{recording.sid}"
    return {
        **_common(account, recording.sid, f"{uri}.json", recording.created),
        "call_sid": recording.call,
        "start_time": _date(recording.created),
        "duration": str(recording.seconds),
        "status": recording.status,
        "channels": 1,
        "source": "RecordVerb",
        "error_code": None,
        "price": None,
        "price_unit": "USD",
        "encryption_details": None,
        "media_url": base + uri,
        "subresource_uris": {},
    }


def number_resource(account: Account, hotline: Hotline) -> dict[str, Any]:
    """A number and where its calls go."""
    uri = f"/{VERSION}/Accounts/{account.sid}/IncomingPhoneNumbers/{hotline.sid}.json"
    return {
        **_common(account, hotline.sid, uri, None),
        "phone_number": hotline.number,
        "friendly_name": hotline.number,
        "capabilities": {"voice": True, "sms": False, "mms": False, "fax": False},
        "voice_url": hotline.voice_url,
        "voice_method": "POST",
        "voice_fallback_url": hotline.fallback_url,
        "voice_fallback_method": "POST",
        "status_callback": hotline.status_url,
        "status_callback_method": "POST",
        "voice_caller_id_lookup": False,
    }


def message_resource(account: Account, message: MessageRecord) -> dict[str, Any]:
    """A text message on its way."""
    uri = f"/{VERSION}/Accounts/{account.sid}/Messages/{message.sid}.json"
    return {
        **_common(account, message.sid, uri, message.created),
        "from": message.sender,
        "to": message.to,
        "body": message.body,
        "status": "queued",
        "direction": "outbound-api",
        "num_segments": "1",
        "num_media": "0",
        "error_code": None,
        "error_message": None,
        "date_sent": None,
    }


def page(key: str, rows: list[dict[str, Any]], *, path: str, query: Mapping[str, str]) -> dict[str, Any]:
    """One page of a list, as `Page` and `PageSize` of the query ask for it."""
    size = min(max(int(query.get("PageSize", "50")), 1), 1000)
    number = max(int(query.get("Page", "0")), 0)
    first = number * size
    shown = rows[first : first + size]
    is_last = first + size >= len(rows)
    uri = f"{path}?PageSize={size}"
    return {
        key: shown,
        "page": number,
        "page_size": size,
        "start": first,
        "end": first + max(len(shown) - 1, 0),
        "uri": f"{uri}&Page={number}",
        "first_page_uri": f"{uri}&Page=0",
        "previous_page_uri": f"{uri}&Page={number - 1}" if number else None,
        "next_page_uri": None if is_last else f"{uri}&Page={number + 1}",
    }


def _common(account: Account, sid: str, uri: str, created: datetime | None) -> dict[str, Any]:
    date = _date(created)
    return {
        "sid": sid,
        "account_sid": account.sid,
        "api_version": VERSION,
        "uri": uri,
        "date_created": date,
        "date_updated": date,
    }


def _date(at: datetime | None) -> str | None:
    return None if at is None else format_datetime(at)
