"""The service report as a table for spreadsheets, with its headings and words in the reader's language."""

import csv
from collections.abc import Callable, Mapping
from io import StringIO
from typing import Any

from flask_babel import gettext, lazy_gettext

from gateway.domain.judged_clocks import Verdict
from gateway.domain.report_rows import COLUMNS, Row, report_rows, safe_cell
from gateway.domain.service_report import ServiceReport, Silenced
from web.service_words import (
    CALLS,
    DOORS,
    REOPENED,
    RULES,
    SILENCED,
    VERDICTS,
    severity_name,
    whole_explanation,
    why_suppressed,
)
from web.words import KINDS

HEADINGS = {
    "section": lazy_gettext("Section"),
    "item": lazy_gettext("Item"),
    "detail": lazy_gettext("Detail"),
    "value": lazy_gettext("Value"),
    "unit": lazy_gettext("Unit"),
    "explanation": lazy_gettext("Explanation"),
}
SECTIONS = {
    "report": lazy_gettext("The report as a whole"),
    "volumes": lazy_gettext("Requests"),
    "first answer": lazy_gettext("First answer by a person"),
    "miss": lazy_gettext("Guaranteed time that was missed"),
    "reopenings": lazy_gettext("Reopenings"),
    "calls": lazy_gettext("Calls"),
    "threading": lazy_gettext("Replies by mail"),
    "suppressed": lazy_gettext("What was suppressed"),
}
UNITS = {
    "tickets": lazy_gettext("requests"),
    "minutes": lazy_gettext("minutes"),
    "clocks": lazy_gettext("guaranteed times"),
    "times": lazy_gettext("times"),
    "calls": lazy_gettext("calls"),
    "percent": lazy_gettext("percent"),
    "mails": lazy_gettext("mails"),
}
ANSWERS = {
    "answered": lazy_gettext("Answered"),
    "unanswered": lazy_gettext("Not answered by a person yet"),
    "median": lazy_gettext("Half waited at most"),
    "nine of ten": lazy_gettext("Nine of ten waited at most"),
}
_THREADING = {**RULES, "signed or by Message-ID": lazy_gettext("Signed address or Message-ID")}

Say = Callable[[str], str]


def said_table(report: ServiceReport) -> str:
    """Every figure of the report, as RFC 4180 has it."""
    text = StringIO()
    writer = csv.writer(text)
    writer.writerow([str(HEADINGS[column]) for column in COLUMNS])
    for row in report_rows(report, explain=whole_explanation):
        said = _said(row, report)
        writer.writerow([safe_cell(said[column]) for column in COLUMNS])
    return text.getvalue()


def _said(row: Row, report: ServiceReport) -> dict[str, Any]:
    section, item, detail = (str(row[name]) for name in ("section", "item", "detail"))
    match section:
        case "report":
            period = report.period
            detail = gettext("%(first)s to %(last)s", first=period.first.isoformat(), last=period.last.isoformat())
        case "miss":
            guarantee, _, severity = detail.partition(" ")
            detail = f"{guarantee} {severity_name(severity)}"
        case "GTI" | "GTR" | "gti" | "gtr":
            section, item, detail = section.upper(), severity_name(item), str(VERDICTS[Verdict(detail)])
        case _:
            say_item, say_detail = _WORDS.get(section, (_as_it_is, _as_it_is))
            item, detail = say_item(item), say_detail(detail)
    unit = UNITS.get(row["unit"], row["unit"])
    return row | {"section": SECTIONS.get(section, section), "item": item, "detail": detail, "unit": unit}


def _by(words: Mapping[Any, object]) -> Say:
    return lambda word: str(words.get(word, word))


def _as_it_is(word: str) -> str:
    return word


_WORDS: dict[str, tuple[Say, Say]] = {
    "volumes": (_by({**DOORS, "none": DOORS[""]}), _by(KINDS)),
    "first answer": (_by(ANSWERS), _as_it_is),
    "reopenings": (_by(REOPENED), _as_it_is),
    "calls": (_by(CALLS), _as_it_is),
    "threading": (_by(_THREADING), _as_it_is),
    "suppressed": (lambda word: str(SILENCED[Silenced(word)]), why_suppressed),
}
"""How the item and the detail of a section are said."""
