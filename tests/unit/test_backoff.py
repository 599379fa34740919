"""The schedule of attempts."""

from datetime import timedelta
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from gateway.notify.backoff import LAST_ATTEMPT, PAUSES, next_pause


@given(st.integers(min_value=1, max_value=len(PAUSES)), st.integers())
def test_a_pause_is_its_place_in_the_schedule_give_or_take_a_fifth(attempts: int, seed: int) -> None:
    pause = next_pause(attempts, chance=Random(seed))
    assert pause is not None
    assert 0.8 * PAUSES[attempts - 1] <= pause <= 1.2 * PAUSES[attempts - 1]


def test_what_failed_together_does_not_come_back_together() -> None:
    chance = Random(1)
    assert len({next_pause(1, chance=chance) for _ in range(20)}) > 1


def test_after_about_three_days_there_is_no_further_attempt() -> None:
    assert timedelta(days=2.5) < sum(PAUSES, timedelta()) < timedelta(days=3.5)
    assert next_pause(LAST_ATTEMPT - 1, chance=Random(1)) is not None
    assert next_pause(LAST_ATTEMPT, chance=Random(1)) is None
    assert next_pause(LAST_ATTEMPT + 1, chance=Random(1)) is None


def test_each_pause_is_at_least_as_long_as_the_one_before() -> None:
    assert list(PAUSES) == sorted(PAUSES)
