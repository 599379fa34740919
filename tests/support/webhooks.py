"""The webhooks in this process, with a snapshot of their own, posted to as the provider does."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from gateway.config.load import load_settings
from gateway.domain.duty import Shift
from gateway.hotline_snapshot import Eligible, HotlineSnapshot, hash_code, hotline_key, write_snapshot
from gateway.spool.entry import Lane
from gateway.spool.store import Spool
from telephony.signature import Secrets
from telephony.snapshot import Snapshots
from telephony.webhooks import Exchange
from tests.support.calls import BASE, CODE, SECRET, inbound, signature
from tests.support.clock import MovableClock

SIGNING = b"k" * 32
VOICE, STEP, STATUS = (f"{BASE}/telephony/twilio/{name}" for name in ("voice", "step", "status"))
Post = Callable[..., TestResponse]


def snapshot(now: datetime, **changes: Any) -> HotlineSnapshot:
    """One ticket that may be called about, by `CODE`, and one agent."""
    ticket = Eligible(ref="DEMO-42", project="DEMO", since=datetime(2026, 1, 1, tzinfo=UTC))
    shifts = (Shift(person_id=7, position=0, start=0, end=1440),)
    values = {
        "made_at": now,
        "codes": {hash_code(CODE, hotline_key(SIGNING)): ticket},
        "shifts": {"DEMO": shifts},
        "numbers": {7: "+33612345607"},
    }
    return HotlineSnapshot(**{**values, **changes})


def make_exchange(spool: Spool, clock: MovableClock, file: Path) -> Exchange:
    """What the webhooks stand on, with this snapshot's file."""
    write_snapshot(file, snapshot(clock.now()))
    return Exchange(
        settings=load_settings({"GATEWAY_CONFIG": "/dev/null", "GATEWAY_HTTP__PUBLIC_URL": BASE}),
        secrets=Secrets(auth_tokens=(SECRET,)),
        snapshots=Snapshots(file),
        signing_keys=(SIGNING,),
        spool=spool,
        ring=lambda _lane: None,
        clock=clock,
    )


def poster(client: FlaskClient, clock: MovableClock) -> Post:
    """Post as the provider does, signed, a moment after the request before."""

    def send(url: str, params: dict[str, str] | None = None, **headers: str) -> TestResponse:
        form = inbound() if params is None else params
        clock.move(milliseconds=1)
        signed = {**signature(url, form), **{name.replace("_", "-"): value for name, value in headers.items()}}
        return client.post(url.removeprefix(BASE), data=form, headers=signed)

    return send


def kept(spool: Spool) -> list[dict[str, Any]]:
    """The events that were handed over, taken out of the spool."""
    with spool.worker(Lane.CALL) as claims:
        entries = [claims.claim(*waiting) for waiting in spool.waiting(Lane.CALL)]
    return [json.loads(entry.payload) for entry in entries if entry is not None]


def action(answer: TestResponse) -> str:
    """Where the call goes on."""
    return next(one.attrib["action"] for one in ElementTree.fromstring(answer.data).iter() if "action" in one.attrib)


def ring(post: Post) -> TestResponse:
    """A call that has come as far as the first agent."""
    answer = post(VOICE)
    for keys in ("1", CODE, "1"):
        answer = post(action(answer), inbound(CallStatus="in-progress", Digits=keys))
    return answer
