"""The settings of the support contract: calendars, contracts, and the teams of a project.

Each field is checked by itself where it can be, so that one report names every fault.
"""

from datetime import date, timedelta
from typing import Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from gateway.config.section import Section
from gateway.domain.calendar import DAY_NAMES, Calendar, is_zone, parse_hours
from gateway.domain.contract import Contract, Counting, Guarantees, Ladder, Rung, guarantee_faults
from gateway.domain.follow_up import USUAL_FOLLOW_UP, FollowUpRules
from gateway.domain.public_holidays import regions
from gateway.domain.ticket import Kind, Level, Role, Severity
from gateway.mail.address import is_address, normalise_address

_OFFICE = "9:00-17:30"


class CalendarSettings(Section):
    """When work is done. A day is hours like `9:00-12:30, 13:30-17:30`, half-open; an empty text is a day off.

    `holidays` is `FR`, a region of it (`FR-57`) or `none`; `closed` are closing days of the company; `worked` are
    days that are worked by exception, with their hours.
    """

    zone: str = "Europe/Paris"
    monday: str = _OFFICE
    tuesday: str = _OFFICE
    wednesday: str = _OFFICE
    thursday: str = _OFFICE
    friday: str = _OFFICE
    saturday: str = ""
    sunday: str = ""
    holidays: str = "FR"
    closed: frozenset[date] = frozenset()
    worked: dict[date, str] = Field(default_factory=dict)

    @field_validator(*DAY_NAMES)
    @classmethod
    def _are_hours(cls, value: str) -> str:
        parse_hours(value)
        return value

    @field_validator("worked")
    @classmethod
    def _are_hours_of_days(cls, value: dict[date, str]) -> dict[date, str]:
        for hours in value.values():
            parse_hours(hours)
        return value

    @field_validator("zone")
    @classmethod
    def _is_a_zone(cls, value: str) -> str:
        if not is_zone(value):
            raise ValueError(f"there is no time zone {value!r}")
        return value

    @field_validator("holidays")
    @classmethod
    def _is_a_region(cls, value: str) -> str:
        if value not in regions():
            raise ValueError(f"must be one of {', '.join(sorted(regions()))}")
        return value

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        self.calendar()
        return self

    def calendar(self) -> Calendar:
        """The domain's value. Raises ValueError with every fault."""
        return Calendar(
            zone=self.zone,
            week=tuple(parse_hours(getattr(self, name)) for name in DAY_NAMES),
            region=self.holidays,
            closed=self.closed,
            worked=tuple((day, parse_hours(hours)) for day, hours in sorted(self.worked.items())),
        )


class GuaranteeSettings(Section):
    """What one severity is promised, in hours. Without `gtr_hours` no recovery time is guaranteed."""

    gti_hours: float = Field(allow_inf_nan=False)
    gtr_hours: float | None = Field(default=None, allow_inf_nan=False)
    counting: Counting | None = Field(default=None, description="the contract's, where it is left out")

    def guarantees(self, counting: Counting) -> Guarantees:
        """The domain's value."""
        return Guarantees(
            gti=timedelta(hours=self.gti_hours),
            gtr=None if self.gtr_hours is None else timedelta(hours=self.gtr_hours),
            counting=self.counting or counting,
        )


class EscalationSettings(Section):
    """Whom a clock calls at 50, 75 and 100 % of a guaranteed time; where there is nobody, the next of them."""

    at_50: frozenset[Rung] = frozenset({Rung.ASSIGNEE})
    at_75: frozenset[Rung] = frozenset({Rung.ASSIGNEE, Rung.TEAM})
    at_100: frozenset[Rung] = Field(default=frozenset(Rung), min_length=1)

    def ladder(self) -> Ladder:
        """The domain's value."""
        return ((50, self.at_50), (75, self.at_75), (100, self.at_100))


