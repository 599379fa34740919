"""A mail that comes back: who is believed, what the ticket shows, and who gets no more mail, and for how long."""

import json
import threading
import time
from collections.abc import Sequence
from random import Random

import pytest
from click.testing import CliRunner
from sqlalchemy import Row

from gateway.admin.cli import cli
from gateway.clock import SystemClock
from gateway.db.outbox import Delivery, DeliveryState
from gateway.db.suppressions import count_bounce, find_suppression, lift, list_suppressions
from gateway.db.tickets import list_entries
from gateway.domain.suppression import Suppression
from gateway.domain.ticket import Channel
from gateway.domain.trace import Trace
from gateway.mail.bounce import Action, Outcome
from gateway.mail.reply_address import make_bounce_address
from gateway.notify.deliver import deliver_due
from gateway.runtime import Runtime
from inbound.bounces import note_bounce
from tests.service.test_filing import file
from tests.support.clock import MovableClock
from tests.support.outbox import ask_for_sign_in_link, delivery, file_and_acknowledge
from tests.support.relay import ScriptedRelay, through

MARIE = "marie@example.org"
FAILED = "Action: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 no such user\n"
FULL = "Action: failed\nStatus: 5.2.2\nDiagnostic-Code: smtp; 552 5.2.2 mailbox full\n"
DELAYED = "Action: delayed\nStatus: 4.4.1\n"


def deliver(runtime: Runtime) -> int:
    return deliver_due(runtime, deadline=time.monotonic() + 60, chance=Random(1))


def sent(runtime: Runtime, email: str = MARIE) -> Delivery:
    """An acknowledgement that the relay has taken."""
    row = file_and_acknowledge(runtime, email)
    with ScriptedRelay() as relay:
        assert deliver(through(runtime, relay)) == 1
    return delivery(runtime, row)


def dsn(fate: str = FAILED, *, recipient: str = MARIE, message_id: str = "") -> bytes:
    """A failure report as a mail system writes it; `message_id` is that of the mail which it returns."""
    copy = f"--b\nContent-Type: message/rfc822\n\nMessage-ID: <{message_id}>\nSubject: x\n\nx\n" if message_id else ""
    return (
        "From: MAILER-DAEMON@mx.example\nTo: x@demo.example\nSubject: Undelivered Mail\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
        "--b\nContent-Type: text/plain\n\nSorry.\n"
        "--b\nContent-Type: message/delivery-status\n\n"
        f"Reporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; {recipient}\n{fate}\n{copy}--b--\n"
    ).encode()


def return_path(runtime: Runtime, row: Delivery) -> str:
    today = row.created_at.date()
    return make_bounce_address("support@demo.example", runtime.signer, delivery_id=row.id, today=today)


def arrive(runtime: Runtime, raw: bytes, *rcpt_tos: str, trace: Trace | None = None) -> bool:
    """The report comes in, as filing hands it on."""
    with runtime.database.transaction() as connection:
        return note_bounce(
            connection,
            runtime,
            raw=raw,
            raw_sha256="0" * 64,
            rcpt_tos=rcpt_tos or ("support@demo.example",),
            received_at=runtime.clock.now(),
            trace=trace or Trace(),
        )


def suppressed(runtime: Runtime) -> list[Suppression]:
    with runtime.database.reading() as connection:
        return list_suppressions(connection, now=runtime.clock.now())


def failures(runtime: Runtime, row: Delivery) -> Sequence[Row[tuple[object, ...]]]:
    """What the ticket's timeline says of mail that did not arrive."""
    assert row.ticket_id is not None
    with runtime.database.reading() as connection:
        return [entry for entry in list_entries(connection, row.ticket_id) if entry.type == "system"]


def test_a_report_to_our_return_path_is_believed_shown_and_suppresses_the_address(runtime: Runtime) -> None:
    row = sent(runtime)
    assert arrive(runtime, dsn(), return_path(runtime, row))
    [found] = suppressed(runtime)
    assert (found.address, found.permanent, found.status) == (MARIE, True, "5.1.1")
    assert (found.until - found.since).days == 7
    [entry] = failures(runtime, row)
    assert (entry.direction, entry.visible, entry.raw_sha256) == ("internal", False, "0" * 64)
    assert "550 5.1.1 no such user" in entry.text
    assert "01/12/2026" in entry.text
    assert entry.data["delivery_id"] == row.id
    after = delivery(runtime, row.id)
    assert (after.state, after.last_error) == (DeliveryState.FAILED, "came back: 550 5.1.1 no such user")


def test_a_report_that_returns_our_message_id_is_believed_for_the_address_that_we_wrote_to(runtime: Runtime) -> None:
    row = sent(runtime)
    assert arrive(runtime, dsn(message_id=row.message_id))
    assert [one.address for one in suppressed(runtime)] == [MARIE]


