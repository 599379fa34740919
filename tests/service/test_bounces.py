"""A mail that comes back: who is believed, what the ticket shows, and who gets no more mail, and for how long."""

import threading

import pytest

from gateway.db.outbox import DeliveryState
from gateway.domain.ticket import Channel
from gateway.domain.trace import Trace
from gateway.runtime import Runtime
from tests.service.test_filing import file
from tests.support.bounces import DELAYED, FAILED, MARIE, arrive, dsn, failures, return_path, sent, suppressed
from tests.support.clock import MovableClock
from tests.support.outbox import ask_for_sign_in_link, delivery


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
