"""The kinds of work and what each asks for beside its text.

Adaptive work names what moves, and from which version to which; regulatory work names its source and the date from
which it applies. Nothing is asked for twice: what is not known yet is left out and added later.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from gateway.domain.events import EventType, TicketEvent
from gateway.domain.reasons import Reason, Why
from gateway.domain.ticket import Kind

COMPONENTS = ("operating system", "database", "browser", "third-party API")


@dataclass(frozen=True, kw_only=True)
class Field:
    """Something that a kind of work is asked for. `choices` is empty where any text will do."""

    name: str
    choices: tuple[str, ...] = ()
    is_date: bool = False

    def fault(self, value: str) -> Why | None:
        """What is wrong with a value; None where nothing is."""
        if not value.strip():
            return Reason.FIELD_EMPTY(field=self.name)
        if self.choices and value not in self.choices:
            return Reason.FIELD_ONE_OF(field=self.name, choices=", ".join(self.choices))
        if self.is_date and not _is_date(value):
            return Reason.FIELD_DATE(field=self.name)
        return None


FIELDS: dict[Kind, tuple[Field, ...]] = {
    Kind.CORRECTIVE: (),
    Kind.ASSISTANCE: (),
    Kind.EVOLUTIVE: (),
    Kind.PREVENTIVE: (Field(name="reference"),),
    Kind.ADAPTIVE: (
        Field(name="component", choices=COMPONENTS),
        Field(name="from_version"),
        Field(name="to_version"),
    ),
    Kind.REGULATORY: (Field(name="source"), Field(name="effective_on", is_date=True)),
}


def detail_faults(kind: Kind, details: Mapping[str, str]) -> list[Why]:
    """What is wrong with the details of a kind of work."""
    known = {field.name: field for field in FIELDS[kind]}
    faults = [Reason.FIELD_UNKNOWN(kind=kind, field=name) for name in details if name not in known]
    checked = (known[name].fault(value) for name, value in details.items() if name in known)
    return faults + [fault for fault in checked if fault is not None]


def details_of(history: Iterable[TicketEvent]) -> dict[str, str]:
    """What is known of a ticket's work as the kind that it is now: what was said last of each."""
    kind, known = Kind.ASSISTANCE.value, dict[str, str]()
    for event in history:
        if event.type is EventType.KIND:
            known = {} if event.value != kind else known
            kind = event.value
            known |= dict(event.details)
    return known


def _is_date(value: str) -> bool:
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True