@pytest.mark.parametrize("guess", ["", "s@demo.example", "m-av-1-1-1-aaaaaaaaaaaaaaaaaaaa@demo.example"])
def test_a_forged_report_silences_nobody(runtime: Runtime, guess: str) -> None:
    row = sent(runtime)
    ask_for_sign_in_link(runtime, message_id="s@demo.example")  # known to the outbox, and not signed
    trace = Trace()
    token = "support+b-av-1-aaaaaaaaaaaaaaaaaaaa@demo.example"
    assert not arrive(runtime, dsn(message_id=guess), token, trace=trace)
    assert suppressed(runtime) == []
    assert failures(runtime, row) == []
    assert delivery(runtime, row.id) == row
    assert [step["outcome"] for step in trace.as_json()] == ["not believed"]


def test_our_message_id_proves_nothing_about_another_address(runtime: Runtime) -> None:
    row, other = sent(runtime), sent(runtime, "paul@example.org")
    assert not arrive(runtime, dsn(message_id=row.message_id, recipient="paul@example.org"))
    assert suppressed(runtime) == []
    assert failures(runtime, other) == []


def test_a_report_fetched_from_a_mailbox_came_to_the_address_that_its_delivery_noted(runtime: Runtime) -> None:
    row = sent(runtime)
    noted = f"Delivered-To: {return_path(runtime, row)}\r\n".encode()
    receipt = file(runtime, noted + dsn(), mail_from="", channel=Channel.IMAP)
    [step] = [step for step in receipt.trace if step["rule"] == "failure report"]
    assert step["outcome"] == "hard"


def test_an_answer_of_a_machine_to_our_return_path_is_no_bounce(runtime: Runtime) -> None:
    row = sent(runtime)
    away = b"From: marie@example.org\nAuto-Submitted: auto-replied\nSubject: Absence\n\nJe suis absente.\n"
    assert not arrive(runtime, away, return_path(runtime, row))
    assert suppressed(runtime) == []


def test_a_report_that_names_the_address_behind_a_forward_is_about_the_address_that_we_wrote_to(
    runtime: Runtime,
) -> None:
    row = sent(runtime)
    assert arrive(runtime, dsn(recipient="marie@elsewhere.example"), return_path(runtime, row))
    assert [one.address for one in suppressed(runtime)] == [MARIE]


def test_a_report_in_plain_french_is_understood(runtime: Runtime) -> None:
    row = sent(runtime)
    raw = (
        "From: Postmaster <postmaster@mx.example>\nSubject: Message non remis\n"
        "Content-Type: text/plain; charset=utf-8\n\n"
        "Votre message n'a pas pu être remis : utilisateur inconnu.\n"
    ).encode()
    assert arrive(runtime, raw, return_path(runtime, row))
    assert [one.address for one in suppressed(runtime)] == [MARIE]


def test_the_same_report_twice_is_one_and_further_ones_while_suppressed_do_not_double(
    runtime: Runtime, clock: MovableClock
) -> None:
    row, second = sent(runtime), sent(runtime)
    assert arrive(runtime, dsn(), return_path(runtime, row))
    assert not arrive(runtime, dsn(), return_path(runtime, row))
    assert not arrive(runtime, dsn(message_id=row.message_id))
    assert len(failures(runtime, row)) == 1
    clock.move(hours=1)
    assert arrive(runtime, dsn(), return_path(runtime, second))
    assert [one.bounces for one in suppressed(runtime)] == [1]


def test_two_workers_with_one_report_count_it_once(runtime: Runtime) -> None:
    row = sent(runtime)
    path = return_path(runtime, row)
    news: list[bool] = []
    threads = [threading.Thread(target=lambda: news.append(arrive(runtime, dsn(), path))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(news) == [False, False, False, True]
    assert len(failures(runtime, row)) == 1
    assert [one.bounces for one in suppressed(runtime)] == [1]


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


def test_a_delay_leaves_the_mail_sent_and_repeated_warnings_of_one_mail_count_once(
    runtime: Runtime, clock: MovableClock
) -> None:
    row = sent(runtime)
    for day in range(6):
        assert arrive(runtime, dsn(DELAYED), return_path(runtime, row)) is (day == 0)
        clock.move(hours=20)
    assert delivery(runtime, row.id).state is DeliveryState.SENT
    assert suppressed(runtime) == []
    assert arrive(runtime, dsn(FAILED), return_path(runtime, row))
    assert [one.bounces for one in suppressed(runtime)] == [1]
    assert len(failures(runtime, row)) == 2


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
    assert "n'a pas été envoyé" in entry.text


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
    assert "Plus rien n'est envoyé" in entry.text


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
