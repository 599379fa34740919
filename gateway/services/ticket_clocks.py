"""A ticket's clocks, read for whoever shows them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.domain.calendar import USUAL_CALENDAR, Calendar
from gateway.domain.clock_reading import ClockState, Reading, explain, read_clock, read_current
from gateway.domain.clocks import Clocks, Guarantee, fold
from gateway.domain.contract import USUAL_CONTRACT
from gateway.domain.events import TicketEvent
from gateway.domain.project import Project
from gateway.runtime import Runtime

_COUNTING = frozenset({ClockState.RUNNING, ClockState.BREACHED})


@dataclass(frozen=True, kw_only=True)
class TicketClocks:
    """The clocks of a ticket at a moment."""

    clocks: Clocks
    calendar: Calendar
    now: datetime

    def reading(self, guarantee: Guarantee) -> Reading:
        """The clock that runs now or ran last."""
        return read_current(self.clocks, calendar=self.calendar, now=self.now)[guarantee]

    @property
    def next_due(self) -> datetime | None:
        """When the first of the clocks that nothing has stopped is due, or was; None where none counts."""
        readings = (self.reading(guarantee) for guarantee in Guarantee)
        dues = [one.due for one in readings if one.state in _COUNTING and one.clock.stopped_at is None]
        return min((due for due in dues if due is not None), default=None)

    def fields(self) -> dict[str, Any]:
        """The fields of a ticket that the operator's interface names."""
        gti, gtr = self.reading(Guarantee.GTI), self.reading(Guarantee.GTR)
        return {"gti_due": gti.due, "gti_state": gti.state.value, "gtr_due": gtr.due, "gtr_state": gtr.state.value}

    def readings(self) -> list[Reading]:
        """Every clock; those from before a reopening come first."""
        return [read_clock(clock, self.clocks, calendar=self.calendar, now=self.now) for clock in self.clocks.clocks]

    def explanations(self) -> list[str]:
        """One line for each of them, in English."""
        return [explain(reading, self.clocks) for reading in self.readings()]


def ticket_clocks(history: Sequence[TicketEvent], project: Project | None, *, now: datetime) -> TicketClocks:
    """The clocks that a whole history leads to. A project that left the configuration has the usual terms."""
    contract, calendar = (USUAL_CONTRACT, USUAL_CALENDAR) if project is None else (project.contract, project.calendar)
    return TicketClocks(clocks=fold(history, contract=contract), calendar=calendar, now=now)


def find_project(runtime: Runtime, key: str) -> Project | None:
    """The project with this key; None for one that has left the configuration."""
    return next((project for project in runtime.settings.project_list if project.key == key), None)
