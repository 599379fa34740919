"""A service report as a table: one row for each figure, for spreadsheets and other programs.

Columns: `section`, `item` and `detail` name the figure, `value` is it (`unit` says of what: tickets, mails, minutes),
`explanation` says why. A cell is never a formula, whatever somebody outside has written.
"""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from io import StringIO
from itertools import zip_longest
from typing import Any

from gateway.domain.judged_clocks import Miss, Verdict
from gateway.domain.service_report import ServiceReport

COLUMNS = ("section", "item", "detail", "value", "unit", "explanation")
_STARTS_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")

Row = dict[str, Any]
Explain = Callable[[Miss], str]


def explain_miss(miss: Miss) -> str:
    """What was promised and when it stopped, then what happened meanwhile."""
    told = [f"{at:%Y-%m-%d %H:%M} UTC {name} {value}".strip() for at, name, value in miss.story]
    return "; ".join([miss.explanation, *told])


def report_rows(report: ServiceReport, *, explain: Explain = explain_miss) -> list[Row]:
    """Every figure of the report, in the order in which the page shows them."""
    return [_row(values) for section in (_asked, _contract(explain), _mail) for values in section(report)]


def as_csv(rows: Iterable[Mapping[str, Any]]) -> str:
    """The rows with their names, as RFC 4180 has it."""
    text = StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow([safe_cell(row[column]) for column in COLUMNS])
    return text.getvalue()


def safe_cell(value: Any) -> str:
    """A cell that no spreadsheet takes for a formula: what begins like one is made text by an apostrophe."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.lstrip(" ").startswith(_STARTS_FORMULA) else text


def _row(values: tuple[Any, ...]) -> Row:
    return dict(zip_longest(COLUMNS, values, fillvalue=""))


def _asked(report: ServiceReport) -> Iterator[tuple[Any, ...]]:
    period = report.period
    yield "report", report.project, f"{period.first} to {period.last}", report.opened, "tickets", report.name
    for (channel, kind), count in sorted(report.volumes.items()):
        yield "volumes", channel or "none", kind, count, "tickets"
    answers = report.first_answers
    yield "first answer", "answered", "", answers.answered, "tickets"
    yield "first answer", "unanswered", "", answers.unanswered, "tickets"
    yield "first answer", "median", "", _minutes(answers.median), "minutes"
    yield "first answer", "nine of ten", "", _minutes(answers.ninth), "minutes"


def _contract(explain: Explain) -> Callable[[ServiceReport], Iterator[tuple[Any, ...]]]:
    def rows(report: ServiceReport) -> Iterator[tuple[Any, ...]]:
        for one in report.kept:
            for verdict in Verdict:
                yield one.guarantee.value, one.severity, verdict.value, one.verdicts.get(verdict, 0), "clocks"
        for miss in report.misses:
            yield "miss", miss.ref, f"{miss.guarantee} {miss.severity}", _minutes(miss.late), "minutes", explain(miss)
        for by, count in report.reopenings.items():
            yield "reopenings", by, "", count, "times"
        for outcome, count in report.calls.items():
            yield "calls", outcome, "", count, "calls"

    return rows


def _mail(report: ServiceReport) -> Iterator[tuple[Any, ...]]:
    share = report.threading.share
    yield "threading", "signed or by Message-ID", "", None if share is None else round(100 * share, 1), "percent"
    for rule, count in report.threading.by_rule.items():
        yield "threading", rule, "", count, "mails"
    for one in report.suppressed:
        yield "suppressed", one.what.value, one.why, one.count, "mails"


def _minutes(length: timedelta | None) -> int | None:
    return None if length is None else int(length / timedelta(minutes=1))
