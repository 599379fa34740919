"""For how long an address is left alone: the rows are the bullets of `gateway.domain.suppression`."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.suppression import LONGEST, Suppression, after_bounce
from gateway.mail.bounce import Action, Outcome

START = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
HARD = Outcome(action=Action.FAILED, status="5.1.1", diagnostic="550 5.1.1 no such user")
FULL = Outcome(action=Action.FAILED, status="5.2.2", diagnostic="552 5.2.2 mailbox full")
LATE = Outcome(action=Action.DELAYED, status="4.4.1")
DAY = timedelta(days=1)


def days(*bounces: tuple[float, Outcome]) -> list[float]:
    """For how many days mail is held back after each of these bounces, each so many days after the start."""
    state: Suppression | None = None
    pauses = []
    for at, outcome in bounces:
        now = START + at * DAY
        state = after_bounce(state, outcome, address="a@x.example", now=now)
        pauses.append(max(state.until - now, timedelta(0)) / DAY)
    return pauses


def test_a_hard_bounce_suppresses_for_seven_days_and_each_further_one_twice_as_long_up_to_ninety() -> None:
    assert days((0, HARD), (7, HARD), (21, HARD), (49, HARD), (105, HARD), (195, HARD)) == [7, 14, 28, 56, 90, 90]


def test_a_bounce_of_mail_that_was_under_way_changes_nothing() -> None:
    assert days((0, HARD), (1, HARD), (2, LATE), (7, HARD)) == [7, 6, 5, 14]


def test_a_hard_bounce_long_after_the_last_one_is_a_first_one() -> None:
    assert days((0, HARD), (7 + 89, HARD)) == [7, 14]
    assert days((0, HARD), (7 + 90, HARD)) == [7, 7]


def test_the_fifth_soft_bounce_within_seven_days_suppresses_for_a_day_and_so_does_the_next() -> None:
    assert days((0, FULL), (1, LATE), (2, FULL), (3, LATE), (4, FULL), (5.5, LATE)) == [0, 0, 0, 0, 1, 1]


def test_soft_bounces_further_apart_suppress_nothing() -> None:
    assert days(*((2 * number, FULL) for number in range(12))) == [0] * 12


def test_a_soft_bounce_after_a_hard_one_has_run_out_begins_a_count_of_its_own() -> None:
    assert days((0, HARD), (8, FULL), (9, HARD)) == [7, 0, 7]


def test_a_hard_bounce_after_soft_ones_is_a_first_one() -> None:
    assert days((0, FULL), (1, FULL), (2, HARD)) == [0, 0, 7]


def test_what_is_remembered_is_the_last_bounce_that_counted() -> None:
    state = after_bounce(None, HARD, address="a@x.example", now=START)
    assert (state.permanent, state.bounces, state.status, state.reason) == (True, 1, "5.1.1", "550 5.1.1 no such user")
    assert after_bounce(state, FULL, address="a@x.example", now=START + DAY) == state


@given(st.lists(st.tuples(st.floats(0, 100), st.sampled_from([HARD, FULL, LATE])), max_size=30))
def test_no_history_suppresses_for_longer_than_the_longest(history: list[tuple[float, Outcome]]) -> None:
    at, bounces = 0.0, []
    for pause, outcome in history:
        at += pause
        bounces.append((at, outcome))
    assert all(0 <= pause <= LONGEST / DAY for pause in days(*bounces))