class FollowUpSettings(Section):
    """Working days until a ticket that waits for its reporter is recalled to them, and until it is closed.

    `close_resolved_after` is for one that is resolved. 0: it is not closed by itself.
    """

    remind_after: tuple[int, ...] = USUAL_FOLLOW_UP.remind_after
    close_waiting_after: int = Field(default=10, ge=0)
    close_resolved_after: int = Field(default=10, ge=0)

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        self.rules()
        return self

    def rules(self) -> FollowUpRules:
        """The domain's value. Raises ValueError with every fault."""
        return FollowUpRules(
            remind_after=self.remind_after,
            close_waiting_after=self.close_waiting_after or None,
            close_resolved_after=self.close_resolved_after or None,
        )


class ContractSettings(Section):
    """The guaranteed times by severity, and what carries them.

    Times outside 12 to 48 hours are refused unless `allow_times_outside_12_to_48_hours` says that they are meant.
    `organisations` are mail domains whose people may see each other's tickets.
    """

    allow_times_outside_12_to_48_hours: bool = False
    counting: Counting = Counting.ELAPSED
    kinds: frozenset[Kind] = Field(default=frozenset({Kind.CORRECTIVE}), min_length=1)
    organisations: frozenset[str] = frozenset()
    blocking: GuaranteeSettings = GuaranteeSettings(gti_hours=12, gtr_hours=24)
    major: GuaranteeSettings = GuaranteeSettings(gti_hours=24, gtr_hours=48)
    minor: GuaranteeSettings = GuaranteeSettings(gti_hours=48)
    escalation: EscalationSettings = EscalationSettings()
    follow_up: FollowUpSettings = FollowUpSettings()

    @field_validator("organisations")
    @classmethod
    def _are_domains(cls, value: frozenset[str]) -> frozenset[str]:
        domains = frozenset(domain.strip().lower() for domain in value)
        for domain in sorted(domains):
            if not is_address(f"x@{domain}") or "." not in domain:
                raise ValueError(f"{domain!r} is not a mail domain")
        return domains

    @field_validator(*(severity.value for severity in Severity))
    @classmethod
    def _are_within_bounds(cls, value: GuaranteeSettings, info: ValidationInfo) -> GuaranteeSettings:
        meant = bool(info.data.get("allow_times_outside_12_to_48_hours"))
        faults = guarantee_faults(value.guarantees(Counting.ELAPSED), unusual_times=meant)
        if faults:
            raise ValueError("; ".join(faults))
        return value

    def contract(self) -> Contract:
        """The domain's value."""
        return Contract(
            guarantees=tuple((severity, getattr(self, severity).guarantees(self.counting)) for severity in Severity),
            kinds=self.kinds,
            organisations=self.organisations,
            unusual_times=self.allow_times_outside_12_to_48_hours,
            ladder=self.escalation.ladder(),
        )


class TeamSettings(Section):
    """Who works for a project, by mail address. N1 is usually the customer's own; `person add` adds people too."""

    n1: frozenset[str] = frozenset()
    n2: frozenset[str] = frozenset()
    n3: frozenset[str] = frozenset()
    supervisor: frozenset[str] = frozenset()

    @field_validator("*")
    @classmethod
    def _are_addresses(cls, value: frozenset[str]) -> frozenset[str]:
        addresses = frozenset(normalise_address(address) for address in value)
        for address in sorted(addresses):
            if not is_address(address):
                raise ValueError(f"{address!r} is not a mail address")
        return addresses

    def teams(self) -> tuple[tuple[Role, frozenset[str]], ...]:
        """The members by role."""
        roles = (Role.N1, Role.N2, Role.N3, Role.SUPERVISOR)
        return tuple((role, getattr(self, role)) for role in roles if getattr(self, role))


class LevelAddressSettings(Section):
    """The addresses by which a level is written to directly; what is not entitled there is filed below, with why."""

    n1: str | None = None
    n2: str | None = None
    n3: str | None = None

    def level_addresses(self) -> tuple[tuple[Level, str], ...]:
        """The addresses that are set, by level."""
        levels = ((level, getattr(self, level.lower())) for level in Level)
        return tuple((level, address) for level, address in levels if address is not None)
