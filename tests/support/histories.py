"""Histories of an incident, and what its clocks show so many hours after its beginning."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from gateway.domain.calendar import USUAL_CALENDAR
from gateway.domain.clock_reading import Reading, read_current
from gateway.domain.clocks import Guarantee, fold
from gateway.domain.contract import USUAL_CONTRACT, Contract, Counting, Guarantees
from gateway.domain.events import By, EventType, TicketEvent
from gateway.domain.ticket import Severity

HOUR = timedelta(hours=1)
FRIDAY = datetime(2026, 11, 20, 17, 0, tzinfo=ZoneInfo("Europe/Paris")).astimezone(UTC)
ANA = "ana@support.example"
WORKING = Contract(
    guarantees=tuple(
        (severity, Guarantees(gti=12 * HOUR, gtr=24 * HOUR, counting=Counting.WORKING)) for severity in Severity
    )
)

Told = tuple[float, EventType, str] | tuple[float, EventType, str, By]


def history(*told: Told, severity: str = "blocking") -> list[TicketEvent]:
    """An incident that began on Friday at 17:00 Paris; times in hours after that. By an agent unless said otherwise."""
    begun = [(0, EventType.CREATED, ""), (0, EventType.KIND, "corrective"), (0, EventType.SEVERITY, severity)]
    events = []
    for hours, kind, value, *by in [*begun, *told]:
        act = by[0] if by else By.AGENT
        events.append(
            TicketEvent(type=kind, at=FRIDAY + hours * HOUR, by=act, author=ANA if act is By.AGENT else "", value=value)
        )  # type: ignore[arg-type]  # fields by name
    return events


def read(events: Sequence[TicketEvent], at: float, *, contract: Contract = USUAL_CONTRACT) -> tuple[Reading, Reading]:
    """GTI and GTR, so many hours after Friday 17:00."""
    clocks = fold(events, contract=contract)
    found = read_current(clocks, calendar=USUAL_CALENDAR, now=FRIDAY + at * HOUR)
    return found[Guarantee.GTI], found[Guarantee.GTR]


def hours_due(reading: Reading) -> float | None:
    return None if reading.due is None else (reading.due - FRIDAY) / HOUR
