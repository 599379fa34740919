"""Events keep what can be computed from, and a history with gaps is made whole."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.domain.events import By, EventType, Standing, TicketEvent, beginning, whole_history, with_contracts
from gateway.domain.ticket import Kind, Level, Severity, Status

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def event(kind: EventType, value: str = "", hours: float = 0) -> TicketEvent:
    return TicketEvent(type=kind, at=NOW + hours * HOUR, by=By.AGENT, author="ana@support.example", value=value)


def standing(**changes: object) -> Standing:
    values: dict[str, object] = {
        "created_at": NOW,
        "updated_at": NOW + 5 * HOUR,
        "kind": Kind.ASSISTANCE,
        "severity": None,
        "status": Status.NEW,
        "level": Level.N1,
    }
    return Standing(**values | changes)  # type: ignore[arg-type]  # fields by name


def told(history: list[TicketEvent]) -> list[tuple[str, str, float]]:
    return [(one.type.value, one.value, (one.at - NOW) / HOUR) for one in history]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (EventType.STATUS, "on fire"),
        (EventType.STATUS, ""),
        (EventType.LEVEL, "N4"),
        (EventType.KIND, ""),
        (EventType.SEVERITY, "urgent"),
        (EventType.ANSWERED, "yes"),
        (EventType.CREATED, "N1"),
    ],
)
def test_an_event_with_a_value_that_means_nothing_is_refused(kind: EventType, value: str) -> None:
    with pytest.raises(ValueError):
        event(kind, value)


def test_a_severity_can_be_taken_away_and_a_moment_has_a_zone() -> None:
    assert event(EventType.SEVERITY, "").value == ""
    with pytest.raises(ValueError):
        TicketEvent(type=EventType.CREATED, at=NOW.replace(tzinfo=None), by=By.GATEWAY)


def test_a_ticket_without_events_began_as_its_row_says() -> None:
    row = standing(kind=Kind.CORRECTIVE, severity=Severity.MAJOR, level=Level.N2, status=Status.PENDING)
    assert told(whole_history([], row)) == [
        ("created", "", 0),
        ("kind", "corrective", 0),
        ("severity", "major", 0),
        ("level", "N2", 0),
        ("status", "pending", 5),
    ]
    assert told(beginning(standing())) == [("created", "", 0)]


def test_a_history_that_was_kept_is_left_as_it_is() -> None:
    kept = [event(EventType.CREATED), event(EventType.SEVERITY, "minor", 1), event(EventType.SEVERITY, "", 2)]
    assert whole_history(kept, standing()) == kept


def test_what_the_row_says_and_no_event_does_happened_when_the_row_was_changed() -> None:
    kept = [event(EventType.CREATED), event(EventType.STATUS, "pending", 1)]
    assert told(whole_history(kept, standing(status=Status.OPEN))) == [
        ("created", "", 0),
        ("status", "pending", 1),
        ("status", "open", 5),
    ]


def test_events_come_in_the_order_in_which_they_happened_those_of_one_moment_as_they_were_written() -> None:
    kept = [
        event(EventType.STATUS, "open", 2),
        event(EventType.CREATED),
        event(EventType.KIND, "corrective"),
        event(EventType.SEVERITY, "minor"),
    ]
    row = standing(kind=Kind.CORRECTIVE, severity=Severity.MINOR, status=Status.OPEN)
    assert [kind for kind, _, _ in told(whole_history(kept, row))] == ["created", "kind", "severity", "status"]


@pytest.mark.parametrize(
    ("versions", "contracts"),
    [
        ([], []),
        ([(-5, "a")], [("a", 0)]),
        ([(3, "a")], [("a", 0)]),  # the first that was kept held before it was kept
        ([(-5, "a"), (-1, "b"), (2, "c")], [("b", 0), ("c", 2)]),
        ([(0, "a"), (2, "b"), (4, "c")], [("a", 0), ("b", 2), ("c", 4)]),
        ([(3, "a"), (5, "b")], [("a", 0), ("b", 5)]),
    ],
)
def test_a_history_has_the_contracts_of_its_time(
    versions: list[tuple[float, str]], contracts: list[tuple[str, float]]
) -> None:
    kept = [event(EventType.CREATED), event(EventType.SEVERITY, "minor"), event(EventType.STATUS, "open", 3)]
    history = with_contracts(kept, [(NOW + hours * HOUR, terms) for hours, terms in versions])
    assert [(value, at) for kind, value, at in told(history) if kind == "contract"] == contracts
    assert [one for one in history if one.type is not EventType.CONTRACT] == kept
    assert history[0].type is EventType.CREATED
    assert [one.at for one in history] == sorted(one.at for one in history)
