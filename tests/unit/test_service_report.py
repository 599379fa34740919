"""What a service report says of clocks, answers, replies and silences, from plain values."""

import csv
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from zoneinfo import ZoneInfo

import pytest

from gateway.domain.calendar import USUAL_CALENDAR
from gateway.domain.clocks import Guarantee, fold
from gateway.domain.contract import USUAL_CONTRACT
from gateway.domain.events import By, EventType, TicketEvent
from gateway.domain.judged_clocks import Judged, Verdict, count_verdicts, judge_clocks
from gateway.domain.period import Period, month_before
from gateway.domain.report_rows import COLUMNS, as_csv, safe_cell
from gateway.domain.service_report import (
    NAMED_ONLY,
    OTHER,
    Silenced,
    Threading,
    first_answers,
    rule_of_reply,
    suppressions,
)
from tests.support.histories import ANA, FRIDAY, HOUR, WORKING, history

PARIS = ZoneInfo("Europe/Paris")
DAYS = Period(first=date(2026, 11, 20), last=date(2026, 11, 22), zone=PARIS)
"""Friday, when the incidents of the histories begin at 17:00, to Sunday."""
BEFORE = Period(first=date(2026, 11, 1), last=date(2026, 11, 19), zone=PARIS)
AFTER = Period(first=date(2026, 11, 23), last=date(2026, 11, 30), zone=PARIS)


def judged(
    events: list[TicketEvent], at: float, *, period: Period = DAYS, contract: object = USUAL_CONTRACT
) -> list[Judged]:
    clocks = fold(events, contract=contract)  # type: ignore[arg-type]  # narrower than its stub says
    now = FRIDAY + at * HOUR
    return judge_clocks("DEMO-1", events, clocks, calendar=USUAL_CALENDAR, period=period, now=now)


KEPT, MISSED, COUNTING, ENDED = Verdict
ANSWER = (1, EventType.ANSWERED, "")
SOLVED = (30, EventType.STATUS, "resolved")


@pytest.mark.parametrize(
    ("events", "at", "period", "verdicts"),
    [
        pytest.param(history(), 2, DAYS, [COUNTING, COUNTING], id="nothing has happened"),
        pytest.param(history(), 2, BEFORE, [], id="it had not begun"),
        pytest.param(history(ANSWER), 2, DAYS, [KEPT, COUNTING], id="answered in time"),
        pytest.param(history(ANSWER), 25, DAYS, [KEPT, MISSED], id="not restored, and due on Saturday"),
        pytest.param(history(ANSWER, SOLVED), 900, DAYS, [KEPT, MISSED], id="restored too late"),
        pytest.param(history(ANSWER, SOLVED), 900, AFTER, [], id="the period before has it all"),
        pytest.param(history(severity=""), 900, DAYS, [], id="nothing is promised"),
        pytest.param(
            history((1, EventType.STATUS, "merged", By.GATEWAY)), 900, DAYS, [ENDED, ENDED], id="merged in time"
        ),
        pytest.param(
            history(ANSWER, (2, EventType.STATUS, "resolved"), (3, EventType.STATUS, "open", By.REPORTER)),
            4,
            DAYS,
            [KEPT, KEPT, COUNTING, COUNTING],
            id="reopened",
        ),
        # Its due moment is what counts: minor, then blocking on Monday, it was due on Saturday.
        pytest.param(
            history((70, EventType.SEVERITY, "blocking"), severity=""), 71, DAYS, [MISSED, MISSED], id="late severity"
        ),
    ],
)
def test_a_clock_belongs_to_the_period_that_decided_it(
    events: list[TicketEvent], at: float, period: Period, verdicts: list[Verdict]
) -> None:
    assert [one.verdict for one in judged(events, at, period=period)] == verdicts


def test_a_miss_tells_its_figures_and_what_happened_meanwhile() -> None:
    events = history(
        (2, EventType.STATUS, "pending"),
        (5, EventType.STATUS, "open", By.REPORTER),
        (6, EventType.ASSIGNED, ANA),
        (31, EventType.STATUS, "resolved"),
        (40, EventType.LEVEL, "N2"),
    )
    [miss] = [one.miss for one in judged(events, 900) if one.miss is not None]
    assert (miss.ref, miss.guarantee, miss.severity, miss.counting) == ("DEMO-1", Guarantee.GTR, "blocking", "elapsed")
    assert (miss.promised, miss.late, miss.paused) == (24 * HOUR, 4 * HOUR, 3 * HOUR)
    assert (miss.due_at, miss.stopped_at, miss.met) == (FRIDAY + 27 * HOUR, FRIDAY + 31 * HOUR, True)
    told = [(kind.value, value) for _, kind, value in miss.story]
    # Who was given it is nobody's business outside; what came after the clock had stopped explains nothing.
    assert told[-4:] == [("status", "pending"), ("status", "open"), ("assigned", ""), ("status", "resolved")]
    assert miss.explanation.startswith("GTR blocking: 24 h of elapsed hours")


