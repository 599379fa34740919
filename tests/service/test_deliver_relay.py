"""Delivery through a real relay: what each of its answers does to a row, to its ticket and to the other rows."""

import email
import time
from random import Random

import pytest

from gateway.db.outbox import DeliveryState
from gateway.db.tickets import list_entries
from gateway.mail.reply_address import BounceToken, read_token
from gateway.notify.backoff import LAST_ATTEMPT
from gateway.notify.deliver import BATCH, deliver_due
from gateway.runtime import Runtime
from tests.support.clock import MovableClock
from tests.support.outbox import delivery, file_and_acknowledge
from tests.support.relay import LOSE_CONNECTION, ScriptedRelay, through


def deliver(runtime: Runtime) -> int:
    return deliver_due(runtime, deadline=time.monotonic() + 60, chance=Random(1))


def test_a_mail_that_the_relay_takes_is_sent_once(runtime: Runtime) -> None:
    row = file_and_acknowledge(runtime)
    with ScriptedRelay() as relay:
        assert deliver(through(runtime, relay)) == 1
        assert deliver(through(runtime, relay)) == 0
    (mail,) = relay.received
    after = delivery(runtime, row)
    assert (after.state, after.attempts, after.last_error) == (DeliveryState.SENT, 1, None)
    assert after.sent_at == runtime.clock.now()
    assert mail.recipient == "marie@example.org"
    assert email.message_from_bytes(mail.content)["Message-ID"] == f"<{after.message_id}>"
    token = read_token(mail.sender, runtime.signer, today=runtime.clock.now().date())
    assert token == BounceToken(delivery_id=row)


def test_450_is_tried_again_after_the_first_pause_and_not_before(runtime: Runtime, clock: MovableClock) -> None:
    row = file_and_acknowledge(runtime)
    with ScriptedRelay() as relay:
        relay.at_rcpt["marie@example.org"] = ["450 4.2.1 greylisted"]
        assert deliver(through(runtime, relay)) == 1
        waiting = delivery(runtime, row)
        assert (waiting.state, waiting.last_error) == (DeliveryState.QUEUED, "450 4.2.1 greylisted")
        assert deliver(through(runtime, relay)) == 0
        clock.move(seconds=72)
        assert deliver(through(runtime, relay)) == 1
    assert relay.recipients() == ["marie@example.org"]
    assert delivery(runtime, row).attempts == 2


def test_550_for_one_of_three_is_final_for_that_one_and_seen_on_its_ticket(runtime: Runtime) -> None:
    rows = [file_and_acknowledge(runtime, f"{name}@example.org") for name in ("anne", "bernard", "chloe")]
    with ScriptedRelay() as relay:
        relay.at_rcpt["bernard@example.org"] = ["550 5.1.1 no such user"]
        assert deliver(through(runtime, relay)) == 3
    states = [delivery(runtime, row).state for row in rows]
    assert states == [DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.SENT]
    assert relay.recipients() == ["anne@example.org", "chloe@example.org"]
    assert len({mail.peer for mail in relay.received}) == 1, "one connection serves the batch"
    failed = delivery(runtime, rows[1])
    assert failed.ticket_id is not None
    with runtime.database.reading() as connection:
        (_, entry) = list_entries(connection, failed.ticket_id)
        assert len(list_entries(connection, failed.ticket_id, visible_only=True)) == 1
    assert (entry.type, entry.direction, entry.visible) == ("system", "internal", False)
    assert "550 5.1.1 no such user" in entry.text
    assert entry.data["delivery_id"] == failed.id


def test_a_refusal_after_the_data_is_told_apart_too(runtime: Runtime) -> None:
    rows = [file_and_acknowledge(runtime, f"{name}@example.org") for name in ("anne", "bernard")]
    with ScriptedRelay() as relay:
        relay.after_data["anne@example.org"] = ["554 5.7.1 looks like spam"]
        relay.after_data["bernard@example.org"] = ["451 4.3.0 queue file write error"]
        deliver(through(runtime, relay))
    assert [delivery(runtime, row).state for row in rows] == [DeliveryState.FAILED, DeliveryState.QUEUED]


def test_a_connection_lost_after_the_last_dot_is_doubt_and_the_retry_is_the_same_mail(
    runtime: Runtime, clock: MovableClock
) -> None:
    row = file_and_acknowledge(runtime)
    with ScriptedRelay() as relay:
        relay.after_data["marie@example.org"] = [LOSE_CONNECTION]
        deliver(through(runtime, relay))
        assert delivery(runtime, row).state is DeliveryState.UNKNOWN
        clock.move(minutes=2)
        deliver(through(runtime, relay))
    assert delivery(runtime, row).state is DeliveryState.SENT
    first, second = relay.received
    assert first.content == second.content
    assert first.sender == second.sender


