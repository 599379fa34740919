"""The full set of parameters of each request, as the provider sends them; blank ones are there, and signed.

(https://www.twilio.com/docs/voice/twiml#request-parameters)
"""

import random
from collections.abc import Mapping
from datetime import datetime
from email.utils import format_datetime

from telephony.simulator.account import ENDED, Account, CallRecord

_SIDES = ("From", "To", "Caller", "Called")
_PLACES = ("City", "State", "Zip")


def request_parameters(account: Account, call: CallRecord, source: random.Random) -> dict[str, str]:
    """What every request about a call carries, one parameter among them that nobody has heard of yet."""
    params = {
        "AccountSid": account.sid,
        "ApiVersion": "2010-04-01",
        "CallSid": call.sid,
        "CallStatus": call.status,
        "Direction": call.direction,
        "From": call.caller,
        "To": call.called,
        "Caller": call.caller,
        "Called": call.called,
    }
    for side in _SIDES:
        params |= {f"{side}{place}": "" for place in _PLACES} | {f"{side}Country": "FR"}
    if call.parent:
        params["ParentCallSid"] = call.parent
    params[f"Later{source.getrandbits(16):04x}"] = "é&=+ %"
    return params


def progress_parameters(call: CallRecord, *, at: datetime) -> dict[str, str]:
    """What a callback about a call's progress carries beyond that; counts it.

    `CallDuration` is in seconds, and `Duration`, which is in minutes, is there to be ignored.
    """
    params = {
        "CallbackSource": "call-progress-events",
        "SequenceNumber": str(call.sequence),
        "Timestamp": format_datetime(at),
    }
    call.sequence += 1
    if call.status in ENDED:
        params |= {"CallDuration": str(call.seconds), "Duration": str(-(-call.seconds // 60))}
        if call.status in {"no-answer", "canceled"}:
            params["SipResponseCode"] = "487"
    return params


def recording_parameters(account: Account, *, call: str, sid: str, seconds: int, base: str) -> Mapping[str, str]:
    """What a Record's action and its callback say of the file. `base` is where the provider's files are."""
    return {
        "RecordingSid": sid,
        "RecordingUrl": f"{base}/2010-04-01/Accounts/{account.sid}/Recordings/{sid}",
        "RecordingDuration": str(seconds),
        "CallSid": call,
    }
