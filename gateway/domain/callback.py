"""How far the time for calling somebody back has run: the same marks as those of a ticket's clocks."""

from datetime import datetime

from gateway.domain.business_hours import BusinessHours
from gateway.domain.escalation import BREACH, WARNINGS


def percent_passed(hours: BusinessHours, *, requested_at: datetime, due_at: datetime, now: datetime) -> int:
    """The last mark that was passed, 50, 75 or 100; 0 before the first. At 100 the call back is overdue."""
    if now > due_at:
        return BREACH
    span = hours.between(requested_at, due_at)
    passed = (percent for percent in WARNINGS if hours.add(requested_at, span * percent / 100) <= now)
    return max(passed, default=0)
