"""Addresses that mail came back from: nothing is sent to them for a while, and then again."""

import json
import threading

import pytest
from click.testing import CliRunner

from gateway.admin.cli import cli
from gateway.clock import SystemClock
from gateway.db.outbox import DeliveryState
from gateway.db.suppressions import count_bounce, find_suppression, lift
from gateway.mail.bounce import Action, Outcome
from gateway.runtime import Runtime
from tests.support.bounces import (
    DELAYED,
    FULL,
    MARIE,
    arrive,
    deliver,
    dsn,
    failures,
    return_path,
    sent,
    suppressed,
)
from tests.support.clock import MovableClock
from tests.support.outbox import ask_for_sign_in_link, delivery, file_and_acknowledge
from tests.support.relay import ScriptedRelay, through


def test_soft_bounces_are_shown_and_suppress_at_the_fifth_mail_for_a_day(runtime: Runtime, clock: MovableClock) -> None:
    for number in range(5):
        assert suppressed(runtime) == []
        row = sent(runtime)
        assert arrive(runtime, dsn(FULL if number % 2 else DELAYED), return_path(runtime, row))
        [entry] = failures(runtime, row)
        assert ("pas encore arrivé" in entry.text) is (number % 2 == 0)
        clock.move(hours=1)
    [found] = suppressed(runtime)
    assert (found.permanent, found.bounces) == (False, 5)
    clock.move(days=1)
    assert suppressed(runtime) == []


def test_mail_to_a_suppressed_address_is_not_dialled_whatever_its_notice_and_stays_visible(
    runtime: Runtime, clock: MovableClock
) -> None:
    assert arrive(runtime, dsn(), return_path(runtime, sent(runtime)))
    rows = [
        file_and_acknowledge(runtime),
        ask_for_sign_in_link(runtime),
        file_and_acknowledge(runtime, "paul@x.example"),
    ]
    with ScriptedRelay() as relay:
        deliver(through(runtime, relay))
        assert relay.recipients() == ["paul@x.example"]
        assert deliver(through(runtime, relay)) == 0
    after = [delivery(runtime, row) for row in rows]
    assert [one.state for one in after] == [DeliveryState.SUPPRESSED, DeliveryState.SUPPRESSED, DeliveryState.SENT]
    assert "suppressed until 2026-12-01 09:00 UTC" in (after[0].last_error or "")
    assert "no such user" in (after[0].last_error or "")
    [entry] = failures(runtime, after[0])
    assert (entry.visible, entry.data["event"]) == (False, "delivery_suppressed")
    assert "n’a pas été envoyé" in entry.text


def test_when_the_time_is_over_mail_goes_out_again(runtime: Runtime, clock: MovableClock) -> None:
    assert arrive(runtime, dsn(), return_path(runtime, sent(runtime)))
    clock.move(days=7)
    assert sent(runtime).state is DeliveryState.SENT


def test_a_refused_recipient_is_a_hard_bounce_and_the_next_mail_of_the_same_batch_is_not_dialled(
    runtime: Runtime,
) -> None:
    rows = [file_and_acknowledge(runtime) for _ in range(2)]
    with ScriptedRelay() as relay:
        relay.at_rcpt[MARIE] = ["550 5.1.1 no such user"]
        deliver(through(runtime, relay))
        assert relay.received == []
        assert relay.commands == ["MAIL"]
    after = [delivery(runtime, row) for row in rows]
    assert [one.state for one in after] == [DeliveryState.FAILED, DeliveryState.SUPPRESSED]
    assert [one.reason for one in suppressed(runtime)] == ["550 5.1.1 no such user"]
    [entry] = failures(runtime, after[0])
    assert "Plus rien n’est envoyé" in entry.text


def test_a_refusal_after_the_data_counts_too(runtime: Runtime) -> None:
    file_and_acknowledge(runtime)
    with ScriptedRelay() as relay:
        relay.after_data[MARIE] = ["550 5.2.1 mailbox disabled"]
        deliver(through(runtime, relay))
    assert [one.status for one in suppressed(runtime)] == ["5.2.1"]


@pytest.mark.parametrize(
    ("place", "answer"),
    [
        ("at_mail", "550 5.1.8 we do not like the sender"),
        ("at_rcpt", "554 5.7.1 relay access denied"),
        ("at_rcpt", "450 4.2.1 later"),
        ("after_data", "554 5.7.1 looks like spam"),
        ("after_data", "552 5.2.2 mailbox full"),
    ],
)
def test_a_refusal_that_is_not_about_the_address_suppresses_nobody(runtime: Runtime, place: str, answer: str) -> None:
    file_and_acknowledge(runtime)
    with ScriptedRelay() as relay:
        if place == "at_mail":
            relay.at_mail = [answer]
        else:
            getattr(relay, place)[MARIE] = [answer]
        deliver(through(runtime, relay))
    assert suppressed(runtime) == []


def test_a_life_sign_lifts_a_suppression_and_forgets_the_count(runtime: Runtime, clock: MovableClock) -> None:
    assert arrive(runtime, dsn(), return_path(runtime, sent(runtime)))
    with runtime.database.transaction() as connection:
        assert lift(connection, MARIE)
        assert not lift(connection, MARIE)
        assert find_suppression(connection, MARIE, now=clock.now()) is None
    assert arrive(runtime, dsn(), return_path(runtime, sent(runtime)))
    assert [one.bounces for one in suppressed(runtime)] == [1]


def test_counting_at_the_same_time_loses_no_bounce(runtime: Runtime) -> None:
    soft = Outcome(action=Action.DELAYED)

    def count() -> None:
        with runtime.database.transaction() as connection:
            count_bounce(connection, MARIE, soft, now=runtime.clock.now())

    threads = [threading.Thread(target=count) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [one.bounces for one in suppressed(runtime)] == [5]


def test_the_operator_sees_and_lifts_suppressions(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_CONFIG", "/dev/null")
    monkeypatch.setenv("GATEWAY_DATA", str(runtime.where.data))
    monkeypatch.setenv("GATEWAY_DATABASE_URL", runtime.database.url.render_as_string(hide_password=False))
    with runtime.database.transaction() as connection:
        # The command lives by the real clock.
        bounce = Outcome(action=Action.FAILED, status="5.1.1", diagnostic="550 5.1.1 no such user")
        count_bounce(connection, MARIE, bounce, now=SystemClock().now())
    shell = CliRunner()
    listed = shell.invoke(cli, ["suppressed", "list", "--json"])
    assert listed.exit_code == 0, listed.output
    [row] = [json.loads(line) for line in listed.output.splitlines()]
    assert (row["address"], row["permanent"], row["bounces"], row["status"]) == (MARIE, True, 1, "5.1.1")
    assert row["until"].endswith("Z")
    assert shell.invoke(cli, ["suppressed", "lift", "Marie@Example.org"]).exit_code == 0
    assert shell.invoke(cli, ["suppressed", "list"]).output == "nothing\n"
    assert shell.invoke(cli, ["suppressed", "lift", MARIE]).exit_code == 66
