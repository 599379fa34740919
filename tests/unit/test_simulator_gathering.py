"""Which keys a Gather takes: the rules of the provider's page, one row each."""

import pytest

from telephony.simulator.gathering import Gathered, gather
from telephony.simulator.script import Press, timed


@pytest.mark.parametrize(
    ("keys", "most", "finish_on", "expected"),
    [
        ((), None, "#", ("", "", 8.0, 0)),
        (((4, "1"),), None, "#", ("1", "", 9.0, 1)),
        (((4, "1"), (5, "2"), (6, "#")), None, "#", ("12", "#", 6.0, 3)),
        (((4, "#"),), None, "#", ("", "#", 4.0, 1)),
        (((4, "1"), (5, "#")), None, "", ("1#", "", 10.0, 2)),
        (((4, "1"), (5, "2"), (6, "3")), 2, "#", ("12", "", 5.0, 2)),
        (((1, "1"),), 1, "#", ("1", "", 1.0, 1)),
        (((8, "1"),), 1, "#", ("1", "", 8.0, 1)),
        (((8.1, "1"),), 1, "#", ("", "", 8.0, 0)),
        (((4, "1"), (9, "2")), None, "#", ("12", "", 14.0, 2)),
        (((4, "1"), (9.1, "2")), None, "#", ("1", "", 9.0, 1)),
    ],
    ids=[
        "silence ends after the question and the timeout",
        "the timeout counts from the last key",
        "the finishing key is no digit",
        "the finishing key alone is an empty result",
        "no finishing key",
        "so many digits and no more",
        "a key cuts the question short",
        "a key at the last moment",
        "a key too late",
        "a gap as long as the timeout",
        "a gap longer than the timeout",
    ],
)
def test_keys(
    keys: tuple[tuple[float, str], ...], most: int | None, finish_on: str, expected: tuple[str, str, float, int]
) -> None:
    presses = [Press(after=after, key=key) for after, key in keys]
    digits, finished_on, seconds, used = expected
    taken = gather(presses, prompt=3.0, timeout=5.0, most=most, finish_on=finish_on)
    assert taken == Gathered(digits=digits, finished_on=finished_on, seconds=seconds, used=used)


def test_w_waits_half_a_second_between_keys() -> None:
    assert [press.after for press in timed("1ww2", first=2.0)] == [2.0, 3.4]
