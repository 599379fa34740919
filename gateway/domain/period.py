"""A period of whole days, as people name it."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from gateway.domain.reasons import Reason
from gateway.domain.saying import Unfit


@dataclass(frozen=True, kw_only=True)
class Period:
    """Whole days of a time zone, the last one included. Raises Unfit where it ends before it begins."""

    first: date
    last: date
    zone: ZoneInfo

    def __post_init__(self) -> None:
        """Refuse a period without a day, and one that no calendar reaches the end of."""
        if self.last < self.first:
            raise Unfit(Reason.PERIOD_BACKWARDS())
        if self.first.year < 1970 or self.last.year > 9000:
            raise Unfit(Reason.PERIOD_YEARS())

    @property
    def since(self) -> datetime:
        """The moment at which it begins."""
        return datetime.combine(self.first, time.min, tzinfo=self.zone)

    @property
    def until(self) -> datetime:
        """The first moment after it."""
        return datetime.combine(self.last + timedelta(days=1), time.min, tzinfo=self.zone)

    def holds(self, moment: datetime) -> bool:
        """True for a moment within it."""
        return self.since <= moment < self.until


def month_before(today: date, zone: ZoneInfo) -> Period:
    """The last whole month."""
    last = today.replace(day=1) - timedelta(days=1)
    return Period(first=last.replace(day=1), last=last, zone=zone)
