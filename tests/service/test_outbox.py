"""The outbox's rows: written with the event, taken once, counted."""

from datetime import timedelta

import pytest

from gateway.db.outbox import (
    MAILS,
    Delivery,
    DeliveryState,
    begin_attempts,
    count_recent,
    end_attempt,
    give_back,
    list_deliveries,
)
from gateway.db.participants import find_known_ids
from gateway.mail.message_id import OwnMessageId, read_own
from gateway.runtime import Runtime
from tests.support.clock import MovableClock
from tests.support.outbox import delivery, file_and_acknowledge

LEASE = timedelta(minutes=2)


def begin(runtime: Runtime, *, limit: int = 10) -> list[Delivery]:
    with runtime.database.transaction() as connection:
        return begin_attempts(connection, now=runtime.clock.now(), lease=LEASE, limit=limit)


def due_and_under_way(runtime: Runtime) -> tuple[int, int]:
    now = runtime.clock.now()
    with runtime.database.reading() as connection:
        return MAILS.count_due(connection, now=now), MAILS.count_under_way(connection, now=now)


def test_an_acknowledgement_is_remembered_before_it_is_sent(runtime: Runtime) -> None:
    row = delivery(runtime, file_and_acknowledge(runtime, message_id="parent@example.org", reference_ids=["root@x"]))
    today = runtime.clock.now().date()
    assert row.ticket_id is not None
    assert read_own(row.message_id, runtime.signer, today=today) == OwnMessageId(
        ticket_id=row.ticket_id, person_id=row.person_id
    )
    with runtime.database.reading() as connection:
        [known] = find_known_ids(connection, [row.message_id])[row.message_id]
        assert (known.ticket_id, known.ours, known.internal) == (row.ticket_id, True, False)
    assert row.in_reply_to == "parent@example.org"
    assert list(row.reference_ids) == ["root@x", "parent@example.org"]
    assert (row.state, row.attempts) == (DeliveryState.QUEUED, 0)


def test_nothing_that_a_stranger_wrote_is_in_the_row_of_their_acknowledgement(runtime: Runtime) -> None:
    strange = delivery(runtime, file_and_acknowledge(runtime, subject="Buy pills", name="Pill Seller"))
    assert strange.context == {"ref": "DEMO-1"}
    known = delivery(runtime, file_and_acknowledge(runtime, subject="Écran noir", echo_subject=True))
    assert known.context == {"ref": "DEMO-2", "subject": "Écran noir"}


def test_an_event_that_is_rolled_back_tells_nobody(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: object, **_kwargs: object) -> None:
        raise RuntimeError("the event did not happen")

    monkeypatch.setattr("gateway.notify.ticket_mail.remember_message_id", fail)
    with pytest.raises(RuntimeError):
        file_and_acknowledge(runtime)
    with runtime.database.reading() as connection:
        assert list_deliveries(connection) == []


def test_what_is_taken_is_taken_once_and_at_most_as_many_as_asked_for(runtime: Runtime) -> None:
    rows = [file_and_acknowledge(runtime, f"{number}@example.org") for number in range(5)]
    assert [one.id for one in begin(runtime, limit=3)] == rows[:3]
    assert [one.id for one in begin(runtime, limit=3)] == rows[3:]
    assert begin(runtime) == []


def test_the_attempt_is_in_the_row_before_anybody_dials(runtime: Runtime, clock: MovableClock) -> None:
    row = file_and_acknowledge(runtime)
    begin(runtime)
    under_way = delivery(runtime, row)
    assert (under_way.state, under_way.attempts) == (DeliveryState.SENDING, 1)
    assert under_way.next_attempt_at == clock.now() + LEASE


def test_an_attempt_ends_once(runtime: Runtime, clock: MovableClock) -> None:
    file_and_acknowledge(runtime)
    (taken,) = begin(runtime)
    with runtime.database.transaction() as connection:
        assert end_attempt(connection, taken, state=DeliveryState.SENT, at=clock.now())
        assert not end_attempt(connection, taken, state=DeliveryState.FAILED, at=clock.now())


def test_what_is_given_back_is_due_again_and_its_attempt_does_not_count(runtime: Runtime, clock: MovableClock) -> None:
    file_and_acknowledge(runtime)
    taken = begin(runtime)
    with runtime.database.transaction() as connection:
        give_back(connection, taken, due_at=clock.now())
    (again,) = begin(runtime)
    assert (again.attempts, again.last_error) == (1, None)


def test_mail_is_due_then_under_way_then_done_and_due_again_where_its_sender_died(
    runtime: Runtime, clock: MovableClock
) -> None:
    written = clock.now()
    file_and_acknowledge(runtime)
    assert due_and_under_way(runtime) == (1, 0)
    begin(runtime)
    assert due_and_under_way(runtime) == (0, 1)
    clock.move(seconds=LEASE.total_seconds())
    assert due_and_under_way(runtime) == (1, 0)
    (taken,) = begin(runtime)
    with runtime.database.transaction() as connection:
        assert MAILS.oldest(connection) == written
        end_attempt(connection, taken, state=DeliveryState.SENT, at=clock.now())
        assert MAILS.oldest(connection) is None
    assert due_and_under_way(runtime) == (0, 0)


def test_mail_that_waits_for_another_try_is_neither_due_nor_under_way(runtime: Runtime, clock: MovableClock) -> None:
    file_and_acknowledge(runtime)
    (taken,) = begin(runtime)
    later = clock.now() + timedelta(hours=1)
    with runtime.database.transaction() as connection:
        end_attempt(connection, taken, state=DeliveryState.UNKNOWN, at=clock.now(), next_attempt_at=later)
    assert due_and_under_way(runtime) == (0, 0)
    clock.move(hours=1)
    assert due_and_under_way(runtime) == (1, 0)


def test_a_cap_counts_one_kind_of_notice_to_one_address_since_a_moment(runtime: Runtime, clock: MovableClock) -> None:
    for email in ("marie@example.org", "marie@example.org", "paul@example.org"):
        file_and_acknowledge(runtime, email)
        clock.move(hours=1)

    def recent(hours: float) -> int:
        with runtime.database.reading() as connection:
            return count_recent(
                connection,
                notice="acknowledgement",
                recipient="marie@example.org",
                since=clock.now() - timedelta(hours=hours),
            )

    assert (recent(24), recent(2.5), recent(1)) == (2, 1, 0)
