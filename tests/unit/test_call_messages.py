"""How long a message that cannot be fetched waits for its next try."""

from datetime import timedelta

from telephony.messages import wait_after


def test_the_waits_double_up_to_ten_minutes() -> None:
    assert [wait_after(tries) / timedelta(seconds=1) for tries in (1, 2, 3, 7, 8, 40)] == [5, 10, 20, 320, 600, 600]
