"""How a guaranteed time was counted, for agents: what is promised, from when, what paused it, how it ended."""

from datetime import timedelta

from flask_babel import gettext

from gateway.domain.clock_reading import ClockState, Reading, paused
from gateway.domain.clocks import Clocks, Guarantee
from gateway.domain.contract import Counting
from web.clock_view import clock_view, length, promise
from web.i18n import moment
from web.words import KINDS, SEVERITIES

_NAMES = {Guarantee.GTI: "GTI", Guarantee.GTR: "GTR"}


def clock_story(reading: Reading, clocks: Clocks) -> str:
    """One of the ticket's clocks in a few sentences, in the reader's language."""
    clock = reading.clock
    severity = clock.severity if clock.stopped_at else clocks.severity
    named = str(SEVERITIES[severity]) if severity else gettext("no severity")
    start = f"{_NAMES[clock.guarantee]} ({named}){gettext(': ')}"
    if reading.promised is None:
        kind = str(KINDS[clocks.kind])
        return start + str(
            gettext("nothing is guaranteed for this kind of work and this severity (%(kind)s).", kind=kind)
        )
    counting = Counting.ELAPSED if reading.terms is None else reading.terms.counting
    parts = [promise(clock.guarantee, reading.promised, counting) + ".", _counted(reading)]
    if (time := paused(clock, reading.now)) >= timedelta(minutes=1):
        parts.append(gettext("It paused for %(time)s while we waited for an answer.", time=length(time)))
    return start + " ".join([*parts, _end(reading)])


def _counted(reading: Reading) -> str:
    began = moment(reading.clock.started_at)
    if reading.due is None:
        return str(gettext("It counted from %(when)s.", when=began))
    return str(gettext("It counted from %(when)s and was due on %(due)s.", when=began, due=moment(reading.due)))


def _end(reading: Reading) -> str:
    clock = reading.clock
    if clock.stopped_at is None or reading.state is ClockState.NONE:
        view = clock_view(reading)
        if view is None:
            assert clock.stopped_at is not None, "a clock that shows nothing has ended"
            return str(gettext("The request ended on %(when)s without it.", when=moment(clock.stopped_at)))
        return f"{view.standing[:1].upper()}{view.standing[1:]}."
    when = moment(clock.stopped_at)
    if not clock.met:
        return str(gettext("The request ended on %(when)s without it.", when=when))
    if clock.guarantee is Guarantee.GTI:
        return str(gettext("A person took it in hand on %(when)s.", when=when))
    return str(gettext("The service was restored on %(when)s.", when=when))
