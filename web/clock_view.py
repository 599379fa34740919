"""A guaranteed time as a plain sentence and a small bar: what was promised, and how that stands."""

from dataclasses import dataclass
from datetime import timedelta

from flask_babel import gettext

from gateway.domain.clock_reading import ClockState, Reading, span
from gateway.domain.clocks import Guarantee
from gateway.domain.contract import Counting
from web.i18n import moment

_NO_BREAK = "\N{NO-BREAK SPACE}"


@dataclass(frozen=True, kw_only=True)
class ClockView:
    """`promise` and `standing` read as one sentence; `percent` of the time is gone, 0 to 100."""

    guarantee: str
    state: str
    promise: str
    standing: str
    percent: int


def clock_view(reading: Reading) -> ClockView | None:
    """A clock for people; None where nothing is promised, or nothing came of it."""
    if reading.promised is None or reading.state is ClockState.NONE:
        return None
    return ClockView(
        guarantee=reading.clock.guarantee.value,
        state=reading.state.value,
        promise=promise(reading.clock.guarantee, reading.promised, _counting(reading)),
        standing=_standing(reading, reading.promised),
        percent=min(100, round(100 * (reading.spent / reading.promised))),
    )


def promise(guarantee: Guarantee, time: timedelta, counting: Counting) -> str:
    """What is promised: `Taken in hand within 12 h`."""
    said = length(time)
    if counting is Counting.WORKING:
        said = gettext("%(time)s of working hours", time=said)
    if guarantee is Guarantee.GTI:
        return str(gettext("Guaranteed to be taken in hand within %(time)s", time=said))
    return str(gettext("Service guaranteed to be restored within %(time)s", time=said))


def length(time: timedelta) -> str:
    """A length of time that no line end divides: `1 h 30`."""
    return span(time).replace(" ", _NO_BREAK)


def _counting(reading: Reading) -> Counting:
    return Counting.ELAPSED if reading.terms is None else reading.terms.counting


def _standing(reading: Reading, promised: timedelta) -> str:
    spent = length(reading.spent)
    if reading.clock.stopped_at is not None and reading.clock.met:
        return _met(reading, spent)
    if reading.state is ClockState.BREACHED:
        return str(gettext("late by %(time)s", time=length(reading.spent - promised)))
    left = length(promised - reading.spent)
    if reading.state is ClockState.PAUSED or reading.due is None:
        return str(gettext("paused while we wait for an answer, %(time)s left", time=left))
    return str(gettext("%(time)s left, until %(when)s", time=left, when=moment(reading.due)))


def _met(reading: Reading, spent: str) -> str:
    is_late = reading.state is ClockState.BREACHED
    if reading.clock.guarantee is Guarantee.GTI:
        return str(
            gettext("done too late, after %(time)s", time=spent)
            if is_late
            else gettext("done after %(time)s", time=spent)
        )
    return str(
        gettext("restored too late, after %(time)s", time=spent)
        if is_late
        else gettext("restored after %(time)s", time=spent)
    )
