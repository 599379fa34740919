"""The delivery loop: crashes, races, poison and time, with mail written to the folder."""

import os
import signal
import stat
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import update

from gateway.db.outbox import DeliveryState, begin_attempts, deliveries, end_attempt
from gateway.db.tickets import list_entries
from gateway.notify.backoff import LAST_ATTEMPT
from gateway.notify.compose import OutgoingMail
from gateway.notify.deliver import WRITING_TRIES, deliver_due
from gateway.notify.mailer import FolderMailer
from gateway.runtime import Runtime
from tests.support.clock import MovableClock
from tests.support.outbox import ask_for_sign_in_link, delivery, file_and_acknowledge
from tests.support.relay import ScriptedRelay, through
from tests.support.waiting import wait_for

LEASE = timedelta(minutes=2)  # a job's time limit and a minute

DELIVERING_PROCESS = """
import sys, time
from gateway.config.load import load_settings
from gateway.notify.deliver import deliver_due
from gateway.notify.mailer import FolderMailer
from gateway.runtime import open_runtime

with open_runtime(load_settings()) as runtime:
    deliver_due(runtime, deadline=time.monotonic() + 60)
"""


def deliver(runtime: Runtime) -> int:
    return deliver_due(runtime, deadline=time.monotonic() + 60, chance=Random(1))


def sent(runtime: Runtime) -> list[Path]:
    return sorted(runtime.where.sent.iterdir()) if runtime.where.sent.exists() else []


def test_a_mail_in_the_folder_is_one_file_that_only_we_can_read(runtime: Runtime) -> None:
    row = file_and_acknowledge(runtime)
    assert deliver(runtime) == 1
    (path,) = sent(runtime)
    assert path.name == f"20261124T090000Z-{row:06d}.eml"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_bytes().startswith(b"Return-Path: <support+b-")


def test_a_row_whose_worker_was_killed_is_due_again_after_its_lease(runtime: Runtime, clock: MovableClock) -> None:
    row = file_and_acknowledge(runtime)
    with runtime.database.transaction() as connection:
        begin_attempts(connection, now=clock.now(), lease=LEASE, limit=10)
    clock.move(seconds=119)
    assert deliver(runtime) == 0
    assert delivery(runtime, row).state is DeliveryState.SENDING
    clock.move(seconds=1)
    assert deliver(runtime) == 1
    after = delivery(runtime, row)
    assert (after.state, after.attempts) == (DeliveryState.SENT, 2)


def test_a_copy_that_was_written_before_the_crash_is_overwritten_and_not_doubled(
    runtime: Runtime, clock: MovableClock
) -> None:
    row = file_and_acknowledge(runtime)
    deliver(runtime)
    (first,) = [path.read_bytes() for path in sent(runtime)]
    with runtime.database.transaction() as connection:
        # The crash: the file is there, its row never heard of it.
        connection.execute(update(deliveries).values(state=DeliveryState.SENDING, next_attempt_at=clock.now()))
    assert deliver(runtime) == 1
    assert [path.read_bytes() for path in sent(runtime)] == [first]
    assert delivery(runtime, row).state is DeliveryState.SENT


@pytest.mark.crash
def test_a_worker_killed_while_the_relay_holds_its_mail_loses_and_changes_nothing(
    runtime: Runtime, clock: MovableClock
) -> None:
    row = file_and_acknowledge(runtime)
    environment = os.environ | {
        "GATEWAY_CONFIG": "/dev/null",
        "GATEWAY_DATA": str(runtime.where.data),
        "GATEWAY_DATABASE_URL": runtime.database.url.render_as_string(hide_password=False),
        "GATEWAY_RELAY__HOST": "127.0.0.1",
        "GATEWAY_RELAY__SECURITY": "plain",
    }
    with runtime.database.transaction() as connection:
        connection.execute(update(deliveries).values(next_attempt_at=datetime(2020, 1, 1, tzinfo=UTC)))
    with ScriptedRelay(silent_after_data=True) as relay:
        environment["GATEWAY_RELAY__PORT"] = str(relay.port)
        worker = subprocess.Popen([sys.executable, "-c", DELIVERING_PROCESS], env=environment, cwd=Path.cwd())
        try:
            wait_for(lambda: relay.received, "the mail at the relay")
        finally:
            worker.send_signal(signal.SIGKILL)
            worker.wait()
    under_way = delivery(runtime, row)
    assert (under_way.state, under_way.attempts) == (DeliveryState.SENDING, 1)
    clock.move(seconds=(datetime.now(UTC) + LEASE - clock.now()).total_seconds())
    assert deliver(runtime) == 1
    (path,) = sent(runtime)
    assert path.read_bytes().endswith(relay.received[0].content), "the copy is the same mail, byte for byte"


