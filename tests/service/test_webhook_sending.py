"""A webhook is sent once, tried again where it failed, and lost by no death; who hangs holds up nobody else."""

import os
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from gateway.admin.items import wait_until_idle
from gateway.config.load import Settings
from gateway.db.leases import leases
from gateway.db.webhooks import HookState, begin_attempt, try_again, webhook_deliveries
from gateway.jobs import hook_sender
from gateway.jobs.hook_sender import HookSender
from gateway.leases import LeaseKeeper
from gateway.notify import hook_deliver
from gateway.runtime import Runtime
from gateway.services.retention import apply_retention
from tests.support.clock import MovableClock
from tests.support.hooks import ONCE, rows, send
from tests.support.outbox import file_and_acknowledge
from tests.support.receiver import Receiver
from tests.support.waiting import wait_for


@pytest.fixture
def settings(hook_settings: Settings) -> Settings:
    return hook_settings


def test_a_failure_is_sent_again_with_the_same_id_and_nothing_overtakes_it(
    hook_desk: Runtime, receivers: list[Receiver], clock: MovableClock
) -> None:
    plain, whole = receivers
    plain.answers = [500, 204]
    send(hook_desk)
    assert (len(plain.got), len(whole.got)) == (1, 2)
    assert send(hook_desk) == 0
    clock.move(minutes=2)
    send(hook_desk)
    ids = [headers["webhook-id"] for headers, _ in plain.got]
    assert (len(ids), ids[0] == ids[1]) == (3, True)
    assert {row.state for row in rows(hook_desk, "plain")} == {HookState.SENT}
    assert [row.attempts for row in rows(hook_desk, "plain")] == [2, 1]


@ONCE
@pytest.mark.parametrize("answer", ["hang", "drip", 302, 429, 503])
def test_a_receiver_in_trouble_holds_up_no_other(
    hook_desk: Runtime, receivers: list[Receiver], answer: int | str
) -> None:
    plain, whole = receivers
    plain.answers = [answer]
    began = time.monotonic()
    send(hook_desk)
    assert time.monotonic() - began < 3
    assert (len(plain.got), len(whole.got), plain.paths) == (1, 2, ["/hook"])
    first, second = rows(hook_desk, "plain")
    assert (first.state, second.state, second.attempts) == (HookState.QUEUED, HookState.QUEUED, 0)
    assert first.last_error


@ONCE
def test_a_4xx_holds_up_its_own_ticket_alone(hook_desk: Runtime, receivers: list[Receiver]) -> None:
    with hook_desk.database.transaction() as connection:
        connection.execute(update(webhook_deliveries).where(webhook_deliveries.c.id == 3).values(ticket_id=None))
    receivers[0].answers = [422, 204]
    send(hook_desk)
    states = [row.state for row in rows(hook_desk, "plain")]
    assert states == [HookState.QUEUED, HookState.SENT]


@ONCE
def test_after_410_nothing_is_sent_until_an_operator_says_so(hook_desk: Runtime, receivers: list[Receiver]) -> None:
    plain = receivers[0]
    plain.answers = [410, 204]
    send(hook_desk)
    hook_desk.clock.move(days=1)  # type: ignore[attr-defined]  # the fixture knows its type
    send(hook_desk)
    assert [row.state for row in rows(hook_desk, "plain")] == [HookState.FAILED, HookState.QUEUED]
    with hook_desk.database.transaction() as connection:
        assert try_again(connection, now=hook_desk.clock.now(), name="DEMO/plain") == 2
    send(hook_desk)
    assert {row.state for row in rows(hook_desk, "plain")} == {HookState.SENT}


@ONCE
def test_what_was_tried_for_days_is_given_up_and_forgotten(
    hook_desk: Runtime, receivers: list[Receiver], clock: MovableClock
) -> None:
    receivers[0].answers = [500]
    for _ in range(16):
        send(hook_desk)
        clock.move(hours=10)
    assert [row.state for row in rows(hook_desk, "plain")] == [HookState.FAILED] * 2
    assert 5 < len(receivers[0].got) < 16
    clock.move(days=8)
    apply_retention(hook_desk)
    assert rows(hook_desk, "plain") == []


