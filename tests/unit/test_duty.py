"""Who is on duty: what a day of its own changes."""

from datetime import date

from gateway.domain.duty import Shift, stood_in_for


def test_whose_turn_it_would_be() -> None:
    """Only on a day of its own, and only who is not on it."""
    day = date(2026, 11, 23)
    first, second = (Shift(person_id=ident, position=ident, start=540, end=1050, weekday=0) for ident in (1, 2))
    own = Shift(person_id=2, position=0, start=0, end=1440, day=day)
    assert stood_in_for([first, second], day) == ()
    assert stood_in_for([first, second, own], day) == (1,)
    assert stood_in_for([own], day) == ()