def test_two_workers_at_once_send_each_mail_once(runtime: Runtime) -> None:
    rows = [file_and_acknowledge(runtime, f"{number}@example.org") for number in range(60)]
    attempts: list[int] = []
    threads = [threading.Thread(target=lambda: attempts.append(deliver(runtime))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(attempts) == len(rows) == len(sent(runtime))
    assert {delivery(runtime, row).attempts for row in rows} == {1}


def test_an_attempt_that_outlived_its_lease_does_not_overrule_the_next_one(
    runtime: Runtime, clock: MovableClock
) -> None:
    row = file_and_acknowledge(runtime)
    with runtime.database.transaction() as connection:
        (slow,) = begin_attempts(connection, now=clock.now(), lease=LEASE, limit=10)
    clock.move(minutes=3)
    deliver(runtime)
    with runtime.database.transaction() as connection:
        assert not end_attempt(connection, slow, state=DeliveryState.FAILED, at=clock.now(), error="too late")
    assert delivery(runtime, row).state is DeliveryState.SENT


def test_a_row_that_cannot_be_written_holds_up_nobody_and_fails_after_a_few_tries(
    runtime: Runtime, clock: MovableClock
) -> None:
    broken = file_and_acknowledge(runtime, "anne@example.org")
    good = file_and_acknowledge(runtime, "bernard@example.org")
    with runtime.database.transaction() as connection:
        connection.execute(update(deliveries).where(deliveries.c.id == broken).values(context={}))
    for _ in range(WRITING_TRIES):
        deliver(runtime)
        assert delivery(runtime, good).state is DeliveryState.SENT
        clock.move(hours=1)
    after = delivery(runtime, broken)
    assert (after.state, after.attempts) == (DeliveryState.FAILED, WRITING_TRIES)
    assert "could not be written: KeyError" in (after.last_error or "")
    assert after.ticket_id is not None
    with runtime.database.reading() as connection:
        assert "could not be written" in list_entries(connection, after.ticket_id)[-1].text


def test_a_notice_that_this_version_does_not_know_waits_for_one_that_does(
    runtime: Runtime, clock: MovableClock
) -> None:
    row = file_and_acknowledge(runtime)
    with runtime.database.transaction() as connection:
        connection.execute(update(deliveries).values(notice="from_the_future"))
    deliver(runtime)
    assert delivery(runtime, row).state is DeliveryState.QUEUED
    with runtime.database.transaction() as connection:
        connection.execute(update(deliveries).values(notice="acknowledgement"))
    clock.move(hours=1)
    deliver(runtime)
    assert delivery(runtime, row).state is DeliveryState.SENT


def test_a_row_that_keeps_killing_its_worker_is_given_up(runtime: Runtime, clock: MovableClock) -> None:
    row = file_and_acknowledge(runtime)
    for _ in range(LAST_ATTEMPT):
        with runtime.database.transaction() as connection:
            begin_attempts(connection, now=clock.now(), lease=LEASE, limit=10)
        clock.move(minutes=3)
    deliver(runtime)
    assert sent(runtime) == []
    assert delivery(runtime, row).state is DeliveryState.FAILED


def test_a_sign_in_link_is_not_mailed_once_it_has_run_out(runtime: Runtime, clock: MovableClock) -> None:
    in_time = ask_for_sign_in_link(runtime, message_id="first@demo.example")
    deliver(runtime)
    late = ask_for_sign_in_link(runtime, message_id="second@demo.example")
    clock.move(minutes=runtime.settings.session.link_minutes)
    deliver(runtime)
    assert delivery(runtime, in_time).state is DeliveryState.SENT
    assert delivery(runtime, late).state is DeliveryState.FAILED


def test_a_mail_to_what_is_no_address_fails_without_being_dialled(runtime: Runtime, clock: MovableClock) -> None:
    row = file_and_acknowledge(runtime)
    with runtime.database.transaction() as connection:
        connection.execute(update(deliveries).values(recipient="marie@example.org>\r\nBcc: x@example.org"))
    for _ in range(WRITING_TRIES):
        deliver(runtime)
        clock.move(hours=1)
    after = delivery(runtime, row)
    assert (after.state, sent(runtime)) == (DeliveryState.FAILED, [])


def test_a_folder_that_cannot_be_written_is_a_failure_for_now(runtime: Runtime, clock: MovableClock) -> None:
    row = file_and_acknowledge(runtime)
    runtime.where.sent.write_text("in the way", encoding="ascii")
    deliver(runtime)
    assert delivery(runtime, row).state is DeliveryState.QUEUED
    runtime.where.sent.unlink()
    clock.move(minutes=2)
    deliver(runtime)
    assert delivery(runtime, row).state is DeliveryState.SENT


def test_a_fault_of_ours_while_handing_over_is_doubt_and_holds_up_nobody(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [file_and_acknowledge(runtime, f"{name}@example.org") for name in ("anne", "bernard")]
    write = FolderMailer.send

    def fail_for_anne(mailer: FolderMailer, mail: OutgoingMail) -> None:
        if mail.recipient.startswith("anne"):
            raise RuntimeError("a fault of ours")
        write(mailer, mail)

    monkeypatch.setattr(FolderMailer, "send", fail_for_anne)
    deliver(runtime)
    assert [delivery(runtime, row).state for row in rows] == [DeliveryState.UNKNOWN, DeliveryState.SENT]


def test_when_the_time_is_over_nothing_more_is_taken(runtime: Runtime) -> None:
    row = file_and_acknowledge(runtime)
    assert deliver_due(runtime, deadline=time.monotonic()) == 0
    assert (delivery(runtime, row).state, delivery(runtime, row).attempts) == (DeliveryState.QUEUED, 0)


def test_what_was_taken_when_the_time_ran_out_is_given_back_untried(runtime: Runtime) -> None:
    rows = [file_and_acknowledge(runtime, f"{name}@example.org") for name in ("anne", "bernard")]
    with ScriptedRelay() as relay:
        deadline = time.monotonic() + 0.5
        relay.before_data = lambda: wait_for(lambda: time.monotonic() > deadline, "the deadline")
        assert deliver_due(through(runtime, relay), deadline=deadline) == 1
    first, second = (delivery(runtime, row) for row in rows)
    assert (first.state, second.state, second.attempts) == (DeliveryState.SENT, DeliveryState.QUEUED, 0)
    assert deliver(runtime) == 1