def test_a_crash_between_attempt_and_record_sends_the_same_id_again(
    hook_desk: Runtime, receivers: list[Receiver], clock: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        """The process ends here."""

    def die(*_: Any, **__: Any) -> bool:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(hook_deliver, "end_attempt", die)
        with pytest.raises(Killed):
            send(hook_desk)
    assert send(hook_desk) == 0, "somebody sends still, for all we know"
    clock.move(seconds=31)
    send(hook_desk)
    ids = [headers["webhook-id"] for headers, _ in receivers[0].got]
    assert (len(ids), ids[0] == ids[1]) == (3, True)


@pytest.mark.crash
@ONCE
def test_a_receiver_that_hangs_holds_up_no_mail_and_what_a_killed_sender_was_sending_is_due_at_once(
    hook_desk: Runtime, hook_environment: dict[str, str], receivers: list[Receiver]
) -> None:
    """What follows the death is bounded by the timetable's lease, which here is over at once."""
    receivers[0].answers = ["hang"]
    environment = os.environ | hook_environment
    environment["GATEWAY_PROJECTS"] = environment["GATEWAY_PROJECTS"].replace("0.3", "10")
    with hook_desk.database.transaction() as connection:
        connection.execute(update(webhook_deliveries).values(next_attempt_at=datetime(2020, 1, 1, tzinfo=UTC)))
    roles = [
        subprocess.Popen([sys.executable, "-m", "gateway", role], env=environment, cwd=Path.cwd())
        for role in ("worker", "timetable")
    ]
    try:
        wait_for(lambda: receivers[0].got, "the webhook at the receiver")
        file_and_acknowledge(hook_desk, "paul@example.org")
        wait_for(lambda: any(hook_desk.where.sent.glob("*-000002.eml")), "the mail, by the only worker")
        assert rows(hook_desk, "plain")[0].state == HookState.SENDING, "it hangs still"
    finally:
        for process in roles:
            process.send_signal(signal.SIGKILL)
            process.wait()
    receivers[0].answers = [204]
    with hook_desk.database.transaction() as connection:
        connection.execute(update(leases).values(until_ms=1))
    with LeaseKeeper(hook_desk.database, holder="next") as keeper, HookSender(hook_desk, keeper.lease("timetable")):
        wait_for(lambda: len(receivers[0].got) >= 3, "the webhooks of the dead sender")
    ids = [headers["webhook-id"] for headers, _ in receivers[0].got]
    assert ids[0] == ids[1]


@ONCE
def test_a_fault_while_sending_keeps_no_later_one(
    hook_desk: Runtime, receivers: list[Receiver], monkeypatch: pytest.MonkeyPatch
) -> None:
    faults = [RuntimeError("a fault of ours")]
    really = hook_deliver.send_webhooks

    def fail_once(*arguments: Any, **more: Any) -> int:
        if faults:
            raise faults.pop()
        return really(*arguments, **more)

    monkeypatch.setattr(hook_sender, "send_webhooks", fail_once)
    monkeypatch.setattr(hook_sender, "_LOOK", 0.01)
    with LeaseKeeper(hook_desk.database, holder="one") as keeper, HookSender(hook_desk, keeper.lease("timetable")):
        wait_for(lambda: len(receivers[0].got) == len(receivers[1].got) == 2, "the webhooks, at the second look")


def test_two_workers_send_once(hook_desk: Runtime, receivers: list[Receiver]) -> None:
    both = [threading.Thread(target=send, args=[hook_desk]) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    send(hook_desk)
    assert [len(receiver.got) for receiver in receivers] == [2, 2]
    with hook_desk.database.transaction() as connection:
        connection.execute(
            update(webhook_deliveries).values(state=HookState.QUEUED, next_attempt_at=hook_desk.clock.now())
        )
    taken = []
    for _ in range(2):  # two that know nothing of each other
        with hook_desk.database.transaction() as connection:
            taken.append(begin_attempt(connection, "DEMO/plain", now=hook_desk.clock.now(), lease=timedelta(minutes=1)))
    assert [row is not None for row in taken] == [True, False], (
        "the second waits for the first: it is the same ticket's"
    )


@ONCE
def test_who_waits_until_all_is_done_waits_for_webhooks_that_are_due_and_not_for_those_of_later(
    hook_desk: Runtime, receivers: list[Receiver], clock: MovableClock
) -> None:
    def left() -> list[str]:
        return [one for one in wait_until_idle(hook_desk, seconds=0) if "webhook" in one]

    receivers[0].answers = [500, 204]
    assert left() == ["2 webhooks due"]
    send(hook_desk)
    assert left() == []
    clock.move(minutes=2)
    assert left() == ["1 webhooks due"]
    send(hook_desk)
    assert left() == []