def test_silence_after_the_last_dot_is_doubt_as_well(runtime: Runtime) -> None:
    row = file_and_acknowledge(runtime)
    with ScriptedRelay(silent_after_data=True) as relay:
        deliver(through(runtime, relay, timeout=0.3))
    assert delivery(runtime, row).state is DeliveryState.UNKNOWN


def test_a_connection_lost_before_the_mail_went_out_is_no_doubt(runtime: Runtime) -> None:
    rows = [file_and_acknowledge(runtime, f"{name}@example.org") for name in ("anne", "bernard")]
    with ScriptedRelay() as relay:
        relay.at_rcpt["anne@example.org"] = [LOSE_CONNECTION]
        deliver(through(runtime, relay))
    assert [delivery(runtime, row).state for row in rows] == [DeliveryState.QUEUED, DeliveryState.SENT]


def test_a_relay_that_hangs_up_between_mails_is_dialled_again(runtime: Runtime) -> None:
    for name in ("anne", "bernard", "chloe"):
        file_and_acknowledge(runtime, f"{name}@example.org")
    with ScriptedRelay(close_after_each=True) as relay:
        assert deliver(through(runtime, relay)) == 3
    assert relay.recipients() == ["anne@example.org", "bernard@example.org", "chloe@example.org"]


def test_421_ends_the_connection_and_not_the_batch(runtime: Runtime) -> None:
    rows = [file_and_acknowledge(runtime, f"{name}@example.org") for name in ("anne", "bernard")]
    with ScriptedRelay() as relay:
        relay.at_mail = ["421 4.7.0 enough for one connection"]
        deliver(through(runtime, relay))
    assert [delivery(runtime, row).state for row in rows] == [DeliveryState.QUEUED, DeliveryState.SENT]


def test_a_relay_that_is_down_costs_one_attempt_and_the_others_keep_theirs(
    runtime: Runtime, clock: MovableClock
) -> None:
    rows = [file_and_acknowledge(runtime, f"{number}@example.org") for number in range(3)]
    with ScriptedRelay() as relay:
        pass
    assert deliver(through(runtime, relay)) == 1
    after = [delivery(runtime, row) for row in rows]
    assert [one.attempts for one in after] == [1, 0, 0]
    assert all(one.state is DeliveryState.QUEUED and "no connection" in (one.last_error or "") for one in after)
    with ScriptedRelay() as relay:
        clock.move(minutes=2)
        assert deliver(through(runtime, relay)) == 3


def test_530_is_about_our_login_and_fails_no_mail(runtime: Runtime) -> None:
    row = file_and_acknowledge(runtime)
    with ScriptedRelay() as relay:
        relay.at_mail = ["530 5.7.0 Authentication required"]
        deliver(through(runtime, relay))
    assert delivery(runtime, row).state is DeliveryState.QUEUED


def test_when_the_schedule_is_over_the_mail_has_failed(runtime: Runtime, clock: MovableClock) -> None:
    row = file_and_acknowledge(runtime)
    with ScriptedRelay() as relay:
        relay.at_rcpt["marie@example.org"] = ["450 4.2.2 mailbox full"] * LAST_ATTEMPT
        for _ in range(LAST_ATTEMPT):
            assert deliver(through(runtime, relay)) == 1
            clock.move(hours=10)
        assert deliver(through(runtime, relay)) == 0
    after = delivery(runtime, row)
    assert (after.state, after.attempts) == (DeliveryState.FAILED, LAST_ATTEMPT)


def test_more_than_a_batch_goes_out_in_one_call(runtime: Runtime) -> None:
    for number in range(BATCH + 5):
        file_and_acknowledge(runtime, f"{number}@example.org")
    with ScriptedRelay() as relay:
        assert deliver(through(runtime, relay)) == BATCH + 5
    assert len(set(relay.recipients())) == BATCH + 5


@pytest.mark.parametrize("offered", [True, False])
def test_a_recipient_that_is_not_ascii_needs_smtputf8(runtime: Runtime, offered: bool) -> None:
    row = file_and_acknowledge(runtime, "renée@example.org")
    with ScriptedRelay(smtputf8=offered) as relay:
        deliver(through(runtime, relay))
    after = delivery(runtime, row)
    if offered:
        (mail,) = relay.received
        assert after.state is DeliveryState.SENT
        assert mail.recipient == "renée@example.org"
        assert "SMTPUTF8" in mail.options
        assert "To: renée@example.org\r\n".encode() in mail.content
    else:
        assert after.state is DeliveryState.FAILED
        assert "SMTPUTF8" in (after.last_error or "")
        assert relay.received == []


def test_a_domain_that_is_not_ascii_goes_out_in_its_ascii_form(runtime: Runtime) -> None:
    file_and_acknowledge(runtime, "marie@bücher.example")
    with ScriptedRelay() as relay:
        deliver(through(runtime, relay))
    assert relay.recipients() == ["marie@xn--bcher-kva.example"]
