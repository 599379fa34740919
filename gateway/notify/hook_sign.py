"""The signature of a webhook, as Standard Webhooks 1.0 has it: an HMAC of its id, its moment and its body."""

import hmac
from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime


def signed_headers(webhook_id: str, body: bytes, *, at: datetime, keys: Sequence[bytes]) -> dict[str, str]:
    """The headers by which a receiver knows that it is from us and not an old one: a signature for each key."""
    moment = str(int(at.timestamp()))
    signed = b".".join((webhook_id.encode(), moment.encode(), body))
    marks = [b64encode(hmac.digest(key, signed, "sha256")).decode() for key in keys]
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": moment,
        "webhook-signature": " ".join(f"v1,{mark}" for mark in marks),
    }