def test_working_hours_decide_when_a_clock_was_due() -> None:
    [gti, _] = judged(history(), 900, period=AFTER, contract=WORKING)
    assert gti.miss is not None
    # 30 minutes on Friday, 8 h 30 on Monday, 3 h on Tuesday.
    assert gti.miss.due_at.astimezone(PARIS) == datetime(2026, 11, 24, 12, 0, tzinfo=PARIS)


def test_verdicts_are_counted_by_guarantee_and_severity_the_worst_first() -> None:
    found = count_verdicts([*judged(history(severity="minor"), 900), *judged(history(ANSWER), 900)])
    assert [(one.guarantee, one.severity, dict(one.verdicts)) for one in found] == [
        (Guarantee.GTI, "blocking", {KEPT: 1}),
        (Guarantee.GTI, "minor", {MISSED: 1}),
        (Guarantee.GTR, "blocking", {MISSED: 1}),
    ]


def test_a_period_is_whole_days_of_its_zone() -> None:
    summer_ends = Period(first=date(2026, 10, 25), last=date(2026, 10, 25), zone=PARIS)
    assert summer_ends.until.astimezone(UTC) - summer_ends.since.astimezone(UTC) == timedelta(hours=25)
    assert summer_ends.holds(summer_ends.since)
    assert not summer_ends.holds(summer_ends.until)
    assert month_before(date(2026, 1, 31), PARIS) == Period(
        first=date(2025, 12, 1), last=date(2025, 12, 31), zone=PARIS
    )
    for first, last in ((date(2026, 2, 1), date(2026, 1, 31)), (date(2026, 1, 1), date.max), (date.min, date.min)):
        with pytest.raises(ValueError, match="period"):
            Period(first=first, last=last, zone=PARIS)


@pytest.mark.parametrize(
    ("waited", "figures"),
    [
        ([], (0, 0, None, None)),
        ([None], (0, 1, None, None)),
        ([5, None, 1, 3], (3, 1, 3, 5)),
        (list(range(1, 11)), (10, 0, 5, 9)),
        ([-1], (1, 0, 0, 0)),
    ],
)
def test_first_answers_are_the_middle_one_and_the_ninth_of_ten(
    waited: list[int | None], figures: tuple[int, int, int | None, int | None]
) -> None:
    found = first_answers(None if one is None else one * HOUR for one in waited)
    hours = [None if time is None else time / HOUR for time in (found.median, found.ninth)]
    assert (found.answered, found.unanswered, *hours) == figures


@pytest.mark.parametrize(
    ("steps", "rule"),
    [
        ([("origin", "person"), ("our Message-ID", "no match")], None),
        ([("signed reply address", "no match"), ("our Message-ID", "match")], "our Message-ID"),
        ([("reference in the subject", "not believed")], NAMED_ONLY),
        ([("Message-ID on a ticket", "ambiguous")], NAMED_ONLY),
        ([("sender", "match")], None),
    ],
)
def test_the_trace_says_how_a_reply_found_its_ticket(steps: list[tuple[str, str]], rule: str | None) -> None:
    trace = [{"rule": rule, "outcome": outcome, "evidence": ""} for rule, outcome in steps]
    assert rule_of_reply(trace) == rule


def test_threading_is_the_share_that_needs_no_guess() -> None:
    counts = {"signed reply address": 5, "our Message-ID": 2, "Message-ID on a ticket": 1}
    threading = Threading(by_rule=counts | {"reference in the subject": 1, NAMED_ONLY: 1})
    assert (threading.replies, threading.sure, threading.share) == (10, 8, 0.8)
    assert Threading(by_rule={}).share is None


def test_reasons_are_told_without_their_evidence_and_rare_ones_together() -> None:
    found = suppressions(
        [
            (Silenced.IGNORED, "auto-reply: Auto-Submitted: auto-replied; it answers no ticket", 2),
            (Silenced.IGNORED, "auto-reply: X-Autoreply", 1),
            (Silenced.DUPLICATE, "the same mail as abc", 1),
            (Silenced.DUPLICATE, "the same mail as def", 1),
            (Silenced.DISCARDED, "spam: seen before", 1),
            *((Silenced.HELD, f"reason {number}", 30 - number) for number in range(23)),
        ]
    )
    assert [(one.what.value, one.why, one.count) for one in found if one.what is not Silenced.HELD] == [
        ("ignored", "auto-reply", 3),
        ("duplicate", "the same mail came again", 2),
        ("discarded", "spam: seen before", 1),
    ]
    held = [one for one in found if one.what is Silenced.HELD]
    assert len(held) == 21
    assert (held[0].why, held[-1].why, held[-1].count) == ("reason 0", OTHER, 10 + 9 + 8)


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        *((f"{sign}1+1", f"'{sign}1+1") for sign in "=+-@\t\r\n"),
        ("  =1+1", "'  =1+1"),
        ("a=1", "a=1"),
        (12, "12"),
        (None, ""),
    ],
)
def test_no_cell_is_a_formula(cell: object, text: str) -> None:
    assert safe_cell(cell) == text


def test_the_table_survives_any_word() -> None:
    word = 'a,"b"\nc;é'
    [names, row] = csv.reader(StringIO(as_csv([dict.fromkeys(COLUMNS, word)])))
    assert (tuple(names), row) == (COLUMNS, [word] * len(COLUMNS))
