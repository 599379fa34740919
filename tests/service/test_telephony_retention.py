"""What is kept of a call ends when it must, whatever is configured, and leaves a proof."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from gateway.config.load import load_settings
from gateway.db.callbacks import callback_requests
from gateway.db.calls import CallKey, call_events, call_messages, calls
from gateway.db.people import get_or_create_person
from gateway.db.tickets import create_ticket, tickets
from gateway.domain.ticket import Language
from gateway.errors import Misconfigured
from gateway.files.store import content_of, settle_all, sound_name
from gateway.runtime import Runtime
from gateway.services.forget_calls import forget_calls
from gateway.services.log_call import log_event
from tests.support.call_events import BEGAN, WITH_MESSAGE, final, step
from tests.support.clock import MovableClock

CALL = CallKey(provider="twilio", provider_id="CA" + "0" * 32)
NUMBER = "+33612345678"
DIGEST = "ab" * 32


@pytest.fixture(autouse=True)
def call(runtime: Runtime) -> None:
    """A call about DEMO-1 with a message that is kept here."""
    with runtime.database.transaction() as connection:
        marie = get_or_create_person(connection, email="marie@client.example", name="", now=BEGAN)
        create_ticket(
            connection,
            project="DEMO",
            subject="a",
            lang=Language.FR,
            reporter_id=marie.id,
            now=BEGAN - timedelta(days=1),
        )
    for event in (*WITH_MESSAGE, step(9, params={"From": NUMBER, "FromCity": ""})):
        log_event(runtime, CALL, event)
    with runtime.database.transaction() as connection:
        connection.execute(update(call_messages).values(state="kept", sha256=DIGEST))
    runtime.files.put(sound_name(DIGEST), content_of(b"RIFF"))
    settle_all(runtime.files)


def rows(runtime: Runtime, table: Any) -> list[Any]:
    with runtime.database.reading() as connection:
        return list(connection.execute(select(table)).all())


def has_payload(runtime: Runtime) -> bool:
    return any("params" in row.data for row in rows(runtime, call_events))


def test_payloads_are_kept_for_thirty_days(runtime: Runtime, clock: MovableClock) -> None:
    clock.move(days=29)
    assert forget_calls(runtime) == 0
    assert has_payload(runtime)
    clock.move(days=2)
    assert forget_calls(runtime) > 0
    assert not has_payload(runtime)
    assert forget_calls(runtime) == 0


def test_a_message_goes_some_time_after_its_ticket_was_closed_and_its_sum_stays(
    runtime: Runtime, clock: MovableClock
) -> None:
    clock.move(days=20)
    with runtime.database.transaction() as connection:
        connection.execute(update(tickets).values(closed_at=clock.now()))
    clock.move(days=90)
    forget_calls(runtime)
    assert runtime.files.find(sound_name(DIGEST))
    clock.move(days=1)
    forget_calls(runtime)
    assert runtime.files.find(sound_name(DIGEST)) is None
    (message,) = rows(runtime, call_messages)
    assert (message.state, message.sha256) == ("erased", DIGEST)


def test_a_message_goes_after_180_days_though_its_ticket_is_open(runtime: Runtime, clock: MovableClock) -> None:
    clock.move(days=180)
    forget_calls(runtime)
    assert runtime.files.find(sound_name(DIGEST))
    clock.move(days=1)
    forget_calls(runtime)
    assert runtime.files.find(sound_name(DIGEST)) is None


def test_a_number_is_a_pseudonym_after_a_year_everywhere_and_stays_one(runtime: Runtime, clock: MovableClock) -> None:
    clock.move(days=364)
    forget_calls(runtime)
    assert rows(runtime, calls)[0].caller == NUMBER
    clock.move(days=2)
    forget_calls(runtime)
    assert NUMBER not in "".join(str(rows(runtime, table)) for table in (calls, call_events, callback_requests))
    pseudonym = rows(runtime, calls)[0].caller
    assert len(pseudonym) == 16
    assert forget_calls(runtime) == 0
    log_event(runtime, CALL, final(91, **{"from": None}))
    assert (rows(runtime, calls)[0].caller, rows(runtime, calls)[0].caller_kind) == (pseudonym, "erased")


@pytest.mark.parametrize("setting", ["MESSAGE_DAYS=181", "CALL_DAYS=366"])
def test_the_bounds_cannot_be_configured_away(setting: str) -> None:
    name, _, value = setting.partition("=")
    with pytest.raises(Misconfigured):
        load_settings({"GATEWAY_CONFIG": "/dev/null", f"GATEWAY_TELEPHONY__{name}": value})
